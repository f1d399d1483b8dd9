import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import type { JWTPayload } from 'jose'
import { evidenceOf } from './evidence.ts'
import { CLAIMS, ISSUER, NOW } from './issuer.fixture.ts'
import type { TrustedIssuer } from './issuer.ts'

const evidence = (claims: JWTPayload, issuer: TrustedIssuer = ISSUER) =>
  evidenceOf(
    {
      use: 'access',
      issuer,
      claims: { ...CLAIMS, ...claims },
      expiresAt: NOW + 600,
      binding: { jkt: null, x5t: null },
    },
    null,
    NOW,
  )

test('evidence is what the token says', () => {
  assert.deepEqual(evidence({}), {
    issuer: 'https://id.example.test',
    subject: 'okta:ada',
    client: 'shop',
    sessionId: 'session-1',
    acr: 'phr',
    amr: ['hwk', 'user'],
    authTime: NOW - 90,
    startedAt: null,
    lastUsedAt: null,
    keyClass: null,
    boundAtAal: null,
    senderConstrained: null,
  })
})

test('a claim that is missing or of another type proves nothing', () => {
  for (const auth_time of [undefined, null, 'now', String(NOW - 5), true, [NOW], {}, -1, NaN, Infinity]) {
    assert.equal(evidence({ auth_time })?.authTime, null)
  }
  for (const acr of [undefined, null, 3, ['phr'], { phr: true }, '']) assert.equal(evidence({ acr })?.acr, null)
  for (const amr of [undefined, null, 'hwk', [1], ['hwk', null], { 0: 'hwk' }]) {
    assert.deepEqual(evidence({ amr })?.amr, [])
  }
})

test('an authentication to come is none, and neither is one counted in milliseconds', () => {
  assert.equal(evidence({ auth_time: NOW + 3600 })?.authTime, null)
  assert.equal(evidence({ auth_time: NOW * 1000 })?.authTime, null)
  assert.equal(evidence({ auth_time: NOW + 20 })?.authTime, NOW + 20)
})

test('only an issuer that vouches is believed on keys and sessions', () => {
  const claims = {
    'urn:ambit:key_class': 'hardware',
    'urn:ambit:bound_at_aal': 2,
    'urn:ambit:session_started_at': NOW - 100,
  }
  assert.equal(evidence(claims)?.keyClass, null)
  const vouched = evidence(claims, { ...ISSUER, vouches: true })
  assert.deepEqual([vouched?.keyClass, vouched?.boundAtAal, vouched?.startedAt], ['hardware', 2, NOW - 100])
  const odd = evidence(
    { 'urn:ambit:key_class': 'toString', 'urn:ambit:bound_at_aal': '3' },
    { ...ISSUER, vouches: true },
  )
  assert.deepEqual([odd?.keyClass, odd?.boundAtAal], [null, null])
})

test('an address names an account only once it is verified', () => {
  const byEmail: TrustedIssuer = { ...ISSUER, subject: { claim: 'email', prefix: 'mail:' } }
  assert.equal(evidence({ email: 'ada@example.test' }, byEmail), null)
  assert.equal(evidence({ email: 'ada@example.test', email_verified: 'true' }, byEmail), null)
  assert.equal(evidence({ email: 'ada@example.test', email_verified: true }, byEmail)?.subject, 'mail:ada@example.test')
  assert.equal(evidence({}, { ...ISSUER, subject: { claim: 'oid', prefix: '' } }), null)
})

test('authentication contexts of Microsoft Entra are read through the table of the tenant, strongest first', () => {
  const entra: TrustedIssuer = {
    ...ISSUER,
    contexts: [
      { id: 'c3', acr: 'phrh' },
      { id: 'c1', acr: 'phr' },
    ],
  }
  assert.equal(evidence({ acrs: ['c1', 'c3'] }, entra)?.acr, 'phrh')
  assert.equal(evidence({ acrs: ['c1'] }, entra)?.acr, 'phr')
  assert.equal(evidence({ acrs: ['c9'] }, entra)?.acr, null)
  assert.equal(evidence({ acrs: 'c1' }, entra)?.acr, null)
  // `acr` there is "1" for any second factor
  assert.equal(evidence({ acr: 'phrh' }, entra)?.acr, null)
})

test('claims of any shape give evidence of the right types', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(CLAIMS), 'acrs'), fc.jsonValue()), (claims) => {
      const found = evidence(claims as JWTPayload)
      if (found === null) return
      assert.ok(found.acr === null || typeof found.acr === 'string')
      assert.ok(found.authTime === null || (Number.isFinite(found.authTime) && found.authTime <= NOW + 30))
      assert.ok(found.amr.every((each) => typeof each === 'string'))
    }),
  )
})
