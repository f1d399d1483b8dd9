import { buildFront, frontOf, type Front } from './front.ts'
import type { Program } from './program.ts'
import { firstGateOf } from './proof.ts'
import type { Relaxation } from './reach-choice.ts'
import { LONGEST, type Joins } from './reach-joins.ts'

/** Hops to a lane that is not reached. */
export const UNREACHED = 255
/** Largest number of hops that is told apart: more reads 254. */
export const FARTHEST = 254
const LANES = 32

/** The upper bound on hops, over plain edges and joins, and where the lower bound, the relaxed system's, is below it. */
export interface Bounds {
  /** per node: the lanes it reaches by the upper bound */
  readonly masks: Uint32Array
  /** per node: 1 + its place in {@link hops}; 0 for none */
  readonly slots: Uint32Array
  /** slot * 32 + lane: the upper bound, filled in */
  readonly hops: Uint8Array
  readonly joins: Joins
  /** lower bounds, each valid by itself; none where there are no gates, hence no difference */
  readonly relaxed: readonly Relaxed[]
}

/** The relaxed system, of which only what differs from the upper bound is followed. */
export interface Relaxed {
  readonly relaxation: Relaxation
  /** per node: lanes with fewer hops here than by the upper bound */
  readonly sooner: Uint32Array
  /** per lane: the fewest hops from an axiom here, where below the upper bound */
  readonly axiomHops: Uint8Array
  front: Front
  next: Front
}

/** Returns a relaxed system that does not differ yet. */
export function buildRelaxed(nodeCount: number, relaxation: Relaxation): Relaxed {
  return {
    relaxation,
    sooner: new Uint32Array(nodeCount),
    axiomHops: new Uint8Array(LANES).fill(UNREACHED),
    front: buildFront(nodeCount),
    next: buildFront(nodeCount),
  }
}

/** Gains to be passed on: a gate or node each, and lanes. */
interface Events {
  readonly places: number[]
  readonly gains: number[]
}

/**
 * Walks backwards from every lane at once, level by level, the systems side by side.
 * O(arcs × steps at which their head gains lanes).
 */
export function findBounds(program: Program, laneMasks: Uint32Array, bounds: Bounds): void {
  const { nodeCount } = program
  const isHead = headsOf(program)
  // what joins pass on, by the steps that are left until then
  const due = Array.from({ length: LONGEST }, (): Events => ({ places: [], gains: [] }))
  let front = frontOf(laneMasks)
  let next = buildFront(nodeCount)
  for (let hops = 0; isGoing(front, due, bounds); hops++) {
    const heads: Events = { places: [], gains: [] }
    stepBack(program, { front, next, isHead, heads }, bounds, hops)
    passJoins(program, bounds, heads, due, next)
    for (const relaxed of bounds.relaxed) {
      stepRelaxed(program, bounds.masks, relaxed, isHead, heads)
      noteAxioms(program, relaxed, hops + 1)
    }
    const spent = hops === 0 ? buildFront(nodeCount) : front // the first front is the caller's masks
    front = next
    next = spent
  }
}

function isGoing(front: Front, due: readonly Events[], { relaxed }: Bounds): boolean {
  return (
    front.size > 0 || relaxed.some(({ front: { size } }) => size > 0) || due.some(({ places }) => places.length > 0)
  )
}

/** One bit per node: whether it is the head of a gate. */
function headsOf({ nodeCount, gateHeads }: Program): Uint8Array {
  const isHead = new Uint8Array((nodeCount >>> 3) + 1)
  for (let g = 0; g < gateHeads.length; g++) isHead[gateHeads[g] >>> 3] |= 1 << (gateHeads[g] & 7)
  return isHead
}

interface Step {
  readonly front: Front
  readonly next: Front
  readonly isHead: Uint8Array
  /** receives the first gate of each head that gains anything */
  readonly heads: Events
}

/** One step over plain edges: what the front brings is noted and passed to the bodies. */
function stepBack(program: Program, { front, next, isHead, heads }: Step, bounds: Bounds, step: number): void {
  const { nodeCount, inOffsets, inBodies, gateHeads } = program
  const { masks, slots, hops } = bounds
  const { gains, nodes } = front
  const { gains: nextGains, nodes: nextNodes } = next
  const { places: headGates, gains: headGains } = heads
  const limit = nodes.length
  const listed = front.size <= limit
  const count = listed ? front.size : nodeCount
  const shown = Math.min(step, FARTHEST)
  let size = 0
  let gate = 0 // gates are in order of head, so a walk over the nodes is one over the gates
  for (let i = 0; i < count; i++) {
    const v = listed ? nodes[i] : i
    const gain = gains[v]
    if (gain === 0) continue
    if (step > 0) gains[v] = 0
    const slot = slots[v]
    if (slot !== 0) {
      for (let bits = gain, base = slot * LANES - 1; bits !== 0; bits &= bits - 1) {
        hops[base - Math.clz32(bits & -bits)] = shown
      }
    }
    if ((isHead[v >>> 3] >>> (v & 7)) & 1) {
      if (listed) gate = firstGateOf(program, v)
      else while (gateHeads[gate] < v) gate++
      headGates.push(gate)
      headGains.push(gain | 0)
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

/** Passes on what is due to nodes that join: what heads gain now reaches them in as many steps as their join is long. */
function passJoins(program: Program, { masks, joins }: Bounds, heads: Events, due: Events[], next: Front): void {
  const { gateHeads } = program
  const { offsets, nodes, lengths } = joins
  for (let i = 0; i < heads.places.length; i++) {
    const head = gateHeads[heads.places[i]]
    for (let g = heads.places[i]; gateHeads[g] === head; g++) {
      for (let j = offsets[g]; j < offsets[g + 1]; j++) {
        due[lengths[j] - 1].places.push(nodes[j])
        due[lengths[j] - 1].gains.push(heads.gains[i])
      }
    }
  }
  const { places, gains } = due.shift()!
  due.push({ places: [], gains: [] })
  for (let i = 0; i < places.length; i++) {
    const fresh = gains[i] & ~masks[places[i]]
    if (fresh !== 0) gainAt(masks, next, places[i], fresh)
  }
}

/** The same step of the relaxed system: `masks` holds already what the upper bound gains in it. */
function stepRelaxed(program: Program, masks: Uint32Array, relaxed: Relaxed, isHead: Uint8Array, heads: Events): void {
  const { nodeCount, inOffsets, inBodies } = program
  const { front, next, sooner } = relaxed
  const { gains, nodes } = front
  const listed = front.size <= nodes.length
  const count = listed ? front.size : nodeCount
  for (let i = 0; i < heads.places.length; i++) passGates(program, masks, relaxed, heads.places[i], heads.gains[i])
  for (let i = 0; i < count; i++) {
    const v = listed ? nodes[i] : i
    const gain = gains[v]
    if (gain === 0) continue
    gains[v] = 0
    if ((isHead[v >>> 3] >>> (v & 7)) & 1) passGates(program, masks, relaxed, firstGateOf(program, v), gain)
    for (let e = inOffsets[v], end = inOffsets[v + 1]; e < end; e++) {
      const body = inBodies[e]
      const fresh = gain & ~(masks[body] | sooner[body])
      if (fresh !== 0) gainAt(sooner, next, body, fresh)
    }
  }
  front.size = 0
  relaxed.front = next
  relaxed.next = front
}

/** Notes the lanes that an axiom has come to reach. */
function noteAxioms({ axioms }: Program, { sooner, axiomHops }: Relaxed, step: number): void {
  for (let i = 0; i < axioms.length; i++) {
    for (let bits = sooner[axioms[i]]; bits !== 0; bits &= bits - 1) {
      const lane = 31 - Math.clz32(bits & -bits)
      axiomHops[lane] = Math.min(axiomHops[lane], step, FARTHEST)
    }
  }
}

/** Passes what the head of a gate gains to the chosen body nodes of all its gates. */
function passGates(program: Program, masks: Uint32Array, relaxed: Relaxed, gate: number, gain: number): void {
  const { gateHeads, gateBodyOffsets } = program
  const { sooner, next, relaxation } = relaxed
  const { bodies, chosen } = relaxation
  const head = gateHeads[gate]
  for (let g = gate; gateHeads[g] === head; g++) {
    const start = gateBodyOffsets[g]
    for (let i = start; i < start + chosen[g]; i++) {
      const body = bodies[i]
      const fresh = gain & ~(masks[body] | sooner[body])
      if (fresh !== 0) gainAt(sooner, next, body, fresh)
    }
  }
}

function gainAt(masks: Uint32Array, next: Front, node: number, fresh: number): void {
  masks[node] |= fresh
  const before = next.gains[node]
  next.gains[node] = before | fresh
  if (before !== 0) return
  if (next.size < next.nodes.length) next.nodes[next.size] = node
  next.size++
}
