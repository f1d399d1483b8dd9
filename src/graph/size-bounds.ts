import type { Program } from './program.ts'
import { componentsOf, condense } from './scc.ts'

/**
 * Returns, per node, how many nodes and accounts it can reach at most (itself included): in the graph where any one
 * literal fires a gate, the sums over out-neighbours, capped at all there are. O(nodes + edges + gate literals).
 */
export function anyOfBounds(program: Program, accountBit: Uint8Array): { nodes: Uint32Array; accounts: Uint32Array } {
  const { nodeCount, axioms } = program
  const edges = anyOfEdges(program)
  const components = componentsOf(nodeCount, edges)
  const { count, of } = components
  const rows = condense(nodeCount, edges, components)
  const nodesOf = new Float64Array(count)
  const accountsOf = new Float64Array(count)
  let allAccounts = 0
  for (let u = 0; u < nodeCount; u++) {
    nodesOf[of[u]]++
    if (accountBit[u] === 0) continue
    accountsOf[of[u]]++
    allAccounts++
  }
  for (let c = 0; c < count; c++) {
    for (let i = rows.offsets[c]; i < rows.offsets[c + 1]; i++) {
      nodesOf[c] = Math.min(nodeCount, nodesOf[c] + nodesOf[rows.targets[i]])
      accountsOf[c] = Math.min(allAccounts, accountsOf[c] + accountsOf[rows.targets[i]])
    }
  }
  // What holds from the start is reached by everyone.
  let axiomNodes = 0
  let axiomAccounts = 0
  for (const c of new Set(Array.from(axioms, (head) => of[head]))) {
    axiomNodes += nodesOf[c]
    axiomAccounts += accountsOf[c]
  }
  const nodes = new Uint32Array(nodeCount)
  const accounts = new Uint32Array(nodeCount)
  for (let u = 0; u < nodeCount; u++) {
    nodes[u] = Math.min(nodeCount, nodesOf[of[u]] + axiomNodes)
    accounts[u] = Math.min(allAccounts, accountsOf[of[u]] + axiomAccounts)
  }
  return { nodes, accounts }
}

function anyOfEdges({ nodeCount, outOffsets, outHeads, nodeGateOffsets, nodeGates, gateHeads }: Program) {
  const offsets = new Uint32Array(nodeCount + 1)
  const targets = new Uint32Array(outHeads.length + nodeGates.length)
  let at = 0
  for (let u = 0; u < nodeCount; u++) {
    for (let i = outOffsets[u]; i < outOffsets[u + 1]; i++) targets[at++] = outHeads[i]
    for (let i = nodeGateOffsets[u]; i < nodeGateOffsets[u + 1]; i++) targets[at++] = gateHeads[nodeGates[i]]
    offsets[u + 1] = at
  }
  return { offsets, targets }
}
