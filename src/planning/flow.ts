/**
 * Minimum cut of a directed graph by Dinic's algorithm (E. A. Dinic, 1970): O(nodes² · edges) at worst, far less here.
 *
 * @param edges     from, to, capacity; Infinity for an edge that cannot be cut
 * @returns the value of the cut, and which nodes the source still reaches when it is made; value Infinity where no
 *          finite cut exists
 */
export function minimumFlowCut(
  nodeCount: number,
  edges: readonly (readonly [from: number, to: number, capacity: number])[],
  source: number,
  target: number,
): { readonly value: number; readonly reached: Uint8Array } {
  const finite = edges.reduce((sum, [, , capacity]) => (capacity === Infinity ? sum : sum + capacity), 1)
  const heads: number[] = []
  const left: number[] = []
  const out: number[][] = Array.from({ length: nodeCount }, () => [])
  const arc = (from: number, to: number, capacity: number): void => {
    out[from]!.push(heads.length)
    heads.push(to)
    left.push(capacity)
  }
  for (const [from, to, capacity] of edges) {
    arc(from, to, Math.min(capacity, finite))
    arc(to, from, 0)
  }
  const levels = new Int32Array(nodeCount)
  const next = new Int32Array(nodeCount)
  let value = 0
  for (;;) {
    levels.fill(-1)
    levels[source] = 0
    const queue = [source]
    for (let at = 0; at < queue.length; at++) {
      const node = queue[at]!
      for (const e of out[node]!) {
        if (left[e]! <= 0 || levels[heads[e]!]! >= 0) continue
        levels[heads[e]!] = levels[node]! + 1
        queue.push(heads[e]!)
      }
    }
    if (levels[target]! < 0) {
      return { value: value >= finite ? Infinity : value, reached: Uint8Array.from(levels, (l) => (l < 0 ? 0 : 1)) }
    }
    next.fill(0)
    for (let pushed = augment(); pushed > 0; pushed = augment()) value += pushed
    if (value >= finite) return { value: Infinity, reached: new Uint8Array(nodeCount) }
  }

  /** Sends what one path of the level graph can carry; walks with its own stack, since paths may be long. */
  function augment(): number {
    const path: number[] = []
    for (let node = source; node !== target;) {
      const arcs = out[node]!
      let advanced = false
      for (; next[node]! < arcs.length; next[node]!++) {
        const e = arcs[next[node]!]!
        if (left[e]! <= 0 || levels[heads[e]!] !== levels[node]! + 1) continue
        path.push(e)
        node = heads[e]!
        advanced = true
        break
      }
      if (advanced) continue
      const back = path.pop()
      if (back === undefined) return 0
      node = heads[back ^ 1]!
      next[node]!++
    }
    let least = Infinity
    for (const e of path) least = Math.min(least, left[e]!)
    for (const e of path) {
      left[e]! -= least
      left[e ^ 1]! += least
    }
    return least
  }
}
