import { release } from '#lib/release.ts'
import type { RuleSystem } from './rules.ts'

/** A rule system under other numbers. */
export interface Ordered {
  readonly system: RuleSystem
  /** per node of {@link system}: the node that it was */
  readonly nodes: Uint32Array
  /** per rule of {@link system}: the rule that it was */
  readonly rules: Uint32Array
}

/** A node that stands with more others in rules than this is a hub. 24 by measurement; 12 and 64 were as good. */
const HUB = 24

/**
 * Numbers nodes and rules anew, so that what the kernels read together lies together in memory: worth it once for a
 * system that is asked often, as a snapshot is. O(nodes + rules + body nodes).
 *
 * First come the hubs, the busiest first: they are read all the time, and together they fit a cache. All others follow depth
 * first, along rules in either direction but not through hubs, so that an account is next to its password, factor and
 * mailbox. A rule has the place of the first node of its body; those without a body come first.
 */
export function orderSystem(system: RuleSystem): Ordered {
  const { nodeCount, heads, bodies } = system
  const numbers = numberNodes(system)
  const rules = sortRules(system, numbers)
  const nodes = new Uint32Array(nodeCount)
  for (let v = 0; v < nodeCount; v++) nodes[numbers[v]] = v

  const needs = new Uint16Array(rules.length)
  const bodyOffsets = new Uint32Array(rules.length + 1)
  const newHeads = new Uint32Array(rules.length)
  const newBodies = new Uint32Array(bodies.length)
  let at = 0
  for (let i = 0; i < rules.length; i++) {
    const r = rules[i]
    newHeads[i] = numbers[heads[r]]
    needs[i] = system.needs[r]
    for (let b = system.bodyOffsets[r]; b < system.bodyOffsets[r + 1]; b++) newBodies[at++] = numbers[bodies[b]]
    bodyOffsets[i + 1] = at
  }
  return { system: { nodeCount, heads: newHeads, needs, bodyOffsets, bodies: newBodies }, nodes, rules }
}

const UNNUMBERED = 0xffffffff

/** Returns each node's new number. */
function numberNodes(system: RuleSystem): Uint32Array {
  const { nodeCount } = system
  const { offsets, targets } = neighboursOf(system)
  const numbers = new Uint32Array(nodeCount).fill(UNNUMBERED)
  let count = numberHubs(offsets, numbers)
  const path = new Uint32Array(nodeCount)
  const cursor = offsets.slice(0, nodeCount)
  for (let start = 0; start < nodeCount; start++) {
    if (numbers[start] !== UNNUMBERED) continue
    let depth = 0
    path[depth++] = start
    numbers[start] = count++
    while (depth > 0) {
      const u = path[depth - 1]
      if (cursor[u] === offsets[u + 1]) {
        depth--
        continue
      }
      const v = targets[cursor[u]++]
      if (numbers[v] !== UNNUMBERED) continue
      numbers[v] = count++
      path[depth++] = v
    }
  }
  release(offsets, targets, path, cursor)
  return numbers
}

/** Per node: those that it shares a rule with, one of them being the head; in order of rule, repeats included. */
function neighboursOf({ nodeCount, heads, bodyOffsets, bodies }: RuleSystem) {
  const offsets = new Uint32Array(nodeCount + 1)
  for (let r = 0; r < heads.length; r++) {
    offsets[heads[r] + 1] += bodyOffsets[r + 1] - bodyOffsets[r]
    for (let b = bodyOffsets[r]; b < bodyOffsets[r + 1]; b++) offsets[bodies[b] + 1]++
  }
  for (let v = 0; v < nodeCount; v++) offsets[v + 1] += offsets[v]
  const targets = new Uint32Array(offsets[nodeCount])
  const next = offsets.slice(0, nodeCount)
  for (let r = 0; r < heads.length; r++) {
    for (let b = bodyOffsets[r]; b < bodyOffsets[r + 1]; b++) {
      targets[next[heads[r]]++] = bodies[b]
      targets[next[bodies[b]]++] = heads[r]
    }
  }
  release(next)
  return { offsets, targets }
}

/** Gives the first numbers to the hubs, by falling number of neighbours, and returns how many there are. */
function numberHubs(offsets: Uint32Array, numbers: Uint32Array): number {
  const hubs: number[] = []
  const degreeOf = (v: number): number => offsets[v + 1] - offsets[v]
  for (let v = 0; v < numbers.length; v++) if (degreeOf(v) > HUB) hubs.push(v)
  hubs.sort((a, b) => degreeOf(b) - degreeOf(a))
  hubs.forEach((v, i) => (numbers[v] = i))
  return hubs.length
}

/** Returns the rules in order of the first node of their body, by its new number. */
function sortRules({ nodeCount, heads, bodyOffsets, bodies }: RuleSystem, numbers: Uint32Array): Uint32Array {
  const keyOf = (r: number): number => (bodyOffsets[r] === bodyOffsets[r + 1] ? 0 : numbers[bodies[bodyOffsets[r]]] + 1)
  const next = new Uint32Array(nodeCount + 2)
  for (let r = 0; r < heads.length; r++) next[keyOf(r) + 1]++
  for (let k = 0; k <= nodeCount; k++) next[k + 1] += next[k]
  const rules = new Uint32Array(heads.length)
  for (let r = 0; r < heads.length; r++) rules[next[keyOf(r)]++] = r
  release(next)
  return rules
}
