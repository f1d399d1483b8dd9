import { NO_COST, type CostTable } from './cost-table.ts'

/** End of a list of nodes. */
const END = 0xffffffff

/**
 * A priority queue of nodes by cost. Nodes of one cost form a list, and a binary heap holds each listed cost once:
 * distinct costs are few, so most insertions touch no heap.
 */
export interface CostQueue {
  /** per node: the cheapest cost offered so far; {@link NO_COST} */
  readonly costIds: Uint32Array
  /** per node: the neighbours in the list of its cost */
  readonly nexts: Uint32Array
  readonly previous: Uint32Array
  /** per cost: the first node of its list */
  firsts: Uint32Array
  /** per cost: whether it is in {@link heap}, or was the last taken from it */
  listed: Uint8Array
  heap: Uint32Array
  size: number
}

/** Returns an empty queue. */
export function buildCostQueue(nodeCount: number): CostQueue {
  return {
    costIds: new Uint32Array(nodeCount).fill(NO_COST),
    nexts: new Uint32Array(nodeCount),
    previous: new Uint32Array(nodeCount),
    firsts: new Uint32Array(64).fill(END),
    listed: new Uint8Array(64),
    heap: new Uint32Array(64),
    size: 0,
  }
}

/** Puts a node under a cost, taking it from the list of the dearer cost that it was under, if any. */
export function enqueue(queue: CostQueue, table: CostTable, node: number, cost: number): void {
  const { costIds, nexts, previous } = queue
  const old = costIds[node]
  if (old !== NO_COST) {
    const next = nexts[node]
    const before = previous[node]
    if (before === END) queue.firsts[old] = next
    else nexts[before] = next
    if (next !== END) previous[next] = before
  }
  if (cost >= queue.firsts.length) growLists(queue, table.upper.length)
  const { firsts } = queue
  const first = firsts[cost]
  costIds[node] = cost
  nexts[node] = first
  previous[node] = END
  if (first !== END) previous[first] = node
  firsts[cost] = node
  if (queue.listed[cost] === 0) {
    queue.listed[cost] = 1
    pushHeap(queue, table, cost)
  }
}

/** Takes the first node from the list of a cost; -1 when it is empty. */
export function takeFirst({ firsts, nexts, previous }: CostQueue, cost: number): number {
  const node = firsts[cost]
  if (node === END) return -1
  const next = nexts[node]
  firsts[cost] = next
  if (next !== END) previous[next] = END
  return node
}

/** Takes the cheapest cost from the heap; {@link NO_COST} when none is left. Its list may have emptied meanwhile. */
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
  const { firsts, listed, heap } = queue
  queue.firsts = new Uint32Array(capacity).fill(END)
  queue.firsts.set(firsts)
  queue.listed = new Uint8Array(capacity)
  queue.listed.set(listed)
  queue.heap = new Uint32Array(capacity)
  queue.heap.set(heap)
}
