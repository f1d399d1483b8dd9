import { release } from '#lib/release.ts'
import { LATEST, NEVER } from './closure.ts'
import { buildFront, frontOf, releaseFronts, type Front } from './front.ts'
import type { Program } from './program.ts'

/**
 * Bounds on what every node reaches by itself. Rules are turned round for it, so that a lane spreads from the nodes that
 * carry it to those that reach it.
 *
 * *Surely*: over plain edges alone; every such lane is reached, in no more steps than its rank says. *At most*: as though
 * any one of a gate's body sufficed; no other lane is reached, and none in fewer steps.
 */
export interface Bounds {
  /** node * 2: the lanes that it surely reaches; node * 2 + 1: those that it reaches at most */
  readonly lanes: Uint32Array
  /**
   * node * 32 + lane: the rank at which it is surely reached, plus 1; 0 where it is not. The system gives memory only to
   * what is written to, and of many a node nothing is.
   */
  readonly ranks: Uint8Array
  /** per node: its row in {@link nearer}, plus 1; 0 where the bounds are one, as they are where no gate is near */
  readonly rowOf: Uint32Array
  /**
   * row * 32 + lane: the rank at which it is reached at most, plus 1, where that is sooner than it surely is; else 0.
   * There is room for all nodes.
   */
  readonly nearer: Uint8Array
}

/** The number of steps in which a node surely reaches a lane; {@link NEVER} if it does not. */
export function sureRank({ ranks }: Bounds, node: number, lane: number): number {
  return (ranks[node * LANES + lane] - 1) & NEVER
}

/** The least number of steps in which a node may reach a lane; {@link NEVER} if it cannot. */
export function leastRank(bounds: Bounds, node: number, lane: number): number {
  const row = bounds.rowOf[node]
  const sooner = row === 0 ? 0 : bounds.nearer[(row - 1) * LANES + lane]
  return sooner === 0 ? sureRank(bounds, node, lane) : sooner - 1
}

const LANES = 32

/**
 * Finds both bounds for all nodes and lanes in one level-synchronous pass: what spreads surely and what spreads at most
 * is side by side, and goes the same way as long as it is the same.
 */
export function boundsOf(program: Program, laneMasks: Uint32Array): Bounds {
  const { nodeCount } = program
  const run: Run = {
    gatesOf: gateOffsets(program),
    lanes: twice(laneMasks),
    ranks: new Uint8Array(nodeCount * LANES),
    rowOf: new Uint32Array(nodeCount),
    nearer: new Uint8Array(nodeCount * LANES),
    rows: 0,
  }
  // the gains of a front are pairs as well
  let front = frontOf(twice(laneMasks))
  let next = buildFront(2 * nodeCount)
  for (let rank = 0; front.size > 0; rank++) {
    spread(program, run, front, next, Math.min(rank, LATEST))
    const spent = front
    front = next
    next = spent
  }
  releaseFronts(front, next)
  release(run.gatesOf)
  return run
}

/** What one pass works on. */
interface Run extends Bounds {
  /** per node: where the gates begin whose head it is */
  readonly gatesOf: Uint32Array
  rows: number
}

function twice(masks: Uint32Array): Uint32Array {
  const pairs = new Uint32Array(2 * masks.length)
  for (let v = 0; v < masks.length; v++) pairs[2 * v] = pairs[2 * v + 1] = masks[v]
  return pairs
}

function gateOffsets({ nodeCount, gateHeads }: Program): Uint32Array {
  const offsets = new Uint32Array(nodeCount + 1)
  for (let g = 0; g < gateHeads.length; g++) offsets[gateHeads[g] + 1]++
  for (let v = 0; v < nodeCount; v++) offsets[v + 1] += offsets[v]
  return offsets
}

/** One step of all lanes: ranks what the front brings, and empties it into the next. */
function spread(program: Program, run: Run, front: Front, next: Front, rank: number): void {
  const { nodeCount, inOffsets, inBodies, gateBodies, gateBodyOffsets } = program
  const { gatesOf, lanes, ranks } = run
  const { gains, nodes } = front
  const { gains: nextGains, nodes: nextNodes } = next
  const limit = nodes.length
  const listed = front.size <= limit
  const count = listed ? front.size : nodeCount
  let size = 0
  for (let i = 0; i < count; i++) {
    const v = listed ? nodes[i] : i
    const sure = gains[2 * v]
    const most = gains[2 * v + 1]
    if ((sure | most) === 0) continue
    gains[2 * v] = gains[2 * v + 1] = 0
    for (let bits = sure, base = v * LANES + 31; bits !== 0; bits &= bits - 1) {
      ranks[base - Math.clz32(bits & -bits)] = rank + 1
    }
    const sooner = most & ~sure
    if (sooner !== 0) noteSooner(run, v, sooner, rank)
    for (let e = inOffsets[v], end = inOffsets[v + 1]; e < end; e++) {
      const at = 2 * inBodies[e]
      const freshSure = sure & ~lanes[at]
      const freshMost = most & ~lanes[at + 1]
      if ((freshSure | freshMost) === 0) continue
      lanes[at] |= freshSure
      lanes[at + 1] |= freshMost
      if ((nextGains[at] | nextGains[at + 1]) === 0) {
        if (size < limit) nextNodes[size] = at >>> 1
        size++
      }
      nextGains[at] |= freshSure
      nextGains[at + 1] |= freshMost
    }
    if (gatesOf[v] === gatesOf[v + 1]) continue
    for (let e = gateBodyOffsets[gatesOf[v]], end = gateBodyOffsets[gatesOf[v + 1]]; e < end; e++) {
      const at = 2 * gateBodies[e]
      const fresh = most & ~lanes[at + 1]
      if (fresh === 0) continue
      lanes[at + 1] |= fresh
      if ((nextGains[at] | nextGains[at + 1]) === 0) {
        if (size < limit) nextNodes[size] = at >>> 1
        size++
      }
      nextGains[at + 1] |= fresh
    }
  }
  front.size = 0
  next.size = size
}

/** Keeps the rank of lanes that a node does not surely reach as soon. */
function noteSooner(run: Run, node: number, lanes: number, rank: number): void {
  const { rowOf, nearer } = run
  if (rowOf[node] === 0) rowOf[node] = ++run.rows
  for (let bits = lanes, base = rowOf[node] * LANES - 1; bits !== 0; bits &= bits - 1) {
    nearer[base - Math.clz32(bits & -bits)] = rank + 1
  }
}
