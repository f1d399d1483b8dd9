/**
 * What the decision point is asked, what it weighs, and what it answers. Everything that a decision depends on is in an
 * {@link Evaluation}, so that the same one gives the same {@link Decision}, bit for bit, whenever it is replayed.
 */
import type { AccessRequest } from './access-request.ts'
import type { Reason } from './report.ts'
import type { Aal, Strength } from './vocabulary.ts'

/** Outcomes, from the one that lets least through. */
export const OUTCOMES = ['deny', 'step_up', 'permit'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Actions on one's own account, which no inventory grants: everybody may, unless a rule forbids it, if he proves enough. */
export const OWN_ACTIONS: readonly string[] = ['approve_device']

/**
 * What a session proved, out of a token or session that was verified before. A field that is null was not shown, and
 * counts as nothing proved: no `acr`, no strength; no `authTime`, no freshness.
 */
export interface SessionEvidence {
  /** `iss` of the token, which says how `acr` is read */
  readonly issuer: string
  readonly subject: string
  readonly client: string | null
  readonly sessionId: string | null
  readonly acr: string | null
  readonly amr: readonly string[]
  /** seconds since 1970 of the last active authentication */
  readonly authTime: number | null
  /** seconds since 1970 */
  readonly startedAt: number | null
  readonly lastUsedAt: number | null
  /** what protects the key that was used, where the issuer of the session vouches for it */
  readonly keyClass: KeyClass | null
  /** AAL of the session in which the authenticator was enrolled */
  readonly boundAtAal: Aal | null
  /** what ties the token to a key of the client; null is a bearer token */
  readonly senderConstrained: 'dpop' | 'mtls' | 'dbsc' | null
}

/** What protects a key: hardware vouched for by its maker, a passkey of unknown or shared home, software. */
export const KEY_CLASSES = ['hardware', 'unattested', 'synced', 'software'] as const
export type KeyClass = (typeof KEY_CLASSES)[number]

export const RISK_LEVELS = ['low', 'medium', 'high'] as const
export type RiskLevel = (typeof RISK_LEVELS)[number]

/** Something that was noticed of the subject, session or device. Risk only adds to what is asked. */
export interface RiskSignal {
  /** what was noticed, e.g. `impossible_travel`, `risk_level_change`, `device_not_compliant` */
  readonly kind: string
  readonly level: RiskLevel
  /** seconds since 1970 */
  readonly at: number
  readonly source: string
}

/**
 * Kinds of signals that the decision point knows by name, whatever level they have and whatever the policy says of levels. An account that was
 * closed is let in nowhere. Authority is withheld from one that was recovered lately. A session that began before it was revoked shows
 * nothing.
 */
export const KNOWN_SIGNALS = {
  disabled: 'account_disabled',
  frozen: 'account_frozen',
  recovered: 'recovered_lately',
  revoked: 'session_revoked',
} as const

export interface DeviceEvidence {
  readonly id: string | null
  readonly managed: boolean | null
  readonly compliant: boolean | null
}

/** One question with everything it is weighed on. Times are seconds since 1970. */
export interface Evaluation {
  readonly id: string
  readonly at: number
  readonly request: AccessRequest
  readonly session: SessionEvidence | null
  readonly device: DeviceEvidence | null
  readonly risk: readonly RiskSignal[]
  /** ids of runtime exceptions that stand for the subject now, with what they cover */
  readonly exceptions: readonly StandingException[]
  /** times this session was sent to prove more for the same thing and came back without it */
  readonly stepUpsTried: number
}

/** An exception whose safeguards all hold at this moment. */
export interface StandingException {
  readonly id: string
  readonly capabilities: readonly string[]
  /** seconds since 1970; it never outlives this */
  readonly until: number
}

/** What is asked of the session. */
export interface RequiredAssurance {
  readonly strength: Strength
  readonly codes: 'allowed' | 'refused'
  readonly phishingResistant: boolean
  readonly hardwareBacked: boolean
  /** seconds since the last active authentication, at most; null for no limit */
  readonly maxAge: number | null
  /** seconds since the session was last used, at most; null for no limit */
  readonly maxIdle: number | null
  readonly senderConstrained: boolean
  /** what has to be shown of the device; a compliant one is a managed one */
  readonly device: 'any' | 'managed' | 'compliant'
}

/** What the session showed, as it was read. */
export interface PresentedAssurance {
  readonly strength: Strength
  /** whether it rests on a code or approval that can be relayed */
  readonly code: boolean
  /** seconds since the last active authentication; null where none is shown */
  readonly age: number | null
}

/** What the session must come back with. */
export interface StepUp {
  /** any one of them will do, in order of preference (RFC 9470 §4) */
  readonly acrValues: readonly string[]
  readonly amrValues: readonly string[]
  readonly maxAge: number | null
}

export interface Decision {
  readonly id: string
  readonly at: number
  readonly outcome: Outcome
  /** why, worst first; never empty */
  readonly reasons: readonly Reason[]
  /** one plain sentence for the person who is asked */
  readonly reasonUser: string
  readonly required: RequiredAssurance
  readonly presented: PresentedAssurance
  /** set exactly when the outcome is `step_up` */
  readonly stepUp: StepUp | null
  /** set exactly when the outcome is `permit`: seconds since 1970 at which to ask again */
  readonly permitUntil: number | null
  /** exception without which it would not have been permitted */
  readonly exception: string | null
  /** content hashes of what it rests on: facts, policy, and the settings and access policies of the decision point */
  readonly snapshot: string
  readonly policy: string
  readonly settings: string
}

/** What each strength is called to OpenID clients, best name first: `phr` and `phrh` are of OpenID EAP ACR Values 1.0 §2. */
export const ACR_OF_STRENGTH: Readonly<Record<Strength, readonly string[]>> = {
  none: [],
  single_factor: ['urn:ambit:loa:1'],
  two_factor: ['urn:ambit:loa:2'],
  phishing_resistant: ['phr', 'urn:ambit:loa:2:phr'],
  hardware: ['phrh', 'urn:ambit:loa:3'],
}
