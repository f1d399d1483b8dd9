import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { analyse } from '#analysis/analyse.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import type { Account } from '#contract/report.ts'
import type { Inventory } from '#model/facts.ts'
import { checkInventory } from '#model/inventory.ts'
import type { Policy, RuleFacts } from '#policy/policy.ts'
import { arbitraryDanglingInventory, arbitraryInventory } from '#verify/arbitrary-inventory.ts'
import { checkedOf } from '../../test/support/report-of.ts'
import { eachLoss, marginals, type Loss } from './marginal.ts'
import { worldOf, type Standing } from './standing.ts'
import { withdraw } from './withdraw.ts'

const defaultPolicy = await readPolicyFile()
const policy = defaultPolicy

/** What the report says of an account, as far as a standing goes. */
const said = ({ impact, impactUncertain, reach, requiredStrength }: Account) => ({
  impact,
  uncertain: impactUncertain,
  capabilities: Object.fromEntries(reach.capabilities.map((each) => [each.capability, each.impact])),
  strength: requiredStrength,
})
const told = ({ impact, uncertain, capabilities, requirement }: Standing, human: boolean) => ({
  impact,
  uncertain,
  capabilities: Object.fromEntries(capabilities),
  strength: human ? requirement.strength : null,
})

/** Withdraws each item in turn, analyses everything again, and compares every account. */
function assertEqualsFullAnalysis(inventory: Inventory, policy: Policy = defaultPolicy): void {
  const world = worldOf(checkInventory(inventory), policy)
  const losses = new Map<string, Loss>()
  eachLoss(world, (loss) => void losses.set(`${loss.item} ${loss.account.id}`, loss))
  const before = new Map(analyse(world.inventory, policy).accounts.map((account) => [account.id, account]))
  world.items.list.forEach((item, at) => {
    for (const after of analyse(withdraw(world.snapshot, [item]), policy).accounts) {
      const fact = world.inventory.get(after.id)?.fact
      if (fact?.fact !== 'account' || fact.enabled === false) continue
      const loss = losses.get(`${at} ${after.id}`)
      const was = before.get(after.id)!
      const expected = said(after)
      assert.deepEqual(loss ? told(loss.after, after.kind === 'human') : said(was), expected, `${item.id}: ${after.id}`)
      assert.equal(loss !== undefined, was.reach.nodes !== after.reach.nodes, `${item.id}: ${after.id}`)
    }
  })
}

suite('Marginal reach', () => {
  test('is what a full analysis without the item says, for every item and account', () =>
    fc.assert(
      fc.property(arbitraryInventory(), (inventory) => assertEqualsFullAnalysis(inventory)),
      { numRuns: 40 },
    ))

  test('also under a policy whose rules ask how much is reached, and not only what', () => {
    const rule = {
      code: 'much',
      when: ({ reach }: RuleFacts) => reach.nodes > 8 || reach.accounts > 1,
      uses: new Map([['reach', new Set(['nodes', 'accounts'])]]),
      requires: { strength: 'hardware' as const },
      reason: 'it reaches much',
      citations: [],
    }
    const strict = { ...defaultPolicy, rules: [...defaultPolicy.rules, rule] }
    fc.assert(
      fc.property(arbitraryInventory(), (inventory) => assertEqualsFullAnalysis(inventory, strict)),
      { numRuns: 40 },
    )
  })

  test('also where what facts refer to is declared nowhere', () =>
    fc.assert(
      fc.property(arbitraryDanglingInventory(), (inventory) => assertEqualsFullAnalysis(inventory)),
      { numRuns: 40 },
    ))

  const MANY = `
ambit: 1
at: 2026-11-01T00:00:00Z
groups: [${Array.from({ length: 70 }, (_, i) => `{id: g:${i}, entitlements: [{on: s:${i % 7}, capabilities: [use_secrets]}]}`).join(', ')}]
resources: [${Array.from({ length: 7 }, (_, i) => `{id: s:${i}, sensitivity: ${i < 3 ? 'high' : 'low'}}`).join(', ')}]
accounts:
  - {id: a:1, kind: human, memberOf: [${Array.from({ length: 70 }, (_, i) => `g:${i}`).join(', ')}]}
  - {id: a:2, kind: human, memberOf: [g:0, g:3]}`

  test('also with more items than are weighed in one pass', async () => {
    const { facts, snapshot, sources } = await checkedOf(MANY)
    assertEqualsFullAnalysis({ facts, sources, diagnostics: [], at: snapshot.at! })
  })

  test('an account may keep its code when what refused codes was one right', async () => {
    const world = worldOf(
      await checkedOf(`
ambit: 1
at: 2026-11-01T00:00:00Z
resources: [{id: s:1, sensitivity: high}, {id: s:2, sensitivity: low}]
accounts:
  - id: a:coded
    kind: human
    authenticators: [password, totp]
    waysIn: [{purpose: sign_in, requires: {all: [password, totp]}}]
    entitlements: [{id: e:sign, on: s:1, capabilities: [use_secrets]}, {id: e:read, on: s:2, capabilities: [read_sensitive_data]}]
  - id: a:keyed
    kind: human
    authenticators: [passkey]
    waysIn: [{purpose: sign_in, requires: passkey}]
    entitlements: [{id: e:sign2, on: s:1, capabilities: [use_secrets]}]`),
      policy,
    )
    const { of, leftOut } = marginals(world)
    const byId = new Map(world.items.list.map(({ id }, at) => [id, of[at]!]))
    assert.equal(leftOut, 0)
    assert.deepEqual(byId.get('e:sign')?.mayKeepCode, ['a:coded'])
    assert.deepEqual(byId.get('e:sign')?.highCapabilities, [{ account: 'a:coded', capability: 'use_secrets' }])
    assert.deepEqual(byId.get('e:read')?.mayKeepCode, [])
    assert.deepEqual(byId.get('e:sign2')?.mayKeepCode, [], 'who has no code keeps none')
  })

  test('says how many accounts were left out when the work runs out', async () => {
    const world = worldOf(await checkedOf(MANY), policy)
    assert.equal(marginals(world, 1).leftOut, 1)
  })
})
