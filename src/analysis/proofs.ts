import type { Place as ReportPlace, Proof, ProofStep } from '#contract/report.ts'
import { RULE_KIND_NAMES, type Snapshot } from '#model/compile.ts'
import type { Formula, Place } from '#model/facts.ts'
import { partsOf } from '#model/formula.ts'
import { gateNode } from '#model/kinds.ts'
import type { Origin } from './costs.ts'

/** One step as the engine returns it. */
export interface EngineStep {
  readonly rule: number
  readonly node: number
  readonly from: ArrayLike<number>
}

const placeOf = (place: Place | undefined): { place: ReportPlace } | Record<never, never> =>
  place === undefined ? {} : { place }

/** Proof of what `start` leads to, from the engine's steps over the snapshot's own rules. */
export function proofOfReach(snapshot: Snapshot, start: string, goal: string, steps: readonly EngineStep[]): Proof {
  return { given: [start], goal, steps: steps.map((step) => ruleStep(snapshot, step.rule, step)) }
}

/** One application of a rule of the snapshot, with the place of the fact that justifies it. */
export function ruleStep(snapshot: Snapshot, rule: number, step: EngineStep): ProofStep {
  return {
    node: snapshot.nodeIds[step.node]!,
    by: RULE_KIND_NAMES[snapshot.ruleKinds[rule]!]!,
    from: Array.from(step.from, (node) => snapshot.nodeIds[node]!),
    ...placeOf(snapshot.rulePlaces[rule]),
  }
}

/**
 * Proof of entering an account: what is given is what the attacker defeats unaided. A variant of a way in becomes a
 * `way_in` step from the parts of its formula, after `gate` steps for inner parts.
 */
export function proofOfEntry(
  snapshot: Snapshot,
  account: string,
  given: readonly string[],
  origins: readonly { readonly origin: Origin; readonly step: EngineStep }[],
): Proof {
  const steps: ProofStep[] = []
  const proved = new Set(given)
  const add = (step: ProofStep) => {
    if (proved.has(step.node)) return
    proved.add(step.node)
    steps.push(step)
  }
  for (const { origin, step } of origins) {
    if (origin.is === 'given' || origin.is === 'assumed') continue
    if (origin.is === 'rule') {
      add(ruleStep(snapshot, origin.rule, step))
      continue
    }
    const { way, leaves } = origin
    const node = snapshot.nodeIds[step.node]!
    if (way.fact === null) {
      add({ node, by: way.purpose === 'session' ? 'session' : 'opens', from: [way.id], ...placeOf(way.place) })
      continue
    }
    for (const inner of formulaSteps(way.id, way.fact.requires, new Set(leaves), way.place)) add(inner)
    add({ node, by: 'way_in', from: satisfiedParts(way.id, way.fact.requires, new Set(leaves)), ...placeOf(way.place) })
  }
  return { given: [...given], goal: account, steps }
}

/** Gate steps for the inner parts of a formula that `held` satisfies, innermost first. */
export function formulaSteps(owner: string, formula: Formula, held: ReadonlySet<string>, place: Place): ProofStep[] {
  const steps: ProofStep[] = []
  const walk = (part: Formula, path: readonly number[]): boolean => {
    if (typeof part === 'string') return held.has(part)
    const { parts, needs } = partsOf(part)
    const names = new Set<string>()
    parts.forEach((inner, i) => {
      if (walk(inner, [...path, i])) names.add(typeof inner === 'string' ? inner : gateNode(owner, [...path, i]))
    })
    const distinct = new Set(parts.map((inner, i) => partName(owner, inner, [...path, i]))).size
    const enough = names.size >= (needs === parts.length ? distinct : needs)
    if (enough && path.length > 0) {
      steps.push({ node: gateNode(owner, path), by: 'gate', from: [...names], ...placeOf(place) })
    }
    return enough
  }
  walk(formula, [])
  return steps
}

const partName = (owner: string, part: Formula, path: readonly number[]): string =>
  typeof part === 'string' ? part : gateNode(owner, path)

/** Names of the top-level parts of a formula that `held` satisfies. */
function satisfiedParts(owner: string, formula: Formula, held: ReadonlySet<string>): string[] {
  const { parts } = partsOf(formula)
  const proved = new Set(held)
  for (const step of formulaSteps(owner, formula, held, { file: '' })) proved.add(step.node)
  const names = parts.map((part, i) => partName(owner, part, [i]))
  return [...new Set(names.filter((name) => proved.has(name)))]
}
