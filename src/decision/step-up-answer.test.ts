import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import type { StepUp } from '#contract/decision.ts'
import { claimsChallenge, stepUpChallenge, stepUpParameters, tokenChallenge } from './step-up-answer.ts'
import { stepUpTries, type StepUpKey } from './step-up-tries.ts'

const stepUp: StepUp = { acrValues: ['phrh', 'phr'], amrValues: ['hwk'], maxAge: 300 }
const shows = (id: string) => () => id
const any = { scheme: 'Bearer', supported: null } as const

test('a challenge is the one of RFC 9470', () => {
  assert.equal(
    stepUpChallenge(stepUp, any),
    'Bearer error="insufficient_user_authentication", error_description="Stronger or more recent authentication is needed", acr_values="phrh phr", max_age="300"',
  )
  assert.match(
    stepUpChallenge(stepUp, { ...any, scheme: 'DPoP' }) ?? '',
    /^DPoP error="insufficient_user_authentication", /,
  )
  assert.doesNotMatch(stepUpChallenge({ ...stepUp, maxAge: null }, any) ?? '', /max_age/)
  assert.match(stepUpChallenge({ ...stepUp, acrValues: [], maxAge: 0 }, any) ?? '', /max_age="0"$/)
})

test('no level is asked for that the issuer does not know', () => {
  assert.match(stepUpChallenge(stepUp, { ...any, supported: ['phr', 'x'] }) ?? '', /acr_values="phr", max_age/)
  // asking for freshness alone would bring back a session that is fresh and too weak
  assert.equal(stepUpChallenge(stepUp, { ...any, supported: ['urn:ambit:loa:1'] }), null)
  assert.equal(stepUpChallenge({ acrValues: [], amrValues: [], maxAge: null }, any), null)
})

/** Reads a challenge as RFC 9110 §11.6.1 does, as far as ours go. */
function read(header: string): Map<string, string> {
  const [, rest = ''] = /^(?:Bearer|DPoP) (.*)$/.exec(header) ?? []
  const found = new Map<string, string>()
  for (const [, name = '', value = ''] of rest.matchAll(/([a-z_]+)="([^"\\]*)"(?:, |$)/g)) {
    assert.ok(!found.has(name), `${name} stands once`)
    found.set(name, value)
  }
  assert.equal([...found].map(([name, value]) => `${name}="${value}"`).join(', '), rest)
  return found
}

test('no value breaks out of its quotes or its line', () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.constantFrom('a" , error="x', 'a\\', 'a\r\nSet-Cookie: x', 'a b', '', 'é', '\u0000'),
  )
  fc.assert(
    fc.property(fc.array(hostile), fc.option(fc.double()), (acrValues, maxAge) => {
      const header = stepUpChallenge({ acrValues, amrValues: [], maxAge }, any)
      if (header === null) return
      assert.match(header, /^[\x20-\x7e]*$/)
      const values = read(header).get('acr_values')?.split(' ') ?? []
      assert.ok(values.every((value) => acrValues.includes(value)))
      assert.match(read(header).get('max_age') ?? '0', /^\d{1,10}$/)
    }),
  )
})

test('a request without a token is told no error, one with a bad token is', () => {
  assert.equal(tokenChallenge('Bearer', null), 'Bearer realm="ambit"')
  assert.equal(tokenChallenge('Bearer', 'invalid_token'), 'Bearer error="invalid_token"')
  assert.equal(
    tokenChallenge('DPoP', 'invalid_dpop_proof', { algorithms: ['ES256'] }),
    'DPoP error="invalid_dpop_proof", algs="ES256"',
  )
})

const entra = {
  authorizationUri: 'https://login.example.test/common/oauth2/v2.0/authorize',
  clientId: 'api',
  contexts: [
    { id: 'c3', acr: 'phrh' },
    { id: 'c1', acr: 'phr' },
  ],
}

test('the claims challenge of Entra names a context of the tenant', () => {
  const header = claimsChallenge({ ...stepUp, acrValues: ['phr'] }, entra) ?? ''
  const claims = JSON.parse(Buffer.from(read(header).get('claims') ?? '', 'base64').toString())
  assert.deepEqual(claims, { access_token: { acrs: { essential: true, value: 'c1' } } })
  assert.equal(read(header).get('error'), 'insufficient_claims')
  assert.equal(claimsChallenge({ ...stepUp, acrValues: ['urn:other'] }, entra), null)
  assert.equal(claimsChallenge(stepUp, { ...entra, clientId: 'a"b' }), null)
})

test('a browser asks by wish and by essential claim, so that editing the one does not help', () => {
  const asked = stepUpParameters(stepUp, { supported: null, takesClaims: true, contexts: [] })
  assert.deepEqual(
    { ...asked, claims: JSON.parse(asked?.['claims'] ?? 'null') },
    {
      acr_values: 'phrh phr',
      max_age: '300',
      claims: { id_token: { acr: { essential: true, values: ['phrh', 'phr'] }, auth_time: { essential: true } } },
    },
  )
  const simple = { supported: null, takesClaims: false, contexts: [] }
  assert.deepEqual(stepUpParameters({ acrValues: [], amrValues: [], maxAge: 0 }, simple), {
    max_age: '0',
    prompt: 'login',
  })
  assert.equal(stepUpParameters(stepUp, { ...simple, supported: ['0'] }), null)
  const context = stepUpParameters(stepUp, { ...simple, contexts: entra.contexts })
  assert.deepEqual(JSON.parse(context?.['claims'] ?? ''), { id_token: { acrs: { essential: true, value: 'c3' } } })
})

/** Something that `ada` wants. */
const wants = (text: string, subject = 'ada'): StepUpKey => ({ subject, text: () => `${subject} ${text}` })

test('coming back too weak counts; asking often with one token does not', () => {
  const tries = stepUpTries(10)
  const k = wants('k')
  assert.equal(tries.before(k, shows('t1'), 0), 0)
  for (let i = 0; i < 20; i++) tries.after(k, shows('t1'), 'step_up', i)
  assert.equal(tries.before(k, shows('t1'), 20), 0)
  assert.equal(tries.before(k, shows('t2'), 20), 1)
  tries.after(k, shows('t2'), 'step_up', 20)
  assert.equal(tries.before(k, shows('t3'), 21), 2)
  tries.after(k, shows('t3'), 'deny', 21)
  assert.equal(tries.before(k, shows('t3'), 22), 2)
  assert.equal(tries.before(k, shows('t4'), 22), 3)
  assert.equal(tries.before(wants('other'), shows('t4'), 22), 0)
  tries.after(k, shows('t5'), 'permit', 23)
  assert.equal(tries.before(k, shows('t6'), 23), 0)
})

test('a count starts again after a while, and only so many are kept', () => {
  const tries = stepUpTries(2)
  const keys = [wants('a'), wants('b'), wants('c', 'bob')]
  for (const key of keys) tries.after(key, shows('t1'), 'step_up', 0)
  assert.deepEqual(
    keys.map((key) => tries.before(key, shows('t2'), 1)),
    [0, 1, 1],
  )
  assert.equal(tries.before(keys[2]!, shows('t2'), 900), 0)
})

test('of a subject that was never sent back, nothing is worked out', () => {
  const tries = stepUpTries(10)
  const untold = (subject: string): StepUpKey => ({ subject, text: () => assert.fail(`worked out for ${subject}`) })
  tries.after(wants('k', 'bob'), shows('t1'), 'step_up', 0)
  for (const outcome of ['permit', 'deny'] as const) {
    assert.equal(tries.before(untold('ada'), shows('t1'), 1), 0)
    tries.after(untold('ada'), shows('t1'), outcome, 1)
  }
  tries.after(wants('k', 'bob'), shows('t2'), 'permit', 2)
  assert.equal(tries.before(untold('bob'), shows('t2'), 3), 0)
})

test('counts are as if one list of all that was wanted were kept', () => {
  const act = fc.record({
    what: fc.constantFrom('a', 'b', 'c'),
    subject: fc.constantFrom('ada', 'bob'),
    shown: fc.constantFrom('t1', 't2'),
    outcome: fc.constantFrom('permit', 'deny', 'step_up'),
  })
  fc.assert(
    fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
      const tries = stepUpTries(3)
      let listed: { key: string; shown: string; count: number }[] = []
      for (const [now, { what, subject, shown, outcome }] of acts.entries()) {
        const key = wants(what, subject)
        const found = listed.find((each) => each.key === key.text())
        const count = found === undefined ? 0 : found.count + Number(found.shown !== shown)
        assert.equal(tries.before(key, shows(shown), now), count)
        tries.after(key, shows(shown), outcome, now)
        listed = listed.filter((each) => each !== found)
        const stays = outcome === 'step_up' || (outcome === 'deny' && found !== undefined)
        if (stays) listed.push({ key: key.text(), shown, count })
        listed = listed.slice(-3)
      }
    }),
  )
})
