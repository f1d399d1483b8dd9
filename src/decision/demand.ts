/** What a reach or an access asks for: never less for more, and at the worst where something is not known. */
import { IMPACTS, type Impact } from '#contract/vocabulary.ts'
import type { Policy, RuleFacts } from '#policy/policy.ts'
import { higherImpact, requirementOf, stricter, type RaisedRequirement } from '#policy/requirement.ts'
import type { Asked, Demand } from './world.ts'

/** Sizes that a reach may have at least and at most, for rules that look at it where it is not known. */
const SMALLEST: RuleFacts['reach'] = { nodes: 0, accounts: 0 }
const LARGEST: RuleFacts['reach'] = { nodes: Number.MAX_SAFE_INTEGER, accounts: Number.MAX_SAFE_INTEGER }

/** The stricter of two, with the reasons of both. */
export function both(a: RaisedRequirement, b: RaisedRequirement): RaisedRequirement {
  const { citations, ...rest } = stricter(a, b)
  return { ...rest, citations: unique(citations, citationKey), raisedBy: raisedBy(a, b) }
}

const raisedBy = (a: RaisedRequirement, b: RaisedRequirement): RaisedRequirement['raisedBy'] =>
  unique([...a.raisedBy, ...b.raisedBy], ({ code, text }) => `${code}\n${text}`)

const citationKey = ({ standard, section }: { standard: string; section: string }) => `${standard} §${section}`

/** In the order of their keys, each once. */
function unique<T>(list: readonly T[], keyOf: (each: T) => string): T[] {
  const byKey = new Map(list.map((each) => [keyOf(each), each]))
  return [...byKey.keys()].toSorted().map((key) => byKey.get(key)!)
}

/** A requirement, raised to what every lower impact asks too: a policy may say otherwise, but more reach never asks less. */
export function demandOf(policy: Policy, impact: Impact, requirement: RaisedRequirement): Demand {
  let raised = requirement
  for (const lower of IMPACTS.slice(0, IMPACTS.indexOf(impact) + 1)) {
    raised = both(raised, { ...policy.requirements[lower], raisedBy: [] })
  }
  return { impact, requirement: { ...raised, citations: requirement.citations } }
}

/** What a reach asks where part of it is not known: what high impact does, whatever its size. */
export function demandAtWorst(
  policy: Policy,
  facts: Omit<RuleFacts, 'impact' | 'reach'>,
  known: RaisedRequirement,
): Demand {
  const impact: Impact = 'high'
  const small = requirementOf(policy, { ...facts, impact, reach: SMALLEST })
  const large = requirementOf(policy, { ...facts, impact, reach: LARGEST })
  return demandOf(policy, impact, both(both(small, large), known))
}

/** What one access asks by itself: its impact, and the rules over the account as seen from its system and from the thing's. */
export function demandOfPath(
  policy: Policy,
  facts: Omit<RuleFacts, 'impact' | 'reach' | 'system'>,
  systems: readonly RuleFacts['system'][],
  impact: Impact,
): Demand {
  const reach = { nodes: 1, accounts: 0 }
  let requirement: RaisedRequirement = { ...policy.requirements[impact], raisedBy: [] }
  for (const system of systems)
    requirement = both(requirement, requirementOf(policy, { ...facts, system, impact, reach }))
  return demandOf(policy, impact, requirement)
}

/** The floor and the access together; an access of which no path is known is worth the whole reach. */
export function askedOf(floor: Demand, access: Demand, hasPath: boolean): Asked {
  return {
    floor,
    access,
    hasPath,
    requirement: both(floor.requirement, access.requirement),
    impact: higherImpact(floor.impact, access.impact),
  }
}
