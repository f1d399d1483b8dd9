import type { Program } from './program.ts'
import { componentsOf, membersOf } from './scc.ts'
import type { Components } from './scc.ts'

/** What the count of {@link import('./size.ts').reachSizes} works on: the program over strongly connected components. */
export interface SizePlan {
  readonly count: number
  /** per node: its component */
  readonly of: Uint32Array
  /**
   * component * 4 + …: {@link EDGES}, {@link GATES}, {@link NODES}, {@link ACCOUNTS}; and one more row that ends the
   * offsets. Side by side, since a visit reads all of them and they are far from the last visit's.
   */
  readonly cells: Uint32Array
  /** distinct plain edges between components; every edge leads to a smaller number */
  readonly edges: Uint32Array
  /** gates that the nodes of a component are literals of, once per node, as gates count nodes */
  readonly gates: Uint32Array
  /** per gate: component of its head */
  readonly gateHeads: Uint32Array
  readonly gateNeeds: Uint16Array
  /** components that hold from the start */
  readonly axioms: Uint32Array
  /** per component: the out-neighbour whose reach seems largest, or {@link NO_PARENT} */
  readonly heavy: Uint32Array
  /** per component: an estimate of the nodes it reaches over plain edges; for ordering only, never an answer */
  readonly estimates: Float32Array
}

/** In {@link SizePlan.heavy}: no out-neighbour. */
export const NO_PARENT = 0xffffffff

/** Cell of a component: where its edges begin; they end where those of the next component begin. */
export const EDGES = 0
/** Cell of a component: where its gates begin. */
export const GATES = 1
/** Cell of a component: nodes in it. */
export const NODES = 2
/** Cell of a component: accounts in it. */
export const ACCOUNTS = 3

/** Condenses a program for counting. O(nodes + edges + gate literals). */
export function planSizes(program: Program, accountBit: Uint8Array): SizePlan {
  const { nodeCount, outOffsets, outHeads, nodeGates } = program
  const components = componentsOf(nodeCount, { offsets: outOffsets, targets: outHeads })
  const { count, of } = components
  const cells = new Uint32Array(4 * (count + 1))
  for (let u = 0; u < nodeCount; u++) {
    cells[of[u] * 4 + NODES]++
    if (accountBit[u] !== 0) cells[of[u] * 4 + ACCOUNTS]++
  }
  const heavy = new Uint32Array(count).fill(NO_PARENT)
  const estimates = new Float32Array(count)
  const edges = new Uint32Array(outHeads.length)
  const gates = new Uint32Array(nodeGates.length)
  const edgeCount = fillRows(program, components, { cells, edges, gates, heavy, estimates, least: draws(cells) })
  return {
    count,
    of,
    cells,
    edges: edges.slice(0, edgeCount),
    gates,
    gateHeads: program.gateHeads.map((head) => of[head]),
    gateNeeds: program.gateNeeds,
    axioms: program.axioms.map((head) => of[head]),
    heavy,
    estimates,
  }
}

/** Minimum hashes kept per component: few, since they only rank neighbours. */
const HASHES = 4

/**
 * Draws for each component the least of as many random numbers as it has nodes, {@link HASHES} times. The minimum over
 * a reach set shrinks as one over its size (E. Cohen, "Size-estimation framework", 1997, §3).
 */
function draws(cells: Uint32Array): Float32Array {
  const count = cells.length / 4 - 1
  const least = new Float32Array(count * HASHES)
  let state = 0x9e3779b9
  for (let i = 0; i < least.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    let z = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35) >>> 0
    const uniform = (z + 1) / 4294967297
    const nodes = cells[(i >>> 2) * 4 + NODES]
    least[i] = nodes === 1 ? uniform : 1 - (1 - uniform) ** (1 / nodes)
  }
  return least
}

interface PlanRows {
  readonly cells: Uint32Array
  readonly edges: Uint32Array
  readonly gates: Uint32Array
  readonly heavy: Uint32Array
  readonly estimates: Float32Array
  readonly least: Float32Array
}

/**
 * One pass over the components, successors first: their distinct edges, their gates, their estimates, and the
 * out-neighbour of largest estimate. Returns the number of distinct edges.
 */
function fillRows(program: Program, components: Components, rows: PlanRows): number {
  const { nodeCount, outOffsets, outHeads, nodeGateOffsets, nodeGates } = program
  const { count, of } = components
  const { cells, edges, gates, heavy, estimates, least } = rows
  const { offsets: memberOffsets, targets: members } = membersOf(nodeCount, components)
  const lastSeen = new Uint32Array(count).fill(NO_PARENT)
  let edgeCount = 0
  let gateCount = 0
  for (let c = 0; c < count; c++) {
    cells[c * 4 + EDGES] = edgeCount
    cells[c * 4 + GATES] = gateCount
    let a = least[c * 4]
    let b = least[c * 4 + 1]
    let e = least[c * 4 + 2]
    let f = least[c * 4 + 3]
    let largest = 0
    for (let m = memberOffsets[c]; m < memberOffsets[c + 1]; m++) {
      const u = members[m]
      for (let i = outOffsets[u], end = outOffsets[u + 1]; i < end; i++) {
        const d = of[outHeads[i]]
        if (d === c || lastSeen[d] === c) continue
        lastSeen[d] = c
        edges[edgeCount++] = d
        const at = d * 4
        if (least[at] < a) a = least[at]
        if (least[at + 1] < b) b = least[at + 1]
        if (least[at + 2] < e) e = least[at + 2]
        if (least[at + 3] < f) f = least[at + 3]
        if (estimates[d] <= largest) continue
        largest = estimates[d]
        heavy[c] = d
      }
      for (let i = nodeGateOffsets[u], end = nodeGateOffsets[u + 1]; i < end; i++) gates[gateCount++] = nodeGates[i]
    }
    least[c * 4] = a
    least[c * 4 + 1] = b
    least[c * 4 + 2] = e
    least[c * 4 + 3] = f
    estimates[c] = (HASHES - 1) / (a + b + e + f)
  }
  cells[count * 4 + EDGES] = edgeCount
  cells[count * 4 + GATES] = gateCount
  return edgeCount
}
