import { LATEST, NEVER, type Closure } from './closure.ts'
import type { LooseGraph, Sorted } from './incremental-graph.ts'
import { widened, type Rows } from './incremental-rows.ts'

/**
 * Which way lanes spread. `forward`: from body to head, through gates of which enough holds (R3). `back`: from head to
 * body over plain edges alone, `relaxed`: the same and over gates, as though any one of a body sufficed (bounds of R1).
 */
export type Way = 'forward' | 'back' | 'relaxed'

/** The least fixpoint in 32 lanes, kept; as `Closure`, whose ranks say of each what it rests on. */
export interface Ranked {
  readonly way: Way
  masks: Uint32Array
  /** node * {@link width} + slot: the rank of a node in the lane of that slot. Lanes that nothing ever held in have none */
  ranks: Uint8Array
  /** slots of a node */
  width: number
  /** by lane: its slot; {@link NO_SLOT} for none */
  readonly slots: Uint8Array
  /** per node: the lanes that hold without any reason but themselves */
  seeds: Uint32Array
}

const NO_SLOT = 255

/** A fixpoint of no nodes. */
export const buildRanked = (way: Way): Ranked => ({
  way,
  masks: new Uint32Array(0),
  ranks: new Uint8Array(0),
  width: 0,
  slots: new Uint8Array(32).fill(NO_SLOT),
  seeds: new Uint32Array(0),
})

/** Keeps what holds in all lanes, and of the ranks those of lanes in which anything holds. */
export function keepRanks(ranked: Ranked, { masks, ranks, seeds }: Closure): void {
  let lanes = 0
  for (let v = 0; v < masks.length; v++) lanes |= masks[v]
  ranked.masks = masks
  ranked.seeds = seeds.slice()
  ranked.width = 0
  ranked.slots.fill(NO_SLOT)
  for (let bits = lanes; bits !== 0; bits &= bits - 1) ranked.slots[31 - Math.clz32(bits & -bits)] = ranked.width++
  const { width, slots } = ranked
  ranked.ranks = new Uint8Array(masks.length * width)
  for (let lane = 0; lane < 32; lane++) {
    if (slots[lane] === NO_SLOT) continue
    for (let v = 0, at = slots[lane]; v < masks.length; v++, at += width) ranked.ranks[at] = ranks[v * 32 + lane]
  }
}

/** The ranks of the first nodes, as `Closure` has them. */
export function allRanks({ ranks, width, slots }: Ranked, nodeCount: number): Uint8Array {
  const all = new Uint8Array(nodeCount * 32).fill(NEVER)
  for (let at = 0; at < all.length; at++) {
    const slot = slots[at % 32]
    if (slot !== NO_SLOT) all[at] = ranks[Math.floor(at / 32) * width + slot]
  }
  return all
}

/** Makes room for more nodes. */
export function growRanked(ranked: Ranked, nodeCount: number): void {
  ranked.masks = widened(ranked.masks, nodeCount)
  ranked.seeds = widened(ranked.seeds, nodeCount)
  ranked.ranks = widened(ranked.ranks, nodeCount * ranked.width, NEVER)
}

/** Makes room for lanes in which nothing held yet. */
function growSlots(ranked: Ranked, lanes: number): void {
  const { width, slots, ranks, masks } = ranked
  for (let bits = lanes; bits !== 0; bits &= bits - 1) {
    const lane = 31 - Math.clz32(bits & -bits)
    if (slots[lane] === NO_SLOT) slots[lane] = ranked.width++
  }
  if (ranked.width === width) return
  const wider = new Uint8Array(masks.length * ranked.width).fill(NEVER)
  for (let v = 0; v < masks.length; v++) wider.set(ranks.subarray(v * width, (v + 1) * width), v * ranked.width)
  ranked.ranks = wider
}

/** What one change keeps in mind. */
export interface Work {
  /** per rank: lanes by node */
  readonly buckets: readonly Map<number, number>[]
  /** the highest rank with anything in its bucket */
  high: number
  /** nodes and lanes in turn that lost what they rested on */
  readonly dead: number[]
  /** nodes of which a rank changed, with the lanes that held before */
  before: Map<number, number>
  /** node and lane pairs that may still change, and arcs that may still be looked at */
  pairs: number
  arcs: number
}

/** Memory for changes, one after another. */
export function buildWork(): Work {
  return {
    buckets: Array.from({ length: NEVER }, () => new Map()),
    high: -1,
    dead: [],
    before: new Map(),
    pairs: 0,
    arcs: 0,
  }
}

/** Makes ready for the next change. @param pairs  of node and lane that may change before it is quicker to begin anew */
export function beginWork(work: Work, pairs: number): Work {
  for (let rank = 0; rank <= work.high; rank++) work.buckets[rank].clear()
  work.high = -1
  work.dead.length = 0
  work.before = new Map()
  work.pairs = pairs
  work.arcs = pairs * ARCS_PER_PAIR
  return work
}

/** Arcs that are looked at in about the time that one pair takes. */
const ARCS_PER_PAIR = 32

const isOver = ({ pairs, arcs }: Work): boolean => pairs < 0 || arcs < 0

/** The rank of what follows from something of a rank. */
const after = (rank: number): number => (rank < LATEST ? rank + 1 : LATEST)

const spreadRows = ({ out, into }: LooseGraph, way: Way): Rows => (way === 'forward' ? out : into)
const supportRows = ({ out, into }: LooseGraph, way: Way): Rows => (way === 'forward' ? into : out)

function push(work: Work, rank: number, node: number, lanes: number): void {
  const bucket = work.buckets[rank]
  bucket.set(node, (bucket.get(node) ?? 0) | lanes)
  if (rank > work.high) work.high = rank
}

function note({ before }: Work, { masks }: Ranked, node: number): void {
  if (!before.has(node)) before.set(node, masks[node])
}

/** Takes up a rule that was added to the graph. False when it is better to begin anew: the state is then of no use. */
export function afterLink(graph: LooseGraph, ranked: Ranked, work: Work, rule: Sorted): boolean {
  const { way, masks } = ranked
  if (rule.is !== 'edges' && rule.is !== 'gate') return true
  if (rule.is === 'gate' && way === 'back') return true
  const { head, body } = rule
  if (way !== 'forward') {
    for (const node of body) offerEach(ranked, work, head, node)
  } else if (rule.is === 'edges') {
    for (const node of body) offerEach(ranked, work, node, head)
  } else {
    // what any of its body holds may be what the others waited for
    for (const node of body) passGates(graph, ranked, work, node, masks[node])
  }
  return settle(graph, ranked, work)
}

/** Gives up what rested on a rule that was taken from the graph. False as in {@link afterLink}. */
export function afterUnlink(graph: LooseGraph, ranked: Ranked, work: Work, rule: Sorted): boolean {
  const { way } = ranked
  if (rule.is !== 'edges' && rule.is !== 'gate') return true
  if (rule.is === 'gate' && way === 'back') return true
  const { head, body } = rule
  if (way !== 'forward') for (const node of body) doubtEach(ranked, work, head, node)
  else if (rule.is === 'edges') for (const node of body) doubtEach(ranked, work, node, head)
  else doubt(ranked, work, head)
  return withdraw(graph, ranked, work) && settle(graph, ranked, work)
}

/** Changes what holds at a node without reason. False as in {@link afterLink}. */
export function reseed(graph: LooseGraph, ranked: Ranked, work: Work, node: number, seeds: number): boolean {
  const old = ranked.seeds[node]
  ranked.seeds[node] = seeds
  const lost = old & ~seeds
  const gained = seeds & ~old
  growSlots(ranked, gained)
  if (lost !== 0) {
    push(work, 0, node, lost)
    if (!withdraw(graph, ranked, work)) return false
  }
  if (gained !== 0) push(work, 0, node, gained)
  return settle(graph, ranked, work)
}

/** Offers a node all that another has, one step later. */
function offerEach({ masks, ranks, width, slots }: Ranked, work: Work, from: number, to: number): void {
  for (let bits = masks[from]; bits !== 0; bits &= bits - 1) {
    const lane = 31 - Math.clz32(bits & -bits)
    const rank = after(ranks[from * width + slots[lane]])
    if (rank < ranks[to * width + slots[lane]]) push(work, rank, to, 1 << lane)
  }
}

/** Puts on trial what a node has one step after another. */
function doubtEach({ masks, ranks, width, slots }: Ranked, work: Work, from: number, to: number): void {
  for (let bits = masks[from] & masks[to]; bits !== 0; bits &= bits - 1) {
    const lane = 31 - Math.clz32(bits & -bits)
    const rank = ranks[to * width + slots[lane]]
    if (rank === after(ranks[from * width + slots[lane]])) push(work, rank, to, 1 << lane)
  }
}

/** Puts all that a node has on trial; what has another reason of the same rank is let go again. */
function doubt({ masks, ranks, width, slots, seeds }: Ranked, work: Work, node: number): void {
  for (let bits = masks[node] & ~seeds[node]; bits !== 0; bits &= bits - 1) {
    const lane = 31 - Math.clz32(bits & -bits)
    push(work, ranks[node * width + slots[lane]], node, 1 << lane)
  }
}

/** Settles what is offered in the buckets, least ranks first, and what follows from it. */
function settle(graph: LooseGraph, ranked: Ranked, work: Work): boolean {
  const { masks, ranks, width, slots } = ranked
  for (let rank = 0; rank <= work.high; rank++) {
    const bucket = work.buckets[rank]
    for (const [node, lanes] of bucket) {
      bucket.delete(node) // at the latest rank it may come again
      let fresh = 0
      for (let bits = lanes; bits !== 0; bits &= bits - 1) {
        const at = node * width + slots[31 - Math.clz32(bits & -bits)]
        if (ranks[at] <= rank) continue
        if (fresh === 0) note(work, ranked, node)
        ranks[at] = rank
        fresh |= bits & -bits
        work.pairs--
      }
      if (fresh === 0) continue
      masks[node] |= fresh
      pass(graph, ranked, work, node, fresh, rank)
      if (isOver(work)) return false
    }
  }
  work.high = -1
  return true
}

/** Offers what a node has come to have at a rank to all that follows from it. */
function pass(graph: LooseGraph, ranked: Ranked, work: Work, node: number, gain: number, rank: number): void {
  const { way } = ranked
  const { starts, lengths, values } = spreadRows(graph, way)
  const next = after(rank)
  work.arcs -= lengths[node]
  for (let i = starts[node], end = i + lengths[node]; i < end; i++) offer(ranked, work, values[i], gain, next)
  if (way === 'forward') return passGates(graph, ranked, work, node, gain)
  if (way === 'back') return
  const { headGates, gateBodies } = graph
  for (let i = headGates.starts[node], end = i + headGates.lengths[node]; i < end; i++) {
    const gate = headGates.values[i]
    const first = gateBodies.starts[gate]
    const last = first + gateBodies.lengths[gate]
    for (let j = first; j < last; j++) offer(ranked, work, gateBodies.values[j], gain, next)
  }
}

/** Offers what the gates that a node stands in give by now, in lanes that it holds. */
function passGates(graph: LooseGraph, ranked: Ranked, work: Work, node: number, gain: number): void {
  const { ranks, width, slots } = ranked
  const { starts, lengths, values } = graph.nodeGates
  for (let i = starts[node], end = i + lengths[node]; i < end; i++) {
    const gate = values[i]
    work.arcs -= graph.gateBodies.lengths[gate]
    const head = graph.gateHeads[gate]
    for (let bits = gain; bits !== 0; bits &= bits - 1) {
      // the rest of the body may hold later than this node does, and be settled long since
      const lane = 31 - Math.clz32(bits & -bits)
      const ready = rankOfGate(graph, ranked, gate, lane)
      if (ready !== NEVER && after(ready) < ranks[head * width + slots[lane]])
        push(work, after(ready), head, bits & -bits)
    }
  }
}

function offer(ranked: Ranked, work: Work, node: number, gain: number, rank: number): void {
  const lanes = laterThan(ranked, node, gain, rank)
  if (lanes !== 0) push(work, rank, node, lanes)
}

/** Those of some lanes that a node has later than at a rank, or not at all. */
function laterThan({ masks, ranks, width, slots }: Ranked, node: number, lanes: number, rank: number): number {
  let later = lanes & ~masks[node]
  for (let bits = lanes & masks[node]; bits !== 0; bits &= bits - 1) {
    if (ranks[node * width + slots[31 - Math.clz32(bits & -bits)]] > rank) later |= bits & -bits
  }
  return later
}

/** Those of some lanes in which enough of a gate's body has a rank of at most `rank`. */
function readyLanes(graph: LooseGraph, ranked: Ranked, gate: number, lanes: number, rank: number): number {
  const { ranks, width, slots } = ranked
  const { starts, lengths, values } = graph.gateBodies
  const needs = graph.gateNeeds[gate]
  const start = starts[gate]
  const end = start + lengths[gate]
  let ready = 0
  for (let bits = lanes; bits !== 0; bits &= bits - 1) {
    const lane = 31 - Math.clz32(bits & -bits)
    let held = 0
    for (let i = start; i < end && held < needs; i++) if (ranks[values[i] * width + slots[lane]] <= rank) held++
    if (held === needs) ready |= bits & -bits
  }
  return ready
}

/** The rank at which enough of a gate's body holds in a lane: that of its `needs`-th. */
function rankOfGate({ gateBodies, gateNeeds }: LooseGraph, ranked: Ranked, gate: number, lane: number): number {
  const { ranks, width, slots } = ranked
  const { starts, lengths, values } = gateBodies
  const start = starts[gate]
  const end = start + lengths[gate]
  if (gateNeeds[gate] < lengths[gate]) {
    return values
      .subarray(start, end)
      .map((node) => ranks[node * width + slots[lane]])
      .sort()[gateNeeds[gate] - 1]
  }
  let last = 0
  for (let i = start; i < end; i++) last = Math.max(last, ranks[values[i] * width + slots[lane]])
  return last
}

/**
 * Tries what is in the buckets, least ranks first: what no longer rests on anything of the rank before loses its rank, and
 * all that may have rested on it is tried in turn. Then each gets the next best rank, if it has one, offered in the buckets.
 * (G. Ramalingam and T. Reps, "An incremental algorithm for a generalization of the shortest-path problem", 1996.)
 */
function withdraw(graph: LooseGraph, ranked: Ranked, work: Work): boolean {
  const { masks, ranks, width, slots, seeds } = ranked
  const { dead } = work
  for (let rank = 0; rank <= work.high; rank++) {
    const bucket = work.buckets[rank]
    for (const [node, lanes] of bucket) {
      let tried = 0
      for (let bits = lanes & ~seeds[node]; bits !== 0; bits &= bits - 1) {
        if (ranks[node * width + slots[31 - Math.clz32(bits & -bits)]] === rank) tried |= bits & -bits
      }
      if (tried === 0) continue
      if (rank === LATEST) return false // ranks that read the same do not tell what rests on what
      const lost = unsupported(graph, ranked, work, node, tried, rank)
      if (lost === 0) continue
      note(work, ranked, node)
      for (let bits = lost; bits !== 0; bits &= bits - 1) {
        ranks[node * width + slots[31 - Math.clz32(bits & -bits)]] = NEVER
        work.pairs--
      }
      masks[node] &= ~lost
      dead.push(node, lost)
      tryDependents(graph, ranked, work, node, lost, rank)
      if (isOver(work)) return false
    }
    bucket.clear()
  }
  work.high = -1
  for (let i = 0; i < dead.length; i += 2) offerNextBest(graph, ranked, work, dead[i], dead[i + 1])
  dead.length = 0
  return !isOver(work)
}

/** Those of some lanes for which nothing of the rank before stands up. */
function unsupported(graph: LooseGraph, ranked: Ranked, work: Work, node: number, lanes: number, rank: number): number {
  if (rank === 0) return lanes
  const { way, masks, ranks, width, slots } = ranked
  let left = lanes
  const { starts, lengths, values } = supportRows(graph, way)
  const stands = (other: number): void => {
    for (let bits = left & masks[other]; bits !== 0; bits &= bits - 1) {
      if (ranks[other * width + slots[31 - Math.clz32(bits & -bits)]] === rank - 1) left &= ~(bits & -bits)
    }
  }
  const start = starts[node]
  const end = start + lengths[node]
  let i = start
  for (; i < end && left !== 0; i++) stands(values[i])
  work.arcs -= i - start
  if (way === 'back') return left
  const gates = way === 'forward' ? graph.headGates : graph.nodeGates
  for (let j = gates.starts[node], last = j + gates.lengths[node]; j < last && left !== 0; j++) {
    const gate = gates.values[j]
    work.arcs -= 2
    if (way === 'forward') left &= ~readyLanes(graph, ranked, gate, left, rank - 1)
    else stands(graph.gateHeads[gate])
  }
  return left
}

/** Tries all that may have rested on what a node lost. */
function tryDependents(
  graph: LooseGraph,
  { way, masks, ranks, width, slots }: Ranked,
  work: Work,
  node: number,
  lost: number,
  rank: number,
): void {
  const { starts, lengths, values } = spreadRows(graph, way)
  const next = after(rank)
  const suspect = (other: number): void => {
    let lanes = 0
    for (let bits = lost & masks[other]; bits !== 0; bits &= bits - 1) {
      if (ranks[other * width + slots[31 - Math.clz32(bits & -bits)]] === next) lanes |= bits & -bits
    }
    if (lanes !== 0) push(work, next, other, lanes)
  }
  work.arcs -= lengths[node]
  for (let i = starts[node], end = i + lengths[node]; i < end; i++) suspect(values[i])
  if (way === 'back') return
  const gates = way === 'forward' ? graph.nodeGates : graph.headGates
  for (let i = gates.starts[node], end = i + gates.lengths[node]; i < end; i++) {
    const gate = gates.values[i]
    work.arcs -= 2
    if (way === 'relaxed') {
      const { starts: from, lengths: counts, values: bodies } = graph.gateBodies
      for (let j = from[gate], last = j + counts[gate]; j < last; j++) suspect(bodies[j])
      continue
    }
    // a gate may have waited for another of its body, so its head may be of any later rank
    const head = graph.gateHeads[gate]
    for (let bits = lost & masks[head]; bits !== 0; bits &= bits - 1) {
      const held = ranks[head * width + slots[31 - Math.clz32(bits & -bits)]]
      if (held > rank) push(work, held, head, bits & -bits)
    }
  }
}

/** Offers a node the best that is left for some lanes. */
function offerNextBest(graph: LooseGraph, ranked: Ranked, work: Work, node: number, lanes: number): void {
  const { way, ranks, width, slots } = ranked
  const { starts, lengths, values } = supportRows(graph, way)
  const gates = way === 'forward' ? graph.headGates : graph.nodeGates
  for (let bits = lanes; bits !== 0; bits &= bits - 1) {
    const lane = 31 - Math.clz32(bits & -bits)
    let best = NEVER
    for (let i = starts[node], end = i + lengths[node]; i < end; i++)
      best = Math.min(best, ranks[values[i] * width + slots[lane]])
    work.arcs -= lengths[node]
    if (way !== 'back') {
      for (let j = gates.starts[node], last = j + gates.lengths[node]; j < last; j++) {
        const gate = gates.values[j]
        if (way === 'relaxed') best = Math.min(best, ranks[graph.gateHeads[gate] * width + slots[lane]])
        else best = Math.min(best, rankOfGate(graph, ranked, gate, lane))
      }
      work.arcs -= gates.lengths[node] * 2
    }
    if (best !== NEVER) push(work, after(best), node, bits & -bits)
  }
}
