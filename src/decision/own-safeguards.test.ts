import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { SAFEGUARDS, type Safeguard } from '#contract/vocabulary.ts'
import { seenOfAccounts, seenOfSession, type OwnSafeguards, type SessionAtHand, type Word } from './own-safeguards.ts'
import { sessionOf } from './world.fixture.ts'

const OWN = 'https://ambit.example/oidc'
const word = (holds: Word['holds']): Word => ({ holds, evidence: 'test' })
const own = (holds: Word['holds'] = true): OwnSafeguards => ({
  issuer: OWN,
  words: { anomaly_detection: word(true), rate_limiting: word(true), monitored_recovery: word(holds) },
})
const hand = (parts: Partial<SessionAtHand> = {}, issuer = OWN): SessionAtHand => ({
  session: sessionOf('ada', { issuer }),
  device: null,
  isBound: false,
  ...parts,
})
const held = (seen: ReturnType<typeof seenOfSession>) =>
  Object.fromEntries(SAFEGUARDS.map((each: Safeguard) => [each, seen[each]?.('ada', null)?.holds]))

suite('What a server sees of its own sign-ins', () => {
  test('is no word on sessions that began elsewhere', () => {
    assert.deepEqual(seenOfSession(own(), hand({ isBound: true }, 'https://idp.example')), {})
  })

  test('counts for the sessions that began here, and says nothing of what lies in reach', () => {
    assert.deepEqual(held(seenOfSession(own(), hand({ isBound: true }))), {
      device_binding: true,
      anomaly_detection: true,
      rate_limiting: true,
      monitored_recovery: true,
      privilege_separation: undefined,
    })
    assert.equal(held(seenOfSession(own(false), hand()))['monitored_recovery'], false)
    assert.equal(held(seenOfSession(own(null), hand()))['monitored_recovery'], null)
  })

  test('is that a session works on one device only where a key or somebody who looks after devices says so', () => {
    const device = (managed: boolean | null, compliant: boolean | null) => ({ id: 'd', managed, compliant })
    const cases: readonly (readonly [string, Partial<SessionAtHand>, Word['holds']])[] = [
      ['nothing', {}, false],
      ['a browser with a key', { isBound: true }, true],
      ['a token with a key', { session: sessionOf('ada', { issuer: OWN, senderConstrained: 'dpop' }) }, true],
      ['a device that is looked after', { device: device(true, true) }, true],
      ['one that is not in order', { device: device(true, false) }, false],
      ['one of which nobody spoke', { device: device(null, null) }, false],
      ['a session without a name', { isBound: null }, null],
    ]
    for (const [name, parts, holds] of cases)
      assert.equal(held(seenOfSession(own(), hand(parts)))['device_binding'], holds, name)
  })

  test('is of accounts that sign in here, and of no others', () => {
    const seen = seenOfAccounts(own(false), (account) => account === 'ada')
    assert.equal(seen.monitored_recovery?.('ada', null)?.holds, false)
    assert.equal(seen.monitored_recovery?.('bob', null), null)
    assert.equal(seen.device_binding, undefined)
  })
})
