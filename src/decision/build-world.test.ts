import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { arbitraryChanges, type SomeChange } from '#analysis/live.fixture.ts'
import { applyDelta, liveAnalysis, type Delta, type LiveAnalysis } from '#analysis/live.ts'
import type { Fact, PlacedFact } from '#model/facts.ts'
import { parsePolicy } from '#policy/parse.ts'
import { aimed, arbitraryEvaluation, arbitraryWorld } from './arbitrary.ts'
import { buildWorld, worldsUnder } from './build-world.ts'
import { decide } from './decide.ts'
import type { Since } from './gated.ts'
import { AMBIT_ISSUER, settingsFrom, type DecisionSettings, type DecisionSettingsFile } from './settings.ts'
import { DEFAULT_TEXT, ISSUER, question, sessionOf } from './world.fixture.ts'
import type { World } from './world.ts'

const POLICY = parsePolicy(DEFAULT_TEXT, { hash: 'sha256:default' })
const AT = '2026-06-01T00:00:00Z'

const placed = (fact: Fact): PlacedFact => ({ fact, place: { file: 'test.yaml' } })
const analysed = (facts: readonly Fact[], at = AT): LiveAnalysis =>
  liveAnalysis({ at, sources: [], diagnostics: [], facts: facts.map(placed) }, POLICY)
const settingsOf = (file: DecisionSettingsFile): DecisionSettings =>
  settingsFrom({ issuers: { [ISSUER]: AMBIT_ISSUER }, ...file })
const deltaOf = ({ upsert, remove, at }: SomeChange): Delta => ({
  upsert: upsert.map(placed),
  remove,
  ...(at === undefined ? {} : { at }),
})

/** Everything that a decision may look up, but for the numbers that a world gives out as it likes. */
function saidIn(world: World) {
  const accounts = [...world.accounts()]
  const targets = [...world.targets()]
  return {
    snapshot: world.snapshot,
    settingsHash: world.settingsHash,
    accounts: accounts.map((id) => {
      const standing = world.account(id)!
      return { ...standing, row: null, alike: null, named: world.named(standing) }
    }),
    targets: targets.map((id) => ({ ...world.target(id), alike: null })),
    rights: accounts.map((id) => targets.map((on) => world.rights(world.account(id)!, world.target(on)!, 0))),
  }
}

suite('a world that follows the facts', () => {
  test('is the one that would be built anew, after arbitrary changes one by one or several at once', () => {
    const questions = fc.array(arbitraryEvaluation, { minLength: 10, maxLength: 10 })
    fc.assert(
      fc.property(arbitraryWorld, arbitraryChanges(), questions, fc.nat(2), (parts, changes, asked, skip) => {
        const settings = settingsOf(parts.settings)
        let live = analysed(parts.some.facts, parts.some.at)
        const build = worldsUnder(settings, [])
        build(live)
        let since: Since = { before: live, deltas: [] }
        for (const [index, change] of changes.entries()) {
          const delta = deltaOf(change)
          live = applyDelta(live, delta).live
          since = { before: since.before, deltas: [...since.deltas, delta] }
          // as a node does that hears of two changes at once
          if (index % 3 < skip && index < changes.length - 1) continue
          const { snapshot, sources, facts } = live.inventory
          const at = snapshot.at === null ? {} : { at: snapshot.at }
          const anew = buildWorld(liveAnalysis({ ...at, sources, facts, diagnostics: [] }, POLICY), settings)
          const followed = build(live, since)
          assert.deepEqual(saidIn(followed), saidIn(anew))
          for (const [i, each] of asked.entries())
            assert.deepEqual(decide(aimed(each, parts, i), followed), decide(aimed(each, parts, i), anew))
          since = { before: live, deltas: [] }
        }
      }),
      { numRuns: 40, endOnFailure: true },
    )
  })

  const SHOP: readonly Fact[] = [
    { fact: 'system', id: 'shop' },
    { fact: 'group', id: 'staff' },
    { fact: 'resource', id: 'till', system: 'shop', sensitivity: 'high' },
    { fact: 'entitlement', id: 'e:till', holder: 'staff', on: 'till', capabilities: ['approve_payments'] },
    { fact: 'account', id: 'ada', kind: 'human', memberOf: ['staff'] },
    { fact: 'account', id: 'bob', kind: 'human' },
  ]
  const pays = (subject: string) => question({ subject, action: 'approve_payments', resource: 'till' })

  test('works out anew only what a change bears on, and leaves the world before as it was', () => {
    for (const gated of [[], ['shop']]) {
      const live = analysed(SHOP)
      const build = worldsUnder(settingsOf({ gated }), [])
      const before = build(live)
      const said = saidIn(before)
      const delta: Delta = {
        upsert: [placed({ fact: 'account', id: 'ada', kind: 'human', memberOf: ['staff'], enabled: false })],
      }
      const after = build(applyDelta(live, delta).live, { before: live, deltas: [delta] })
      assert.equal(decide(pays('ada'), after).reasons[0]!.code, 'account_disabled')
      assert.notEqual(decide(pays('ada'), before).reasons[0]!.code, 'account_disabled')
      assert.deepEqual(saidIn(before), said)
      // what is asked of the other account is the same object, since nobody worked it out again
      assert.equal(after.account('bob')!.whole, before.account('bob')!.whole)
      assert.notEqual(build(live).account('bob')!.whole, undefined)
    }
  })

  test('sees a right on something gated come, go, and move to what is not gated', () => {
    const build = worldsUnder(settingsOf({ gated: ['shop'] }), [])
    let live = analysed([...SHOP, { fact: 'resource', id: 'vault', sensitivity: 'high' }])
    let world = build(live)
    const change = (delta: Delta) => {
      const before = live
      live = applyDelta(live, delta).live
      world = build(live, { before, deltas: [delta] })
    }
    const floor = () => world.account('bob')!.floor.impact
    const grant = (on: string): Delta => ({
      upsert: [placed({ fact: 'entitlement', id: 'e:bob', holder: 'bob', on, capabilities: ['approve_payments'] })],
    })
    change(grant('till'))
    assert.deepEqual([floor(), world.account('bob')!.whole.impact], ['none', 'high'])
    assert.equal(decide({ ...pays('bob'), session: sessionOf('bob') }, world).outcome, 'permit')
    change(grant('vault'))
    assert.equal(floor(), 'high')
    change(grant('till'))
    assert.equal(floor(), 'none')
    // what the thing lies in is gated no longer
    change({ upsert: [placed({ fact: 'resource', id: 'till', sensitivity: 'high' })] })
    assert.equal(floor(), 'high')
    change({ remove: ['e:bob'] })
    assert.deepEqual([floor(), world.account('bob')!.whole.impact], ['none', 'none'])
    assert.equal(decide(pays('bob'), world).outcome, 'deny')
  })
})
