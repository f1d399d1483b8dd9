/** Exceptions at run time: a time-boxed leave to keep a way in that is too weak, with safeguards that are checked all the while. */
import type { Capability, Impact, Safeguard } from './vocabulary.ts'

/**
 * Where an exception stands. `approved` is leave, not yet effect: it lets something through only between its start and end,
 * and only while every safeguard holds. `refused`, `revoked` and `ended` are final.
 */
export const EXCEPTION_STATES = ['requested', 'approved', 'suspended', 'refused', 'revoked', 'ended'] as const
export type ExceptionState = (typeof EXCEPTION_STATES)[number]

/**
 * What somebody asks for. Times are milliseconds since 1970. Rationale, comparability and residual risk are what SP 800-63-4
 * §3.4.2 asks of a compensating control; the migration plan is what SP 800-63B-4 §3.2.9 asks of a restricted authenticator.
 */
export interface ExceptionDraft {
  /** accounts that it excuses; no groups, which grow */
  readonly subjects: readonly string[]
  /** the ways in that it excuses; all of theirs where null */
  readonly waysIn: readonly string[] | null
  /** what may be in reach of them; whatever more of moderate impact comes into reach suspends it */
  readonly capabilities: readonly Capability[]
  readonly reason: string
  readonly owner: string
  readonly start: number
  readonly end: number
  readonly review: number
  readonly rationale: string
  readonly comparability: string
  readonly residualRisk: string
  readonly migrationPlan: string
}

export interface RuntimeException extends ExceptionDraft {
  readonly id: string
  readonly state: ExceptionState
  /** counts its changes, so that of two at once one fails */
  readonly version: number
  readonly requester: string
  /** token by which it was requested; the same one cannot approve */
  readonly requestedBy: string
  readonly requestedAt: number
  readonly approver: string | null
  readonly approvedAt: number | null
  /** highest impact that was in reach of a subject when it was approved */
  readonly approvedImpact: Impact | null
  /** why it is in its state, as codes */
  readonly why: readonly string[]
  readonly uses: number
  readonly lastUsedAt: number | null
}

/** Whether a safeguard holds now, and by what that is known. Unknown does not hold. */
export interface SafeguardState {
  readonly safeguard: Safeguard
  readonly holds: boolean | null
  readonly evidence: string
}
