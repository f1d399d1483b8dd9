import { strict as assert } from 'node:assert'
import { createHash, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { calculateJwkThumbprint, SignJWT, type JWTPayload } from 'jose'
import { checkBinding, thumbprintOf, type Presentation } from './binding.ts'
import { newSigner, NOW, proofBy } from './issuer.fixture.ts'
import { replaysInMemory, type ProofContext } from './proof.ts'

const holder = await newSigner('holder')
const thief = await newSigner('thief')
const jkt = await calculateJwkThumbprint(holder.publicJwk)
const token = 'a-token'
const context: Omit<ProofContext, 'jkt'> = {
  method: 'GET',
  url: 'https://app.example.test/pay?to=me',
  token,
  nonce: null,
  now: NOW,
}
const good = (): JWTPayload => ({
  htm: 'GET',
  htu: 'https://app.example.test/pay',
  iat: NOW - 5,
  jti: randomUUID(),
  ath: createHash('sha256').update(token).digest('base64url'),
})
const fresh = () => replaysInMemory(1000, () => NOW)

async function present(proofs: readonly string[], change: Partial<typeof context> = {}, replays = fresh()) {
  const how: Presentation = { scheme: 'dpop', proofs, certificate: null }
  const checked = await checkBinding({ jkt, x5t: null }, how, { ...context, ...change }, replays)
  return checked.ok ? checked.value : checked.why
}

test('a bound token with a proof of its key is taken', async () => {
  assert.equal(await present([await proofBy(holder, good())]), 'dpop')
  // query and fragment are no part of the address (RFC 9449 §4.3, check 9)
  assert.equal(
    await present([await proofBy(holder, { ...good(), htu: 'https://APP.example.test:443/pay?x#y' })]),
    'dpop',
  )
})

const claimChanges: readonly [string, JWTPayload][] = [
  ['for another method', { htm: 'POST' }],
  ['for a method in other letters', { htm: 'get' }],
  ['for another path', { htu: 'https://app.example.test/pay/' }],
  ['for another host', { htu: 'https://app.example.test.evil.test/pay' }],
  ['for another scheme', { htu: 'http://app.example.test/pay' }],
  ['with a user in the address', { htu: 'https://app.example.test@app.example.test/pay' }],
  ['for no address', { htu: 17 }],
  ['that is old', { iat: NOW - 61 }],
  ['from the future', { iat: NOW + 11 }],
  ['without a time', { iat: undefined as unknown as number }],
  ['without an id', { jti: undefined as unknown as string }],
  ['with a short id', { jti: 'x' }],
  ['for another token', { ath: createHash('sha256').update('another').digest('base64url') }],
  ['for no token', { ath: undefined }],
]
for (const [title, change] of claimChanges) {
  test(`a proof ${title} is refused`, async () => {
    assert.equal(await present([await proofBy(holder, { ...good(), ...change })]), 'proof_invalid')
  })
}

test('a proof by another key is refused', async () => {
  assert.equal(await present([await proofBy(thief, good())]), 'binding_mismatch')
  // the holder's key in the header, the thief's signature under it
  const { kty, crv, x, y } = holder.publicJwk
  assert.equal(await present([await proofBy(thief, good(), { jwk: { kty, crv, x, y } })]), 'proof_invalid')
})

test('headers of proofs that are not as they must be are refused', async () => {
  assert.equal(await present([await proofBy(holder, good(), { typ: 'JWT' })]), 'proof_invalid')
  assert.equal(await present([await proofBy(holder, good(), { jwk: undefined })]), 'proof_invalid')
  const shared = await new SignJWT(good())
    .setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk: { kty: 'oct', k: 'c2VjcmV0' } } as { alg: string })
    .sign(new TextEncoder().encode('secret'))
  assert.equal(await present([shared]), 'proof_invalid')
  assert.equal(await present(['not.a.proof']), 'proof_invalid')
  assert.equal(await present(['']), 'proof_invalid')
  assert.equal(await present(['x'.repeat(10_000)]), 'proof_invalid')
})

test('a request with no proof, or two, is refused', async () => {
  assert.equal(await present([]), 'binding_missing')
  assert.equal(await present([await proofBy(holder, good()), await proofBy(holder, good())]), 'proof_invalid')
})

test('a proof is good once', async () => {
  const replays = fresh()
  const proof = await proofBy(holder, good())
  assert.equal(await present([proof], {}, replays), 'dpop')
  assert.equal(await present([proof], {}, replays), 'proof_replayed')
})

test('a refused proof is not used up, so nobody burns the proofs of others', async () => {
  const replays = fresh()
  const claims = good()
  assert.equal(await present([await proofBy(thief, claims)], {}, replays), 'binding_mismatch')
  assert.equal(await present([await proofBy(holder, claims)], {}, replays), 'dpop')
})

test('a memory of proofs that is full takes no more, and has room again once they have lapsed', async () => {
  let now = NOW
  const replays = replaysInMemory(2, () => now)
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((each) => replays.take(each, NOW + 60))), [true, true, false])
  now = NOW + 61
  assert.equal(await replays.take('c', now + 60), true)
  assert.equal(await replays.take('c', now + 60), false)
})

test('where a nonce is asked for, only ours will do', async () => {
  const nonce = (given: string) => given === 'ours'
  assert.equal(await present([await proofBy(holder, good())], { nonce }), 'proof_nonce')
  assert.equal(await present([await proofBy(holder, { ...good(), nonce: 'theirs' })], { nonce }), 'proof_nonce')
  assert.equal(await present([await proofBy(holder, { ...good(), nonce: 'ours' })], { nonce }), 'dpop')
})

test('a bound token that comes as a bearer token is refused, and a plain one that comes as bound', async () => {
  const bearer: Presentation = { scheme: 'bearer', proofs: [await proofBy(holder, good())], certificate: null }
  assert.deepEqual(await checkBinding({ jkt, x5t: null }, bearer, context, fresh()), {
    ok: false,
    why: 'binding_missing',
  })
  const dpop: Presentation = { ...bearer, scheme: 'dpop' }
  assert.deepEqual(await checkBinding({ jkt: null, x5t: null }, dpop, context, fresh()), {
    ok: false,
    why: 'binding_mismatch',
  })
})

test('a token bound to a certificate needs that certificate', async () => {
  const certificate = new Uint8Array([1, 2, 3])
  const bound = { jkt: null, x5t: thumbprintOf(certificate) }
  const how = (shown: Uint8Array | null): Presentation => ({ scheme: 'bearer', proofs: [], certificate: shown })
  const held = async (shown: Uint8Array | null) => checkBinding(bound, how(shown), context, fresh())
  assert.deepEqual(await held(certificate), { ok: true, value: 'mtls' })
  assert.deepEqual(await held(new Uint8Array([1, 2, 4])), { ok: false, why: 'binding_mismatch' })
  assert.deepEqual(await held(null), { ok: false, why: 'binding_missing' })
})

test('a token bound to a key and a certificate needs both', async () => {
  const certificate = new Uint8Array([1, 2, 3])
  const bound = { jkt, x5t: thumbprintOf(certificate) }
  const proof = await proofBy(holder, good())
  const held = async (shown: Uint8Array | null, proofs: string[]) =>
    checkBinding(bound, { scheme: 'dpop', proofs, certificate: shown }, context, fresh())
  assert.equal((await held(null, [proof])).ok, false)
  assert.equal((await held(certificate, [])).ok, false)
  assert.deepEqual(await held(certificate, [proof]), { ok: true, value: 'dpop' })
})
