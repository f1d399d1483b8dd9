import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { arbitrarySystem, systemOf, type WrittenRule } from './arbitrary.ts'
import { orderSystem } from './order.ts'
import type { RuleSystem } from './rules.ts'

function rulesOf({ heads, needs, bodyOffsets, bodies }: RuleSystem): WrittenRule[] {
  return Array.from(heads, (head, r) => ({
    head,
    needs: needs[r],
    body: [...bodies.subarray(bodyOffsets[r], bodyOffsets[r + 1])],
  }))
}

/** The order of nodes as it is defined: hubs by degree, then what hangs together, depth first. */
function orderByDefinition(system: RuleSystem): number[] {
  const neighbours = Array.from({ length: system.nodeCount }, (): number[] => [])
  for (const { head, body } of rulesOf(system)) {
    for (const node of body) {
      neighbours[head].push(node)
      neighbours[node].push(head)
    }
  }
  const hubs = [...neighbours.keys()].filter((v) => neighbours[v].length > 24)
  const order = new Set(hubs.sort((a, b) => neighbours[b].length - neighbours[a].length || a - b))
  const visit = (v: number): void => {
    if (order.has(v)) return
    order.add(v)
    neighbours[v].forEach(visit)
  }
  neighbours.forEach((_, v) => visit(v))
  return [...order]
}

suite('the order in which a snapshot numbers nodes and rules', () => {
  test('is another numbering of the same rules, each node and rule once, as defined', () => {
    const systems = fc.oneof(
      { weight: 3, arbitrary: arbitrarySystem(9) },
      { weight: 1, arbitrary: arbitrarySystem(40) },
    )
    fc.assert(
      fc.property(systems, (system) => {
        const { system: ordered, nodes, rules } = orderSystem(system)
        assert.deepEqual([...nodes], orderByDefinition(system))
        assert.deepEqual(
          rules.toSorted(),
          system.heads.map((_, r) => r),
        )
        const named = rulesOf(ordered).map(({ head, needs, body }) => {
          return { head: nodes[head], needs, body: body.map((v) => nodes[v]) }
        })
        const before = rulesOf(system)
        assert.deepEqual(
          named,
          Array.from(rules, (r) => before[r]),
        )
        const firsts = rulesOf(ordered).map(({ body }) => body[0] ?? -1)
        assert.deepEqual(
          firsts,
          firsts.toSorted((a, b) => a - b),
        )
      }),
      { numRuns: 10_000 },
    )
  })

  test('puts a hub first, and what only a hub connects apart', () => {
    const hub = 30
    const rules = Array.from({ length: 30 }, (_, v) => ({ head: hub, needs: 1, body: [v] }))
    const pair = { head: 29, needs: 1, body: [0] }
    assert.deepEqual([...orderSystem(systemOf(31, [...rules, pair])).nodes].slice(0, 4), [hub, 0, 29, 1])
  })
})
