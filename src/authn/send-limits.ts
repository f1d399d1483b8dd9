/** How much is sent to whom: against toll fraud by SMS pumping, and against a mailbox being flooded. */
import { countryOf } from './phone-numbers.ts'
import type { SendRules, Window } from './rules.ts'

/** Something that a send counts against. */
export interface Limit {
  readonly key: string
  readonly windows: readonly Window[]
  /** how much it counts; once where absent */
  readonly weight?: number
}

export interface SendLimitStore {
  /** counts one send against every limit in one step, or against none where one has no room */
  readonly take: (limits: readonly Limit[], now: number) => Promise<boolean>
  /** what became of what was sent to a prefix, within the last day */
  readonly approval: (prefix: string, now: number) => Promise<Approval>
  readonly note: (prefix: string, fate: Fate | 'answered', now: number) => Promise<void>
}

/** What becomes of a code, as receipts tell it; `unsent` where it never left. */
export const FATES = ['delivered', 'undelivered', 'unsent'] as const
export type Fate = (typeof FATES)[number]

/** Counts of codes. `answered` are those that came back rightly. */
export type Approval = Readonly<Record<Fate | 'sent' | 'answered', number>>

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
    { key: `country ${countryOf(to)}`, windows: rules.perCountry },
    { key: 'everything', windows: rules.inAll },
    // a country without a price is not served; should one come here, it costs more than anybody has
    { key: 'cost', windows: rules.cost, weight: rules.countries[countryOf(to)] ?? Number.MAX_SAFE_INTEGER },
  ]
}

/**
 * Whether so little of what went to a prefix comes back that someone is paid for the sending: codes are not answered, or, where
 * receipts come, do not even arrive. What never left says nothing of the prefix.
 */
export function looksPumped({ answered: { share, sample }, undelivered }: SendRules, it: Approval): boolean {
  const sent = it.sent - it.unsent
  if (sent >= sample && it.answered / sent < share) return true
  const told = it.delivered + it.undelivered
  return told >= undelivered.sample && it.undelivered / told > undelivered.share
}
