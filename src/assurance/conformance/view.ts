/** One account as the conformance rules see it: plain data, gathered by the analysis. An absent field is not known. */
import type {
  AccountKind,
  AuthenticatorKind,
  Capability,
  Control,
  Impact,
  Population,
  Purpose,
  SecretKind,
  Strength,
} from '#contract/vocabulary.ts'
import type { Authenticator } from '../authenticator.ts'
import type { Channel } from '../shared-channel.ts'

/** An authenticator with the settings that the standards put numbers to (fact `authenticator`). */
export interface AuthenticatorView extends Authenticator {
  readonly digits?: number
  readonly bits?: number
  readonly periodSeconds?: number
  readonly lifetimeSeconds?: number
  readonly minLength?: number
  readonly breachedListChecked?: boolean
  readonly compositionRules?: boolean
  readonly rotationDays?: number
  readonly maxFailures?: number
  readonly duties?: {
    readonly alternativeOffered?: boolean
    readonly noticeGiven?: boolean
    readonly riskAssessment?: string
    readonly migrationPlan?: string
  }
}

export interface SessionLimits {
  readonly overallSeconds?: number
  readonly idleSeconds?: number
}

export interface WayInView {
  readonly id: string
  readonly purpose: Purpose
  /** the sets of authenticators of which any one, as a whole, is enough; null where they are not known or too many */
  readonly alternatives: readonly (readonly AuthenticatorView[])[] | null
  /** strength of the weakest alternative by itself; null where it is not known */
  readonly strength: Strength | null
  readonly phishingResistant: boolean | null
  readonly session: SessionLimits
  /** controls of the way in and of its account; absent where none are stated */
  readonly controls?: readonly Control[]
  readonly riskAnalysis?: string
}

/** A secret that opens the account by itself. */
export interface SecretView {
  readonly id: string
  readonly kind: SecretKind
  readonly leaked: boolean
  /** whether every place it lies in is meant for secrets */
  readonly sanctioned?: boolean
  readonly ephemeral?: boolean
  /** since it was issued or last rotated */
  readonly ageDays?: number
  readonly expires?: boolean
}

export interface AccountView {
  readonly account: {
    readonly id: string
    readonly kind: AccountKind
    readonly population?: Population
    readonly proofed?: 'none' | 'ial1' | 'ial2' | 'ial3'
    readonly notificationAddresses?: number
    readonly interactive?: boolean
    readonly owner?: string
    /** at the time of the snapshot */
    readonly unusedDays?: number
  }
  /** the account's system; null where none is stated */
  readonly system: {
    readonly federal?: boolean
    readonly cardholderData?: boolean
    readonly paymentService?: boolean
    readonly offers?: readonly AuthenticatorKind[]
  } | null
  readonly authenticators: readonly AuthenticatorView[]
  readonly waysIn: readonly WayInView[]
  readonly channels: readonly Channel[]
  readonly secrets: readonly SecretView[]
  readonly capabilities: readonly Capability[]
  readonly impact: Impact
  /** what the best sign-in proves, and what the account is really protected by; null where not known */
  readonly nominalStrength: Strength | null
  readonly effectiveStrength: Strength | null
}
