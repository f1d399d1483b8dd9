import { strict as assert } from 'node:assert'
import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { exportJWK, SignJWT, type JWTPayload } from 'jose'
import { CLAIMS, type Claims, forge, ISSUER, keysOf, newSigner, NOW, sign } from './issuer.fixture.ts'
import type { TrustedIssuer } from './issuer.ts'
import { keySetOf } from './key-set.ts'
import type { Refusal } from './refusal.ts'
import { verifyToken } from './token.ts'

const signer = await newSigner('k1')
const intruder = await newSigner('k1')
const keys = keysOf([signer])

async function outcome(
  token: string,
  issuer: TrustedIssuer = ISSUER,
  source = keys,
): Promise<Refusal | 'access' | 'id'> {
  const checked = await verifyToken(token, { issuers: [issuer], keys: source }, NOW * 1000)
  return checked.ok ? checked.value.use : checked.why
}

test('a token of a trusted issuer, for us and in force, is taken', async () => {
  assert.equal(await outcome(await sign(signer)), 'access')
  assert.equal(await outcome(await sign(signer, { ...CLAIMS, aud: ['other', 'https://api.example.test'] })), 'access')
  assert.equal(await outcome(await sign(signer, { ...CLAIMS, aud: 'gate' }, { typ: 'JWT' })), 'id')
})

const changes: readonly [string, Claims, Refusal][] = [
  ['of another issuer', { iss: 'https://id.example.test/' }, 'issuer_unknown'],
  ['of no issuer', { iss: undefined }, 'issuer_unknown'],
  ['for someone else', { aud: 'https://api.example.test.evil.test' }, 'audience_refused'],
  ['for nobody', { aud: undefined }, 'audience_refused'],
  ['for a client', { aud: 'gate' }, 'audience_refused'],
  ['that has ended', { exp: NOW - 31 }, 'expired'],
  ['without an end', { exp: undefined }, 'claim_missing'],
  ['whose end is text', { exp: '9999999999' }, 'claim_missing'],
  ['that is not in force yet', { nbf: NOW + 31 }, 'not_yet_valid'],
  ['from the future', { iat: NOW + 31 }, 'not_yet_valid'],
  ['of nobody', { sub: undefined }, 'claim_missing'],
  ['whose subject is a list', { sub: ['ada'] }, 'claim_missing'],
  ['that tells of events', { events: {} }, 'type_refused'],
  ['that is a refresh token', { typ: 'Refresh' }, 'type_refused'],
  ['that is said to be an ID token within', { typ: 'ID' }, 'type_refused'],
  ['whose kind is a word of every object', { typ: 'constructor' }, 'type_refused'],
  ['bound in a way unknown', { cnf: { jwk: {} } }, 'binding_unknown'],
  ['bound in a way known and another', { cnf: { jkt: 'a', kid: 'b' } }, 'binding_unknown'],
  ['bound to nothing', { cnf: {} }, 'binding_unknown'],
  ['bound to no text', { cnf: { jkt: 1 } }, 'binding_unknown'],
]
for (const [title, change, why] of changes) {
  test(`an access token ${title} is refused: ${why}`, async () => {
    assert.equal(await outcome(await sign(signer, { ...CLAIMS, ...change })), why)
  })
}

test('clocks may differ by the skew of the issuer and no more', async () => {
  assert.equal(await outcome(await sign(signer, { ...CLAIMS, exp: NOW - 29 })), 'access')
  assert.equal(await outcome(await sign(signer, { ...CLAIMS, nbf: NOW + 29, iat: NOW + 29 })), 'access')
})

test('types of tokens are told apart', async () => {
  for (const typ of ['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'refresh+jwt', 'AT+JWTX']) {
    assert.equal(await outcome(await sign(signer, CLAIMS, { typ })), 'type_refused', typ)
  }
  assert.equal(await outcome(await sign(signer, CLAIMS, { typ: 'application/AT+jwt' })), 'access')
  // an ID token is for the client; taken for an access token it would let every client act as its users
  assert.equal(await outcome(await sign(signer, CLAIMS, { typ: 'JWT' })), 'audience_refused')
  assert.equal(await outcome(await sign(signer, CLAIMS, { typ: undefined })), 'audience_refused')
})

test('where headers do not tell the kind, the audience does', async () => {
  const issuer: TrustedIssuer = { ...ISSUER, accessTokens: 'audience' }
  assert.equal(await outcome(await sign(signer, CLAIMS, { typ: 'JWT' }), issuer), 'access')
  assert.equal(await outcome(await sign(signer, { ...CLAIMS, aud: 'gate', azp: 'gate' }, { typ: 'JWT' }), issuer), 'id')
  assert.equal(
    await outcome(await sign(signer, { ...CLAIMS, aud: 'shop' }, { typ: 'JWT' }), issuer),
    'audience_refused',
  )
})

test('an ID token of several audiences is taken only by the one it was issued to', async () => {
  const id = (claims: Claims) => sign(signer, { ...CLAIMS, ...claims }, { typ: 'JWT' })
  assert.equal(await outcome(await id({ aud: ['gate', 'shop'], azp: 'gate' })), 'id')
  assert.equal(await outcome(await id({ aud: ['gate', 'shop'], azp: 'shop' })), 'audience_refused')
  assert.equal(await outcome(await id({ aud: ['gate', 'shop'] })), 'audience_refused')
  assert.equal(await outcome(await id({ aud: 'gate', azp: 'shop' })), 'audience_refused')
})

test('a token that nobody signed is refused', async () => {
  for (const alg of ['none', 'None', 'NONE', '', null, ['ES256']]) {
    assert.equal(await outcome(forge({ alg, typ: 'at+jwt', kid: 'k1' }, CLAIMS, 'AAAA')), 'algorithm_refused')
  }
  assert.equal(await outcome(forge({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' }, CLAIMS)), 'signature_invalid')
  assert.equal(
    await outcome(forge({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' }, CLAIMS, 'A'.repeat(86))),
    'signature_invalid',
  )
})

test('a public key is never taken for a shared secret', async () => {
  const pem = createPublicKey({ key: signer.publicJwk as JsonWebKey, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  })
  const unsigned = forge({ alg: 'HS256', typ: 'at+jwt', kid: 'k1' }, CLAIMS).slice(0, -1)
  const mac = createHmac('sha256', pem).update(unsigned).digest('base64url')
  assert.equal(await outcome(`${unsigned}.${mac}`), 'algorithm_refused')
  const secret = { kty: 'oct', k: Buffer.from('secret-secret-secret-secret-secret').toString('base64url'), kid: 'k1' }
  assert.equal(keySetOf({ keys: [secret] }), null)
})

test('keys that a token brings along or points to are not used', async () => {
  const { kty, crv, x, y } = intruder.publicJwk
  const brought: Record<string, unknown>[] = [
    { jwk: { kty, crv, x, y } },
    { jku: 'https://evil.test/jwks' },
    { x5u: 'https://evil.test/chain' },
    { jwk: { kty, crv, x, y }, kid: undefined },
  ]
  for (const header of brought) {
    assert.equal(await outcome(await sign(intruder, CLAIMS, header)), 'signature_invalid')
  }
  await assert.rejects(sign(intruder, CLAIMS, { crit: ['evil'], evil: 1 }), /evil/)
  const critical = await sign(signer)
  const [, claims, signature] = critical.split('.')
  const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', crit: ['x'], x: 1 }))
  assert.equal(await outcome(`${header.toString('base64url')}.${claims}.${signature}`), 'malformed')
})

test('an algorithm that the issuer does not use is refused, though the key would fit', async () => {
  const rsa = await newSigner('r1', 'RS256')
  const source = keysOf([rsa])
  const pss: TrustedIssuer = { ...ISSUER, algorithms: ['PS256'] }
  assert.equal(await outcome(await sign(rsa), pss, source), 'algorithm_refused')
  assert.equal(await outcome(await sign(rsa), { ...ISSUER, algorithms: ['RS256'] }, source), 'access')
})

test('short RSA keys, private keys and keys for encryption are left out of a key set', async () => {
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  assert.equal(keySetOf({ keys: [{ ...short, kid: 'short' }] }), null)
  assert.equal(keySetOf({ keys: [await exportJWK(signer.privateKey)] }), null)
  assert.equal(keySetOf({ keys: [{ ...signer.publicJwk, use: 'enc' }] }), null)
  assert.equal(keySetOf({ keys: [{ ...signer.publicJwk, alg: 'HS256' }] }), null)
  for (const bad of [
    null,
    [],
    {},
    { keys: {} },
    { keys: [null, 1, 'x', {}] },
    { keys: Array.from({ length: 101 }, () => signer.publicJwk) },
  ]) {
    assert.equal(keySetOf(bad), null)
  }
  // one bad key does not spoil the others
  assert.notEqual(keySetOf({ keys: [{ ...short }, { kty: 'EC', crv: 'P-999' }, signer.publicJwk] }), null)
})

test('keys that change are fetched again when a token names a new one, and only then', async () => {
  const next = await newSigner('k2')
  assert.equal(await outcome(await sign(next), ISSUER, keysOf([signer], [signer, next])), 'access')
  assert.equal(await outcome(await sign(next), ISSUER, keysOf([signer], null)), 'key_unknown')
  let asked = 0
  const counting = { current: keys.current, renewed: () => Promise.resolve((asked++, null)) }
  assert.equal(await outcome(await sign(intruder), ISSUER, counting), 'signature_invalid')
  assert.equal(asked, 0)
})

test('while no keys are to be had nothing is verified', async () => {
  const none = { current: () => Promise.resolve(null), renewed: () => Promise.resolve(null) }
  assert.equal(await outcome(await sign(signer), ISSUER, none), 'keys_unavailable')
})

test('a token without a key id is taken only where one key alone can be meant', async () => {
  const other = await newSigner('k9')
  assert.equal(await outcome(await sign(signer, CLAIMS, { kid: undefined })), 'access')
  assert.equal(
    await outcome(await sign(signer, CLAIMS, { kid: undefined }), ISSUER, keysOf([other, signer])),
    'key_unknown',
  )
})

test('a key of one issuer does not speak for another', async () => {
  const other: TrustedIssuer = { ...ISSUER, issuer: 'https://other.test' }
  const source = {
    current: (name: string) => keysOf([name === other.issuer ? intruder : signer]).current(name),
    renewed: () => Promise.resolve(null),
  }
  const verify = async (token: string) => verifyToken(token, { issuers: [ISSUER, other], keys: source }, NOW * 1000)
  assert.equal((await verify(await sign(intruder))).ok, false)
  assert.equal((await verify(await sign(intruder, { ...CLAIMS, iss: other.issuer }))).ok, true)
})

test('no change of a token, however small, leaves it valid', async () => {
  const token = await sign(signer)
  await fc.assert(
    fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...'Aa09-_.=+/ \n%'), async (at, letter) => {
      const changed = `${token.slice(0, at)}${letter}${token.slice(at + 1)}`
      fc.pre(!sameBytes(changed, token))
      assert.equal((await verifyToken(changed, { issuers: [ISSUER], keys }, NOW * 1000)).ok, false)
    }),
    { numRuns: 300 },
  )
  for (const part of [
    token.slice(0, -1),
    token.slice(0, 40),
    `${token}.`,
    `${token}.x`,
    '',
    '.',
    '..',
    ` ${token}`,
    'x'.repeat(20_000),
  ]) {
    assert.equal((await verifyToken(part, { issuers: [ISSUER], keys }, NOW * 1000)).ok, false, part)
  }
})

/** The last letter of base64url carries bits that do not count. */
const sameBytes = (a: string, b: string) =>
  a.split('.').length === 3 &&
  a.split('.').every((part, i) => Buffer.from(part, 'base64url').equals(Buffer.from(b.split('.')[i]!, 'base64url')))

test('claims of every shape are read or refused, never an error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom(...Object.keys(CLAIMS), 'cnf', 'nbf', 'azp', 'typ'), fc.jsonValue()),
      async (claims) => {
        const token = await new SignJWT({ ...CLAIMS, ...claims } as JWTPayload)
          .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' })
          .sign(signer.privateKey)
        await verifyToken(token, { issuers: [ISSUER], keys }, NOW * 1000)
      },
    ),
    { numRuns: 100 },
  )
})
