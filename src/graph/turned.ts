import type { Program } from './program.ts'

/** The plain edges, turned round. */
export function turnedEdges({ nodeCount, ruleCount, inOffsets, inBodies, outOffsets, outHeads }: Program): Program {
  const none = new Uint32Array(0)
  return {
    nodeCount,
    ruleCount,
    outOffsets: inOffsets,
    outHeads: inBodies,
    outRules: none,
    inOffsets: outOffsets,
    inBodies: outHeads,
    gateHeads: none,
    gateNeeds: new Uint16Array(0),
    gateRules: none,
    gateBodyOffsets: new Uint32Array(1),
    gateBodies: none,
    nodeGateOffsets: new Uint32Array(nodeCount + 1),
    nodeGates: none,
    axioms: none,
    axiomRules: none,
  }
}

/** The same, and an edge from the head of a gate to each of its body. Only the edges that leave nodes are there. */
export function turnedAll(program: Program): Program {
  const { nodeCount, inOffsets, inBodies, gateHeads, gateBodies, gateBodyOffsets } = program
  const outOffsets = inOffsets.slice()
  for (let g = 0; g < gateHeads.length; g++) outOffsets[gateHeads[g] + 1] += gateBodyOffsets[g + 1] - gateBodyOffsets[g]
  // counts were added to offsets: what a node has beyond its plain edges is summed up along the nodes
  for (let v = 0, more = 0; v < nodeCount; v++) {
    more += outOffsets[v + 1] - inOffsets[v + 1]
    outOffsets[v + 1] = inOffsets[v + 1] + more
  }
  const outHeads = new Uint32Array(outOffsets[nodeCount])
  const next = outOffsets.slice(0, nodeCount)
  for (let v = 0; v < nodeCount; v++) {
    for (let e = inOffsets[v]; e < inOffsets[v + 1]; e++) outHeads[next[v]++] = inBodies[e]
  }
  for (let g = 0; g < gateHeads.length; g++) {
    for (let i = gateBodyOffsets[g]; i < gateBodyOffsets[g + 1]; i++) outHeads[next[gateHeads[g]]++] = gateBodies[i]
  }
  return { ...turnedEdges(program), outOffsets, outHeads }
}
