import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { readPolicyFile } from '#cli/read-policy.ts'
import type { Account } from '#contract/report.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Fact, Inventory, PlacedFact } from '#model/facts.ts'
import { checkInventory } from '#model/inventory.ts'
import { analyse } from './analyse.ts'
import { arbitraryChanges, arbitraryFacts, type SomeChange, type SomeFacts } from './live.fixture.ts'
import { snapshotId } from './snapshot-id.ts'
import { statesAnew } from './live/states.ts'
import { applyDelta, liveAnalysis, type AccountState, type Delta, type LiveAnalysis } from './live.ts'

const policy = await readPolicyFile()

const placed = (fact: Fact): PlacedFact => ({ fact, place: { file: 'live.yaml' } })

function inventoryOf({ at, facts }: SomeFacts): Inventory {
  return { ...(at === undefined ? {} : { at }), sources: [], diagnostics: [], facts: facts.map(placed) }
}

/** The facts of a live analysis as somebody else would read them. */
function reread({ inventory: { snapshot, facts } }: LiveAnalysis): Inventory {
  return { ...(snapshot.at === null ? {} : { at: snapshot.at }), sources: [], diagnostics: [], facts }
}

const deltaOf = ({ upsert, remove, at }: SomeChange): Delta => ({
  upsert: upsert.map(placed),
  remove,
  ...(at === undefined ? {} : { at }),
})

const statesOf = (live: LiveAnalysis): AccountState[] => [...live.accountIds()].map((id) => live.account(id)!)

/** What a report says of an account, in the words of a live analysis; levels of machines are not said in a report. */
function saidOf(state: AccountState): unknown {
  const human = state.kind === 'human'
  return {
    ...state,
    requirement: human ? state.requirement.strength : null,
    nominal: human ? state.nominal : null,
    effective: human ? state.effective : null,
    ways: state.ways.map(({ id, purpose, verdict, reasons, ...way }) => ({
      id,
      purpose,
      verdict,
      reasons,
      strength: human ? way.strength : null,
      effective: human ? way.effective : null,
    })),
    bounds: null,
    exceptions: null,
    subject: null,
    enabled: null,
  }
}

function saidIn(account: Account): unknown {
  return {
    id: account.id,
    kind: account.kind,
    population: account.population,
    system: account.system,
    impact: account.impact,
    impactUncertain: account.impactUncertain,
    capabilities: account.capabilities,
    impacts: Object.fromEntries(account.reach.capabilities.map(({ capability, impact }) => [capability, impact])),
    requirement: account.requiredStrength,
    nominal: account.nominalStrength,
    effective: account.effectiveStrength,
    verdict: account.verdict,
    reasons: account.reasons,
    ways: account.waysIn.map(({ id, purpose, verdict, reasons, strength, effective }) => {
      return { id, purpose, verdict, reasons, strength, effective }
    }),
    bounds: null,
    exceptions: null,
    subject: null,
    enabled: null,
  }
}

suite('A live analysis', () => {
  test('says of every account what a report on the same facts says', () => {
    fc.assert(
      fc.property(arbitraryFacts(), (facts) => {
        const live = liveAnalysis(inventoryOf(facts), policy)
        const report = analyse(checkInventory(inventoryOf(facts)), policy)
        assert.equal(live.snapshotId, report.snapshot.id)
        const states = statesOf(live).toSorted((a, b) => (a.id < b.id ? -1 : 1))
        assert.deepEqual(states.map(saidOf), report.accounts.map(saidIn))
      }),
      { numRuns: 100 },
    )
  })

  test('says after any changes what a full run over the same facts says, and leaves those before as they were', () => {
    let deltas = 0
    let full = 0
    fc.assert(
      fc.property(arbitraryFacts(), arbitraryChanges(), (facts, changes) => {
        let live = liveAnalysis(inventoryOf(facts), policy)
        const past: (readonly [LiveAnalysis, AccountState[], readonly PlacedFact[]])[] = []
        for (const { upsert, remove, at } of changes) {
          const before = statesOf(live)
          past.push([live, before, [...live.inventory.facts]])
          const applied = applyDelta(live, deltaOf({ upsert, remove, at }))
          const anew = checkInventory(reread(applied.live))
          const states = [...statesAnew(anew, policy).values()]
          assert.deepEqual(statesOf(applied.live), states)
          assert.equal(applied.live.snapshotId, snapshotId(anew))
          assert.deepEqual(applied.live.inventory.diagnostics, anew.diagnostics)
          assert.deepEqual(statesOf(live), before)
          assert.deepEqual(changesAsTold(applied.changes), changesAsSeen(before, states))
          live = applied.live
          deltas++
          if (applied.full) full++
        }
        for (const [old, states, had] of past) {
          assert.deepEqual(statesOf(old), states)
          assert.deepEqual(old.inventory.facts, had)
        }
      }),
      { numRuns: 150 },
    )
    assert.ok(full < deltas / 2, `${full} of ${deltas} changes were full runs, so nothing was tested`)
  })

  test('can be changed in two ways, each as though there were no other', () => {
    fc.assert(
      fc.property(arbitraryFacts(), arbitraryChanges(), arbitraryChanges(), (facts, [one], [other]) => {
        const live = liveAnalysis(inventoryOf(facts), policy)
        const first = applyDelta(live, deltaOf(one!))
        const said = statesOf(first.live)
        const second = applyDelta(live, deltaOf(other!))
        const anew = applyDelta(liveAnalysis(inventoryOf(facts), policy), deltaOf(other!))
        assert.deepEqual(statesOf(second.live), statesOf(anew.live))
        assert.deepEqual(second.changes, anew.changes)
        assert.equal(second.live.snapshotId, anew.live.snapshotId)
        assert.deepEqual(statesOf(first.live), said)
      }),
      { numRuns: 50 },
    )
  })

  test('follows a sign-in that trusts another account, and so on', () => {
    const facts: Fact[] = [
      ...['a:0', 'a:1', 'a:2'].map((id): Fact => ({ fact: 'account', id, kind: 'human' })),
      { fact: 'authenticator', id: 'x:0', kind: 'password', of: ['a:0'] },
      { fact: 'wayIn', id: 'w:0', account: 'a:0', purpose: 'sign_in', requires: 'x:0' },
      { fact: 'wayIn', id: 'w:1', account: 'a:1', purpose: 'federation', requires: 'a:0' },
      { fact: 'wayIn', id: 'w:2', account: 'a:2', purpose: 'federation', requires: { all: ['a:1'] } },
    ]
    const live = liveAnalysis(inventoryOf({ at: undefined, facts }), policy)
    const passkey = placed({ fact: 'authenticator', id: 'x:0', kind: 'passkey', of: ['a:0'], userVerification: true })
    const { live: next, full } = applyDelta(live, { upsert: [passkey] })
    assert.deepEqual(
      [live.account('a:2')!.nominal, next.account('a:2')!.nominal],
      ['single_factor', 'phishing_resistant'],
    )
    assert.deepEqual(statesOf(next), [...statesAnew(checkInventory(reread(next)), policy).values()])
    assert.equal(full, false)
  })

  test('takes a way in that is too wide to weigh for open at worst', () => {
    const ids = Array.from({ length: 12 }, (_, i) => `x:${i}`)
    const wide: Fact = {
      fact: 'wayIn',
      id: 'w:1',
      account: 'a:0',
      purpose: 'recovery',
      requires: { atLeast: 6, of: ids },
    }
    const facts: Fact[] = [
      { fact: 'account', id: 'a:0', kind: 'human' },
      ...ids.map((id): Fact => ({ fact: 'authenticator', id, kind: 'security_key', of: ['a:0'] })),
      { fact: 'wayIn', id: 'w:0', account: 'a:0', purpose: 'sign_in', requires: 'x:0' },
    ]
    const live = liveAnalysis(inventoryOf({ at: undefined, facts }), policy)
    const { live: next } = applyDelta(live, { upsert: [placed(wide)] })
    assert.equal(live.account('a:0')!.bounds.atLeast, 'single_factor')
    assert.equal(next.account('a:0')!.bounds.atLeast, 'none')
    assert.deepEqual(statesOf(next), [...statesAnew(checkInventory(reread(next)), policy).values()])
  })

  test('keeps what was found in the facts when they were read, until they change', () => {
    const found = {
      level: 'warning',
      code: 'skipped',
      message: 'one record is of no known kind',
      remedy: 'none',
    } as const
    const facts = [{ fact: 'group', id: 'a:g' } as const].map(placed)
    const live = liveAnalysis({ sources: [], diagnostics: [found], facts }, policy)
    assert.deepEqual(
      live.inventory.diagnostics,
      checkInventory({ sources: [], diagnostics: [found], facts }).diagnostics,
    )
    assert.deepEqual(applyDelta(live, { remove: ['a:g'] }).live.inventory.diagnostics, [])
  })

  test('refuses a change that contradicts itself, and stays as it was', () => {
    const live = liveAnalysis(inventoryOf({ at: '2026-06-01', facts: [{ fact: 'group', id: 'g:0' }] }), policy)
    const wrong = placed({ fact: 'account', id: 'a:0', kind: 'human', memberOf: ['a:0'] })
    assert.throws(
      () => applyDelta(live, { upsert: [wrong] }),
      (error) => error instanceof AmbitError && error.code === 'input_invalid',
    )
    assert.equal(live.account('a:0'), undefined)
    assert.deepEqual([...live.accountIds()], [])
  })

  test('takes away an entitlement that has no id by all that it says', () => {
    const right: Fact = { fact: 'entitlement', holder: 'a:0', on: 's:0', capabilities: ['administer'] }
    const facts: Fact[] = [
      { fact: 'account', id: 'a:0', kind: 'human' },
      { fact: 'resource', id: 's:0', sensitivity: 'high' },
      right,
    ]
    const live = liveAnalysis(inventoryOf({ at: undefined, facts }), policy)
    const { live: next, changes } = applyDelta(live, { remove: [{ ...right, capabilities: ['administer'] }] })
    assert.deepEqual([live.account('a:0')!.impact, next.account('a:0')!.impact], ['high', 'none'])
    assert.deepEqual(
      changes.map(({ id }) => id),
      ['a:0'],
    )
    const back = applyDelta(next, { upsert: [placed(right)] })
    assert.equal(back.live.snapshotId, live.snapshotId)
  })
})

type Changes = readonly (readonly [string, AccountState | null, AccountState | null])[]

const changesAsTold = (changes: ReturnType<typeof applyDelta>['changes']): Changes =>
  changes.map(({ id, before, after }) => [id, before, after] as const).toSorted(([a], [b]) => (a < b ? -1 : 1))

function changesAsSeen(before: readonly AccountState[], after: readonly AccountState[]): Changes {
  const old = new Map(before.map((state) => [state.id, state]))
  const young = new Map(after.map((state) => [state.id, state]))
  return [...new Set([...old.keys(), ...young.keys()])]
    .toSorted()
    .map((id) => [id, old.get(id) ?? null, young.get(id) ?? null] as const)
    .filter(([, a, b]) => JSON.stringify(a) !== JSON.stringify(b))
}
