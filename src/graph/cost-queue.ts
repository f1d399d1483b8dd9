import { release } from '#lib/release.ts'
import { NO_COST, type CostTable } from './cost-table.ts'

/** End of a list of entries. */
const END = 0xffffffff

/**
 * A priority queue of nodes by cost. The entries of one cost form a list, and a binary heap holds each listed cost once:
 * distinct costs are few, so most insertions touch no heap. A node that gets cheaper leaves its old entry behind. A list
 * that grows beyond a limit is only counted from then on: its nodes are found by a walk over all of them instead.
 */
export interface CostQueue {
  /** most entries of one cost that are kept */
  readonly limit: number
  /** per entry, in order of insertion: its node, and the entry before it in the list of its cost */
  nodes: Uint32Array
  before: Uint32Array
  entries: number
  /** per cost: the last entry of its list */
  lasts: Uint32Array
  /** per cost: entries made, kept or not */
  counts: Uint32Array
  /** per cost: whether it is in {@link heap}, or was taken from it */
  listed: Uint8Array
  heap: Uint32Array
  size: number
}

/** Returns an empty queue that keeps up to `limit` entries per cost. */
export function buildCostQueue(limit: number): CostQueue {
  return {
    limit,
    nodes: new Uint32Array(64),
    before: new Uint32Array(64),
    entries: 0,
    lasts: new Uint32Array(64).fill(END),
    counts: new Uint32Array(64),
    listed: new Uint8Array(64),
    heap: new Uint32Array(64),
    size: 0,
  }
}

/** Puts a node under a cost. */
export function enqueue(queue: CostQueue, table: CostTable, node: number, cost: number): void {
  if (cost >= queue.lasts.length) growLists(queue, table.upper.length)
  if (queue.counts[cost]++ < queue.limit) {
    if (queue.entries === queue.nodes.length) growEntries(queue)
    const entry = queue.entries++
    queue.nodes[entry] = node
    queue.before[entry] = queue.lasts[cost]
    queue.lasts[cost] = entry
  }
  if (queue.listed[cost] === 0) {
    queue.listed[cost] = 1
    pushHeap(queue, table, cost)
  }
}

/** Empties the list of a cost into `nodes`, if it was kept, and returns how many entries were made. */
export function takeAll(queue: CostQueue, cost: number, nodes: Uint32Array): number {
  const { limit, before, lasts, counts } = queue
  const count = counts[cost]
  if (count <= limit) {
    let at = 0
    for (let entry = lasts[cost]; entry !== END; entry = before[entry]) nodes[at++] = queue.nodes[entry]
  }
  lasts[cost] = END
  counts[cost] = 0
  return count
}

/** Takes the cheapest cost from the heap; {@link NO_COST} when none is left. */
export function dequeue(queue: CostQueue, { upper, lower }: CostTable): number {
  const { heap } = queue
  if (queue.size === 0) return NO_COST
  const top = heap[0]
  const last = heap[--queue.size]
  const { size } = queue
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= size) break
    if (child + 1 < size && isCheaper(upper, lower, heap[child + 1], heap[child])) child++
    if (!isCheaper(upper, lower, heap[child], last)) break
    heap[at] = heap[child]
    at = child
  }
  heap[at] = last
  return top
}

/** Whether cost `a` is less than cost `b`. */
export function isCheaper(upper: Float64Array, lower: Float64Array, a: number, b: number): boolean {
  return upper[a] < upper[b] || (upper[a] === upper[b] && lower[a] < lower[b])
}

function pushHeap(queue: CostQueue, { upper, lower }: CostTable, cost: number): void {
  const { heap } = queue
  let at = queue.size++
  while (at > 0) {
    const parent = (at - 1) >>> 1
    if (!isCheaper(upper, lower, cost, heap[parent])) break
    heap[at] = heap[parent]
    at = parent
  }
  heap[at] = cost
}

/** Makes room for as many costs as the table has. */
function growLists(queue: CostQueue, capacity: number): void {
  queue.lasts = grown(queue.lasts, new Uint32Array(capacity).fill(END))
  queue.counts = grown(queue.counts, new Uint32Array(capacity))
  queue.heap = grown(queue.heap, new Uint32Array(capacity))
  queue.listed = grown(queue.listed, new Uint8Array(capacity))
}

function growEntries(queue: CostQueue): void {
  const capacity = queue.nodes.length * 2
  queue.nodes = grown(queue.nodes, new Uint32Array(capacity))
  queue.before = grown(queue.before, new Uint32Array(capacity))
}

function grown<A extends Uint32Array | Uint8Array>(array: A, larger: A): A {
  larger.set(array)
  release(array)
  return larger
}
