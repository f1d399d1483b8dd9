import type { Program } from './program.ts'
import { anyOfBounds } from './size-bounds.ts'
import { ACCOUNTS, EDGES, GATES, NO_PARENT, NODES, planSizes } from './size-plan.ts'
import type { SizePlan } from './size-plan.ts'

/** How many nodes and accounts each start reaches, itself not counted. */
export interface ReachSizes {
  /** per start: distinct nodes in its least fixpoint, less the start. Where {@link exact} is 0: at least so many */
  readonly nodes: Uint32Array
  /** per start: distinct accounts in its least fixpoint, less the start. Where {@link exact} is 0: at least so many */
  readonly accounts: Uint32Array
  /** per start: 1 where the counts are exact; 0 where the budget ran out and they are only bounds, to be shown as such */
  readonly exact: Uint8Array
  /** per start: nodes it can reach at most; equal to {@link nodes} where exact */
  readonly nodesAtMost: Uint32Array
  /** per start: accounts it can reach at most; equal to {@link accounts} where exact */
  readonly accountsAtMost: Uint32Array
}

export interface SizeOptions {
  /** component visits to spend before the remaining starts get bounds; default: no limit */
  readonly budget?: number
  /** component visits after which one start is put off until larger reach sets are known; default 4096 */
  readonly patience?: number
}

/**
 * Counts what each start reaches over plain edges *and* gates, exactly.
 *
 * The reach of a component contains the reach of each out-neighbour. So each component hangs below the out-neighbour
 * of seemingly largest reach, and a walk of this forest keeps exactly one reach set marked: going down to a child adds
 * what the child reaches beyond its parent, coming back takes it off again. Gates count their marked literals as the
 * walk goes, so conjunctions cost nothing extra. A large core is marked once for everything above it. The work is the
 * sum, over components, of what each adds to its parent; the memory is linear.
 *
 * @param starts  nodes; repeats are harmless
 * @param accountBit  per node: 1 if it counts as an account
 * @throws {RangeError} if a start is outside the program
 */
export function reachSizes(
  program: Program,
  starts: Uint32Array,
  accountBit: Uint8Array,
  options: SizeOptions = {},
): ReachSizes {
  for (const start of starts) {
    if (start >= program.nodeCount) throw new RangeError(`start ${start} is outside the ${program.nodeCount} nodes`)
  }
  const plan = planSizes(program, accountBit)
  const tally = countComponents(plan, starts, options)
  return sizesOfStarts(program, plan, tally, starts, accountBit)
}

/** Counts per component, as the walk leaves them. */
export interface Tally {
  /** per component: nodes reached, its own included; at least so many where {@link done} is 0 */
  readonly nodes: Uint32Array
  readonly accounts: Uint32Array
  readonly done: Uint8Array
  /** per component: one whose reach it contains, or {@link NO_PARENT} */
  readonly parent: Uint32Array
}

/** Everything one walk reads and writes. One record, so that the kernel is a plain function of it. */
interface Walk extends Tally {
  readonly marked: Uint8Array
  /** marked components in the order they were marked; also the worklist */
  readonly trail: Uint32Array
  /** per gate: marked literals */
  readonly held: Uint16Array
  /** gates whose {@link held} was raised, in that order */
  readonly gateTrail: Uint32Array
  /** per component on the way down: lengths of both trails before it was marked */
  readonly trailStarts: Uint32Array
  readonly gateStarts: Uint32Array
  /** per component: how often it was put off */
  readonly delays: Uint8Array
  trailEnd: number
  gateEnd: number
  markedNodes: number
  markedAccounts: number
  spent: number
}

function walkOf({ count, heavy, gates, gateHeads }: SizePlan): Walk {
  return {
    nodes: new Uint32Array(count),
    accounts: new Uint32Array(count),
    done: new Uint8Array(count),
    parent: heavy.slice(),
    marked: new Uint8Array(count),
    trail: new Uint32Array(count),
    held: new Uint16Array(gateHeads.length),
    gateTrail: new Uint32Array(gates.length),
    trailStarts: new Uint32Array(count),
    gateStarts: new Uint32Array(count),
    delays: new Uint8Array(count),
    trailEnd: 0,
    gateEnd: 0,
    markedNodes: 0,
    markedAccounts: 0,
    spent: 0,
  }
}

/** Walks the forest until all components of starts are counted, or the budget is spent. */
export function countComponents(plan: SizePlan, starts: Uint32Array, options: SizeOptions): Tally {
  const walk = walkOf(plan)
  for (let i = 0; i < plan.axioms.length; i++) mark(walk, plan.axioms[i])
  extend(plan, walk, 0, Infinity)
  const budget = options.budget ?? Infinity
  const patience = options.patience ?? 4096
  for (let round = 0; ; round++) {
    const forest = forestOf(plan, walk, starts)
    if (forest.open === 0 || walk.spent > budget) break
    if (round > 0) largestFirst(forest, plan.estimates)
    walkForest(plan, walk, forest, { budget, patience, last: round > 2 * MAX_DELAYS })
  }
  return walk
}

/** How often a component may be put off before it is counted whatever it costs. */
const MAX_DELAYS = 3

/** Children by component; those of the root are in row `count`. */
interface Forest {
  readonly offsets: Uint32Array
  readonly children: Uint32Array
  /** components still to count */
  readonly open: number
}

/** Builds the forest of the components still to count and all their ancestors. */
function forestOf({ count, of }: SizePlan, { parent, done }: Walk, starts: Uint32Array): Forest {
  const needed = new Uint8Array(count)
  let open = 0
  let total = 0
  const offsets = new Uint32Array(count + 2)
  for (let s = 0; s < starts.length; s++) {
    let c = of[starts[s]]
    if (done[c] !== 0) continue
    while (c !== NO_PARENT && needed[c] === 0) {
      needed[c] = 1
      total++
      if (done[c] === 0) open++
      c = parent[c]
      offsets[(c === NO_PARENT ? count : c) + 1]++
    }
  }
  for (let c = 0; c <= count; c++) offsets[c + 1] += offsets[c]
  const children = new Uint32Array(total)
  for (let c = count - 1; c >= 0; c--) {
    if (needed[c] === 0) continue
    const row = parent[c] === NO_PARENT ? count : parent[c]
    children[--offsets[row + 1]] = c
  }
  // Each row's end was counted down to its start, which sits one place to the right.
  for (let c = 0; c <= count; c++) offsets[c] = offsets[c + 1]
  offsets[count + 1] = total
  return { offsets, children, open }
}

function largestFirst({ offsets, children }: Forest, estimates: Float32Array): void {
  const roots = offsets.length - 2
  children.subarray(offsets[roots], offsets[roots + 1]).sort((a, b) => estimates[b] - estimates[a])
}

interface Limits {
  readonly budget: number
  readonly patience: number
  /** nothing is put off any more */
  readonly last: boolean
}

/**
 * Visits the forest depth first. A component that adds more than `patience` to its parent is put off: it is hung below
 * the largest reach set that it was seen to contain, and counted in a later round, when that one is marked already.
 */
function walkForest(plan: SizePlan, walk: Walk, { offsets, children }: Forest, limits: Limits): void {
  const { count } = plan
  const { parent, marked, trailStarts, gateStarts, nodes, accounts, done } = walk
  const cursor = offsets.slice()
  const rootNodes = walk.markedNodes
  const rootAccounts = walk.markedAccounts
  let at = count
  for (;;) {
    if (cursor[at] === offsets[at + 1]) {
      if (at === count) return
      retract(walk, trailStarts[at], gateStarts[at])
      at = parent[at] === NO_PARENT ? count : parent[at]
      walk.markedNodes = at === count ? rootNodes : nodes[at]
      walk.markedAccounts = at === count ? rootAccounts : accounts[at]
      continue
    }
    const c = children[cursor[at]++]
    trailStarts[c] = walk.trailEnd
    gateStarts[c] = walk.gateEnd
    if (marked[c] === 0 && !extendOrPutOff(plan, walk, c, limits)) continue
    nodes[c] = walk.markedNodes
    accounts[c] = walk.markedAccounts
    done[c] = 1
    if (walk.spent > limits.budget) return
    at = c
  }
}

/** Marks all that c adds and returns true, or puts c off, takes its marks off again and returns false. */
function extendOrPutOff(plan: SizePlan, walk: Walk, c: number, limits: Limits): boolean {
  const { markedNodes, markedAccounts, trailEnd: start, gateEnd } = walk
  mark(walk, c)
  const patient = walk.done[c] !== 0 || limits.last || walk.delays[c] >= MAX_DELAYS
  const next = extend(plan, walk, start, patient ? Infinity : limits.patience)
  if (next === walk.trailEnd) return true
  const better = largestOnTrail(plan, walk, start + 1)
  if (better === NO_PARENT && walk.delays[c] > 0) {
    extend(plan, walk, next, Infinity)
    return true
  }
  if (better !== NO_PARENT && !hangsBelow(walk, better, c)) walk.parent[c] = better
  walk.delays[c]++
  retract(walk, start, gateEnd)
  walk.markedNodes = markedNodes
  walk.markedAccounts = markedAccounts
  return false
}

/** The component on the trail with the largest reach, known or else estimated, if that is more than all that is marked. */
function largestOnTrail({ estimates }: SizePlan, walk: Walk, start: number): number {
  const { trail, trailEnd, done, delays, nodes, markedNodes } = walk
  let best = NO_PARENT
  let most = markedNodes
  for (let i = start; i < trailEnd; i++) {
    const c = trail[i]
    // One that was put off reaches more than patience: its estimate, which knows no gates, may be far too small.
    const size = done[c] !== 0 ? nodes[c] : delays[c] > 0 ? Math.max(estimates[c], markedNodes + 1) : estimates[c]
    if (size <= most) continue
    most = size
    best = c
  }
  return best
}

/** Whether c hangs below `other` in the forest as it now stands. */
function hangsBelow({ parent }: Walk, c: number, other: number): boolean {
  let at = c
  while (at !== NO_PARENT && at !== other) at = parent[at]
  return at === other
}

function mark(walk: Walk, c: number): void {
  if (walk.marked[c] !== 0) return
  walk.marked[c] = 1
  walk.trail[walk.trailEnd++] = c
}

/**
 * Works off the trail from place `from`: weighs each component, marks what its edges and completed gates yield.
 *
 * @returns the first place not worked off; the end of the trail unless the trail has grown by more than `patience`
 */
function extend(plan: SizePlan, walk: Walk, from: number, patience: number): number {
  const { cells, edges, gates, gateHeads, gateNeeds } = plan
  const { marked, trail, held, gateTrail } = walk
  let { trailEnd, gateEnd, markedNodes, markedAccounts } = walk
  const limit = from + patience
  let i = from
  for (; i < trailEnd && trailEnd <= limit; i++) {
    const at = trail[i] * 4
    markedNodes += cells[at + NODES]
    markedAccounts += cells[at + ACCOUNTS]
    for (let j = cells[at + EDGES], end = cells[at + 4 + EDGES]; j < end; j++) {
      const d = edges[j]
      if (marked[d] !== 0) continue
      marked[d] = 1
      trail[trailEnd++] = d
    }
    for (let j = cells[at + GATES], end = cells[at + 4 + GATES]; j < end; j++) {
      const g = gates[j]
      gateTrail[gateEnd++] = g
      if (++held[g] !== gateNeeds[g]) continue
      const d = gateHeads[g]
      if (marked[d] !== 0) continue
      marked[d] = 1
      trail[trailEnd++] = d
    }
  }
  walk.spent += i - from
  walk.trailEnd = trailEnd
  walk.gateEnd = gateEnd
  walk.markedNodes = markedNodes
  walk.markedAccounts = markedAccounts
  return i
}

/** Takes both trails back to an earlier length; the caller puts the sums back. */
function retract(walk: Walk, trailStart: number, gateStart: number): void {
  const { marked, trail, trailEnd, held, gateTrail, gateEnd } = walk
  for (let i = trailStart; i < trailEnd; i++) marked[trail[i]] = 0
  for (let i = gateStart; i < gateEnd; i++) held[gateTrail[i]]--
  walk.trailEnd = trailStart
  walk.gateEnd = gateStart
}

/** Turns counts per component into counts per start; starts left open get the bracket of their parent and the any-of graph. */
export function sizesOfStarts(
  program: Program,
  { of, cells }: SizePlan,
  { nodes, accounts, done, parent }: Tally,
  starts: Uint32Array,
  accountBit: Uint8Array,
): ReachSizes {
  const sizes = {
    nodes: new Uint32Array(starts.length),
    accounts: new Uint32Array(starts.length),
    exact: new Uint8Array(starts.length),
    nodesAtMost: new Uint32Array(starts.length),
    accountsAtMost: new Uint32Array(starts.length),
  }
  let bounds: ReturnType<typeof anyOfBounds> | undefined
  for (let s = 0; s < starts.length; s++) {
    const start = starts[s]
    const self = accountBit[start] === 0 ? 0 : 1
    const own = of[start]
    let c = own
    if (done[c] !== 0) {
      sizes.exact[s] = 1
      sizes.nodes[s] = sizes.nodesAtMost[s] = nodes[c] - 1
      sizes.accounts[s] = sizes.accountsAtMost[s] = accounts[c] - self
      continue
    }
    bounds ??= anyOfBounds(program, accountBit)
    while (c !== NO_PARENT && done[c] === 0) c = parent[c]
    sizes.nodes[s] = Math.max(cells[own * 4 + NODES], c === NO_PARENT ? 0 : nodes[c]) - 1
    sizes.accounts[s] = Math.max(cells[own * 4 + ACCOUNTS], c === NO_PARENT ? 0 : accounts[c]) - self
    sizes.nodesAtMost[s] = bounds.nodes[start] - 1
    sizes.accountsAtMost[s] = bounds.accounts[start] - self
  }
  return sizes
}
