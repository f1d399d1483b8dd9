import type { Reason } from '#contract/report.ts'
import type { AccountKind, Capability, Impact, Population, Purpose, Strength, Verdict } from '#contract/vocabulary.ts'
import type { RaisedRequirement } from '#policy/requirement.ts'
import type { JudgedAccount } from '../accounts.ts'
import type { Bounds } from '../weakest-way.ts'

/** One way into an account, as a decision needs it. */
export interface WayState {
  /** of the way in; of a secret, session, right or rule that implies one */
  readonly id: string
  readonly purpose: Purpose
  /** what it proves by itself; null where unknown */
  readonly strength: Strength | null
  /** what is left of that after what leads to its authenticators; null where unknown */
  readonly effective: Strength | null
  readonly phishingResistant: boolean | null
  readonly hardwareBacked: boolean | null
  /** rests on a code or approval that can be relayed */
  readonly code: boolean
  readonly verdict: Verdict
  readonly reasons: readonly Reason[]
  /** id of the exception that excuses it */
  readonly exception: string | null
}

/** What is known of one account. */
export interface AccountState {
  readonly id: string
  readonly kind: AccountKind
  /** null where the inventory does not say; as are the next two */
  readonly population: Population | null
  readonly system: string | null
  readonly subject: string | null
  readonly enabled: boolean
  readonly impact: Impact
  /** the reach includes something declared nowhere, or whose sensitivity nobody stated: it may be worth more */
  readonly impactUncertain: boolean
  /** in the order of CAPABILITIES */
  readonly capabilities: readonly Capability[]
  /** per capability: the highest impact of a right of it that is reached */
  readonly impacts: Readonly<Partial<Record<Capability, Impact>>>
  readonly requirement: RaisedRequirement
  /** what the best sign-in proves; null where unknown or none */
  readonly nominal: Strength | null
  /** what the account is really protected by; null where unknown: see {@link bounds} */
  readonly effective: Strength | null
  /** the least and the most it may be protected by, however what is unknown turns out */
  readonly bounds: Bounds
  readonly verdict: Verdict
  readonly reasons: readonly Reason[]
  readonly ways: readonly WayState[]
  /** ids of the exceptions that excuse any of its ways in */
  readonly exceptions: readonly string[]
}

/** What is known of an account that was judged. */
export function stateOf(
  { fact, impact, requirement, nominal, effective, ways, verdict, reasons }: JudgedAccount,
  bounds: Bounds,
): AccountState {
  const exceptions = new Set(ways.flatMap(({ exception }) => exception ?? []))
  return {
    id: fact.id,
    kind: fact.kind,
    population: fact.population ?? null,
    system: fact.system ?? null,
    subject: fact.subject ?? null,
    enabled: fact.enabled !== false,
    impact: impact.impact,
    impactUncertain: impact.uncertain,
    capabilities: impact.capabilities.map(({ capability }) => capability),
    impacts: Object.fromEntries(impact.capabilities.map((reached) => [reached.capability, reached.impact])),
    requirement,
    nominal: nominal?.strength ?? null,
    effective,
    bounds,
    verdict,
    reasons,
    ways: ways.map(({ way, worth, effective, verdict, reasons, exception }) => ({
      id: way.id,
      purpose: way.purpose,
      strength: worth.strength,
      effective,
      phishingResistant: worth.phishingResistant,
      hardwareBacked: worth.hardwareBacked,
      code: worth.code,
      verdict,
      reasons,
      exception,
    })),
    exceptions: [...exceptions],
  }
}
