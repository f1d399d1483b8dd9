import { buildGateCounters, carryUp, type GateCounters } from './counters.ts'
import { buildScratch, explore, proofFrom } from './explore.ts'
import { buildFront, frontOf, releaseFronts, type Front } from './front.ts'
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
  const counters = buildGateCounters(program)
  let front = frontOf(masks.slice())
  let next = buildFront(nodeCount)
  for (let rank = 0; front.size > 0; rank++) {
    spread(program, counters, { front, next, masks, ranks }, Math.min(rank, LATEST))
    const spent = front
    front = next
    next = spent
  }
  releaseFronts(front, next)
  return { masks, ranks, seeds }
}

interface Steps {
  readonly front: Front
  readonly next: Front
  /** per node: lanes that hold, those that it gains in the next step included */
  readonly masks: Uint32Array
  readonly ranks: Uint8Array
}

/** One step of all lanes: ranks what the front brings, and empties it into the next. */
function spread(program: Program, counters: GateCounters, { front, next, masks, ranks }: Steps, rank: number): void {
  const { nodeCount, outOffsets, outHeads, nodeGateOffsets, nodeGates, gateHeads } = program
  const { low, highOffsets, high } = counters
  const { gains, nodes } = front
  const { gains: nextGains, nodes: nextNodes } = next
  const limit = nodes.length
  const deep = highOffsets.length > 0
  const listed = front.size <= limit
  const count = listed ? front.size : nodeCount
  let size = 0
  for (let i = 0; i < count; i++) {
    const v = listed ? nodes[i] : i
    const gain = gains[v]
    if (gain === 0) continue
    gains[v] = 0
    for (let bits = gain, base = v * 32 + 31; bits !== 0; bits &= bits - 1)
      ranks[base - Math.clz32(bits & -bits)] = rank
    for (let e = outOffsets[v], end = outOffsets[v + 1]; e < end; e++) {
      const head = outHeads[e]
      const mask = masks[head]
      const fresh = gain & ~mask
      if (fresh === 0) continue
      masks[head] = mask | fresh
      const before = nextGains[head]
      nextGains[head] = before | fresh
      if (before === 0) {
        if (size < limit) nextNodes[size] = head
        size++
      }
    }
    for (let e = nodeGateOffsets[v], end = nodeGateOffsets[v + 1]; e < end; e++) {
      const gate = nodeGates[e]
      const counted = low[gate]
      low[gate] = counted ^ gain
      let fired = counted & gain
      if (fired === 0) continue
      if (deep) fired = carryUp(highOffsets, high, gate, fired)
      const head = gateHeads[gate]
      const mask = masks[head]
      const fresh = fired & ~mask
      if (fresh === 0) continue
      masks[head] = mask | fresh
      const before = nextGains[head]
      nextGains[head] = before | fresh
      if (before === 0) {
        if (size < limit) nextNodes[size] = head
        size++
      }
    }
  }
  front.size = 0
  next.size = size
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
    explore(program, scratch, nodesAtStart(program, ranks, lane), { isGoal: (v) => v === node })
    return proofFrom(program, scratch, isGiven, node)
  }
  const rankOf = (v: number): number => (ranks[v * 32 + lane] === NEVER ? Infinity : ranks[v * 32 + lane])
  return derive(program, node, rankOf, isGiven)
}

function* nodesAtStart({ nodeCount }: Program, ranks: Uint8Array, lane: number): Generator<number> {
  for (let v = 0; v < nodeCount; v++) if (ranks[v * 32 + lane] === 0) yield v
}
