import type { Program } from './program.ts'
import { derive, type ProofStep } from './proof.ts'

/**
 * Memory for {@link explore}, to be kept between calls: 6 bytes per node and 2 per gate, of which a call touches only
 * what it reaches, and clears that again at the next call.
 */
export interface Scratch {
  /** per node: rank + 1; 0 for a node not reached */
  readonly ranks: Uint32Array
  /** per gate: body nodes that hold */
  readonly arrivals: Uint16Array
  /** the nodes reached, in order of rank */
  readonly queue: Uint32Array
  /** how many of {@link queue} are in use */
  size: number
}

/** Returns memory for exploring one program again and again; not to be shared between threads. */
export function buildScratch({ nodeCount, gateHeads }: Program): Scratch {
  return {
    ranks: new Uint32Array(nodeCount),
    arrivals: new Uint16Array(gateHeads.length),
    queue: new Uint32Array(nodeCount),
    size: 0,
  }
}

/**
 * Finds what follows from the roots, in order of rank, up to the first goal. O(arcs of what is reached).
 *
 * @param roots  what holds at the start; heads of rules that need nothing are among them only if the caller puts them there
 * @returns the first goal reached, one of the smallest rank; -1 for none
 * @throws {RangeError} if a root is outside the program
 */
export function explore(
  program: Program,
  scratch: Scratch,
  roots: Iterable<number>,
  isGoal: ((node: number) => boolean) | null,
): number {
  const { nodeCount, outOffsets, outHeads, nodeGateOffsets, nodeGates, gateHeads, gateNeeds } = program
  const { ranks, arrivals, queue } = scratch
  clear(program, scratch)
  let size = 0
  for (const root of roots) {
    if (root >= nodeCount) throw new RangeError(`node ${root} is outside the ${nodeCount} nodes`)
    if (ranks[root] !== 0) continue
    ranks[root] = 1
    queue[size++] = root
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
    const rank = ranks[v] + 1
    for (let e = outOffsets[v], end = outOffsets[v + 1]; e < end; e++) {
      const head = outHeads[e]
      if (ranks[head] !== 0) continue
      ranks[head] = rank
      queue[size++] = head
    }
    for (let e = nodeGateOffsets[v], end = nodeGateOffsets[v + 1]; e < end; e++) {
      const gate = nodeGates[e]
      const head = gateHeads[gate]
      if (++arrivals[gate] !== gateNeeds[gate] || ranks[head] !== 0) continue
      ranks[head] = rank
      queue[size++] = head
    }
    scratch.size = size
  }
  return -1
}

/** Undoes the last exploration. */
function clear({ nodeGateOffsets, nodeGates }: Program, scratch: Scratch): void {
  const { ranks, arrivals, queue, size } = scratch
  for (let i = 0; i < size; i++) {
    const v = queue[i]
    ranks[v] = 0
    for (let e = nodeGateOffsets[v], end = nodeGateOffsets[v + 1]; e < end; e++) arrivals[nodeGates[e]] = 0
  }
  scratch.size = 0
}

/** Returns a derivation of a node that the last exploration reached; see {@link derive}. */
export function proofFrom(
  program: Program,
  { ranks }: Scratch,
  isGiven: (node: number) => boolean,
  node: number,
): ProofStep[] {
  return derive(program, node, { rankOf: (v) => (ranks[v] === 0 ? Infinity : ranks[v] - 1), isGiven })
}
