import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { readPolicyFile } from '#cli/read-policy.ts'
import type { Loss, Simulation } from '#contract/simulation.ts'
import type { Inventory } from '#model/facts.ts'
import { checkInventory } from '#model/inventory.ts'
import { arbitraryDanglingInventory, arbitraryInventory } from '#verify/arbitrary-inventory.ts'
import { verifySimulation } from '#verify/check-simulation.ts'
import { checkedOf } from '../../test/support/report-of.ts'
import { simulate, simulateAll } from './simulate.ts'
import type { Acting } from './takeover.ts'
import { worldOf } from './world.ts'

const policy = await readPolicyFile()
const attackerNamed = (name: string) => policy.attackers.find((each) => each.name === name)!
const attackers = fc.subarray([...policy.attackers])
const STARTS = ['a:0', 'a:1', 'g:0', 'k:0', 'c:0', 'c:1', 'x:0', 'x:2', 't:0', 's:0']
const inventories = fc.oneof(arbitraryInventory(), arbitraryDanglingInventory())

/** Starts that the command line would accept: known to the rules, declared, and no disabled account. */
function startsIn(inventory: Inventory, ids: readonly string[]): string[] {
  const { snapshot } = worldOf(checkInventory(inventory), policy)
  return ids.filter((id) => {
    const fact = snapshot.inventory.get(id)?.fact
    return fact !== undefined && snapshot.indexOf.has(id) && !(fact.fact === 'account' && fact.enabled === false)
  })
}

const fallenOf = ({ scenario }: Simulation): Set<string> =>
  new Set([
    ...scenario!.given.map(({ id }) => id),
    ...scenario!.waves.flatMap(({ fallen }) => fallen.map(({ node }) => node)),
  ])
const atMost = (a: Loss, b: Loss): boolean => a.accounts <= b.accounts && a.highImpact <= b.highImpact

suite('A simulation', () => {
  test('is accepted by the checker, which finds the same waves by definition', () => {
    fc.assert(
      fc.property(inventories, attackers, fc.subarray(STARTS), (inventory, acting, ids) => {
        const starts = startsIn(inventory, ids)
        const simulation = simulate(worldOf(checkInventory(inventory), policy), { attackers: acting, starts })
        const parsed: unknown = JSON.parse(JSON.stringify(simulation))
        assert.deepEqual(verifySimulation(parsed, inventory).failures, [])
      }),
      { numRuns: 150 },
    )
  })

  test('never loses less to more attackers with more starts', () => {
    fc.assert(
      fc.property(
        inventories,
        attackers,
        attackers,
        fc.subarray(STARTS),
        fc.subarray(STARTS),
        (inventory, some, more, ids, others) => {
          const world = worldOf(checkInventory(inventory), policy)
          const starts = startsIn(inventory, ids)
          const less = simulate(world, { attackers: some, starts })
          const both: Acting = {
            attackers: [...new Set([...some, ...more])],
            starts: [...new Set([...starts, ...startsIn(inventory, others)])],
          }
          const all = fallenOf(simulate(world, both))
          assert.deepEqual(
            [...fallenOf(less)].filter((node) => !all.has(node)),
            [],
          )
        },
      ),
      { numRuns: 100 },
    )
  })

  test('of one attacker is his row of the table, though the table is worked out in one pass', () => {
    fc.assert(
      fc.property(inventories, (inventory) => {
        const world = worldOf(checkInventory(inventory), policy)
        const { table } = simulateAll(world)
        for (const [i, attacker] of policy.attackers.entries()) {
          const { scenario } = simulate(world, { attackers: [attacker], starts: [] })
          const row = table![i]!
          assert.deepEqual(
            [row.given, row.nodes, row.accounts, row.byImpact, row.steps, row.firstThatMattered?.account],
            [
              scenario!.given.length,
              scenario!.lost.nodes,
              scenario!.lost.accounts,
              scenario!.lost.byImpact,
              scenario!.waves.length,
              scenario!.firstThatMattered?.account,
            ],
          )
        }
        assert.deepEqual(verifySimulation(JSON.parse(JSON.stringify(simulateAll(world))), inventory).failures, [])
      }),
      { numRuns: 40 },
    )
  })

  test('has its best case no worse, and its worst no better, than what is simulated, doubt by doubt', () => {
    fc.assert(
      fc.property(inventories, attackers, (inventory, acting) => {
        const unsure = inventory.facts.map(({ fact, place }) => ({
          place,
          fact: fact.fact === 'rule' ? { ...fact, confidence: 0.5 } : fact,
        }))
        const world = worldOf(checkInventory({ ...inventory, facts: unsure }), policy)
        const { lost, sensitivity } = simulate(world, { attackers: acting, starts: [] }).scenario!
        const { best, base, worst, doubts } = sensitivity
        assert.deepEqual(base, { accounts: lost.accounts, highImpact: lost.byImpact.high })
        assert.ok(atMost(best, base) && atMost(base, worst))
        for (const doubt of doubts) {
          assert.ok(atMost(best, doubt.best) && atMost(doubt.best, doubt.worst) && atMost(doubt.worst, worst))
          assert.deepEqual(doubt.assumed === 'against' ? doubt.worst : doubt.best, base)
        }
      }),
      { numRuns: 60 },
    )
  })
})

const ONE_MAILBOX = (factors: string) => `
ambit: 1
at: 2026-11-01
systems: [{id: idp}, {id: mail}]
resources: [{id: bank:ledger, sensitivity: high}]
channels: [{id: mail:eva/inbox, kind: mailbox, managed: true, heldBy: [mail:eva]}]
accounts:
  - {id: mail:eva, kind: human, system: mail, authenticators: [password, totp], waysIn: [{purpose: sign_in, requires: ${factors}}]}
  - id: idp:eva
    kind: human
    system: idp
    authenticators: [{kind: email_code, on: [mail:eva/inbox]}]
    waysIn: [{purpose: recovery, requires: email_code}]
entitlements: [{holder: idp:eva, on: bank:ledger, capabilities: [approve_payments]}]
`

suite('Mailbox takeover', () => {
  const fallen = async (factors: string) => {
    const world = worldOf(await checkedOf(ONE_MAILBOX(factors)), policy)
    return simulate(world, { attackers: [attackerNamed('mailbox_takeover')], starts: [] }).scenario!
  }

  test('takes a managed mailbox that one factor guards, and what its codes open', async () => {
    const { given, firstThatMattered, capabilities } = await fallen('password')
    assert.deepEqual(
      given.map(({ id }) => id),
      ['mail:eva/inbox'],
    )
    assert.equal(firstThatMattered?.account, 'idp:eva')
    assert.deepEqual(
      capabilities.map(({ capability, impact }) => [capability, impact]),
      [['approve_payments', 'high']],
    )
  })

  test('leaves a managed mailbox alone that two factors guard', async () => {
    assert.deepEqual((await fallen('{all: [password, totp]}')).given, [])
  })
})

const DOUBTFUL = `
ambit: 1
at: 2026-11-01
systems: [{id: idp}]
resources: [{id: cloud:production, sensitivity: high}, {id: wiki:pages, sensitivity: low}]
accounts:
  - id: idp:root
    kind: human
    authenticators: [{kind: unknown, name: gadget}]
    waysIn: [{purpose: sign_in, requires: gadget}]
  - id: idp:clerk
    kind: human
    authenticators: [password]
    waysIn: [{purpose: sign_in, requires: password}]
entitlements:
  - {holder: idp:root, on: cloud:production, capabilities: [administer]}
  - {holder: idp:clerk, on: wiki:pages, capabilities: [read_sensitive_data]}
rules:
  - {id: r:handover, then: idp:root, when: idp:clerk, confidence: 0.4, reason: the clerk may know the code of the safe}
`

suite('What a simulation hangs on', () => {
  test('is the rule that nobody is sure of and the condition that nobody stated, largest change first', async () => {
    const world = worldOf(await checkedOf(DOUBTFUL), policy)
    const { sensitivity } = simulate(world, { attackers: [attackerNamed('password_spray')], starts: [] }).scenario!
    assert.deepEqual(sensitivity.base, { accounts: 2, highImpact: 2 })
    assert.deepEqual(sensitivity.best, { accounts: 0, highImpact: 0 })
    assert.deepEqual(
      sensitivity.doubts.map(({ about, reason, best, worst }) => [about, reason, best.accounts, worst.accounts]),
      [
        ['idp:clerk/password', 'unstated', 0, 2],
        ['r:handover', 'low_confidence', 1, 2],
      ],
    )
  })

  test('is an authenticator of unknown kind where nothing else leads in', async () => {
    const world = worldOf(await checkedOf(DOUBTFUL.replace(/rules:[^]*/, '')), policy)
    const { sensitivity } = simulate(world, { attackers: [attackerNamed('push_fatigue')], starts: [] }).scenario!
    assert.deepEqual(
      sensitivity.doubts.map(({ about, best, worst }) => [about, best.highImpact, worst.highImpact]),
      [['idp:root/gadget', 0, 1]],
    )
  })
})
