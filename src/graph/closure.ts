import { buildGateCounters, carryUp, type GateCounters } from './counters.ts'
import { buildScratch, explore, proofFrom } from './explore.ts'
import type { Program } from './program.ts'
import { derive, type ProofStep } from './proof.ts'

/** Rank of a node and lane that never come to hold. */
export const NEVER = 255
/** Largest rank that is told apart: ranks of 254 and above all read 254. Masks are exact all the same. */
export const LATEST = 254

/** The least fixpoint of a program's rules in 32 lanes, each from its own seeds. */
export interface Closure {
  /** per node: the lanes that hold at the end */
  readonly masks: Uint32Array
  /**
   * node * 32 + lane: the step at which it came to hold. 0: at the start; a rule gives its head one step after the last
   * body node that it needs; {@link LATEST} or more reads {@link LATEST}; {@link NEVER}.
   */
  readonly ranks: Uint8Array
  /** per node: the lanes that held at the start; the caller's own array */
  readonly seeds: Uint32Array
}

/**
 * Returns what follows from `seeds`, all lanes in one level-synchronous pass.
 * O(nodes + arcs × steps at which their tail gains lanes).
 *
 * @param seeds  per node: bit mask of the lanes in which it holds at the start
 * @param lanes  bit mask of the lanes in use; rules that need nothing hold in these, at rank 0
 * @throws {RangeError} if there is not one seed mask per node
 */
export function closure(program: Program, seeds: Uint32Array, lanes: number = 0xffffffff): Closure {
  const { nodeCount, axioms } = program
  if (seeds.length !== nodeCount) throw new RangeError(`${seeds.length} seed masks for ${nodeCount} nodes`)
  const masks = seeds.slice()
  for (let i = 0; i < axioms.length; i++) masks[axioms[i]] |= lanes
  const ranks = new Uint8Array(nodeCount * 32).fill(NEVER)
  const gained = masks.slice()
  const counters = buildGateCounters(program)
  const deltas = new Uint32Array(nodeCount)
  let frontier = new Uint32Array(nodeCount)
  let next = new Uint32Array(nodeCount)
  let size = 0
  for (let v = 0; v < nodeCount; v++) if (masks[v] !== 0) frontier[size++] = v
  for (let rank = 0; size > 0; rank++) {
    settle(frontier, size, { gained, deltas, ranks }, Math.min(rank, LATEST))
    size = spread(program, counters, { frontier, size, deltas }, { masks, gained, next })
    const spare = frontier
    frontier = next
    next = spare
  }
  return { masks, ranks, seeds }
}

interface Settling {
  /** per node: lanes gained since it was last in the frontier */
  readonly gained: Uint32Array
  /** per place in the frontier: the lanes that its node brings */
  readonly deltas: Uint32Array
  readonly ranks: Uint8Array
}

/** Closes a step: what the frontier's nodes gained becomes what they spread, and gets its rank. */
function settle(frontier: Uint32Array, size: number, { gained, deltas, ranks }: Settling, rank: number): void {
  for (let i = 0; i < size; i++) {
    const v = frontier[i]
    let delta = gained[v]
    gained[v] = 0
    deltas[i] = delta
    for (const base = v * 32; delta !== 0; delta &= delta - 1) ranks[base + 31 - Math.clz32(delta & -delta)] = rank
  }
}

interface Front {
  readonly frontier: Uint32Array
  readonly size: number
  readonly deltas: Uint32Array
}

interface Gain {
  /** per node: lanes that hold, gained ones included */
  readonly masks: Uint32Array
  readonly gained: Uint32Array
  /** receives each node that gained anything, once */
  readonly next: Uint32Array
}

/** One step of all lanes: returns how many nodes gained lanes. */
function spread(program: Program, counters: GateCounters, front: Front, { masks, gained, next }: Gain): number {
  const { outOffsets, outHeads, nodeGateOffsets, nodeGates, gateHeads } = program
  const { low, highOffsets, high } = counters
  const { frontier, size, deltas } = front
  const deep = highOffsets.length > 0
  let nextSize = 0
  for (let i = 0; i < size; i++) {
    const v = frontier[i]
    const delta = deltas[i]
    for (let e = outOffsets[v], end = outOffsets[v + 1]; e < end; e++) {
      const head = outHeads[e]
      const fresh = delta & ~masks[head]
      if (fresh === 0) continue
      masks[head] |= fresh
      if (gained[head] === 0) next[nextSize++] = head
      gained[head] |= fresh
    }
    for (let e = nodeGateOffsets[v], end = nodeGateOffsets[v + 1]; e < end; e++) {
      const gate = nodeGates[e]
      const count = low[gate]
      low[gate] = count ^ delta
      let fired = count & delta
      if (fired === 0) continue
      if (deep) fired = carryUp(highOffsets, high, gate, fired)
      const head = gateHeads[gate]
      const fresh = fired & ~masks[head]
      if (fresh === 0) continue
      masks[head] |= fresh
      if (gained[head] === 0) next[nextSize++] = head
      gained[head] |= fresh
    }
  }
  return nextSize
}

/**
 * Returns a derivation of `node` in one lane, in order: each body node is seeded in that lane or derived by an earlier step.
 * A node that is seeded needs no step. Ranks fall strictly along a derivation; where {@link LATEST} hides their order,
 * the lane is derived once more with ranks of its own, O(nodes + arcs).
 *
 * @throws {RangeError} if the node does not hold in that lane
 */
export function proofOf(program: Program, { ranks, seeds }: Closure, node: number, lane: number): ProofStep[] {
  const isGiven = (v: number): boolean => ((seeds[v] >>> lane) & 1) === 1
  if (ranks[node * 32 + lane] === LATEST) {
    const scratch = buildScratch(program)
    explore(program, scratch, nodesAtStart(program, ranks, lane), (v) => v === node)
    return proofFrom(program, scratch, isGiven, node)
  }
  return derive(program, node, {
    rankOf: (v) => (ranks[v * 32 + lane] === NEVER ? Infinity : ranks[v * 32 + lane]),
    isGiven,
  })
}

function* nodesAtStart({ nodeCount }: Program, ranks: Uint8Array, lane: number): Generator<number> {
  for (let v = 0; v < nodeCount; v++) if (ranks[v * 32 + lane] === 0) yield v
}
