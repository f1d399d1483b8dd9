/** What the ceremonies ask of the rest of Ambit; storage is in stores.ts. The server hands these in. */
import type { CeremonyPurpose, FactorName } from './factors.ts'

/**
 * Asks the decision point whether a factor is good enough for what the account reaches. Asked before a code is sent, and
 * again before it is compared: an account whose reach forbids codes is never sent one. An answer that cannot be had is a refusal.
 */
export type AskDecisionPoint = (question: {
  readonly account: string
  readonly factor: FactorName
  readonly purpose: CeremonyPurpose
  /** whether it can be relayed */
  readonly code: boolean
  /** the action and resource that a step-up is for; null for the account as a whole */
  readonly access: { readonly action: string; readonly resource: { readonly type: string; readonly id: string } } | null
}) => Promise<Leave>

export type Leave =
  | { readonly granted: true }
  /** `reason` is a code for the audit; the person who asks is told what a wrong guess is told, unless signed in */
  | { readonly granted: false; readonly reason: string; readonly text: string }

/** What was found out about a number's card before a code goes to it (CAMARA SIM Swap, `check`). */
export type CheckSimChange = (phone: string) => Promise<'unchanged' | 'changed' | 'unknown'>

/** A message to one validated address; the outbox keeps it until it is delivered, so that a crash neither loses nor doubles it. */
export interface Message {
  /** makes a second message of the same occasion the same message */
  readonly id: string
  readonly channel: 'mail' | 'sms' | 'push' | 'webhook'
  /** canonical, see identifiers.ts; the device of a push as its app calls it */
  readonly to: string
  /** a template, with values that a template escapes; the code among them is never logged or stored in clear */
  readonly template: string
  readonly values: Readonly<Record<string, string>>
  readonly language: string
  /** milliseconds since 1970 after which it is pointless */
  readonly expiresAt: number
}

export type Send = (message: Message) => Promise<void>

/**
 * Tells every address of an account known for long enough what happened to it (SP 800-63B-4 §4.6), and those that are `also`
 * concerned, such as one that was just taken away.
 */
export type Notify = (account: string, notice: Notice) => Promise<void>

export interface Notice {
  readonly template: string
  readonly values: Readonly<Record<string, string>>
  readonly also?: readonly { readonly channel: 'mail' | 'sms'; readonly to: string }[]
  /** makes a second notice of the same occasion the same messages; left out for what is told once */
  readonly occasion?: string
}

/** One line of the audit log about a ceremony; the schema is closed, so nothing secret can ride along. */
export interface CeremonyRecord {
  readonly kind: 'authentication' | 'recovery' | 'authenticator' | 'session' | 'lock'
  readonly account: string
  readonly event: string
  readonly factor: FactorName | null
  /** which one, where the record is about one that is enrolled */
  readonly authenticator?: string
  readonly purpose: CeremonyPurpose | null
  readonly outcome: 'begun' | 'accepted' | 'refused'
  readonly reason: string | null
  readonly session: string | null
  readonly at: number
}

/** Resolves when the record is durable; whoever asks does not go on without it. */
export type WriteRecord = (record: CeremonyRecord) => Promise<void>
