import type { Program } from './program.ts'
import { anyOfBounds } from './size-bounds.ts'
import { NO_PARENT, planSizes } from './size-plan.ts'
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
  readonly trailStarts: Uint32Array
  /** per component: how often it was put off */
  readonly delays: Uint8Array
  trailEnd: number
  markedNodes: number
  markedAccounts: number
  spent: number
}

/** Walks the forest until all components of starts are counted, or the budget is spent. */
export function countComponents(plan: SizePlan, starts: Uint32Array, options: SizeOptions): Tally {
  const { count } = plan
  const walk: Walk = {
    nodes: new Uint32Array(count),
    accounts: new Uint32Array(count),
    done: new Uint8Array(count),
    parent: plan.heavy.slice(),
    marked: new Uint8Array(count),
    trail: new Uint32Array(count),
    held: new Uint16Array(plan.gateHeads.length),
    trailStarts: new Uint32Array(count),
    delays: new Uint8Array(count),
    trailEnd: 0,
    markedNodes: 0,
    markedAccounts: 0,
    spent: 0,
  }
  for (const c of plan.axioms) mark(walk, c)
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
 * Visits the forest depth first. A component that adds more than `patience` to its parent is put off once, so that
 * large reach sets are known when it is met again, and is then hung below the largest known one that it reaches.
 */
function walkForest(plan: SizePlan, walk: Walk, { offsets, children }: Forest, limits: Limits): void {
  const { count } = plan
  const { parent, marked, trailStarts, nodes, accounts, done } = walk
  const cursor = offsets.slice()
  let at = count
  for (;;) {
    if (cursor[at] === offsets[at + 1]) {
      if (at === count) return
      retract(plan, walk, trailStarts[at], walk.trailEnd)
      at = parent[at] === NO_PARENT ? count : parent[at]
      continue
    }
    const c = children[cursor[at]++]
    const start = walk.trailEnd
    if (marked[c] === 0) {
      mark(walk, c)
      if (!extendOrPutOff(plan, walk, c, limits)) continue
    }
    nodes[c] = walk.markedNodes
    accounts[c] = walk.markedAccounts
    done[c] = 1
    if (walk.spent > limits.budget) return
    trailStarts[c] = start
    at = c
  }
}

/** Marks all that c adds and returns true, or puts c off, takes its marks off again and returns false. */
function extendOrPutOff(plan: SizePlan, walk: Walk, c: number, limits: Limits): boolean {
  const start = walk.trailEnd - 1
  const patient = walk.done[c] !== 0 || limits.last || walk.delays[c] >= MAX_DELAYS
  const next = extend(plan, walk, start, patient ? Infinity : limits.patience)
  if (next === walk.trailEnd) return true
  const better = largestKnown(walk, start)
  if (better === NO_PARENT && walk.delays[c] > 0) {
    extend(plan, walk, next, Infinity)
    return true
  }
  if (better !== NO_PARENT) walk.parent[c] = better
  walk.delays[c]++
  retract(plan, walk, start, next)
  return false
}

/** The component with the largest known reach on the trail, if that is more than all that is marked; else none. */
function largestKnown({ trail, trailEnd, done, nodes, markedNodes }: Walk, start: number): number {
  let best = NO_PARENT
  let most = markedNodes
  for (let i = start; i < trailEnd; i++) {
    const c = trail[i]
    if (done[c] === 0 || nodes[c] <= most) continue
    most = nodes[c]
    best = c
  }
  return best
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
  const { nodeWeights, accountWeights, gateHeads, gateNeeds } = plan
  const { offsets, targets } = plan.rows
  const { offsets: gateOffsets, targets: gates } = plan.gates
  const { marked, trail, held } = walk
  let { trailEnd, markedNodes, markedAccounts } = walk
  let i = from
  for (; i < trailEnd && trailEnd - from <= patience; i++) {
    const c = trail[i]
    markedNodes += nodeWeights[c]
    markedAccounts += accountWeights[c]
    for (let j = offsets[c], end = offsets[c + 1]; j < end; j++) {
      const d = targets[j]
      if (marked[d] !== 0) continue
      marked[d] = 1
      trail[trailEnd++] = d
    }
    for (let j = gateOffsets[c], end = gateOffsets[c + 1]; j < end; j++) {
      const g = gates[j]
      if (++held[g] !== gateNeeds[g]) continue
      const d = gateHeads[g]
      if (marked[d] !== 0) continue
      marked[d] = 1
      trail[trailEnd++] = d
    }
  }
  walk.spent += i - from
  walk.trailEnd = trailEnd
  walk.markedNodes = markedNodes
  walk.markedAccounts = markedAccounts
  return i
}

/** Takes the trail back to place `start`; the places before `weighed` had been worked off. */
function retract({ nodeWeights, accountWeights, gates }: SizePlan, walk: Walk, start: number, weighed: number): void {
  const { marked, trail, held, trailEnd } = walk
  let { markedNodes, markedAccounts } = walk
  for (let i = start; i < trailEnd; i++) {
    const c = trail[i]
    marked[c] = 0
    if (i >= weighed) continue
    markedNodes -= nodeWeights[c]
    markedAccounts -= accountWeights[c]
    for (let j = gates.offsets[c], end = gates.offsets[c + 1]; j < end; j++) held[gates.targets[j]]--
  }
  walk.trailEnd = start
  walk.markedNodes = markedNodes
  walk.markedAccounts = markedAccounts
}

/** Turns counts per component into counts per start; starts left open get the bracket of their parent and the any-of graph. */
export function sizesOfStarts(
  program: Program,
  { of, nodeWeights, accountWeights }: SizePlan,
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
    sizes.nodes[s] = Math.max(nodeWeights[own], c === NO_PARENT ? 0 : nodes[c]) - 1
    sizes.accounts[s] = Math.max(accountWeights[own], c === NO_PARENT ? 0 : accounts[c]) - self
    sizes.nodesAtMost[s] = bounds.nodes[start] - 1
    sizes.accountsAtMost[s] = bounds.accounts[start] - self
  }
  return sizes
}
