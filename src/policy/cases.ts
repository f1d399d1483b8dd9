/** Runs the cases written beside a policy: what the policy is meant to say, against what it says. */
import { strengthOf } from '#assurance/strength.ts'
import { type Capability, type Impact, type Strength } from '#contract/vocabulary.ts'
import { judge, type Judgement } from './judge.ts'
import type { Policy } from './policy.ts'
import { higherImpact, impactOfRight, requirementOf } from './requirement.ts'
import type { Case } from './schema.ts'

/** What the policy says of a case. */
export interface CaseAnswer {
  readonly impact: Impact
  readonly requiredStrength: Strength
  readonly strength: Strength | null
  readonly verdict: Judgement['verdict']
  /** codes of the reasons */
  readonly reasons: readonly string[]
}

/** One expectation that does not hold. */
export interface CaseFailure {
  readonly field: keyof Case['expect']
  readonly expected: unknown
  readonly got: unknown
}

/** Answers a case as the analysis would, from the policy alone. */
export function answerCase(policy: Policy, it: Case): CaseAnswer {
  let impact: Impact = it.impact ?? 'none'
  const capabilities: Capability[] = []
  for (const { capability, sensitivity, on } of it.rights ?? []) {
    capabilities.push(capability)
    impact = higherImpact(impact, impactOfRight(policy, capability, on ?? 'resource', sensitivity).impact)
  }
  const requirement = requirementOf(policy, {
    account: { kind: 'human', ...it.account },
    system: { ...it.system },
    impact,
    capabilities,
    reach: it.reach ?? { nodes: 0, accounts: 0 },
  })
  const authenticators = it.wayIn.authenticators.map((each, i) => ({ id: `${each.kind}-${i}`, ...each }))
  const worth = strengthOf(authenticators, policy.authenticators)
  const judgement = judge(requirement, {
    ...worth,
    session: it.wayIn.session ?? {},
    controls: it.wayIn.controls ?? [],
    ...(worth.restricted ? { restrictedDutiesMet: it.wayIn.dutiesMet ?? null } : {}),
  })
  return {
    impact,
    requiredStrength: requirement.strength,
    strength: worth.strength,
    verdict: judgement.verdict,
    reasons: judgement.reasons.map(({ code }) => code),
  }
}

/** What a case expects and does not get; none when it holds. */
export function failuresOf(policy: Policy, it: Case): CaseFailure[] {
  const answer = answerCase(policy, it)
  const failures: CaseFailure[] = []
  for (const field of ['impact', 'requiredStrength', 'strength', 'verdict'] as const) {
    const expected = it.expect[field]
    if (expected !== undefined && expected !== answer[field]) failures.push({ field, expected, got: answer[field] })
  }
  const missing = (it.expect.reasons ?? []).filter((code) => !answer.reasons.includes(code))
  if (missing.length > 0) failures.push({ field: 'reasons', expected: missing, got: answer.reasons })
  return failures
}
