import assert from 'node:assert/strict'
import { readFile, readdir } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { applyDelta, liveAnalysis, type LiveAnalysis } from '#analysis/live.ts'
import { statesAnew } from '#analysis/live/states.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import { readInventory } from '#importers/read.ts'
import { checkInventory } from '#model/inventory.ts'

const folder = new URL('../../examples/tidewicket/', import.meta.url)
const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).toSorted()
const files = await Promise.all(names.map(async (name) => ({ name, bytes: await readFile(new URL(name, folder)) })))
const policy = await readPolicyFile()
const inventory = await readInventory(files, () => [])

/** Facts that are taken away and put back, far apart. */
const EVERY = 149

const statesOf = (live: LiveAnalysis) => [...live.accountIds()].map((id) => live.account(id)!)

suite('The sample organisation, kept live', () => {
  test('is judged as by a full run without any of its facts, and with it again', () => {
    const first = liveAnalysis(inventory, policy)
    let live = first
    for (const [i, placed] of first.inventory.facts.entries()) {
      if (i % EVERY !== 0) continue
      const { fact } = placed
      const without = applyDelta(live, { remove: [fact.id ?? fact] })
      assert.equal(without.full, false)
      const anew = checkInventory({ ...inventory, facts: without.live.inventory.facts, diagnostics: [] })
      assert.deepEqual(statesOf(without.live), [...statesAnew(anew, policy).values()], `without ${fact.id}`)
      live = applyDelta(without.live, { upsert: [placed] }).live
      assert.equal(live.snapshotId, first.snapshotId)
    }
    const again = checkInventory({ ...inventory, facts: live.inventory.facts, diagnostics: [] })
    assert.deepEqual(statesOf(live), [...statesAnew(again, policy).values()])
  })
})
