/** The cheapest first. */
export interface Heap {
  readonly push: (cost: number, item: number) => void
  /** takes the cheapest out; null when there is none */
  readonly pop: () => { readonly cost: number; readonly item: number } | null
}

/** A binary heap of numbered items. */
export function buildHeap(): Heap {
  const costs: number[] = []
  const items: number[] = []
  const swap = (a: number, b: number) => {
    ;[costs[a], costs[b]] = [costs[b]!, costs[a]!]
    ;[items[a], items[b]] = [items[b]!, items[a]!]
  }
  return {
    push(cost, item) {
      costs.push(cost)
      items.push(item)
      for (let at = costs.length - 1; at > 0;) {
        const parent = (at - 1) >>> 1
        if (costs[parent]! <= costs[at]!) return
        swap(parent, at)
        at = parent
      }
    },
    pop() {
      const [cost, item] = [costs[0], items[0]]
      if (cost === undefined || item === undefined) return null
      swap(0, costs.length - 1)
      costs.pop()
      items.pop()
      for (let at = 0; ;) {
        const [left, right] = [2 * at + 1, 2 * at + 2]
        let least = at
        if (left < costs.length && costs[left]! < costs[least]!) least = left
        if (right < costs.length && costs[right]! < costs[least]!) least = right
        if (least === at) return { cost, item }
        swap(at, least)
        at = least
      }
    },
  }
}
