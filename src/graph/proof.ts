import type { Program } from './program.ts'

/** One application of a rule: `node` holds because each of `from` does. */
export interface ProofStep {
  /** index of the rule in the system that the program was built of */
  readonly rule: number
  readonly node: number
  /** distinct body nodes, as many as the rule needs; each is given or the `node` of an earlier step */
  readonly from: readonly number[]
}

/** What holds and since when: {@link ranks} falls strictly from a derived node to what it was derived from. */
export interface Derivable {
  /** step at which a node came to hold; Infinity for one that does not */
  readonly rankOf: (node: number) => number
  /** whether a node held from the start without any rule */
  readonly isGiven: (node: number) => boolean
}

/**
 * Returns a derivation of `goal`, each node once, in order. Every node is derived by its earliest rule.
 *
 * @throws {RangeError} if the goal does not hold, or holds at a rank that no rule accounts for
 */
export function derive(program: Program, goal: number, derivable: Derivable): ProofStep[] {
  const { rankOf, isGiven } = derivable
  if (!(rankOf(goal) < Infinity)) throw new RangeError(`node ${goal} does not hold`)
  const steps: ProofStep[] = []
  const wanted = [goal]
  const seen = new Set(wanted)
  for (let node = wanted.pop(); node !== undefined; node = wanted.pop()) {
    if (isGiven(node)) continue
    const step = stepTo(program, node, rankOf)
    steps.push(step)
    for (const body of step.from) {
      if (seen.has(body)) continue
      seen.add(body)
      wanted.push(body)
    }
  }
  return steps.sort((a, b) => rankOf(a.node) - rankOf(b.node))
}

/**
 * The rule application that first gave a node: all of its body holds at smaller ranks.
 *
 * @throws {RangeError} if no rule accounts for the node at its rank
 */
export function stepTo(program: Program, node: number, rankOf: (node: number) => number): ProofStep {
  const rank = rankOf(node)
  if (rank === 0) {
    const axiom = program.axioms.indexOf(node)
    if (axiom >= 0) return { rule: program.axiomRules[axiom], node, from: [] }
  }
  for (let i = program.inOffsets[node]; i < program.inOffsets[node + 1]; i++) {
    const body = program.inBodies[i]
    if (rankOf(body) < rank) return { rule: edgeRule(program, body, node), node, from: [body] }
  }
  for (let g = firstGateOf(program, node); program.gateHeads[g] === node; g++) {
    const body = program.gateBodies.subarray(program.gateBodyOffsets[g], program.gateBodyOffsets[g + 1])
    const from = Array.from(body).filter((literal) => rankOf(literal) < rank)
    const needs = program.gateNeeds[g]
    if (from.length < needs) continue
    from.sort((a, b) => rankOf(a) - rankOf(b))
    return { rule: program.gateRules[g], node, from: from.slice(0, needs) }
  }
  throw new RangeError(`no rule gives node ${node} at rank ${rank}`)
}

/** The first rule that makes a plain edge from `body` to `head`; the edge must exist. O(log out-edges). */
function edgeRule({ outOffsets, outHeads, outRules }: Program, body: number, head: number): number {
  let low = outOffsets[body]
  let high = outOffsets[body + 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (outHeads[middle] < head) low = middle + 1
    else high = middle
  }
  return outRules[low]
}

/** The first gate whose head is `node`, or one past the last gate with a smaller head. O(log gates). */
function firstGateOf({ gateHeads }: Program, node: number): number {
  let low = 0
  let high = gateHeads.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (gateHeads[middle] < node) low = middle + 1
    else high = middle
  }
  return low
}
