/**
 * What the assurance rules look at: structural copies of the inventory's words, so that this folder depends on the
 * vocabulary alone. A fact of kind `authenticator` (model/facts.ts) fits {@link Authenticator} as it stands.
 */
import type { AuthenticatorKind, Strength } from '#contract/vocabulary.ts'
import type { Citation } from '#contract/report.ts'

/** The fields of an authenticator that decide what it is worth. An absent field is not known. */
export interface Authenticator {
  readonly id: string
  readonly kind: AuthenticatorKind
  readonly on?: readonly string[]
  readonly pushMode?: 'transfer' | 'pick_list' | 'approve'
  readonly synced?: boolean
  readonly attestation?: 'none' | 'self' | 'verified' | 'failed'
  readonly keyProtection?: 'software' | 'hardware' | 'tee' | 'secure_element'
  readonly fips140Level?: number
  readonly userVerification?: boolean
  readonly boundAtAal?: number
  readonly singleUse?: boolean
}

/** What a kind is worth at most; the facts about one authenticator only take away from it. */
export interface Worth {
  readonly factor: 'know' | 'have' | 'are' | 'both' | 'none'
  readonly alone: Strength
  readonly combined: Strength
  readonly code: boolean
  readonly restricted: boolean
  readonly phishingResistant: boolean
  readonly replayResistant: boolean
  readonly citations: readonly Citation[]
}

export type Worths = Readonly<Record<AuthenticatorKind, Worth>>
