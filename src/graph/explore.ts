import type { Program } from './program.ts'
import { axiomStep, NO_VIA, stepOf, unwind, type ProofStep } from './proof.ts'

/**
 * Memory for {@link explore}, to be kept between calls: 16 bytes per node and 2 per gate, of which a call touches only
 * what it reaches, and clears that again at the next call.
 */
export interface Scratch {
  /** per node: its place in {@link queue}, plus 1; 0 for a node not reached */
  readonly places: Uint32Array
  /** per gate: body nodes that hold */
  readonly arrivals: Uint16Array
  /** the nodes reached, in order of rank */
  readonly queue: Uint32Array
  /** per place in {@link queue}: the step at which the node was reached */
  readonly ranks: Uint32Array
  /** per place in {@link queue}: what the node was reached by, as {@link stepOf} reads it; {@link NO_VIA} for a root */
  readonly vias: Uint32Array
  /** how many places are in use */
  size: number
}

/** Returns memory for exploring one program again and again; not to be shared between threads. */
export function buildScratch({ nodeCount, gateHeads }: Program): Scratch {
  return {
    places: new Uint32Array(nodeCount),
    arrivals: new Uint16Array(gateHeads.length),
    queue: new Uint32Array(nodeCount),
    ranks: new Uint32Array(nodeCount),
    vias: new Uint32Array(nodeCount),
    size: 0,
  }
}

/** What an exploration looks for. */
export interface Aim {
  readonly isGoal: (node: number) => boolean
  /**
   * Per node masks, of which those without the bit are left out. The bit must be on every node that can take a part in any
   * derivation of a goal: then what is found is the same, and so is how.
   */
  readonly through?: { readonly masks: Uint32Array; readonly bit: number } | undefined
}

/**
 * Finds what follows from the roots, in order of rank, up to the first goal. O(arcs of what is reached).
 *
 * @param aim  null to find everything
 * @param roots  what holds at the start; heads of rules that need nothing are among them only if the caller puts them there
 * @returns the first goal reached, one of the smallest rank; -1 for none
 * @throws {RangeError} if a root is outside the program
 */
export function explore(program: Program, scratch: Scratch, roots: Iterable<number>, aim: Aim | null): number {
  const { nodeCount, outOffsets, outHeads, nodeGateOffsets, nodeGates, gateHeads, gateNeeds } = program
  const { places, arrivals, queue, ranks, vias } = scratch
  const isGoal = aim?.isGoal ?? null
  const masks = aim?.through?.masks ?? null
  const bit = aim?.through?.bit ?? 0
  clear(program, scratch)
  let size = 0
  for (const root of roots) {
    if (root >= nodeCount) throw new RangeError(`node ${root} is outside the ${nodeCount} nodes`)
    if (places[root] !== 0) continue
    queue[size] = root
    ranks[size] = 0
    vias[size] = NO_VIA
    places[root] = ++size
    scratch.size = size
  }
  let tested = 0
  for (let at = 0; ; at++) {
    if (isGoal !== null) {
      for (; tested < size; tested++) {
        if (!isGoal(queue[tested])) continue
        scratch.size = size
        return queue[tested]
      }
    }
    if (at === size) break
    const v = queue[at]
    const rank = ranks[at] + 1
    for (let e = outOffsets[v], end = outOffsets[v + 1]; e < end; e++) {
      const head = outHeads[e]
      if ((masks !== null && (masks[head] & bit) === 0) || places[head] !== 0) continue
      queue[size] = head
      ranks[size] = rank
      vias[size] = e
      places[head] = ++size
    }
    for (let e = nodeGateOffsets[v], end = nodeGateOffsets[v + 1]; e < end; e++) {
      const gate = nodeGates[e]
      const head = gateHeads[gate]
      if (++arrivals[gate] !== gateNeeds[gate] || places[head] !== 0) continue
      if (masks !== null && (masks[head] & bit) === 0) continue
      queue[size] = head
      ranks[size] = rank
      vias[size] = outHeads.length + gate
      places[head] = ++size
    }
    scratch.size = size
  }
  return -1
}

/** Undoes the last exploration. */
function clear({ nodeGateOffsets, nodeGates }: Program, scratch: Scratch): void {
  const { places, arrivals, queue, size } = scratch
  for (let i = 0; i < size; i++) {
    const v = queue[i]
    places[v] = 0
    for (let e = nodeGateOffsets[v], end = nodeGateOffsets[v + 1]; e < end; e++) arrivals[nodeGates[e]] = 0
  }
  scratch.size = 0
}

/** The step at which the last exploration reached a node; Infinity if it did not. */
export function rankOf({ places, ranks }: Scratch, node: number): number {
  return places[node] === 0 ? Infinity : ranks[places[node] - 1]
}

/**
 * Returns the rule application by which the last exploration first reached a node that was no root, or that a rule gives
 * from nothing. Takes no longer for a node that many lead to.
 *
 * @throws {RangeError} if there is none
 */
export function stepFrom(program: Program, { places, vias }: Scratch, node: number): ProofStep {
  if (places[node] === 0) throw new RangeError(`node ${node} does not hold`)
  const via = vias[places[node] - 1]
  return via === NO_VIA ? axiomStep(program, node) : stepOf(program, node, via, (v) => (places[v] - 1) >>> 0)
}

/** Returns a derivation of a node that the last exploration reached, each node of it once, in order. */
export function proofFrom(
  program: Program,
  scratch: Scratch,
  isGiven: (node: number) => boolean,
  node: number,
): ProofStep[] {
  const { places } = scratch
  if (places[node] === 0) throw new RangeError(`node ${node} does not hold`)
  return unwind(node, { isGiven, placeOf: (v) => places[v], stepTo: (v) => stepFrom(program, scratch, v) })
}
