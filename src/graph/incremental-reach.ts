import type { LooseGraph } from './incremental-graph.ts'
import { widened } from './incremental-rows.ts'

/**
 * What each node reaches by itself, between two bounds: `lower` over plain edges alone, `upper` as though any one of a
 * gate's body sufficed. They differ for few starts, and those explore for themselves, through nodes from which a missing
 * lane may still be had by the upper bound: most often a handful.
 */
export interface Span {
  readonly lower: Uint32Array
  readonly upper: Uint32Array
  readonly given: Given
}

/** What holds with no start at all: the nodes, and the lanes that they carry. */
export interface Given {
  readonly lanes: number
  readonly nodes: readonly number[]
}

/** Memory of explorations, kept from one to the next; each clears what it touched. */
export interface Sketch {
  seen: Uint8Array
  arrivals: Uint16Array
}

/** Makes room for all nodes and gates. */
export function growSketch(sketch: Sketch, { nodeCount, gateCount }: LooseGraph): void {
  sketch.seen = widened(sketch.seen, nodeCount)
  sketch.arrivals = widened(sketch.arrivals, gateCount)
}

/** The lanes that one start reaches; O(arcs of the nodes explored). */
export function lanesFrom(graph: LooseGraph, { lower, upper, given }: Span, sketch: Sketch, start: number): number {
  let found = lower[start] | given.lanes
  let missing = upper[start] & ~found
  if (missing === 0) return found
  const roots = given.nodes.includes(start) ? [...given.nodes] : [start, ...given.nodes]
  explore(graph, sketch, roots, (node) => {
    found |= lower[node]
    missing &= ~found
    return missing === 0 ? null : (next) => (upper[next] & missing) !== 0
  })
  return found
}

/** What holds with no start at all. */
export function givenBy(graph: LooseGraph, sketch: Sketch, laneMasks: Uint32Array): Given {
  const nodes = [...graph.axioms.keys()]
  if (nodes.length === 0) return { lanes: 0, nodes }
  explore(graph, sketch, nodes, () => () => true)
  return { lanes: nodes.reduce((lanes, node) => lanes | laneMasks[node], 0), nodes }
}

/**
 * Adds to the nodes, which must differ, all that follows from them, each once.
 *
 * @param visit  is told each node, and says which of those that follow are of use; null to stop
 */
function explore(
  { out, nodeGates, gateHeads, gateNeeds }: LooseGraph,
  { seen, arrivals }: Sketch,
  nodes: number[],
  visit: (node: number) => ((next: number) => boolean) | null,
): void {
  const counted: number[] = []
  for (const node of nodes) seen[node] = 1
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at]
    const isOfUse = visit(node)
    if (isOfUse === null) break
    for (let i = out.starts[node], end = i + out.lengths[node]; i < end; i++) {
      const head = out.values[i]
      if (seen[head] !== 0 || !isOfUse(head)) continue
      seen[head] = 1
      nodes.push(head)
    }
    for (let i = nodeGates.starts[node], end = i + nodeGates.lengths[node]; i < end; i++) {
      const gate = nodeGates.values[i]
      counted.push(gate)
      const head = gateHeads[gate]
      if (++arrivals[gate] !== gateNeeds[gate] || seen[head] !== 0 || !isOfUse(head)) continue
      seen[head] = 1
      nodes.push(head)
    }
  }
  for (const node of nodes) seen[node] = 0
  for (const gate of counted) arrivals[gate] = 0
}

/** What bounds were before a change, by node; a node that is not here did not change. */
export interface Before {
  readonly lower: ReadonlyMap<number, number>
  readonly upper: ReadonlyMap<number, number>
}

/**
 * The nodes from which a change at `nodes` in some lanes may be felt though no bound of theirs changes: those that lead
 * there through nodes at which the bounds differ in these lanes, before or after.
 *
 * A start that gains a lane by a new rule lacked it, and so did every node that it had come to by then: the lower bound
 * of none of them had it, and the upper bound of those on the way to the rule has it now. Likewise for a loss, with
 * before and after changed about.
 *
 * @param most  nodes to be looked at; null when there are more
 */
export function openCone(
  { into, headGates, gateBodies }: LooseGraph,
  { lower, upper }: Span,
  before: Before,
  { seen }: Sketch,
  nodes: readonly number[],
  lanes: number,
  most: number,
): number[] | null {
  const cone: number[] = []
  let looked = 0
  const look = (node: number): void => {
    looked++
    if (seen[node] !== 0) return
    const high = upper[node] | (before.upper.get(node) ?? 0)
    const low = lower[node] & (before.lower.get(node) ?? 0xffffffff)
    if ((high & ~low & lanes) === 0) return
    seen[node] = 1
    cone.push(node)
  }
  for (const node of nodes) look(node)
  for (let at = 0; at < cone.length && looked <= most; at++) {
    const node = cone[at]
    for (let i = into.starts[node], end = i + into.lengths[node]; i < end; i++) look(into.values[i])
    for (let i = headGates.starts[node], end = i + headGates.lengths[node]; i < end; i++) {
      const gate = headGates.values[i]
      const start = gateBodies.starts[gate]
      for (let j = start; j < start + gateBodies.lengths[gate]; j++) look(gateBodies.values[j])
    }
  }
  for (const node of cone) seen[node] = 0
  return looked <= most ? cone : null
}
