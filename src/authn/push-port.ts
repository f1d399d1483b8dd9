/** A question to the app on somebody's device, whose answer is a number that the page shows: what it is, and what storage promises. */
import type { CeremonyPurpose } from './factors.ts'
import type { AskDecisionPoint } from './ports.ts'

/** `matched` is right but not yet in the audit, and opens nothing; `used` was collected by the browser that asked. */
export const PUSH_STATES = ['waiting', 'matched', 'approved', 'used', 'denied', 'dead'] as const
export type PushState = (typeof PUSH_STATES)[number]

/** Milliseconds within which somebody may say of a question that it was not his, whatever became of it. Ours: a day. */
export const HEARD_MS = 86_400_000

export interface Push {
  readonly id: string
  readonly account: string
  /** what the app calls its device */
  readonly device: string
  /** id of the authenticator; null while the device is being enrolled */
  readonly authenticator: string | null
  readonly purpose: CeremonyPurpose
  /** hash of the handle in the browser that asked; only that browser has anything of the answer */
  readonly browser: string
  readonly binding: string
  /** the session that is to be raised; null at a sign-in */
  readonly session: string | null
  /** what it is for, so that the decision point is asked the same when the answer comes */
  readonly access: Parameters<AskDecisionPoint>[0]['access']
  readonly epoch: number
  /** keyed MAC of the number */
  readonly mac: string
  readonly checksLeft: number
  /** milliseconds since 1970 */
  readonly createdAt: number
  readonly expiresAt: number
}

export type StoredPush = Push & { readonly state: PushState; readonly answeredAt: number | null }

/** Each method is one durable step. Of any number of answers at once, one is taken; of any number of collections, one. */
export interface PushStore {
  /** begins one, and ends whatever was outstanding for the account; false while the account or device is paused */
  readonly begin: (push: Push, now: number) => Promise<boolean>
  readonly isPaused: (account: string, device: string, now: number) => Promise<boolean>
  /** whether something may still come of it, at this time and in this epoch of its account; not where it was approved */
  readonly waits: (id: string, now: number) => Promise<boolean>
  readonly find: (id: string) => Promise<StoredPush | null>
  /** uses up one check; true at most once for a question, ever */
  readonly match: (id: string, macs: readonly string[], now: number) => Promise<boolean>
  /** lets the browser have what was matched */
  readonly approve: (id: string, now: number) => Promise<boolean>
  /** ends it and whatever is outstanding, and pauses account and device; false the second time, and after {@link HEARD_MS} */
  readonly deny: (push: Pick<Push, 'id' | 'account' | 'device'>, until: number, now: number) => Promise<boolean>
  /** uses up what was approved: once, by the browser, for the purpose and in the epoch that it was asked for */
  readonly collect: (
    of: Pick<Push, 'id' | 'account' | 'browser' | 'purpose' | 'binding'>,
    now: number,
  ) => Promise<StoredPush | null>
}
