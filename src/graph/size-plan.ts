import type { Program } from './program.ts'
import { componentsOf, condense } from './scc.ts'
import type { Rows } from './scc.ts'

/** What the count of {@link import('./size.ts').reachSizes} works on: the program over strongly connected components. */
export interface SizePlan {
  readonly count: number
  /** per node: its component */
  readonly of: Uint32Array
  /** distinct plain edges between components; every edge leads to a smaller number */
  readonly rows: Rows
  /** per component: nodes in it */
  readonly nodeWeights: Uint32Array
  /** per component: accounts in it */
  readonly accountWeights: Uint32Array
  /** per component: the gates that its nodes are literals of, once per node */
  readonly gates: Rows
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

/** Condenses a program for counting. O(nodes + edges + gate literals). */
export function planSizes(program: Program, accountBit: Uint8Array): SizePlan {
  const { nodeCount } = program
  const edges = { offsets: program.outOffsets, targets: program.outHeads }
  const components = componentsOf(nodeCount, edges)
  const { count, of } = components
  const rows = condense(nodeCount, edges, components)
  const nodeWeights = new Uint32Array(count)
  const accountWeights = new Uint32Array(count)
  for (let u = 0; u < nodeCount; u++) {
    nodeWeights[of[u]]++
    if (accountBit[u] !== 0) accountWeights[of[u]]++
  }
  const gates = gatesOf(program, of, count)
  const { heavy, estimates } = heavyNeighbours(rows, nodeWeights)
  return {
    count,
    of,
    rows,
    nodeWeights,
    accountWeights,
    gates,
    gateHeads: program.gateHeads.map((head) => of[head]),
    gateNeeds: program.gateNeeds,
    axioms: program.axioms.map((head) => of[head]),
    heavy,
    estimates,
  }
}

/** Gate literals by component; a gate stands once for each of its body nodes in the component, since gates count nodes. */
function gatesOf({ gateBodies, gateBodyOffsets, gateHeads }: Program, of: Uint32Array, count: number): Rows {
  const offsets = new Uint32Array(count + 1)
  for (let i = 0; i < gateBodies.length; i++) offsets[of[gateBodies[i]] + 1]++
  for (let c = 0; c < count; c++) offsets[c + 1] += offsets[c]
  const cursor = offsets.slice(0, count)
  const targets = new Uint32Array(gateBodies.length)
  for (let g = 0; g < gateHeads.length; g++) {
    for (let i = gateBodyOffsets[g]; i < gateBodyOffsets[g + 1]; i++) targets[cursor[of[gateBodies[i]]]++] = g
  }
  return { offsets, targets }
}

/** Minimum hashes kept per component: few, since they only rank neighbours. */
const HASHES = 4

/**
 * Ranks reach sets by minimum hashes: each component draws {@link HASHES} exponential numbers of rate its weight, and
 * the minimum over a reach set shrinks as one over its size (E. Cohen, "Size-estimation framework", 1997, §3).
 */
function heavyNeighbours({ offsets, targets }: Rows, nodeWeights: Uint32Array): Pick<SizePlan, 'heavy' | 'estimates'> {
  const count = nodeWeights.length
  const heavy = new Uint32Array(count).fill(NO_PARENT)
  const estimates = new Float32Array(count)
  const least = new Float32Array(count * HASHES)
  let state = 0x9e3779b9
  for (let c = 0; c < count; c++) {
    const at = c * HASHES
    for (let k = 0; k < HASHES; k++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      let z = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35) >>> 0
      least[at + k] = -Math.log((z + 1) / 4294967297) / nodeWeights[c]
    }
    let largest = 0
    for (let i = offsets[c]; i < offsets[c + 1]; i++) {
      const d = targets[i]
      for (let k = 0; k < HASHES; k++) if (least[d * HASHES + k] < least[at + k]) least[at + k] = least[d * HASHES + k]
      if (estimates[d] > largest) {
        largest = estimates[d]
        heavy[c] = d
      }
    }
    let sum = 0
    for (let k = 0; k < HASHES; k++) sum += least[at + k]
    estimates[c] = (HASHES - 1) / Math.max(sum, 1e-30)
  }
  return { heavy, estimates }
}
