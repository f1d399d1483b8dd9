import type { RuleSystem } from '#graph/rules.ts'

/** Collects rules into the typed arrays of a {@link RuleSystem}; arrays double when full. */
export interface RuleBuilder {
  readonly edge: (from: number, to: number) => void
  /** `head ← all of bodies`; the bodies must be distinct */
  readonly all: (head: number, ...bodies: number[]) => void
  readonly finish: (nodeCount: number) => RuleSystem
}

function grown<A extends Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>>(
  array: A,
  make: (length: number) => A,
): A {
  const larger = make(Math.ceil(array.length * 1.5) + 16)
  larger.set(array)
  return larger
}

/** Returns an empty builder with room for the given numbers of rules and body literals. */
export function ruleBuilder(ruleCapacity: number, arcCapacity: number): RuleBuilder {
  let heads = new Uint32Array(ruleCapacity)
  let needs = new Uint16Array(ruleCapacity)
  let offsets = new Uint32Array(ruleCapacity + 1)
  let bodies = new Uint32Array(arcCapacity)
  let rules = 0
  let arcs = 0
  function open(head: number, bodyCount: number): void {
    if (rules + 2 > offsets.length) {
      heads = grown(heads, (length) => new Uint32Array(length))
      needs = grown(needs, (length) => new Uint16Array(length))
      offsets = grown(offsets, (length) => new Uint32Array(length))
    }
    while (arcs + bodyCount > bodies.length) bodies = grown(bodies, (length) => new Uint32Array(length))
    heads[rules] = head
    needs[rules] = bodyCount
    offsets[++rules] = arcs + bodyCount
  }
  return {
    edge(from, to) {
      open(to, 1)
      bodies[arcs++] = from
    },
    all(head, ...literals) {
      open(head, literals.length)
      for (const literal of literals) bodies[arcs++] = literal
    },
    finish: (nodeCount) => ({
      nodeCount,
      heads: heads.slice(0, rules),
      needs: needs.slice(0, rules),
      bodyOffsets: offsets.slice(0, rules + 1),
      bodies: bodies.slice(0, arcs),
    }),
  }
}
