/** A code, link or ceremony that was begun and waits for its answer. */
import type { CeremonyPurpose, FactorName } from './factors.ts'

export interface Challenge {
  readonly id: string
  readonly account: string
  readonly factor: FactorName
  readonly purpose: CeremonyPurpose
  /** hash of the handle in the browser that asked; only that browser may answer */
  readonly browser: string
  /** hash of the action and the request that it was asked for; `''` for none */
  readonly binding: string
  /** epoch of the account when it was begun; whatever ends sessions ends it too */
  readonly epoch: number
  /** keyed MAC of what is expected */
  readonly mac: string
  readonly checksLeft: number
  /** milliseconds since 1970 */
  readonly createdAt: number
  readonly expiresAt: number
}

/** Everything that must be the same when the answer comes back. */
export interface Answer {
  readonly id: string
  readonly account: string
  readonly factor: FactorName
  readonly purpose: CeremonyPurpose
  readonly browser: string
  readonly binding: string
  /** MACs that would be right, one per key */
  readonly macs: readonly string[]
}

/** What storage promises. Each answer is one durable, conditional update: of any number at once, one is accepted at most. */
export interface ChallengeStore {
  readonly begin: (challenge: Challenge) => Promise<void>
  /** the same, and whatever waits for the same in the same browser is replaced, in one step */
  readonly beginAnew: (challenge: Challenge) => Promise<void>
  /** whether it still waits for its answer, at this time and in this epoch of its account */
  readonly waits: (id: string, now: number) => Promise<boolean>
  /** uses up one check; `accepted` at most once for a challenge, ever */
  readonly answer: (answer: Answer, now: number) => Promise<'accepted' | 'refused'>
  readonly find: (id: string) => Promise<(Challenge & { readonly state: string }) | null>
  /** ends all that wait for this account */
  readonly endAll: (account: string) => Promise<void>
}
