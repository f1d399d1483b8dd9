/** How much is sent to whom: against toll fraud by SMS pumping, and against a mailbox being flooded. */
import type { SendRules, Window } from './rules.ts'

/** Something that a send counts against. */
export interface Limit {
  readonly key: string
  readonly windows: readonly Window[]
}

export interface SendLimitStore {
  /** counts one send against every limit in one step, or against none where one has no room */
  readonly take: (limits: readonly Limit[], now: number) => Promise<boolean>
  /** what was sent to a prefix, and how much of it was answered rightly, within the last day */
  readonly answered: (prefix: string, now: number) => Promise<{ readonly sent: number; readonly answered: number }>
  readonly noteAnswer: (prefix: string, now: number) => Promise<void>
}

/** First characters of a number that share a fate: country, network and block. */
const PREFIX_LENGTH = 7

export const prefixOf = (to: string): string =>
  to.startsWith('+') ? to.slice(0, PREFIX_LENGTH) : to.slice(to.lastIndexOf('@'))

/** Every limit that one message counts against. Only what costs money has prefixes, countries and a total. */
export function limitsFor(rules: SendRules, account: string, to: string, costs: boolean): Limit[] {
  const limits: Limit[] = [
    { key: `to ${to}`, windows: rules.perRecipient },
    { key: `account ${account}`, windows: rules.perAccount },
  ]
  if (!costs) return limits
  return [
    ...limits,
    { key: `prefix ${prefixOf(to)}`, windows: rules.perPrefix },
    { key: `country ${to.slice(0, 3)}`, windows: rules.perCountry },
    { key: 'everything', windows: rules.inAll },
  ]
}

/** Whether so little of what went to a prefix comes back that someone is paid for the sending. */
export const looksPumped = (
  { answered: { share, sample } }: SendRules,
  { sent, answered }: { readonly sent: number; readonly answered: number },
): boolean => sent >= sample && answered / sent < share
