import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { arbitrarySystem, flawOf, systemOf, type WrittenRule } from './arbitrary.ts'
import { FIELD_MAX } from './cost-table.ts'
import { buildProgram } from './program.ts'
import type { ProofStep } from './proof.ts'
import { costsByDefinition } from './reference.ts'
import type { RuleSystem } from './rules.ts'
import { effortOf, isSaturated, NO_TIER, ruleOf, weakest, weakestProof } from './weakest.ts'

const NODES = 9

function highestTier(cost: readonly number[]): number {
  return Math.max(
    0,
    cost.findLastIndex((effort) => effort > 0),
  )
}

/** The cost of the tree that a proof unfolds to. */
function treeCost(steps: readonly ProofStep[], tiers: Uint8Array, efforts: Uint8Array): number[] {
  const costs = new Map<number, number[]>()
  for (const { rule, node, from } of steps) {
    const cost = [0, 0, 0, 0, 0]
    cost[tiers[rule]] = tiers[rule] > 0 ? Math.max(1, efforts[rule]) : efforts[rule]
    for (const body of from) costs.get(body)!.forEach((effort, tier) => (cost[tier] += effort))
    costs.set(node, cost)
  }
  return costs.get(steps.at(-1)!.node)!
}

function checkWeakest(system: RuleSystem, tiers: Uint8Array, efforts: Uint8Array): void {
  const program = buildProgram(system)
  const found = weakest(program, { tiers, efforts })
  const expected = costsByDefinition(system, tiers, efforts)
  for (let node = 0; node < system.nodeCount; node++) {
    const cost = expected.get(node) ?? null
    assert.deepEqual(effortOf(found, node), cost)
    assert.equal(found.tiers[node], cost === null ? NO_TIER : highestTier(cost))
    if (cost === null) {
      assert.throws(() => weakestProof(program, found, node), RangeError)
      continue
    }
    const steps = weakestProof(program, found, node)
    assert.equal(
      flawOf(system, steps, node, () => false),
      null,
    )
    assert.deepEqual(treeCost(steps, tiers, efforts), cost)
    assert.equal(steps.at(-1)!.rule, ruleOf(program, found, node))
  }
}

function system(nodeCount: number, rules: readonly (WrittenRule & { tier: number; effort: number })[]) {
  return {
    program: buildProgram(systemOf(nodeCount, rules)),
    tiers: Uint8Array.from(rules, ({ tier }) => tier),
    efforts: Uint8Array.from(rules, ({ effort }) => effort),
  }
}

suite('the weakest way in', () => {
  test('R4: every node costs what the definition says, with a proof that costs the same', () => {
    const costs = fc.array(fc.tuple(fc.nat({ max: 4 }), fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 255)), {
      minLength: 3 * NODES,
      maxLength: 3 * NODES,
    })
    const given = fc.array(fc.nat({ max: NODES - 1 }), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(arbitrarySystem(NODES), costs, given, (base, some, nodes) => {
        const rules = [
          ...Array.from(base.heads, (head, r) => ({
            head,
            needs: base.needs[r],
            body: Array.from(Array.from(base.bodies.subarray(base.bodyOffsets[r], base.bodyOffsets[r + 1]))),
          })),
          ...nodes.map((v) => ({ head: v % base.nodeCount, needs: 0, body: [] })),
        ]
        const tiers = Uint8Array.from(rules, (_, r) => some[r % some.length][0])
        const efforts = Uint8Array.from(rules, (_, r) => some[r % some.length][1])
        checkWeakest(systemOf(base.nodeCount, rules), tiers, efforts)
      }),
      { numRuns: 10_000 },
    )
  })

  test('a little more of a lesser tier never outweighs a greater tier', () => {
    // two ways to node 2: over node 0 (tier 1, effort 9) or node 1 (tier 2, effort 1); node 3 then asks for tier 2 anyway
    const { program, ...costs } = system(4, [
      { head: 0, needs: 0, body: [], tier: 1, effort: 9 },
      { head: 1, needs: 0, body: [], tier: 2, effort: 1 },
      { head: 2, needs: 1, body: [0, 1], tier: 0, effort: 0 },
      { head: 3, needs: 1, body: [2], tier: 2, effort: 1 },
    ])
    const found = weakest(program, costs)
    assert.deepEqual(effortOf(found, 2), [0, 9, 0, 0, 0])
    assert.deepEqual(effortOf(found, 3), [0, 9, 1, 0, 0])
    assert.deepEqual(
      weakestProof(program, found, 3).map(({ rule }) => rule),
      [0, 2, 3],
    )
  })

  test('what is derived once and used twice counts twice', () => {
    const { program, ...costs } = system(4, [
      { head: 0, needs: 0, body: [], tier: 3, effort: 4 },
      { head: 1, needs: 1, body: [0], tier: 0, effort: 1 },
      { head: 2, needs: 1, body: [0], tier: 0, effort: 1 },
      { head: 3, needs: 2, body: [1, 2], tier: 0, effort: 0 },
    ])
    assert.deepEqual(effortOf(weakest(program, costs), 3), [2, 0, 0, 8, 0])
  })

  test('of k among n the k cheapest are taken', () => {
    const { program, ...costs } = system(5, [
      ...[7, 3, 9, 1].map((effort, head) => ({ head, needs: 0, body: [], tier: 1, effort })),
      { head: 4, needs: 3, body: [0, 1, 2, 3], tier: 2, effort: 0 },
    ])
    const found = weakest(program, costs)
    assert.deepEqual(effortOf(found, 4), [0, 11, 1, 0, 0])
    assert.equal(weakestProof(program, found, 4).length, 4)
  })

  test('a cost that runs over says so, and the tiers above it stay exact', () => {
    // node 3v + 3 takes two copies of node 3v, so the effort doubles at every third node
    const doubling = Array.from({ length: 24 }, (_, v) => [
      { head: 3 * v + 1, needs: 1, body: [3 * v], tier: 0, effort: 0 },
      { head: 3 * v + 2, needs: 1, body: [3 * v], tier: 0, effort: 0 },
      { head: 3 * v + 3, needs: 2, body: [3 * v + 1, 3 * v + 2], tier: 0, effort: 0 },
    ])
    const { program, ...costs } = system(74, [
      { head: 0, needs: 0, body: [], tier: 1, effort: 1 },
      ...doubling.flat(),
      { head: 73, needs: 1, body: [72], tier: 3, effort: 2 },
    ])
    const found = weakest(program, costs)
    assert.deepEqual(effortOf(found, 48), [0, 65536, 0, 0, 0])
    assert.equal(isSaturated(found, 48), false)
    assert.deepEqual(effortOf(found, 51), [FIELD_MAX, FIELD_MAX, 0, 0, 0])
    assert.equal(isSaturated(found, 51), true)
    assert.deepEqual(effortOf(found, 73), [FIELD_MAX, FIELD_MAX, 0, 2, 0])
  })

  test('costs that do not match the rules are refused', () => {
    const { program, tiers, efforts } = system(1, [{ head: 0, needs: 0, body: [], tier: 0, effort: 0 }])
    assert.throws(() => weakest(program, { tiers: Uint8Array.of(5), efforts }), RangeError)
    assert.throws(() => weakest(program, { tiers, efforts: Uint8Array.of(0, 0) }), RangeError)
  })
})
