/** The compiler and the engine against the definition: the same reach for every account of arbitrary inventories. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { closure } from '#graph/closure.ts'
import { buildProgram } from '#graph/program.ts'
import { compileSnapshot } from '#model/compile.ts'
import type { Inventory } from '#model/facts.ts'
import { checkInventory, refuseErrors } from '#model/inventory.ts'
import { arbitraryDanglingInventory, arbitraryInventory } from '#verify/arbitrary-inventory.ts'
import { naiveReach, naiveRules } from '#verify/naive.ts'

/** Reach of every account by the compiler and the engine, in the order of the accounts, and the nodes they know. */
function engineReach(inventory: Inventory, accounts: readonly string[]): { reach: Set<string>[]; known: Set<string> } {
  const checked = checkInventory(inventory)
  refuseErrors(checked.diagnostics)
  const { nodeIds, indexOf, rules } = compileSnapshot(checked)
  const seeds = new Uint32Array(nodeIds.length)
  for (const [lane, id] of accounts.entries()) seeds[indexOf.get(id)!]! |= 1 << lane
  const { masks } = closure(buildProgram(rules), seeds)
  const reach = accounts.map((_, lane) => new Set(nodeIds.filter((_id, node) => (masks[node]! >>> lane) & 1)))
  return { reach, known: new Set(nodeIds) }
}

const isRight = (node: string) => node.startsWith('right:')

/**
 * Equal in every node but rights. The definition names every right that a rule asks for; the compiler may leave out
 * those that no entitlement leads to, but of those that it knows it must miss none and invent none.
 */
function assertSameReach(inventory: Inventory): void {
  const accounts = inventory.facts.flatMap(({ fact }) => (fact.fact === 'account' ? [fact.id] : []))
  const rules = naiveRules(inventory)
  const { reach, known } = engineReach(inventory, accounts)
  for (const [at, account] of accounts.entries()) {
    const expected = naiveReach(inventory, account, rules)
    const found = reach[at]!
    const missed = [...expected.difference(found)].filter((node) => !isRight(node) || known.has(node))
    assert.deepEqual(missed.toSorted(), [], `missed in the reach of ${account}`)
    assert.deepEqual([...found.difference(expected)].toSorted(), [], `invented in the reach of ${account}`)
  }
}

suite('reach of compiled inventories', () => {
  test('is that of the definition, for every account', () => {
    fc.assert(fc.property(arbitraryInventory(), assertSameReach), { numRuns: 2000 })
  })
  test('is that of the definition where facts are missing', () => {
    fc.assert(fc.property(arbitraryDanglingInventory(), assertSameReach), { numRuns: 1000 })
  })
})
