import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { analyse } from '#analysis/analyse.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import { checkInventory } from '#model/inventory.ts'
import type { Inventory } from '#model/facts.ts'
import { arbitraryInventory } from '#verify/arbitrary-inventory.ts'
import { loadSolver } from '#planning/solver.ts'
import { minimalCut, type CutOptions } from './cut.ts'
import { worldOf, type World } from './standing.ts'
import { withdraw } from './withdraw.ts'

const policy = await readPolicyFile()
const solver = await loadSolver()
const limits = { solver, now: () => 0, until: 60_000 }

/** Every subset of some numbers. */
function* subsets(of: readonly number[]): Generator<number[]> {
  for (let bits = 0; bits < 1 << of.length; bits++) yield of.filter((_, at) => (bits >>> at) & 1)
}

/** Whether a full analysis of what is left finds one of the accounts reaching something of high impact. */
function leavesOne(world: World, accounts: ReadonlySet<string>, gone: readonly number[]): boolean {
  const left = withdraw(
    world.snapshot,
    gone.map((item) => world.items.list[item]!),
  )
  return analyse(left, policy).accounts.some(({ id, impact }) => accounts.has(id) && impact === 'high')
}

/** Arbitrary inventories in which every resource is worth much, and few enough items to try every subset. */
const rich = arbitraryInventory()
  .map((inventory): Inventory => ({
    ...inventory,
    facts: inventory.facts.map(({ fact, place }) =>
      fact.fact === 'resource' ? { fact: { ...fact, sensitivity: 'high' as const }, place } : { fact, place },
    ),
  }))
  .map((inventory) => worldOf(checkInventory(inventory), policy))
  .filter(({ items }) => items.list.length <= 7)

suite('The minimal set', () => {
  test('works by a full analysis, and no cheaper set does, whatever must stay', () => {
    let cuts = 0
    fc.assert(
      fc.property(
        rich,
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 7, maxLength: 7 }),
        fc.nat(),
        (world, costs, seed) => {
          const accounts = world.accounts.map(({ id }) => id)
          const all = [...world.items.list.keys()]
          const stays = new Set(all.filter((item) => (seed >>> item) % 4 === 3))
          const options: CutOptions = { costs, stays, accounts }
          const cut = minimalCut(world, options, limits)
          const cuttable = new Set(accounts.filter((id) => !cut.uncut.includes(id)))
          assert.ok(!leavesOne(world, cuttable, cut.items))
          const mayGo = all.filter((item) => !stays.has(item))
          for (const id of cut.uncut) assert.ok(leavesOne(world, new Set([id]), mayGo), `${id} could be cut off`)
          const price = (set: readonly number[]) => set.reduce((sum, item) => sum + costs[item]!, 0)
          const cheaper = [...subsets(mayGo)].filter((set) => price(set) < cut.cost)
          for (const set of cheaper) assert.ok(leavesOne(world, cuttable, set), `${set.join()} is cheaper`)
          assert.deepEqual([price(cut.items), cut.costAtLeast], [cut.cost, cut.cost])
          if (cut.items.length > 0) cuts++
          // with no time left, what it finds works all the same, and it does not claim more than it knows
          const hasty = minimalCut(world, options, { ...limits, until: 0 })
          assert.ok(!leavesOne(world, cuttable, hasty.items))
          assert.ok(hasty.cost >= cut.cost && hasty.costAtLeast <= cut.cost)
        },
      ),
      { numRuns: 240 },
    )
    assert.ok(cuts > 5, `${cuts} inventories had something to cut`)
  })
})
