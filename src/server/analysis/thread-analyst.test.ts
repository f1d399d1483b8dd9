import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { liveAnalysis, type Delta, type LiveAnalysis } from '#analysis/live.ts'
import { readFiles } from '#cli/read-files.ts'
import { policyTextOf } from '#cli/read-policy.ts'
import { AmbitError } from '#lib/errors.ts'
import { loadPolicy } from '#policy/load.ts'
import { ownAnalyst } from './analyst.ts'
import { threadAnalyst } from './thread-analyst.ts'

const sample = await readFiles([fileURLToPath(new URL('../../../examples/tidewicket', import.meta.url))])
const text = await policyTextOf('default')
const policy = await loadPolicy(text.own, text.base)

const told = (live: LiveAnalysis) => [
  live.snapshotId,
  live.inventory.diagnostics,
  [...live.accountIds()].map((id) => live.account(id)),
]
const removed: Delta = { remove: ['idp:noor.haddad/private-address'] }

suite('An analysis in a thread of its own', () => {
  test('says what one in this thread says, of all facts and after changes', async (context) => {
    const thread = threadAnalyst(policy, text)
    context.after(() => thread.close())
    const own = ownAnalyst(policy)
    let [here, there] = [liveAnalysis(sample, policy), await thread.load(sample)]
    assert.deepEqual(told(there), told(here))
    const account = sample.facts.find(({ fact }) => fact.id === 'idp:noor.haddad')!
    const changed: Delta = { upsert: [{ ...account, fact: { ...account.fact, name: 'N.' } as typeof account.fact }] }
    for (const delta of [removed, changed]) {
      ;[here, there] = [await own.change(here, delta), await thread.change(there, delta)]
      assert.deepEqual(told(there), told(here))
      assert.deepEqual(
        there.inventory.facts.map(({ fact }) => fact),
        here.inventory.facts.map(({ fact }) => fact),
      )
    }
  })

  test('refuses what contradicts itself, and goes on', async (context) => {
    const thread = threadAnalyst(policy, text)
    context.after(() => thread.close())
    const live = await thread.load(sample)
    const wrong: Delta = { remove: ['key:noor.haddad'], upsert: [] }
    const bad = await thread.change(live, wrong).then(
      () => null,
      (error: unknown) => error,
    )
    if (bad !== null) assert.ok(bad instanceof AmbitError)
    const next = await thread.change(live, removed)
    assert.equal(next.account('idp:noor.haddad')?.verdict, 'fit')
  })

  test('goes on after its thread has died', async (context) => {
    const thread = threadAnalyst(policy, text)
    context.after(() => thread.close())
    const live = await thread.load(sample)
    await thread.close()
    const next = await thread.change(live, removed)
    assert.equal(next.account('idp:noor.haddad')?.verdict, 'fit')
  })
})
