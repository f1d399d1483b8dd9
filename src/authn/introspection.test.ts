import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { readIntrospection } from './introspection.ts'
import { CLAIMS, ISSUER, NOW } from './issuer.fixture.ts'
import { createTokenCache } from './token-cache.ts'
import type { VerifiedToken } from './token.ts'

const read = (answer: unknown) => {
  const checked = readIntrospection(answer, ISSUER, NOW)
  return checked.ok ? 'active' : checked.why
}
const active = { ...CLAIMS, active: true, token_type: 'Bearer' }

test('a token is active only where its issuer says exactly so', () => {
  assert.equal(read(active), 'active')
  for (const word of ['true', 1, {}, null, undefined, false])
    assert.equal(read({ ...active, active: word }), 'inactive')
  for (const answer of [null, 'active', [], 1]) assert.equal(read(answer), 'introspection_unavailable')
})

test('an answer for another issuer, audience or time proves nothing', () => {
  assert.equal(read({ ...active, iss: 'https://other.test' }), 'issuer_unknown')
  assert.equal(read({ ...active, iss: undefined }), 'active')
  assert.equal(read({ ...active, aud: 'other' }), 'audience_refused')
  assert.equal(read({ ...active, aud: undefined }), 'audience_refused')
  assert.equal(read({ ...active, exp: undefined }), 'expired')
  assert.equal(read({ ...active, exp: String(NOW + 60) }), 'expired')
  assert.equal(read({ ...active, exp: NOW - 60 }), 'expired')
  assert.equal(read({ ...active, nbf: NOW + 60 }), 'not_yet_valid')
  assert.equal(read({ ...active, nbf: 'soon' }), 'not_yet_valid')
  assert.equal(read({ ...active, iat: 'then' }), 'claim_missing')
  assert.equal(read({ ...active, iat: undefined }), 'active')
  assert.equal(read({ ...active, sub: undefined }), 'claim_missing')
  assert.equal(read({ ...active, token_type: 'refresh_token' }), 'type_refused')
  assert.equal(read({ ...active, cnf: { unknown: 1 } }), 'binding_unknown')
})

const kept: VerifiedToken = {
  use: 'access',
  issuer: ISSUER,
  claims: CLAIMS,
  expiresAt: NOW + 100,
  binding: { jkt: null, x5t: null },
}

test('a remembered token is forgotten when it ends, and after five minutes at the latest', () => {
  const cache = createTokenCache(10)
  cache.put('short', kept, NOW)
  assert.equal(cache.get('short', NOW + 99), kept)
  assert.equal(cache.get('short', NOW + 100), null)
  cache.put('long', { ...kept, expiresAt: NOW + 10_000 }, NOW)
  assert.notEqual(cache.get('long', NOW + 299), null)
  assert.equal(cache.get('long', NOW + 300), null)
  cache.put('over', { ...kept, expiresAt: NOW }, NOW)
  assert.equal(cache.get('over', NOW), null)
})

test('a part of a remembered token is not that token', () => {
  const cache = createTokenCache(10)
  cache.put('opaque-token-1', kept, NOW)
  for (const other of ['opaque-token-', 'opaque-token-12', 'Opaque-token-1', 'opaque-token-1 ', '']) {
    assert.equal(cache.get(other, NOW), null)
  }
})

test('the memory of tokens is bounded, and revoked tokens leave it', () => {
  const cache = createTokenCache(2)
  for (const name of ['a', 'b']) cache.put(name, kept, NOW)
  cache.get('a', NOW)
  cache.put('c', { ...kept, claims: { ...CLAIMS, sid: 'session-2' } }, NOW)
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => cache.get(name, NOW) !== null),
    [true, false, true],
  )
  cache.forget(({ claims }) => claims.sid === 'session-1')
  assert.deepEqual(
    ['a', 'c'].map((name) => cache.get(name, NOW) !== null),
    [false, true],
  )
})
