import type { Program } from './program.ts'

/** One application of a rule: `node` holds because each of `from` does. */
export interface ProofStep {
  /** index of the rule in the system that the program was built of */
  readonly rule: number
  readonly node: number
  /** distinct body nodes, as many as the rule needs; each is given or the `node` of an earlier step */
  readonly from: readonly number[]
}

/** Index of no step. */
export const NO_VIA = 0xffffffff

/** What holds and by which step; {@link placeOf} falls strictly from a derived node to what it was derived from. */
export interface Derivable {
  /** whether a node held from the start without any rule */
  readonly isGiven: (node: number) => boolean
  /** the step that gave a node */
  readonly stepTo: (node: number) => ProofStep
  readonly placeOf: (node: number) => number
}

/** Returns a derivation of `goal`, each node once, in order of place. */
export function unwind(goal: number, { isGiven, stepTo, placeOf }: Derivable): ProofStep[] {
  const steps: ProofStep[] = []
  const wanted = [goal]
  const seen = new Set(wanted)
  for (let node = wanted.pop(); node !== undefined; node = wanted.pop()) {
    if (isGiven(node)) continue
    const step = stepTo(node)
    steps.push(step)
    for (const body of step.from) {
      if (seen.has(body)) continue
      seen.add(body)
      wanted.push(body)
    }
  }
  return steps.sort((a, b) => placeOf(a.node) - placeOf(b.node))
}

/**
 * Returns a derivation of `goal` from ranks alone. Every node is derived by its earliest rule.
 *
 * @param rankOf  step at which a node came to hold, falling strictly along a derivation; Infinity for one that does not
 * @throws {RangeError} if the goal does not hold, or holds at a rank that no rule accounts for
 */
export function derive(
  program: Program,
  goal: number,
  rankOf: (node: number) => number,
  isGiven: (node: number) => boolean,
): ProofStep[] {
  if (!(rankOf(goal) < Infinity)) throw new RangeError(`node ${goal} does not hold`)
  return unwind(goal, { isGiven, placeOf: rankOf, stepTo: (node) => stepTo(program, node, rankOf) })
}

/** The rule application that first gave a node: all of its body holds at smaller ranks. */
function stepTo(program: Program, node: number, rankOf: (node: number) => number): ProofStep {
  const rank = rankOf(node)
  if (rank === 0 && program.axioms.includes(node)) return axiomStep(program, node)
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

/** The first rule that gives a node from nothing. @throws {RangeError} if there is none */
export function axiomStep({ axioms, axiomRules }: Program, node: number): ProofStep {
  const axiom = axioms.indexOf(node)
  if (axiom < 0) throw new RangeError(`no rule gives node ${node} from nothing`)
  return { rule: axiomRules[axiom], node, from: [] }
}

/**
 * Reads a step that a pass over out-edges and gates noted down as one number: an out-edge, after those a gate, after those
 * a rule that needs nothing. Of a gate's body, the first by `placeOf` count; what does not hold has the largest place.
 */
export function stepOf(program: Program, node: number, via: number, placeOf: (node: number) => number): ProofStep {
  const { outOffsets, outHeads, outRules, gateHeads, gateRules, gateNeeds, gateBodies, gateBodyOffsets } = program
  if (via < outHeads.length) return { rule: outRules[via], node, from: [bodyOfEdge(outOffsets, via)] }
  const gate = via - outHeads.length
  if (gate >= gateHeads.length) return { rule: program.axiomRules[gate - gateHeads.length], node, from: [] }
  const body = gateBodies.slice(gateBodyOffsets[gate], gateBodyOffsets[gate + 1])
  body.sort((a, b) => placeOf(a) - placeOf(b))
  return { rule: gateRules[gate], node, from: Array.from(body.subarray(0, gateNeeds[gate])) }
}

/** The node whose out-edges include an edge. O(log nodes). */
function bodyOfEdge(outOffsets: Uint32Array, edge: number): number {
  let low = 0
  let high = outOffsets.length - 1
  while (low + 1 < high) {
    const middle = (low + high) >>> 1
    if (outOffsets[middle] <= edge) low = middle
    else high = middle
  }
  return low
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
