/**
 * The policy as the rest of Ambit sees it: the validated, resolved form of one YAML file.
 * `parse.ts` reads and checks the file, `default.yaml` is the guidance that Ambit implements.
 */
import type {
  AuthenticatorKind,
  Capability,
  ChangeKind,
  ChannelKind,
  Control,
  Impact,
  Population,
  Safeguard,
  Sensitivity,
  Strength,
} from '#contract/vocabulary.ts'
import type { Worths } from '#assurance/authenticator.ts'
import type { RiskLevel } from '#contract/decision.ts'
import type { Citation } from '#contract/report.ts'

/** What an impact, or a rule of the policy, asks of every way in. Absent means: asks nothing. */
export interface Requirement {
  /** least strength, on the scale of `STRENGTHS` */
  readonly strength: Strength
  /** whether a way in may rest on a code or approval that can be relayed */
  readonly codes: 'allowed' | 'refused'
  readonly phishingResistant: boolean
  readonly hardwareBacked: boolean
  /** longest session; absent parts are unlimited */
  readonly session: { readonly overallSeconds?: number; readonly idleSeconds?: number }
  /** longest session where the way in rests on a code; beside `session`, the shorter counts */
  readonly codeSession?: { readonly overallSeconds?: number; readonly idleSeconds?: number }
  /** controls without which the way in is not fit, even if strong enough */
  readonly controls: readonly Control[]
  readonly citations: readonly Citation[]
}

/** One thing an attacker defeats unaided. `when` is compiled CEL over the fact's own fields. */
export interface Defeat<Kind extends string> {
  readonly kinds: readonly Kind[]
  readonly when?: (fact: Readonly<Record<string, unknown>>) => boolean
  /** relative effort, 1 (a script) to 100 (a laboratory) */
  readonly effort: number
  /** whether a study measured the effort or we judged it */
  readonly basis?: 'measurement' | 'judgement'
  readonly source?: string
  /** the text of `when` */
  readonly condition?: string
  /** channels only: an account that holds it signs in more weakly than this; an unknown strength counts as weaker */
  readonly heldBelow?: Strength
}

export interface Attacker {
  readonly name: string
  readonly title: string
  /** rising with skill and nearness; for people who read, not for arithmetic */
  readonly tier: number
  readonly populations: readonly Population[]
  readonly authenticators: readonly Defeat<AuthenticatorKind>[]
  readonly channels: readonly Defeat<ChannelKind>[]
  /** live sessions; kind is the binding */
  readonly sessions: readonly Defeat<'none' | 'dpop' | 'mtls' | 'dbsc' | 'unstated'>[]
  /** secrets by state: `leaked` (known to be out), or any */
  readonly secrets: readonly Defeat<'leaked' | 'unsanctioned' | 'stored'>[]
  /** ids of nodes he holds at the start */
  readonly starts: readonly string[]
  readonly source: string
}

/** What a rule of the policy may look at. */
export interface RuleFacts {
  readonly account: Readonly<Record<string, unknown>>
  readonly system: Readonly<Record<string, unknown>>
  readonly impact: Impact
  readonly capabilities: readonly Capability[]
  /** size of the reach */
  readonly reach: { readonly nodes: number; readonly accounts: number }
}

/**
 * The fields of each variable that a condition looks at; all of them where it takes the variable as a whole. Nothing else
 * is handed to it.
 */
export type Uses = ReadonlyMap<string, ReadonlySet<string>>

/** Raises the bar or abstains; no rule lowers it. */
export interface PolicyRule {
  readonly code: string
  /** true also where the condition cannot be evaluated: a rule fails closed */
  readonly when: (facts: RuleFacts) => boolean
  /** why the condition could not be evaluated over these facts */
  readonly problem?: (facts: RuleFacts) => string | undefined
  /** the text of `when` */
  readonly condition?: string
  /** what `when` looks at; absent where that cannot be told, so that it may be anything */
  readonly uses?: Uses
  readonly requires: Partial<Requirement>
  readonly reason: string
  readonly citations: readonly Citation[]
}

/** What one sort of change costs, over the first year. Absent means nothing. */
export interface ChangeCost {
  /** hours, once, however many accounts it covers */
  readonly setup?: number
  /** hours for each account that it covers */
  readonly perAccount?: number
  /** prompts more than today, for each account */
  readonly promptsPerWeek?: number
  /** recoveries more than today, for each account */
  readonly recoveriesPerYear?: number
  /** what is bought, in the currency of `spendPerHour` */
  readonly spendPerAccount?: number
}

export interface Costs {
  readonly promptSeconds: number
  readonly hoursPerRecovery: number
  readonly spendPerHour: number
  readonly changes: Readonly<Record<ChangeKind, ChangeCost>>
}

export interface Policy {
  readonly name: string
  readonly version: string
  /** `sha256:` of the file's bytes */
  readonly hash: string
  readonly impact: Readonly<Record<Capability, Readonly<Record<Sensitivity, Impact>>>>
  /** sensitivity taken for a target that states none; `unknown` counts as `moderate` and makes the impact uncertain */
  readonly unstated: Readonly<
    Record<'resource' | 'account' | 'group' | 'role' | 'channel' | 'secret', Sensitivity | 'unknown'>
  >
  readonly requirements: Readonly<Record<Impact, Requirement>>
  /** what each kind is worth at most (SP 800-63B-4 §3.1) */
  readonly authenticators: Worths
  readonly attackers: readonly Attacker[]
  readonly rules: readonly PolicyRule[]
  /** rules that are tried: they decide nothing, and are told apart from those that do (`decision/shadow.ts`) */
  readonly tried: readonly PolicyRule[]
  readonly exceptions: {
    readonly safeguards: readonly Safeguard[]
    readonly maxDays: number
    readonly citations: readonly Citation[]
  }
  readonly nonHuman: {
    readonly maxSecretAgeDays: number
    /** longest age of a certificate; `maxSecretAgeDays` where absent */
    readonly maxCertificateAgeDays?: number
    readonly unusedDays: number
    readonly citations: Readonly<Record<string, readonly Citation[]>>
  }
  readonly profiles: readonly string[]
  /** what changes cost, for plans; a policy that extends none may leave it out */
  readonly costs?: Costs
  readonly live: LivePolicy
}

/** What is asked at the moment of an access, beside what its requirement asks. Absent means: asks nothing. */
export interface LivePolicy {
  /** by impact of the access; what a lower impact asks, a higher one asks too */
  readonly access: Readonly<Record<Impact, LiveAccess>>
  /** by level of the worst signal; it only ever adds */
  readonly risk: Readonly<Record<RiskLevel, LiveRisk>>
  /** least impact at which an account that is nobody's has to prove a key with each request */
  readonly nonHuman: { readonly senderConstrained: Impact; readonly citations: readonly Citation[] }
  /** times a session may come back without what it was sent for */
  readonly stepUps: { readonly most: number; readonly citations: readonly Citation[] }
  /** how far a clock of another may be ahead */
  readonly clock: { readonly skewSeconds: number; readonly citations: readonly Citation[] }
}
export interface LiveAccess {
  /** longest time since the last active authentication */
  readonly maxAgeSeconds?: number
  /** longest life of a permit; then it is asked again */
  readonly permitSeconds: number
  /** whether the session has to be tied to a key of its client */
  readonly senderConstrained: boolean
  readonly device: DeviceDemand
  readonly citations: readonly Citation[]
}
/** `managed` and `compliant` have to be shown; a compliant device is a managed one. */
export type DeviceDemand = 'any' | 'managed' | 'compliant'
export interface LiveRisk {
  readonly strength: Strength
  readonly maxAgeSeconds?: number
  readonly permitSeconds?: number
  /** whether only an authentication after the signal counts */
  readonly afterSignal: boolean
  /** whether nothing that a session could prove is enough */
  readonly blocks: boolean
  readonly citations: readonly Citation[]
}
