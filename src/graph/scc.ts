/** Plain edges of a graph in rows: `targets[offsets[u] … offsets[u + 1])` are the nodes that u leads to. */
export interface Rows {
  readonly offsets: Uint32Array
  readonly targets: Uint32Array
}

/** The strongly connected components of a graph. */
export interface Components {
  /** how many there are */
  readonly count: number
  /** per node: its component; numbered so that every edge leads to the same or a *smaller* number */
  readonly of: Uint32Array
}

const UNSEEN = 0

/**
 * Returns the strongly connected components, O(nodes + edges), without recursion.
 *
 * Source: D. J. Pearce, "A space-efficient algorithm for finding strongly connected components" (2016), the variant
 * with an explicit stack.
 */
export function componentsOf(nodeCount: number, { offsets, targets }: Rows): Components {
  // Before a node is finished `low` holds the visit number of the earliest node that it can get back to (1 …);
  // afterwards it holds `top - component`, which is larger than every visit number still open.
  const low = new Uint32Array(nodeCount)
  const cursor = new Uint32Array(nodeCount)
  const path = new Uint32Array(nodeCount) // nodes being visited
  const isRoot = new Uint8Array(nodeCount)
  const held = new Uint32Array(nodeCount) // finished, but their component is still open
  const top = 0xffffffff
  let heldCount = 0
  let components = 0
  let visits = 1
  for (let start = 0; start < nodeCount; start++) {
    if (low[start] !== UNSEEN) continue
    let depth = 0
    path[0] = start
    low[start] = visits++
    isRoot[start] = 1
    cursor[start] = offsets[start]
    while (depth >= 0) {
      const u = path[depth]
      const end = offsets[u + 1]
      let i = cursor[u]
      let lowest = low[u]
      let down = -1
      while (i < end) {
        const v = targets[i]
        const lowV = low[v]
        if (lowV === UNSEEN) {
          down = v
          break // the edge is looked at again when v is done
        }
        if (lowV < lowest) {
          lowest = lowV
          isRoot[u] = 0
        }
        i++
      }
      cursor[u] = i
      low[u] = lowest
      if (down >= 0) {
        path[++depth] = down
        low[down] = visits++
        isRoot[down] = 1
        cursor[down] = offsets[down]
        continue
      }
      depth--
      if (isRoot[u] === 0) {
        held[heldCount++] = u
        continue
      }
      const done = top - components++
      visits--
      while (heldCount > 0 && low[held[heldCount - 1]] >= lowest) {
        low[held[--heldCount]] = done
        visits--
      }
      low[u] = done
    }
  }
  for (let u = 0; u < nodeCount; u++) low[u] = top - low[u]
  return { count: components, of: low }
}

/**
 * Returns the distinct edges between different components, as rows over components.
 *
 * Acyclic: every edge of row c leads to a component smaller than c. Rows are not sorted. O(nodes + edges).
 */
export function condense(nodeCount: number, { offsets, targets }: Rows, components: Components): Rows {
  const { count, of } = components
  const members = membersOf(nodeCount, components)
  const lastSeen = new Uint32Array(count).fill(0xffffffff)
  const rowOffsets = new Uint32Array(count + 1)
  let rowTargets = new Uint32Array(targets.length)
  let length = 0
  for (let c = 0; c < count; c++) {
    for (let m = members.offsets[c]; m < members.offsets[c + 1]; m++) {
      const u = members.targets[m]
      for (let i = offsets[u]; i < offsets[u + 1]; i++) {
        const d = of[targets[i]]
        if (d === c || lastSeen[d] === c) continue
        lastSeen[d] = c
        rowTargets[length++] = d
      }
    }
    rowOffsets[c + 1] = length
  }
  rowTargets = rowTargets.slice(0, length)
  return { offsets: rowOffsets, targets: rowTargets }
}

/** Returns the nodes of each component as rows, in rising order. */
export function membersOf(nodeCount: number, { count, of }: Components): Rows {
  const offsets = new Uint32Array(count + 1)
  for (let u = 0; u < nodeCount; u++) offsets[of[u] + 1]++
  for (let c = 0; c < count; c++) offsets[c + 1] += offsets[c]
  const targets = new Uint32Array(nodeCount)
  const cursor = offsets.slice(0, count)
  for (let u = 0; u < nodeCount; u++) targets[cursor[of[u]]++] = u
  return { offsets, targets }
}
