import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { buildProgram } from './program.ts'
import type { RuleSystem } from './rules.ts'
import { reachByDefinition } from './size-reference.ts'
import { reachSizes } from './size.ts'
import type { SizeOptions } from './size.ts'

type Rule = readonly [head: number, needs: number, ...bodies: number[]]

function systemOf(nodeCount: number, rules: readonly Rule[]): RuleSystem {
  const bodies = rules.map(([, , ...body]) => body)
  const bodyOffsets = Uint32Array.from([0, ...bodies.map((_, r) => bodies.slice(0, r + 1).flat().length)])
  return {
    nodeCount,
    heads: Uint32Array.from(rules.map(([head]) => head)),
    needs: Uint16Array.from(rules.map(([, needs]) => needs)),
    bodyOffsets,
    bodies: Uint32Array.from(bodies.flat()),
  }
}

const everyNode = (nodeCount: number) => Uint32Array.from({ length: nodeCount }, (_, u) => u)

function sizesOf(nodeCount: number, rules: readonly Rule[], accountBit: readonly number[], options?: SizeOptions) {
  const sizes = reachSizes(
    buildProgram(systemOf(nodeCount, rules)),
    everyNode(nodeCount),
    Uint8Array.from(accountBit),
    options,
  )
  return Object.fromEntries(Object.entries(sizes).map(([name, values]) => [name, [...values]]))
}

/** Counts by the definition, per start: [nodes, accounts], the start itself not counted. */
function sizesByDefinition(
  nodeCount: number,
  rules: readonly Rule[],
  accountBit: readonly number[],
): [number, number][] {
  const system = systemOf(nodeCount, rules)
  return Array.from({ length: nodeCount }, (_, start) => {
    const reached = reachByDefinition(system, start)
      .map((holds, u) => (holds && u !== start ? u : -1))
      .filter((u) => u >= 0)
    return [reached.length, reached.filter((u) => accountBit[u] === 1).length]
  })
}

/** Few nodes and many rules, so that cycles, shared cores, gates that fire late and rules that never fire all occur. */
const arbitraryCase = fc.integer({ min: 1, max: 14 }).chain((nodeCount) => {
  const node = fc.nat(nodeCount - 1)
  const edge = fc.tuple(node, fc.constant(1), node)
  const gate = fc
    .tuple(node, fc.nat(3), fc.array(node, { minLength: 1, maxLength: 4 }))
    .map(([head, needs, body]): Rule => [head, needs + 1, ...body])
  const axiom = node.map((head): Rule => [head, 0])
  const rule: fc.Arbitrary<Rule> = fc.oneof(
    { arbitrary: edge, weight: 12 },
    { arbitrary: gate, weight: 5 },
    { arbitrary: axiom, weight: 1 },
  )
  return fc.record({
    nodeCount: fc.constant(nodeCount),
    rules: fc.array(rule, { maxLength: 3 * nodeCount }),
    accountBit: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: nodeCount, maxLength: nodeCount }),
    patience: fc.integer({ min: 1, max: 6 }),
    budget: fc.nat(30),
  })
})

suite('sizes of reach', () => {
  test('a chain counts what lies ahead and never the start itself', () => {
    const sizes = sizesOf(
      3,
      [
        [1, 1, 0],
        [2, 1, 1],
      ],
      [1, 0, 1],
    )
    assert.deepEqual(sizes['nodes'], [2, 1, 0])
    assert.deepEqual(sizes['accounts'], [1, 1, 0])
    assert.deepEqual(sizes['exact'], [1, 1, 1])
  })

  test('members of a cycle reach each other but do not count themselves', () => {
    const sizes = sizesOf(
      3,
      [
        [1, 1, 0],
        [2, 1, 1],
        [0, 1, 2],
      ],
      [1, 1, 0],
    )
    assert.deepEqual(sizes['nodes'], [2, 2, 2])
    assert.deepEqual(sizes['accounts'], [1, 1, 2])
  })

  test('a conjunction counts only for the starts that hold all of it', () => {
    const rules: Rule[] = [
      [2, 2, 0, 1],
      [0, 1, 3],
      [1, 1, 3],
      [0, 1, 4],
    ]
    assert.deepEqual(sizesOf(5, rules, [0, 0, 1, 1, 1])['nodes'], [0, 0, 0, 3, 1])
  })

  test('what holds without any start is reached by everyone', () => {
    assert.deepEqual(
      sizesOf(
        3,
        [
          [1, 0],
          [2, 2, 0, 1],
        ],
        [0, 0, 0],
      )['nodes'],
      [2, 0, 1],
    )
  })

  test('counts equal the definition on arbitrary rules', () => {
    fc.assert(
      fc.property(arbitraryCase, ({ nodeCount, rules, accountBit, patience }) => {
        const expected = sizesByDefinition(nodeCount, rules, accountBit)
        const sizes = sizesOf(nodeCount, rules, accountBit, { patience })
        assert.deepEqual(
          sizes['nodes'],
          expected.map(([nodes]) => nodes),
        )
        assert.deepEqual(
          sizes['accounts'],
          expected.map(([, accounts]) => accounts),
        )
        assert.ok(sizes['exact']?.every((bit) => bit === 1))
      }),
      { numRuns: 10_000 },
    )
  })

  test('when the budget runs out, what is marked exact is exact and the rest is bracketed', () => {
    fc.assert(
      fc.property(arbitraryCase, ({ nodeCount, rules, accountBit, patience, budget }) => {
        const expected = sizesByDefinition(nodeCount, rules, accountBit)
        const sizes = sizesOf(nodeCount, rules, accountBit, { patience, budget })
        expected.forEach(([nodes, accounts], u) => {
          const [least, most] = [sizes['nodes']![u]!, sizes['nodesAtMost']![u]!]
          const [leastAccounts, mostAccounts] = [sizes['accounts']![u]!, sizes['accountsAtMost']![u]!]
          assert.ok(least <= nodes && nodes <= most, `node ${u}: ${nodes} of ${least} to ${most}`)
          assert.ok(leastAccounts <= accounts && accounts <= mostAccounts)
          if (sizes['exact']![u] === 1) assert.deepEqual([least, leastAccounts], [most, mostAccounts])
        })
      }),
      { numRuns: 2_000 },
    )
  })

  test('a start outside the program is refused', () => {
    const program = buildProgram(systemOf(2, []))
    assert.throws(() => reachSizes(program, Uint32Array.of(2), new Uint8Array(2)), RangeError)
  })
})
