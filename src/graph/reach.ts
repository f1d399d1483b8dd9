import { buildScratch, explore, proofFrom, type Scratch } from './explore.ts'
import { buildRelaxed, FARTHEST, findBounds, UNREACHED, type Bounds, type Relaxed } from './reach-bounds.ts'
import type { Program } from './program.ts'
import { chooseBodies } from './reach-choice.ts'
import { findJoins } from './reach-joins.ts'
import { stepsToLanes } from './reach-near.ts'
import { buildWork, closeQuestions } from './reach-own.ts'
import { shareQuestions, type Asker } from './reach-questions.ts'
import type { ProofStep } from './proof.ts'

export { FARTHEST, UNREACHED }

/** What each start reaches by itself: the least fixpoint of the rules from that start alone. */
export interface Reach {
  /** per start: the lanes carried by any node it reaches, its own included */
  readonly masks: Uint32Array
  /** start * 32 + lane: rank of the first node that carries the lane; {@link UNREACHED}; saturates at {@link FARTHEST} */
  readonly hops: Uint8Array
  /** how many closures the bounds left to be made, each for one lane of one start or of several alike */
  readonly own: number
}

/**
 * Returns the lanes that each start reaches, and in how many steps, exactly.
 *
 * Two bounds are found for all nodes at once: over plain edges alone, and over a system relaxed so that one body node of
 * a gate suffices. What they leave open gets a closure of its own, 32 to a pass, through the nodes that are open themselves.
 *
 * @param laneMasks  per node: the lanes it carries
 * @param starts  nodes; duplicates are answered each
 * @throws {RangeError} if a start is outside the program or the masks are not one per node
 */
export function reachLanes(program: Program, laneMasks: Uint32Array, starts: Uint32Array): Reach {
  const { nodeCount, gateHeads } = program
  if (laneMasks.length !== nodeCount) throw new RangeError(`${laneMasks.length} lane masks for ${nodeCount} nodes`)
  const { slots, slotCount } = slotsOf(program, starts)
  const given = unconditional(program, laneMasks)
  const { rare, other, contested } = chooseBodies(program, given.ranks)
  const relaxations = gateHeads.length === 0 ? [] : other === null ? [rare] : [rare, other]
  const bounds: Bounds = {
    masks: laneMasks.slice(),
    slots,
    hops: new Uint8Array(slotCount * LANES).fill(UNREACHED),
    joins: findJoins(program, contested),
    relaxed: relaxations.map((relaxation) => buildRelaxed(nodeCount, relaxation)),
  }
  findBounds(program, laneMasks, bounds)
  const reach = upperBounds(bounds, starts, given.hops)
  if (bounds.relaxed.length === 0) return { ...reach, own: 0 }
  return { ...reach, own: settleOpen(program, laneMasks, bounds, { starts, given: given.hops, ...reach }) }
}

const LANES = 32

/** Gives a place in the table of hops to each start, in their order, and after them to each other gate head. */
function slotsOf({ nodeCount, gateHeads }: Program, starts: Uint32Array): { slots: Uint32Array; slotCount: number } {
  const slots = new Uint32Array(nodeCount)
  for (let i = 0; i < starts.length; i++) {
    if (starts[i] >= nodeCount) throw new RangeError(`start ${starts[i]} is outside the ${nodeCount} nodes`)
    slots[starts[i]] = i + 1
  }
  let slotCount = starts.length
  for (let g = 0; g < gateHeads.length; g++) if (slots[gateHeads[g]] === 0) slots[gateHeads[g]] = ++slotCount
  return { slots, slotCount }
}

/** What holds with no start at all: its ranks, and the least rank per lane. */
function unconditional(program: Program, laneMasks: Uint32Array): { ranks: Map<number, number>; hops: Uint8Array } {
  const ranks = new Map<number, number>()
  const hops = new Uint8Array(LANES).fill(UNREACHED)
  if (program.axioms.length === 0) return { ranks, hops }
  const scratch = buildScratch(program)
  explore(program, scratch, program.axioms, null)
  for (let i = 0; i < scratch.size; i++) {
    const v = scratch.queue[i]
    const rank = scratch.ranks[v] - 1
    ranks.set(v, rank)
    for (let bits = laneMasks[v]; bits !== 0; bits &= bits - 1) {
      const lane = 31 - Math.clz32(bits & -bits)
      hops[lane] = Math.min(hops[lane], rank, FARTHEST)
    }
  }
  return { ranks, hops }
}

/** Per start: the upper bound, or what holds unconditionally if that is nearer. */
function upperBounds(bounds: Bounds, starts: Uint32Array, given: Uint8Array): Pick<Reach, 'masks' | 'hops'> {
  const size = starts.length * LANES
  const hops = new Uint8Array(bounds.hops.buffer, 0, size)
  const masks = new Uint32Array(starts.length)
  for (let i = 0; i < starts.length; i++) {
    masks[i] = bounds.masks[starts[i]]
    const slot = bounds.slots[starts[i]] - 1
    if (slot !== i) hops.copyWithin(i * LANES, slot * LANES, (slot + 1) * LANES)
  }
  for (let lane = 0; lane < LANES; lane++) {
    if (given[lane] === UNREACHED) continue
    for (let i = 0; i < starts.length; i++) lower(masks, hops, i, lane, given[lane])
  }
  return { masks, hops }
}

function lower(masks: Uint32Array, hops: Uint8Array, place: number, lane: number, distance: number): void {
  const at = place * LANES + lane
  if (distance >= hops[at]) return
  hops[at] = distance
  masks[place] |= 1 << lane
}

interface Open extends Pick<Reach, 'masks' | 'hops'> {
  readonly starts: Uint32Array
  /** per lane: hops of what holds unconditionally */
  readonly given: Uint8Array
}

/** Per start: the lanes in which every lower bound, by the start or by an axiom, is below the upper one. */
function openLanes(relaxed: readonly Relaxed[], starts: Uint32Array, given: Uint8Array): Uint32Array {
  const open = new Uint32Array(starts.length).fill(0xffffffff)
  for (const { sooner, axiomHops } of relaxed) {
    let common = 0
    for (let lane = 0; lane < LANES; lane++) if (axiomHops[lane] < given[lane]) common |= 1 << lane
    for (let i = 0; i < starts.length; i++) open[i] &= sooner[starts[i]] | common
  }
  return open
}

/** Finds the answers that the bounds leave open, lane by lane, and returns how many closures that took. */
function settleOpen(program: Program, laneMasks: Uint32Array, bounds: Bounds, open: Open): number {
  const { starts, given, masks, hops } = open
  const lanesOf = openLanes(bounds.relaxed, starts, given)
  const asked = lanesOf.reduce((lanes, some) => lanes | some, 0)
  if (asked === 0) return 0
  const work = buildWork(program)
  let own = 0
  for (const [lane, steps] of stepsToLanes(program, laneMasks, asked)) {
    const askers: Asker[] = []
    for (let place = 0; place < starts.length; place++) {
      if (((lanesOf[place] >>> lane) & 1) === 0) continue
      askers.push({ start: starts[place], place, hops: hops[place * LANES + lane] })
    }
    const questions = shareQuestions(program, steps, askers)
    closeQuestions(program, { lane, steps, slots: bounds.slots, hops: bounds.hops }, work, questions)
    for (const { places, best } of questions) for (const place of places) lower(masks, hops, place, lane, best)
    own += questions.length
  }
  return own
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
  const nodes = scratch.queue.slice(0, scratch.size)
  const ranks = nodes.map((v) => scratch.ranks[v] - 1)
  return { nodes, ranks }
}

/** What a witness leads to: any of some nodes, or any node that carries a lane. */
export type Goal = { readonly nodes: ReadonlySet<number> } | { readonly lane: number; readonly laneMasks: Uint32Array }

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
  const isGoal =
    'nodes' in goal
      ? (node: number) => goal.nodes.has(node)
      : (node: number) => ((goal.laneMasks[node] >>> goal.lane) & 1) === 1
  const found = explore(program, scratch, [start, ...program.axioms], isGoal)
  if (found < 0) throw new RangeError(`node ${start} reaches no goal`)
  return proofFrom(program, scratch, (v) => v === start, found)
}
