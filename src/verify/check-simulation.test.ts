import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readFiles } from '#cli/read-files.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import type { Simulation } from '#contract/simulation.ts'
import { checkInventory } from '#model/inventory.ts'
import { simulate, simulateAll } from '#simulation/simulate.ts'
import { worldOf } from '#simulation/world.ts'
import { verifySimulation } from './check-simulation.ts'

const inventory = await readFiles([new URL('../../examples/small.yaml', import.meta.url).pathname])
const policy = await readPolicyFile()
const world = worldOf(checkInventory(inventory), policy)
const attackers = policy.attackers.filter(({ name }) => name === 'phishing_relay')
const sound = simulate(world, { attackers, starts: ['cloud:deployer/token'] })

type Forgery = (simulation: Simulation) => void
const scenarioOf = (simulation: Simulation) => simulation.scenario!

/** What a forger may change, and a word that the checker's reason holds. */
const FORGERIES: Readonly<Record<string, readonly [Forgery, RegExp]>> = {
  'a given thing that nobody defeats': [
    (s) => void (scenarioOf(s).given.find(({ id }) => id === 'idp:ada/email_code')!.attackers = []),
    /nobody defeats/,
  ],
  'a given account that is no start': [
    (s) =>
      void scenarioOf(s).given.push({
        id: 'idp:chen',
        attackers: ['phishing_relay'],
        effort: 1,
        basis: null,
        source: null,
      }),
    /neither a start nor/,
  ],
  'a given thing of an attacker who is not there': [
    (s) => void (scenarioOf(s).given[0]!.attackers = ['nobody']),
    /not among the attackers/,
  ],
  'a given thing that the inventory does not have': [
    (s) => void (scenarioOf(s).given[0]!.id = 'idp:ghost/password'),
    /not in the inventory/,
  ],
  'a start that is not given': [(s) => void scenarioOf(s).starts.push('idp:chen'), /not among what is given/],
  'a rule of another kind': [
    (s) => void (scenarioOf(s).waves[0]!.fallen.find(({ by }) => by === 'way_in')!.by = 'opens'),
    /./,
  ],
  'a step on something that has not fallen': [
    (s) => void (scenarioOf(s).waves[0]!.fallen[0]!.from = ['idp:chen/key']),
    /neither given nor proved/,
  ],
  'a node that fell a step later': [
    (s) => {
      const [first, second] = scenarioOf(s).waves
      second!.fallen.push(first!.fallen.pop()!)
    },
    /it rests on what fell at step 0|by the facts it falls at step 1/,
  ],
  'a wave left out': [(s) => void scenarioOf(s).waves.pop(), /by the facts it falls/],
  'a node left out': [(s) => void scenarioOf(s).waves.at(-1)!.fallen.pop(), /by the facts it falls|it counts/],
  'too few accounts': [(s) => void (scenarioOf(s).lost.accounts -= 1), /it counts/],
  'impacts that do not add up': [(s) => void (scenarioOf(s).lost.byImpact.high += 1), /by impact/],
  'too many accounts in all': [(s) => void (s.accounts.total += 1), /the inventory holds|by impact/],
  'a first account that another proof enters': [
    (s) => void (scenarioOf(s).firstThatMattered!.account = 'idp:chen'),
    /the goal is/,
  ],
  'a lost right that is not the one proved': [
    (s) => void (scenarioOf(s).capabilities[0]!.first = 'right:administer:wiki:handbook'),
    /is not the right/,
  ],
  'a proof that takes more as given': [
    (s) => {
      const { proof } = scenarioOf(s).capabilities[0]!
      proof.given = [proof.goal]
      proof.steps = []
    },
    /the scenario does not give it/,
  ],
  'another inventory': [(s) => void (s.snapshot.facts += 1), /rests on/],
}

suite('The checker of simulations', () => {
  test('accepts a scenario and a table as they were written', () => {
    for (const simulation of [sound, simulateAll(world)]) {
      const { checked, failures } = verifySimulation(structuredClone(simulation), inventory)
      assert.deepEqual(failures, [])
      assert.ok(checked > 0)
    }
  })

  for (const [what, [forge, reason]] of Object.entries(FORGERIES)) {
    test(`refuses ${what}`, () => {
      const forged = structuredClone(sound)
      forge(forged)
      const { failures } = verifySimulation(forged, inventory)
      assert.ok(
        failures.some((each) => reason.test(each.reason)),
        JSON.stringify(failures, null, 1),
      )
    })
  }

  test('refuses a row whose first account is entered from nothing that can be defeated', () => {
    const forged = structuredClone(simulateAll(world))
    const row = forged.table!.find(({ firstThatMattered }) => firstThatMattered !== null)!
    row.firstThatMattered!.proof = { given: ['idp:ada'], goal: 'idp:ada', steps: [] }
    assert.match(verifySimulation(forged, inventory).failures[0]!.reason, /not a thing that can be defeated/)
  })

  test('says what is no simulation', () => {
    assert.throws(() => verifySimulation({ simulation: 1 }, inventory), { code: 'report_invalid' })
  })
})
