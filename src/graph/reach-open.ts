import { LATEST, NEVER } from './closure.ts'
import type { Program } from './program.ts'
import { leastRank, sureRank, type Bounds } from './reach-bounds.ts'

const LANES = 32

/** What settling the starts that the bounds leave open works on; each search clears what it touched. */
export interface Search {
  readonly program: Program
  readonly bounds: Bounds
  /** per node: the lanes it carries */
  readonly laneMasks: Uint32Array
  /** per lane: hops of what holds with no start at all */
  readonly given: Uint8Array
  /** per node: whether the search has come to it; its place in the queue says when */
  readonly seen: Uint8Array
  /** per gate: body nodes that the search has come to */
  readonly arrivals: Uint16Array
  readonly queue: number[]
  readonly ranks: number[]
  readonly counted: number[]
  /** exact hops of nodes that several starts hang on: 32 to a node */
  readonly known: Map<number, Uint8Array>
}

/** Returns memory for {@link settleHops}. */
export function buildSearch(program: Program, bounds: Bounds, laneMasks: Uint32Array, given: Uint8Array): Search {
  return {
    program,
    bounds,
    laneMasks,
    given,
    seen: new Uint8Array(program.nodeCount),
    arrivals: new Uint16Array(program.gateHeads.length),
    queue: [],
    ranks: [],
    counted: [],
    known: new Map(),
  }
}

/** Plain edges that are followed to the one node that a start hangs on, before it searches for itself; bounds the stack. */
const FOLLOWED = 64

/**
 * Writes the hops of one start, exact, to 32 places of `hops` from `base`; true if the bounds left any of them open.
 *
 * An open start searches for itself, in order of rank, through nodes that lead to an open lane sooner than is known by
 * then. That leaves out nothing: a node that a shorter derivation uses is at least as far from the lane in it as the
 * bound says. Most such searches end after a handful of nodes.
 */
export function settleHops(search: Search, start: number, hops: Uint8Array, base: number, depth = 0): boolean {
  const { bounds, given } = search
  for (let lane = 0; lane < LANES; lane++) hops[base + lane] = Math.min(sureRank(bounds, start, lane), given[lane])
  if (bounds.rowOf[start] === 0) return false
  let open = 0
  for (let lane = 0; lane < LANES; lane++) if (leastRank(bounds, start, lane) < hops[base + lane]) open |= 1 << lane
  if (open === 0) return false
  const step: Step = { search, hops, base, open }
  const via = depth < FOLLOWED ? onlyWay(step, start) : MANY
  if (via === MANY) explore(step, start)
  else if (via !== NONE) takeOver(step, via, depth)
  return true
}

/** One start being settled. */
interface Step {
  readonly search: Search
  readonly hops: Uint8Array
  readonly base: number
  /** lanes in which the bounds differ */
  readonly open: number
}

const NONE = -1
const MANY = -2

/** The only head of a start's edges that is of any use to it; {@link MANY} where there are more, or gates to consider. */
function onlyWay(step: Step, start: number): number {
  const { outOffsets, outHeads, nodeGateOffsets, axioms } = step.search.program
  if (axioms.length > 0 || nodeGateOffsets[start] < nodeGateOffsets[start + 1]) return MANY
  let via = NONE
  for (let e = outOffsets[start]; e < outOffsets[start + 1]; e++) {
    const head = outHeads[e]
    if (head === via || !isOfUse(step, head, 1) || leadsNowhere(step, start, head)) continue
    if (via !== NONE) return MANY
    via = head
  }
  return via
}

/** Edges that are followed to see that a way ends; more are not worth it. */
const TRIED = 32

/**
 * Whether all that can come of one of a start's edges ends soon, or comes back to the start, as a mailbox does whose
 * password is half of what its owner signs in with. Gates count as though any one of their body sufficed: what takes
 * a part in this, together with whatever else, is then among the nodes looked at, so that the edge can be left out.
 */
function leadsNowhere(step: Step, start: number, first: number): boolean {
  const { program, laneMasks, seen, queue, ranks } = step.search
  const { outOffsets, outHeads, nodeGateOffsets, nodeGates, gateHeads } = program
  let tried = 0
  const follow = (node: number, rank: number): void => {
    tried++
    if (seen[node] !== 0 || !isOfUse(step, node, rank)) return
    seen[node] = 1
    queue.push(node)
    ranks.push(rank)
  }
  seen[start] = 1
  follow(first, 1)
  let ends = true
  for (let at = 0; at < queue.length && ends; at++) {
    const node = queue[at]
    const arcs = outOffsets[node + 1] - outOffsets[node] + nodeGateOffsets[node + 1] - nodeGateOffsets[node]
    ends = (laneMasks[node] & step.open) === 0 && tried + arcs <= TRIED
    if (!ends) continue
    for (let e = outOffsets[node]; e < outOffsets[node + 1]; e++) follow(outHeads[e], ranks[at] + 1)
    for (let e = nodeGateOffsets[node]; e < nodeGateOffsets[node + 1]; e++) {
      follow(gateHeads[nodeGates[e]], ranks[at] + 1)
    }
  }
  seen[start] = 0
  for (const node of queue) seen[node] = 0
  queue.length = ranks.length = 0
  return ends
}

/** A start that hangs on one node, and stands in no gate, is one step farther from everything than that node is. */
function takeOver({ search, hops, base, open }: Step, via: number, depth: number): void {
  let known = search.known.get(via)
  if (known === undefined) {
    known = new Uint8Array(LANES)
    settleHops(search, via, known, 0, depth + 1)
    search.known.set(via, known)
  }
  for (let bits = open; bits !== 0; bits &= bits - 1) {
    const lane = 31 - Math.clz32(bits & -bits)
    if (known[lane] !== NEVER) hops[base + lane] = Math.min(hops[base + lane], known[lane] + 1, LATEST)
  }
}

/** Whether a node at a rank can still lead to an open lane sooner than is known. */
function isOfUse({ search, hops, base, open }: Step, node: number, rank: number): boolean {
  const { bounds } = search
  for (let bits = bounds.lanes[2 * node + 1] & open; bits !== 0; bits &= bits - 1) {
    const lane = 31 - Math.clz32(bits & -bits)
    const known = hops[base + lane]
    if (known === NEVER || rank + leastRank(bounds, node, lane) < known) return true
  }
  return false
}

function explore(step: Step, start: number): void {
  const { program, seen, arrivals, queue, ranks, counted } = step.search
  const { outOffsets, outHeads, nodeGateOffsets, nodeGates, gateHeads, gateNeeds, axioms } = program
  const reach = (node: number, rank: number): void => {
    if (seen[node] !== 0 || !isOfUse(step, node, rank)) return
    seen[node] = 1
    queue.push(node)
    ranks.push(rank)
  }
  reach(start, 0)
  for (let i = 0; i < axioms.length; i++) reach(axioms[i], 0)
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at]
    const rank = ranks[at]
    if (!isOfUse(step, node, rank)) continue
    lowerHops(step, node, rank)
    for (let e = outOffsets[node], end = outOffsets[node + 1]; e < end; e++) reach(outHeads[e], rank + 1)
    for (let e = nodeGateOffsets[node], end = nodeGateOffsets[node + 1]; e < end; e++) {
      const gate = nodeGates[e]
      counted.push(gate)
      if (++arrivals[gate] === gateNeeds[gate]) reach(gateHeads[gate], rank + 1)
    }
  }
  for (const node of queue) seen[node] = 0
  for (const gate of counted) arrivals[gate] = 0
  queue.length = ranks.length = counted.length = 0
}

/** What lies behind a node over plain edges is that near. */
function lowerHops({ search, hops, base, open }: Step, node: number, rank: number): void {
  const { bounds } = search
  for (let bits = bounds.lanes[2 * node] & open; bits !== 0; bits &= bits - 1) {
    const lane = 31 - Math.clz32(bits & -bits)
    hops[base + lane] = Math.min(hops[base + lane], rank + sureRank(bounds, node, lane), LATEST)
  }
}
