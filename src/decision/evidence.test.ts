import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { SessionEvidence } from '#contract/decision.ts'
import { presentedBy } from './evidence.ts'
import { AMBIT_ISSUER, type IssuerTable } from './settings.ts'
import { ISSUER, NOW, sessionOf, type SessionParts } from './world.fixture.ts'

const OTHER = 'https://other.example'
const TABLES: Record<string, IssuerTable> = {
  [ISSUER]: AMBIT_ISSUER,
  [OTHER]: {
    amr: [
      { all: ['pwd'], strength: 'single_factor', code: false },
      { all: ['pwd', 'otp'], strength: 'two_factor' },
      { all: ['hwk', 'user'], strength: 'hardware', vouches: 'hardware' },
    ],
  },
  'https://vouching.example': {
    acr: { gold: { strength: 'hardware', vouches: 'hardware' }, tan: { strength: 'hardware', code: true } },
  },
}
const shown = (parts: SessionParts, at = NOW) =>
  presentedBy(sessionOf('ana', parts), 'ana', { issuers: TABLES }, at, 60)
const strength = (parts: SessionParts) => shown(parts).strength
const odd = (parts: Record<string, unknown>) => shown(parts as Partial<SessionEvidence>)

suite('What a session shows', () => {
  test('is nothing without an acr that the table of its issuer has', () => {
    for (const acr of [null, '', 'gold', 'PHRH', ' phrh', 'phr phrh', 'toString', '__proto__', 'constructor']) {
      assert.equal(strength({ acr }), 'none', String(acr))
    }
    assert.equal(strength({ issuer: 'https://unknown.example' }), 'none')
    assert.equal(strength({ issuer: `${ISSUER}/` }), 'none')
  })

  test('is nothing where it is the session of another, or none', () => {
    assert.equal(strength({ subject: 'bob' }), 'none')
    assert.deepEqual(
      presentedBy(null, 'ana', { issuers: TABLES }, NOW, 60),
      presentedBy(sessionOf('bob'), 'ana', { issuers: TABLES }, NOW, 60),
    )
  })

  test('is hardware only where the session, or the table, says that the key lies in it', () => {
    assert.equal(strength({}), 'hardware')
    for (const keyClass of [null, 'unattested', 'synced', 'software'] as const) {
      assert.equal(strength({ keyClass }), 'phishing_resistant', String(keyClass))
    }
    const vouching = { issuer: 'https://vouching.example', acr: 'gold' }
    assert.equal(strength({ ...vouching, keyClass: null }), 'hardware')
    assert.equal(strength({ ...vouching, keyClass: 'synced' }), 'phishing_resistant')
  })

  test('is no more than the session proved in which the authenticator was enrolled', () => {
    assert.deepEqual(
      ([0, 1, 2, 3] as const).map((boundAtAal) => strength({ boundAtAal })),
      ['single_factor', 'single_factor', 'phishing_resistant', 'hardware'],
    )
    assert.equal(odd({ boundAtAal: '3' }).strength, 'single_factor')
    assert.equal(odd({ boundAtAal: 9 }).strength, 'single_factor')
  })

  test('rests on a code below phishing resistance unless the table says otherwise, and with a code is two factors at most', () => {
    assert.deepEqual([shown({ acr: 'urn:ambit:loa:2' }).code, shown({}).code], [true, false])
    const tan = shown({ issuer: 'https://vouching.example', acr: 'tan' })
    assert.deepEqual([tan.strength, tan.code], ['two_factor', true])
    assert.deepEqual([shown({ acr: null }).code, shown({ issuer: OTHER, amr: ['pwd'] }).code], [false, false])
  })

  test('is read from amr only for an issuer whose table says so', () => {
    assert.equal(strength({ issuer: OTHER, acr: 'phrh', amr: [] }), 'none')
    assert.equal(strength({ issuer: OTHER, amr: ['otp'] }), 'none')
    assert.equal(strength({ issuer: OTHER, amr: ['otp', 'pwd'] }), 'two_factor')
    assert.equal(strength({ issuer: OTHER, amr: ['pwd', 'user', 'hwk'], keyClass: null }), 'hardware')
    assert.equal(strength({ acr: null, amr: ['hwk', 'user'] }), 'none')
  })

  test('is nothing where a claim has several values or the wrong type', () => {
    assert.equal(odd({ acr: ['phrh', 'phr'] }).strength, 'none')
    assert.equal(odd({ acr: 3 }).strength, 'none')
    assert.equal(odd({ issuer: OTHER, amr: 'pwd otp' }).strength, 'none')
    assert.equal(odd({ issuer: OTHER, amr: ['pwd', 'otp', 7] }).strength, 'none')
    for (const authTime of ['0', Number.NaN, Infinity, -1, {}, [NOW], true]) {
      const it = odd({ authTime })
      assert.deepEqual([it.strength, it.age, it.idle], ['none', null, null], JSON.stringify(authTime))
    }
    assert.equal(odd({ senderConstrained: 'bearer' }).senderConstrained, false)
  })

  test('is nothing when a clock is ahead by more than is allowed', () => {
    for (const time of ['authTime', 'startedAt', 'lastUsedAt']) {
      assert.equal(strength({ [time]: NOW + 60 }), 'hardware', time)
      assert.deepEqual([strength({ [time]: NOW + 61 }), shown({ [time]: NOW + 61 }).age], ['none', null], time)
    }
    assert.equal(shown({ authTime: NOW + 60, lastUsedAt: null }).age, 0)
  })

  test('has no age where no time of authentication is shown, and is used by authenticating', () => {
    const never = shown({ authTime: null, lastUsedAt: NOW - 7 })
    assert.deepEqual([never.age, never.idle], [null, 7])
    assert.deepEqual(shown({ authTime: NOW - 3, lastUsedAt: null }).idle, 3)
    assert.deepEqual(shown({ authTime: NOW - 3, lastUsedAt: NOW - 9 }).idle, 3)
  })
})

test('what one session shows is worked out once for one time, by one table, and anew for any other', () => {
  const [one, other] = [sessionOf('ana'), sessionOf('ana', { acr: null })] as const
  const show = (session: SessionEvidence, at = NOW, issuers = TABLES, skew = 60) =>
    presentedBy(session, 'ana', { issuers }, at, skew)
  const first = show(one)
  assert.equal(show(one), first)
  assert.equal(show(other).strength, 'none')
  assert.notEqual(show(one).strength, 'none')
  assert.equal(show(one, NOW + 1).age, first.age! + 1)
  assert.equal(show(one, NOW, {}).strength, 'none')
  assert.deepEqual(show(one), first)
  assert.equal(presentedBy(one, 'bob', { issuers: TABLES }, NOW, 60).session, false)
  const ahead = sessionOf('ana', { authTime: NOW + 30 })
  assert.notEqual(show(ahead).age, null)
  assert.equal(show(ahead, NOW, TABLES, 0).age, null)
})
