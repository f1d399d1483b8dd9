import { addTo, growRows, packRows, rowsOf, takeFrom, timesIn, widened, type Rows } from './incremental-rows.ts'
import type { Program } from './program.ts'

/** A rule by itself: `head ← needs of body`. */
export interface LooseRule {
  readonly head: number
  readonly needs: number
  readonly body: readonly number[]
}

/** The rules of a program, as a graph that rules are added to and taken from. */
export interface LooseGraph {
  nodeCount: number
  /** per node: heads of the plain edges that leave it, and bodies of those that enter it */
  readonly out: Rows
  readonly into: Rows
  /** per node: gates in whose body it stands, and gates whose head it is */
  readonly nodeGates: Rows
  readonly headGates: Rows
  /** per gate: its body */
  readonly gateBodies: Rows
  gateHeads: Uint32Array
  gateNeeds: Uint16Array
  gateCount: number
  /** gates that are no more, to be given to the next */
  readonly idleGates: number[]
  /** by head: how many rules give it for nothing */
  readonly axioms: Map<number, number>
}

/** A program as a graph of its own; O(nodes + arcs). */
export function graphOf(program: Program): LooseGraph {
  const { nodeCount, gateHeads, gateNeeds, gateBodyOffsets, gateBodies } = program
  const sorted = gateBodies.slice()
  for (let g = 0; g < gateHeads.length; g++) sorted.subarray(gateBodyOffsets[g], gateBodyOffsets[g + 1]).sort()
  const headOffsets = new Uint32Array(nodeCount + 1)
  for (let g = 0; g < gateHeads.length; g++) headOffsets[gateHeads[g] + 1]++
  for (let v = 0; v < nodeCount; v++) headOffsets[v + 1] += headOffsets[v]
  const axioms = new Map<number, number>()
  for (const head of program.axioms) axioms.set(head, (axioms.get(head) ?? 0) + 1)
  return {
    nodeCount,
    out: rowsOf(program.outOffsets, program.outHeads),
    into: rowsOf(program.inOffsets, program.inBodies),
    nodeGates: rowsOf(program.nodeGateOffsets, program.nodeGates),
    // gates are in order of head
    headGates: rowsOf(headOffsets, Uint32Array.from(gateHeads.keys())),
    gateBodies: rowsOf(gateBodyOffsets, sorted),
    gateHeads: gateHeads.slice(),
    gateNeeds: gateNeeds.slice(),
    gateCount: gateHeads.length,
    idleGates: [],
    axioms,
  }
}

/** Makes sure that there are at least so many nodes. */
export function growGraph(graph: LooseGraph, nodeCount: number): void {
  if (nodeCount <= graph.nodeCount) return
  graph.nodeCount = nodeCount
  for (const rows of [graph.out, graph.into, graph.nodeGates, graph.headGates]) growRows(rows, nodeCount)
}

/** What a rule comes to: `body` without repetitions and without the head, which never helps to derive it. */
export type Sorted =
  | { readonly is: 'never'; readonly head: number }
  | { readonly is: 'axiom'; readonly head: number }
  /** each of the body is an edge to the head */
  | { readonly is: 'edges'; readonly head: number; readonly body: readonly number[] }
  | { readonly is: 'gate'; readonly head: number; readonly body: readonly number[]; readonly needs: number }

/** Sorts a rule as `buildProgram` would. */
export function sortRule({ head, needs, body }: LooseRule): Sorted {
  if (needs === 0) return { is: 'axiom', head }
  const distinct = [...new Set(body)].filter((node) => node !== head).toSorted((a, b) => a - b)
  if (needs > distinct.length) return { is: 'never', head }
  return needs === 1 ? { is: 'edges', head, body: distinct } : { is: 'gate', head, body: distinct, needs }
}

/** Adds a rule. */
export function link(graph: LooseGraph, rule: Sorted): void {
  const { head } = rule
  if (rule.is === 'axiom') graph.axioms.set(head, (graph.axioms.get(head) ?? 0) + 1)
  else if (rule.is === 'edges') {
    for (const body of rule.body) {
      addTo(graph.out, body, head)
      addTo(graph.into, head, body)
    }
  } else if (rule.is === 'gate') {
    const gate = graph.idleGates.pop() ?? graph.gateCount++
    graph.gateHeads = widened(graph.gateHeads, gate + 1)
    graph.gateNeeds = widened(graph.gateNeeds, gate + 1)
    growRows(graph.gateBodies, gate + 1)
    graph.gateHeads[gate] = head
    graph.gateNeeds[gate] = rule.needs
    addTo(graph.headGates, head, gate)
    for (const body of rule.body) {
      addTo(graph.nodeGates, body, gate)
      addTo(graph.gateBodies, gate, body)
    }
  }
}

/** Takes a rule away, one of several that are alike; false where there is none. */
export function unlink(graph: LooseGraph, rule: Sorted): boolean {
  const { head } = rule
  if (rule.is === 'never') return true
  if (rule.is === 'axiom') {
    const count = graph.axioms.get(head) ?? 0
    if (count > 1) graph.axioms.set(head, count - 1)
    else graph.axioms.delete(head)
    return count > 0
  }
  if (rule.is === 'edges') {
    if (rule.body.some((body) => timesIn(graph.out, body, head) === 0)) return false
    for (const body of rule.body) {
      takeFrom(graph.out, body, head)
      takeFrom(graph.into, head, body)
    }
    return true
  }
  const gate = gateLike(graph, rule)
  if (gate === undefined) return false
  takeFrom(graph.headGates, head, gate)
  for (const body of rule.body) {
    takeFrom(graph.nodeGates, body, gate)
    takeFrom(graph.gateBodies, gate, body)
  }
  graph.idleGates.push(gate)
  return true
}

function gateLike(graph: LooseGraph, rule: Extract<Sorted, { is: 'gate' }>): number | undefined {
  const { starts, lengths, values } = graph.headGates
  for (let i = starts[rule.head], end = i + lengths[rule.head]; i < end; i++) {
    const gate = values[i]
    if (graph.gateNeeds[gate] !== rule.needs || graph.gateBodies.lengths[gate] !== rule.body.length) continue
    const start = graph.gateBodies.starts[gate]
    if (rule.body.every((node, at) => graph.gateBodies.values[start + at] === node)) return gate
  }
  return undefined
}

/** The graph as the kernels that run over everything want it: a program that knows no rules. */
export function programOf(graph: LooseGraph): Program {
  const { nodeCount, gateCount } = graph
  const out = packRows(graph.out, nodeCount)
  const into = packRows(graph.into, nodeCount)
  const gates = packRows(graph.nodeGates, nodeCount)
  const bodies = packRows(graph.gateBodies, gateCount)
  // an idle gate has no body, so nothing ever reaches it; needs of 2 keep its counter well-formed
  const gateNeeds = graph.gateNeeds.slice(0, gateCount)
  for (const gate of graph.idleGates) gateNeeds[gate] = 2
  const none = new Uint32Array(0)
  return {
    nodeCount,
    ruleCount: 0,
    outOffsets: out.offsets,
    outHeads: out.values,
    outRules: none,
    inOffsets: into.offsets,
    inBodies: into.values,
    gateHeads: graph.gateHeads.slice(0, gateCount),
    gateNeeds,
    gateRules: none,
    gateBodyOffsets: bodies.offsets,
    gateBodies: bodies.values,
    nodeGateOffsets: gates.offsets,
    nodeGates: gates.values,
    axioms: Uint32Array.from(graph.axioms.keys()),
    axiomRules: none,
  }
}
