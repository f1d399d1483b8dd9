import { release } from '#lib/release.ts'
import { LATEST, NEVER } from './closure.ts'
import { buildScratch, explore, proofFrom, type Aim, type Scratch } from './explore.ts'
import type { Program } from './program.ts'
import type { ProofStep } from './proof.ts'
import { boundsOf } from './reach-bounds.ts'
import { buildSearch, settleHops } from './reach-open.ts'

/** Hops to a lane that is not reached. */
export const UNREACHED: number = NEVER
/** Largest number of hops that is told apart: more reads 254. */
export const FARTHEST: number = LATEST

/** What each start reaches by itself: the least fixpoint of the rules from that start alone. */
export interface Reach {
  /** per start: the lanes carried by any node it reaches, its own included */
  readonly masks: Uint32Array
  /** start * 32 + lane: rank of the first node that carries the lane; {@link UNREACHED}; saturates at {@link FARTHEST} */
  readonly hops: Uint8Array
  /** per node: the lanes that it can lead to at most; with them a {@link witness} searches only what leads to its goal */
  readonly mayReach: Uint32Array
  /** how many starts the bounds left open */
  readonly own: number
}

/**
 * Returns the lanes that each start reaches, and in how many steps, exactly.
 *
 * Two bounds are found for all nodes at once: over plain edges alone, and as though any one body node of a gate sufficed.
 * The few starts that they leave open search for themselves.
 *
 * @param laneMasks  per node: the lanes it carries
 * @param starts  nodes; duplicates are answered each
 * @throws {RangeError} if a start is outside the program or the masks are not one per node
 */
export function reachLanes(program: Program, laneMasks: Uint32Array, starts: Uint32Array): Reach {
  const { nodeCount } = program
  if (laneMasks.length !== nodeCount) throw new RangeError(`${laneMasks.length} lane masks for ${nodeCount} nodes`)
  for (let i = 0; i < starts.length; i++) {
    if (starts[i] >= nodeCount) throw new RangeError(`start ${starts[i]} is outside the ${nodeCount} nodes`)
  }
  const bounds = boundsOf(program, laneMasks)
  const given = unconditional(program, laneMasks)
  const search = buildSearch(program, bounds, laneMasks, given)
  const hops = new Uint8Array(starts.length * LANES)
  const masks = new Uint32Array(starts.length)
  let own = 0
  let givenMask = 0
  for (let lane = 0; lane < LANES; lane++) if (given[lane] !== UNREACHED) givenMask |= 1 << lane
  for (let i = 0; i < starts.length; i++) {
    const base = i * LANES
    let mask = bounds.lanes[2 * starts[i]] | givenMask
    if (settleHops(search, starts[i], hops, base)) {
      own++
      for (let lane = 0; lane < LANES; lane++) if (hops[base + lane] !== UNREACHED) mask |= 1 << lane
    }
    masks[i] = mask
  }
  const mayReach = new Uint32Array(nodeCount)
  for (let v = 0; v < nodeCount; v++) mayReach[v] = bounds.lanes[2 * v + 1]
  release(bounds.lanes, bounds.ranks, bounds.rowOf, bounds.nearer, search.seen, search.arrivals)
  return { masks, hops, mayReach, own }
}

const LANES = 32

/** What holds with no start at all: the least rank per lane. */
function unconditional(program: Program, laneMasks: Uint32Array): Uint8Array {
  const hops = new Uint8Array(LANES).fill(UNREACHED)
  if (program.axioms.length === 0) return hops
  const scratch = buildScratch(program)
  explore(program, scratch, program.axioms, null)
  for (let i = 0; i < scratch.size; i++) {
    const v = scratch.queue[i]
    for (let bits = laneMasks[v]; bits !== 0; bits &= bits - 1) {
      const lane = 31 - Math.clz32(bits & -bits)
      hops[lane] = Math.min(hops[lane], scratch.ranks[i], FARTHEST)
    }
  }
  return hops
}

/** The nodes that a start reaches, itself and everything that holds unconditionally included, in order of rank. */
export interface ReachedNodes {
  readonly nodes: Uint32Array
  /** per place in {@link nodes}: the step at which it was reached, ascending */
  readonly ranks: Uint32Array
}

/**
 * Returns everything one start reaches. O(arcs of what is reached) when `scratch` is kept from call to call.
 *
 * @throws {RangeError} if the start is outside the program
 */
export function reachFrom(program: Program, start: number, scratch: Scratch = buildScratch(program)): ReachedNodes {
  explore(program, scratch, [start, ...program.axioms], null)
  return { nodes: scratch.queue.slice(0, scratch.size), ranks: scratch.ranks.slice(0, scratch.size) }
}

/**
 * Returns which of some nodes one start reaches. It looks no farther once it has found them all.
 *
 * @throws {RangeError} if the start is outside the program
 */
export function reachedAmong(
  program: Program,
  start: number,
  wanted: Iterable<number>,
  scratch: Scratch = buildScratch(program),
): Set<number> {
  const open = new Set(wanted)
  const found = new Set<number>()
  if (open.size === 0) return found
  const isLast = (node: number): boolean => {
    if (open.delete(node)) found.add(node)
    return open.size === 0
  }
  explore(program, scratch, [start, ...program.axioms], { isGoal: isLast })
  return found
}

/** What a witness leads to: any of some nodes, or any node that carries a lane. */
export type Goal =
  | { readonly nodes: ReadonlySet<number> }
  | {
      readonly lane: number
      readonly laneMasks: Uint32Array
      /** as {@link reachLanes} found it for these masks: the witness is the same, and found sooner */
      readonly mayReach?: Uint32Array
    }

/**
 * Returns a shortest derivation of the goal from the start alone, in order, empty where the start itself is a goal.
 * The search stops at the first goal, so that it costs no more than what lies as near;
 * keep `scratch` from call to call, as building it costs more than most searches.
 *
 * @throws {RangeError} if the start is outside the program or reaches no goal
 */
export function witness(
  program: Program,
  start: number,
  goal: Goal,
  scratch: Scratch = buildScratch(program),
): ProofStep[] {
  const found = explore(program, scratch, [start, ...program.axioms], aimOf(goal))
  if (found < 0) throw new RangeError(`node ${start} reaches no goal`)
  return proofFrom(program, scratch, (v) => v === start, found)
}

function aimOf(goal: Goal): Aim {
  if ('nodes' in goal) return { isGoal: (node) => goal.nodes.has(node) }
  const { lane, laneMasks, mayReach: masks } = goal
  const bit = 1 << lane
  const isGoal = (node: number): boolean => (laneMasks[node] & bit) !== 0
  return { isGoal, through: masks && { masks, bit } }
}
