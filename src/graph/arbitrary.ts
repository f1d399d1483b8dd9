import fc from 'fast-check'
import type { ProofStep } from './proof.ts'
import type { RuleSystem } from './rules.ts'

/** A rule as a test writes it down. */
export interface WrittenRule {
  readonly head: number
  readonly needs: number
  readonly body: readonly number[]
}

/** Returns the system that consists of some rules. */
export function systemOf(nodeCount: number, rules: readonly WrittenRule[]): RuleSystem {
  const bodyOffsets = new Uint32Array(rules.length + 1)
  rules.forEach(({ body }, r) => (bodyOffsets[r + 1] = bodyOffsets[r] + body.length))
  return {
    nodeCount,
    heads: Uint32Array.from(rules, ({ head }) => head),
    needs: Uint16Array.from(rules, ({ needs }) => needs),
    bodyOffsets,
    bodies: Uint32Array.from(rules.flatMap(({ body }) => body)),
  }
}

/** Shapes that random rules seldom take: rings, chains, a hub, parallel edges, self-loops, one body node said twice. */
const shapes: readonly ((nodeCount: number) => WrittenRule[])[] = [
  () => [],
  () => [],
  (n) => edges(n, (v) => [[v, (v + 1) % n]]),
  (n) => edges(n - 1, (v) => [[v, v + 1]]),
  (n) =>
    edges(n, (v) => [
      [v, 0],
      [0, v],
    ]),
  (n) =>
    edges(n, (v) => [
      [v, (v * 3 + 1) % n],
      [v, (v * 3 + 1) % n],
      [v, v],
    ]),
  (n) => Array.from({ length: n }, (_, v) => ({ head: v, needs: 2, body: [(v + 1) % n, (v + 2) % n, (v + 1) % n] })),
  (n) => Array.from({ length: n }, (_, v) => ({ head: v, needs: 2, body: [v, (v + 1) % n, (v + 3) % n] })),
]

function edges(count: number, of: (v: number) => [number, number][]): WrittenRule[] {
  return Array.from({ length: count }, (_, v) => of(v)).flatMap((pairs) =>
    pairs.map(([body, head]) => ({ head, needs: 1, body: [body] })),
  )
}

/** How many body nodes a rule asks for, if any: mostly one or two, now and then more than it has. */
const arbitraryNeeds = fc.constantFrom(1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 5, 0)

/**
 * Any rule system of up to `nodes` nodes and 2 · `nodes` random rules: cycles, conjunctions, k of n, rules that can never fire,
 * rules without a body, rules that need nothing though they have one.
 */
export function arbitrarySystem(nodes: number): fc.Arbitrary<RuleSystem> {
  const node = fc.nat({ max: nodes - 1 })
  const rule = fc.tuple(node, arbitraryNeeds, fc.array(node, { maxLength: 5 }))
  return fc
    .tuple(
      fc.integer({ min: 1, max: nodes }),
      fc.array(rule, { maxLength: 2 * nodes }),
      fc.nat({ max: shapes.length - 1 }),
    )
    .map(([nodeCount, rules, shape]) =>
      systemOf(nodeCount, [
        ...rules.map(([head, needs, body]) => ({
          head: head % nodeCount,
          needs,
          body: body.map((v) => v % nodeCount),
        })),
        ...shapes[shape](nodeCount),
      ]),
    )
}

/** Any sparse masks, one per node, over the given lanes. */
export function arbitraryMasks(nodes: number, lanes: readonly number[]): fc.Arbitrary<Uint32Array> {
  const mask = fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.subarray([...lanes]).map((some) => some.reduce((bits, lane) => bits | (1 << lane), 0)) },
  )
  return fc.array(mask, { minLength: nodes, maxLength: nodes }).map((masks) => Uint32Array.from(masks))
}

/** Says what is wrong with a proof; null for one that derives the goal from what is given, each step by its rule. */
export function flawOf(
  system: RuleSystem,
  steps: readonly ProofStep[],
  goal: number,
  isGiven: (node: number) => boolean,
): string | null {
  const derived = new Set<number>()
  const holds = (node: number): boolean => isGiven(node) || derived.has(node)
  for (const { rule, node, from } of steps) {
    const body = new Set(system.bodies.slice(system.bodyOffsets[rule], system.bodyOffsets[rule + 1]))
    if (system.heads[rule] !== node) return `rule ${rule} does not give node ${node}`
    if (new Set(from).size !== from.length) return `rule ${rule} is given a node twice`
    if (from.length < system.needs[rule]) return `rule ${rule} needs more than ${from.length} nodes`
    const stranger = from.find((v) => !body.has(v))
    if (stranger !== undefined) return `node ${stranger} is not in the body of rule ${rule}`
    const early = from.find((v) => !holds(v))
    if (early !== undefined) return `node ${early} is used before it holds`
    if (holds(node)) return `node ${node} is derived twice`
    derived.add(node)
  }
  return holds(goal) ? null : `node ${goal} is not derived`
}
