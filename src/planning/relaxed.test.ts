import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readPolicyFile } from '#cli/read-policy.ts'
import type { Fact } from '#model/facts.ts'
import { checkInventory } from '#model/inventory.ts'
import { assess } from './assess.ts'
import { catalogueOf } from './catalogue.ts'
import { editorOf } from './edit.ts'
import { goalOf } from './goals.ts'
import { positionsOf } from './keys.ts'
import { inOrder } from './order.ts'
import { relaxedTakeovers } from './relaxed.ts'
import { fallsTo } from './standing.ts'

const policy = await readPolicyFile()

/** People who sign in with a code, in groups that may change what some services run. */
function organisationOf(members: readonly (readonly number[])[], holders: readonly (readonly number[])[]): Fact[] {
  return [
    ...[0, 1, 2].map((g): Fact => ({ fact: 'group', id: `g${g}`, ...(g === 0 ? { memberOf: ['g1'] } : {}) })),
    ...members.flatMap((groups, i): Fact[] => [
      { fact: 'account', id: `p${i}`, kind: 'human', memberOf: groups.map((g) => `g${g}`) },
      { fact: 'authenticator', id: `p${i}/password`, kind: 'password', of: [`p${i}`] },
      { fact: 'authenticator', id: `p${i}/totp`, kind: 'totp', of: [`p${i}`] },
      {
        fact: 'wayIn',
        id: `p${i}/in`,
        account: `p${i}`,
        purpose: 'sign_in',
        requires: { all: [`p${i}/password`, `p${i}/totp`] },
      },
    ]),
    ...holders.flatMap((groups, s): Fact[] => [
      { fact: 'account', id: `svc${s}`, kind: 'service' },
      { fact: 'resource', id: `r${s}`, sensitivity: 'high', runsAs: [`svc${s}`] },
      ...groups.map((g): Fact => ({
        fact: 'entitlement',
        holder: `g${g}`,
        on: `r${s}`,
        capabilities: ['change_code'],
      })),
    ]),
  ]
}

const some = fc.subarray([0, 1, 2])
const arbitraryOrganisation = fc.tuple(
  fc.array(some, { minLength: 1, maxLength: 4 }),
  fc.array(some, { minLength: 1, maxLength: 3 }),
)

test('what is found without making the changes is found when they are made', () => {
  fc.assert(
    fc.property(
      arbitraryOrganisation,
      fc.array(fc.nat(), { maxLength: 6 }),
      fc.boolean(),
      ([members, holders], picks, early) => {
        const placed = organisationOf(members, holders).map((fact, line) => ({ fact, place: { file: 'test', line } }))
        const inventory = checkInventory({ at: '2026-11-01T00:00:00Z', sources: [], facts: placed, diagnostics: [] })
        const base = assess(inventory, policy)
        const catalogue = catalogueOf(base, policy.costs!, false)
        const goals = holders.map((_, s) => goalOf(`protect:svc${s}`, policy))
        const ask = relaxedTakeovers(base, positionsOf(inventory), goals)
        for (const { keys } of ask({ isTouched: () => false, known: [] }))
          for (const key of keys) catalogue.breaking(key)
        const count = catalogue.candidates.length
        const chosen = new Set(count === 0 ? [] : picks.map((pick) => pick % count))
        const isTouched = (key: string) => catalogue.breaking(key).some((choice) => chosen.has(choice))
        const found = ask({ isTouched, known: early ? catalogue.brokenBy(chosen) : [] })
        const changes = inOrder(catalogue, chosen).map((choice) => catalogue.candidates[choice]!)
        const after = assess(editorOf(inventory).apply(changes), policy)
        for (const { account, keys } of found) {
          assert.ok(
            policy.attackers.some((_, lane) => fallsTo(after, account!, lane)),
            `${account} falls`,
          )
          for (const key of keys) assert.ok(!catalogue.breaking(key).some((choice) => chosen.has(choice)), key)
        }
      },
    ),
    { numRuns: 60 },
  )
})
