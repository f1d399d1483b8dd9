/** What the policy asks of an account: the requirement of its impact, raised by every rule that holds. */
import { CONTROLS, IMPACTS, STRENGTHS, type Capability, type Impact, type Sensitivity } from '#contract/vocabulary.ts'
import type { Citation, Reason } from '#contract/report.ts'
import { keeping } from '#lib/kept.ts'
import { ACCOUNT_FIELDS, SYSTEM_FIELDS } from './cel.ts'
import { asksForSizes, fieldsNamed, seenIn } from './named-fields.ts'
import type { Policy, Requirement, RuleFacts } from './policy.ts'

/** A requirement, with one reason for each rule that raised it. */
export interface RaisedRequirement extends Requirement {
  readonly raisedBy: readonly Reason[]
}

/**
 * Returns the most that the impact and the rules ask for, part by part. A rule that cannot be evaluated raises. Since
 * every part takes the stricter of two, no rule lowers anything and their order does not matter.
 *
 * The rules look at few things, so that most accounts are asked the same: it is worked out once, and they share it.
 */
export function requirementOf(policy: Policy, facts: RuleFacts): RaisedRequirement {
  let known = KNOWN.get(policy)
  if (known === undefined) KNOWN.set(policy, (known = requirementsUnder(policy)))
  return known(facts)
}

/** By policy, which never changes. */
const KNOWN = new WeakMap<Policy, (facts: RuleFacts) => RaisedRequirement>()
/** Requirements kept of one policy; ours. */
const KEPT = 10_000

function requirementsUnder(policy: Policy): (facts: RuleFacts) => RaisedRequirement {
  const ofAccount = fieldsNamed(policy, 'account', ACCOUNT_FIELDS)
  const ofSystem = fieldsNamed(policy, 'system', SYSTEM_FIELDS)
  const sized = asksForSizes(policy)
  const kept = keeping<string, RaisedRequirement>(KEPT)
  return (facts) => {
    const { account, system, impact, capabilities, reach } = facts
    const seen = [impact, capabilities, seenIn(ofAccount, account), seenIn(ofSystem, system), sized ? reach : null]
    return kept.get(JSON.stringify(seen), () => raised(policy, facts))
  }
}

function raised(policy: Policy, facts: RuleFacts): RaisedRequirement {
  let requirement = policy.requirements[facts.impact]
  const raisedBy: Reason[] = []
  for (const rule of policy.rules) {
    if (!rule.when(facts)) continue
    requirement = stricter(requirement, { ...rule.requires, citations: rule.citations })
    const problem = rule.problem?.(facts)
    const text =
      problem === undefined ? rule.reason : `${rule.reason} (taken to hold: it could not be evaluated, ${problem})`
    raisedBy.push({ code: rule.code, text, citations: [...rule.citations] })
  }
  raisedBy.sort((a, b) => (a.code < b.code ? -1 : 1))
  return { ...requirement, citations: inOrder(requirement.citations), raisedBy }
}

/** Returns the stricter of two requirements, part by part; an absent part asks nothing. */
export function stricter(a: Requirement, b: Partial<Requirement>): Requirement {
  const codeSession = shorter(a.codeSession ?? {}, b.codeSession ?? {})
  const controls = new Set([...a.controls, ...(b.controls ?? [])])
  return {
    strength: STRENGTHS[Math.max(STRENGTHS.indexOf(a.strength), STRENGTHS.indexOf(b.strength ?? 'none'))] ?? a.strength,
    codes: a.codes === 'refused' || b.codes === 'refused' ? 'refused' : 'allowed',
    phishingResistant: a.phishingResistant || (b.phishingResistant ?? false),
    hardwareBacked: a.hardwareBacked || (b.hardwareBacked ?? false),
    session: shorter(a.session, b.session ?? {}),
    ...(Object.keys(codeSession).length === 0 ? {} : { codeSession }),
    controls: CONTROLS.filter((control) => controls.has(control)),
    citations: [...a.citations, ...(b.citations ?? [])],
  }
}

type Limits = Requirement['session']
const LIMITS = ['overallSeconds', 'idleSeconds'] as const

/** Returns the shorter limit of each sort; absent is unlimited. */
export function shorter(a: Limits, b: Limits): Limits {
  const limits: { overallSeconds?: number; idleSeconds?: number } = {}
  for (const limit of LIMITS) {
    const seconds = Math.min(a[limit] ?? Infinity, b[limit] ?? Infinity)
    if (seconds !== Infinity) limits[limit] = seconds
  }
  return limits
}

const nameOf = ({ standard, section }: Citation) => `${standard} §${section}`
function inOrder(citations: readonly Citation[]): Citation[] {
  const byName = new Map(citations.map((citation) => [nameOf(citation), citation]))
  return [...byName.keys()].toSorted().flatMap((name) => byName.get(name) ?? [])
}

/** What a right is a right on, where that matters for a sensitivity nobody stated. */
export type TargetKind = keyof Policy['unstated']

/** Returns the impact of one right; `uncertain` where the target's sensitivity is not known and was taken as moderate. */
export function impactOfRight(
  { impact, unstated }: Pick<Policy, 'impact' | 'unstated'>,
  capability: Capability,
  target: TargetKind,
  sensitivity: Sensitivity | undefined,
): { impact: Impact; uncertain: boolean } {
  const taken = sensitivity ?? unstated[target]
  const uncertain = taken === 'unknown'
  return { impact: impact[capability][uncertain ? 'moderate' : taken], uncertain }
}

/** Returns the higher of two impacts: the high-water mark (SP 800-63-4 §3.2.4). */
export const higherImpact = (a: Impact, b: Impact): Impact => (IMPACTS.indexOf(a) >= IMPACTS.indexOf(b) ? a : b)
