import { buildFront, frontOf, type Front } from './front.ts'
import type { Program } from './program.ts'
import { firstGateOf } from './proof.ts'
import { FARTHEST, UNREACHED } from './reach-bounds.ts'

/**
 * Returns, per lane asked for and node, the fewest steps to a node that carries the lane if any one body node fired a
 * gate: no derivation that uses the node comes to the lane in fewer. {@link UNREACHED} where there is none.
 * O(arcs × steps at which their head gains lanes).
 */
export function stepsToLanes(program: Program, laneMasks: Uint32Array, asked: number): Map<number, Uint8Array> {
  const { nodeCount } = program
  const steps = new Map<number, Uint8Array>()
  for (let lane = 0; lane < 32; lane++) {
    if (((asked >>> lane) & 1) === 1) steps.set(lane, new Uint8Array(nodeCount).fill(UNREACHED))
  }
  const byLane = Array.from({ length: 32 }, (_, lane) => steps.get(lane) ?? new Uint8Array(0))
  const masks = laneMasks.map((mask) => mask & asked)
  let front = frontOf(masks.slice())
  let next = buildFront(nodeCount)
  for (let step = 0; front.size > 0; step++) {
    stepBack(program, { front, next, masks, byLane }, Math.min(step, FARTHEST))
    const spent = front
    front = next
    next = spent
  }
  return steps
}

interface Pass {
  readonly front: Front
  readonly next: Front
  /** per node: lanes met so far */
  readonly masks: Uint32Array
  /** per lane and node: the steps, filled in */
  readonly byLane: readonly Uint8Array[]
}

function stepBack(program: Program, { front, next, masks, byLane }: Pass, step: number): void {
  const { nodeCount, inOffsets, inBodies, gateHeads, gateBodies, gateBodyOffsets } = program
  const { gains, nodes } = front
  const { gains: nextGains, nodes: nextNodes } = next
  const limit = nodes.length
  const listed = front.size <= limit
  const count = listed ? front.size : nodeCount
  let size = 0
  let gate = 0 // gates are in order of head, so a walk over the nodes is one over the gates
  const pass = (body: number, gain: number): void => {
    const mask = masks[body]
    const fresh = gain & ~mask
    if (fresh === 0) return
    masks[body] = mask | fresh
    const before = nextGains[body]
    nextGains[body] = before | fresh
    if (before !== 0) return
    if (size < limit) nextNodes[size] = body
    size++
  }
  for (let i = 0; i < count; i++) {
    const v = listed ? nodes[i] : i
    const gain = gains[v]
    if (gain === 0) continue
    gains[v] = 0
    for (let bits = gain; bits !== 0; bits &= bits - 1) byLane[31 - Math.clz32(bits & -bits)][v] = step
    for (let e = inOffsets[v], end = inOffsets[v + 1]; e < end; e++) pass(inBodies[e], gain)
    if (listed) gate = firstGateOf(program, v)
    else while (gateHeads[gate] < v) gate++
    for (let g = gate; gateHeads[g] === v; g++) {
      for (let e = gateBodyOffsets[g]; e < gateBodyOffsets[g + 1]; e++) pass(gateBodies[e], gain)
    }
  }
  front.size = 0
  next.size = size
}
