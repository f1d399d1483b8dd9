import { buildFront, frontOf, type Front } from './front.ts'
import type { Program } from './program.ts'
import { LONGEST, type Joins } from './reach-joins.ts'
import { firstGateOf } from './proof.ts'

/** Hops to a lane that is not reached. */
export const UNREACHED = 255
/** Largest number of hops that is told apart: more reads 254. */
export const FARTHEST = 254
const LANES = 32

/** Which body nodes of a gate are let fire it alone, such that no real firing comes before the first of them. */
export interface Relaxation {
  /** bodies of the gates, at the offsets of the program, the chosen ones first */
  readonly bodies: Uint32Array
  /** per gate: how many of its body nodes are chosen; null for all */
  readonly chosen: Uint16Array | null
}

/** Lanes that a node reaches sooner in a relaxed system than over plain edges alone. */
export interface Improvement {
  readonly relaxation: Relaxation
  /** per node */
  readonly lanes: Uint32Array
  front: Front
  next: Front
}

/** Returns an improvement in which there is none yet. */
export function buildImprovement(nodeCount: number, relaxation: Relaxation): Improvement {
  const lanes = new Uint32Array(nodeCount)
  return { relaxation, lanes, front: buildFront(nodeCount), next: buildFront(nodeCount) }
}

/** What {@link reachPlain} works on. */
export interface Bounds {
  /** per node: the lanes it reaches over plain edges alone */
  readonly masks: Uint32Array
  /** per node: 1 + its place in {@link hops}; 0 for none */
  readonly slots: Uint32Array
  /** slot * 32 + lane: hops over plain edges alone */
  readonly hops: Uint8Array
  /** shortcuts of two steps past a gate, taken like plain edges */
  readonly joins: Joins
  /** the relaxed systems, step by step beside the plain one */
  readonly improvements: readonly Improvement[]
}

/**
 * Walks the plain edges backwards from every lane at once, level by level, and beside it each relaxed system, of which
 * only what is sooner than over plain edges is followed. O(arcs × steps at which their head gains lanes).
 *
 * @param onStep  called after each step with the number of the next
 */
export function reachPlain(
  program: Program,
  laneMasks: Uint32Array,
  bounds: Bounds,
  onStep: (hops: number) => void,
): void {
  const { nodeCount } = program
  const isHead = headsOf(program)
  // what heads gained in the last steps, the latest at the front
  const events = Array.from({ length: LONGEST }, (): HeadEvents => ({ isHead, nodes: [], gains: [] }))
  let front = frontOf(laneMasks)
  let next = buildFront(nodeCount)
  for (let hops = 0; isGoing(front, events, bounds); hops++) {
    const heads: HeadEvents = { isHead, nodes: [], gains: [] }
    events.pop()
    events.unshift(heads)
    stepBack(program, front, next, bounds, heads, hops)
    passJoins(program, bounds, events, next)
    for (const improvement of bounds.improvements) improve(program, bounds.masks, improvement, heads)
    onStep(hops + 1)
    const spent = hops === 0 ? buildFront(nodeCount) : front // the first front is the caller's masks
    front = next
    next = spent
  }
}

function isGoing(front: Front, events: readonly HeadEvents[], { improvements }: Bounds): boolean {
  if (front.size > 0 || improvements.some((improvement) => improvement.front.size > 0)) return true
  return events.some(({ nodes }) => nodes.length > 0)
}

/** Passes what heads gained some steps ago to the nodes that lead to them in one step more. */
function passJoins(program: Program, { masks, joins }: Bounds, events: readonly HeadEvents[], next: Front): void {
  const { gateHeads } = program
  events.forEach(({ nodes, gains }, age) => {
    for (let i = 0; i < nodes.length; i++) {
      for (let g = firstGateOf(program, nodes[i]); gateHeads[g] === nodes[i]; g++) {
        for (let j = joins.offsets[g]; j < joins.offsets[g + 1]; j++) {
          const fresh = joins.lengths[j] === age + 1 ? gains[i] & ~masks[joins.nodes[j]] : 0
          if (fresh !== 0) gainAt(masks, next, joins.nodes[j], fresh)
        }
      }
    }
  })
}

/** Which gate heads gained which lanes in one step. */
interface HeadEvents {
  /** one bit per node */
  readonly isHead: Uint8Array
  readonly nodes: number[]
  readonly gains: number[]
}

function headsOf({ nodeCount, gateHeads }: Program): Uint8Array {
  const isHead = new Uint8Array((nodeCount >>> 3) + 1)
  for (let g = 0; g < gateHeads.length; g++) isHead[gateHeads[g] >>> 3] |= 1 << (gateHeads[g] & 7)
  return isHead
}

/** One step over plain edges: what the front brings is noted and passed to the bodies. */
function stepBack(
  { nodeCount, inOffsets, inBodies }: Program,
  front: Front,
  next: Front,
  { masks, slots, hops }: Bounds,
  heads: HeadEvents,
  step: number,
): void {
  const { gains, nodes } = front
  const { gains: nextGains, nodes: nextNodes } = next
  const { isHead, nodes: headNodes, gains: headGains } = heads
  const limit = nodes.length
  const listed = front.size <= limit
  const count = listed ? front.size : nodeCount
  const shown = Math.min(step, FARTHEST)
  let size = 0
  for (let i = 0; i < count; i++) {
    const v = listed ? nodes[i] : i
    const gain = gains[v]
    if (gain === 0) continue
    if (step > 0) gains[v] = 0
    const slot = slots[v]
    if (slot !== 0) {
      for (let bits = gain, base = slot * LANES - 1; bits !== 0; bits &= bits - 1)
        hops[base - Math.clz32(bits & -bits)] = shown
    }
    if ((isHead[v >>> 3] >>> (v & 7)) & 1) {
      headNodes.push(v)
      headGains.push(gain)
    }
    for (let e = inOffsets[v], end = inOffsets[v + 1]; e < end; e++) {
      const body = inBodies[e]
      const mask = masks[body]
      const fresh = gain & ~mask
      if (fresh === 0) continue
      masks[body] = mask | fresh
      const before = nextGains[body]
      nextGains[body] = before | fresh
      if (before === 0) {
        if (size < limit) nextNodes[size] = body
        size++
      }
    }
  }
  front.size = 0
  next.size = size
}

/** One step of a relaxed system, after the same step over plain edges: `masks` holds what those gain in it already. */
function improve(program: Program, masks: Uint32Array, improvement: Improvement, heads: HeadEvents): void {
  const { nodeCount, inOffsets, inBodies } = program
  const { front, next, lanes } = improvement
  const { gains, nodes } = front
  const limit = nodes.length
  const listed = front.size <= limit
  const count = listed ? front.size : nodeCount
  for (let i = 0; i < heads.nodes.length; i++) passGates(program, masks, improvement, heads.nodes[i], heads.gains[i])
  for (let i = 0; i < count; i++) {
    const v = listed ? nodes[i] : i
    const gain = gains[v]
    if (gain === 0) continue
    gains[v] = 0
    if ((heads.isHead[v >>> 3] >>> (v & 7)) & 1) passGates(program, masks, improvement, v, gain)
    for (let e = inOffsets[v], end = inOffsets[v + 1]; e < end; e++) {
      const body = inBodies[e]
      const fresh = gain & ~(masks[body] | lanes[body])
      if (fresh !== 0) gainAt(lanes, next, body, fresh)
    }
  }
  front.size = 0
  improvement.front = next
  improvement.next = front
}

/** Passes what a head gains to the chosen body nodes of its gates. */
function passGates(program: Program, masks: Uint32Array, improvement: Improvement, head: number, gain: number): void {
  const { gateHeads, gateBodyOffsets } = program
  const { lanes, next, relaxation } = improvement
  const { bodies, chosen } = relaxation
  for (let g = firstGateOf(program, head); gateHeads[g] === head; g++) {
    const start = gateBodyOffsets[g]
    const end = chosen === null ? gateBodyOffsets[g + 1] : start + chosen[g]
    for (let i = start; i < end; i++) {
      const body = bodies[i]
      const fresh = gain & ~(masks[body] | lanes[body])
      if (fresh !== 0) gainAt(lanes, next, body, fresh)
    }
  }
}

function gainAt(lanes: Uint32Array, next: Front, node: number, fresh: number): void {
  lanes[node] |= fresh
  const before = next.gains[node]
  next.gains[node] = before | fresh
  if (before !== 0) return
  if (next.size < next.nodes.length) next.nodes[next.size] = node
  next.size++
}
