import { strict as assert } from 'node:assert'
import { createHash, randomUUID } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import { calculateJwkThumbprint } from 'jose'
import type { Presentation } from '#authn/binding.ts'
import { CLAIMS, type Claims, ISSUER, newSigner, NOW, proofBy, sign, type Signer } from '#authn/issuer.fixture.ts'
import { replaysInMemory } from '#authn/proof.ts'
import type { VerifiedToken } from '#authn/token.ts'
import { guardedFetch } from '../guarded-fetch.ts'
import { testProvider, type TestProvider } from './provider.fixture.ts'
import { followProviders } from './providers.ts'
import { sessionTokens, type SessionIssuer, type SessionTokens } from './session-tokens.ts'

const signer = await newSigner('k1')
const next = await newSigner('k2')
const bearer: Presentation = { scheme: 'bearer', proofs: [], certificate: null }
const request = { method: 'GET', url: 'https://app.example.test/', audiences: ISSUER.audiences, nonces: null }

interface World {
  readonly provider: TestProvider
  readonly tokens: SessionTokens
  now: number
  isRevoked: (token: VerifiedToken) => boolean
  readonly claims: Claims
  readonly show: (text: string, how?: Presentation) => Promise<string>
}

async function world(context: TestContext, change: Partial<SessionIssuer> = {}): Promise<World> {
  const provider = await testProvider(context, [signer])
  const fetch = guardedFetch({ networks: ['127.0.0.1'] })
  const clock = () => made.now * 1000
  const { issuer } = provider
  const providers = followProviders([{ issuer, jwks: null }], fetch, { clock, onTrouble: () => {} })
  const trusted = { ...ISSUER, issuer }
  const client = { id: 'ambit', secret: 's:e c', key: null }
  const issuers: SessionIssuer[] = [{ trusted, introspection: 'never', client, ...change }]
  const replays = replaysInMemory(100, () => made.now)
  const isRevoked = (token: VerifiedToken) => made.isRevoked(token)
  const tokens = sessionTokens({ issuers, providers, fetch, replays, clock, remembered: 100, isRevoked })
  const made: World = {
    provider,
    tokens,
    now: NOW,
    isRevoked: () => false,
    claims: { ...CLAIMS, iss: issuer },
    async show(text, how = bearer) {
      const shown = await tokens.show(text, how, request)
      return shown.ok ? shown.value.evidence.subject : shown.why
    },
  }
  return made
}

const by = (key: Signer, claims: Claims) => sign(key, claims)

suite('Sessions out of tokens', () => {
  test('keys are fetched once and kept for a while', async (context) => {
    const { show, claims, provider } = await world(context)
    for (let i = 0; i < 5; i++) assert.equal(await show(await by(signer, { ...claims, jti: String(i) })), 'okta:ada')
    assert.deepEqual(provider.asked, ['/.well-known/openid-configuration', '/jwks'])
  })

  test('a new key is found at once, but made-up key ids do not make us ask again and again', async (context) => {
    const made = await world(context)
    await made.show(await by(signer, made.claims))
    made.now += 31
    made.provider.keys = [signer, next]
    assert.equal(await made.show(await by(next, made.claims)), 'okta:ada')
    const before = made.provider.asked.length
    const flood = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => made.show(await by(await newSigner(`x${i}`), made.claims))),
    )
    assert.deepEqual(new Set(flood), new Set(['key_unknown']))
    assert.equal(made.provider.asked.length, before)
  })

  test('a key that is withdrawn stops counting, remembered tokens and all', async (context) => {
    const made = await world(context)
    const token = await by(signer, { ...made.claims, exp: NOW + 10_000 })
    assert.equal(await made.show(token), 'okta:ada')
    made.provider.keys = [next]
    made.now += 601
    assert.equal(await made.show(token), 'key_unknown')
  })

  test('while the issuer is away its keys count for an hour, and then no more', async (context) => {
    const made = await world(context)
    const token = await by(signer, { ...made.claims, exp: NOW + 100_000 })
    assert.equal(await made.show(token), 'okta:ada')
    made.provider.up = false
    made.now += 3500
    assert.equal(await made.show(token), 'okta:ada')
    made.now += 301
    assert.equal(await made.show(token), 'keys_unavailable')
    made.provider.up = true
    made.now += 31
    assert.equal(await made.show(token), 'okta:ada')
  })

  test('metadata of another issuer is not taken', async (context) => {
    const made = await world(context)
    made.provider.metadata = { issuer: 'https://evil.test' }
    assert.equal(await made.show(await by(signer, made.claims)), 'keys_unavailable')
  })

  test('an ID token opens nothing', async (context) => {
    const { show, claims } = await world(context)
    assert.equal(await show(await sign(signer, { ...claims, aud: 'gate' }, { typ: 'JWT' })), 'type_refused')
  })

  test('an issuer that is not trusted with tokens for an interface opens it by no further audience', async (context) => {
    const { tokens, claims } = await world(context)
    const other = 'https://other.test'
    const both = await by(signer, { ...claims, aud: [...ISSUER.audiences, other] })
    const opened = async (audience: string) =>
      (await tokens.show(both, bearer, { ...request, audiences: [audience] })).ok
    assert.deepEqual([await opened(ISSUER.audiences[0]!), await opened(other)], [true, false])
  })

  test('a session that was cut off is refused at once, though its token is remembered', async (context) => {
    const made = await world(context)
    const token = await by(signer, made.claims)
    assert.equal(await made.show(token), 'okta:ada')
    made.isRevoked = ({ claims }) => claims.sid === 'session-1'
    assert.equal(await made.show(token), 'revoked')
  })

  test('a remembered token that is bound still needs its proof, each time a new one', async (context) => {
    const made = await world(context)
    const holder = await newSigner('holder')
    const token = await by(signer, { ...made.claims, cnf: { jkt: await calculateJwkThumbprint(holder.publicJwk) } })
    const ath = createHash('sha256').update(token).digest('base64url')
    const proof = () => proofBy(holder, { htm: 'GET', htu: request.url, iat: NOW, jti: randomUUID(), ath })
    const first = await proof()
    const how = (given: string): Presentation => ({ scheme: 'dpop', proofs: [given], certificate: null })
    assert.equal(await made.show(token, how(first)), 'okta:ada')
    assert.equal(await made.show(token, how(first)), 'proof_replayed')
    assert.equal(await made.show(token), 'binding_missing')
    assert.equal(await made.show(token, how(await proof())), 'okta:ada')
  })

  test('an opaque token is what its issuer says it is, and no part of it is', async (context) => {
    const made = await world(context, { introspection: 'opaque' })
    let asked = 0
    made.provider.introspect = (form, { headers }) => {
      asked++
      assert.equal(headers.authorization, `Basic ${Buffer.from('ambit:s%3Ae+c').toString('base64')}`)
      return form.get('token') === 'opaque-1' ? { active: true, ...made.claims } : { active: false }
    }
    assert.equal(await made.show('opaque-1'), 'okta:ada')
    assert.equal(await made.show('opaque-1'), 'okta:ada')
    assert.equal(asked, 1)
    for (const other of ['opaque-', 'opaque-12', 'OPAQUE-1']) assert.equal(await made.show(other), 'inactive')
    for (const other of ['opaque 1', 'opaque-1\n', 'opaque"1', '']) assert.equal(await made.show(other), 'malformed')
    // seen no later than half a minute after it was revoked
    made.provider.introspect = () => ({ active: false })
    made.now += 30
    assert.equal(await made.show('opaque-1'), 'inactive')
  })

  test('an issuer that does not answer an introspection has proved nothing', async (context) => {
    const made = await world(context, { introspection: 'opaque' })
    made.provider.introspect = () => ({ active: true, ...made.claims })
    assert.equal(await made.show('opaque-1'), 'okta:ada')
    made.provider.up = false
    assert.equal(await made.show('opaque-2'), 'introspection_unavailable')
    made.now += 30
    assert.equal(await made.show('opaque-1'), 'introspection_unavailable')
  })

  test('a signed token is asked about too where revocations are to be seen', async (context) => {
    const made = await world(context, { introspection: 'all' })
    const token = await by(signer, made.claims)
    assert.equal(await made.show(token), 'inactive')
    made.provider.introspect = () => ({ active: true, ...made.claims, sub: 'somebody else' })
    // what was signed counts, not what the answer says
    assert.equal(await made.show(token), 'okta:ada')
  })

  test('where no issuer takes opaque tokens none is sent anywhere', async (context) => {
    const { show, provider } = await world(context)
    assert.equal(await show('opaque-1'), 'malformed')
    assert.deepEqual(provider.asked, [])
  })

  test('clients say themselves whether they can handle claims challenges', async (context) => {
    const made = await world(context)
    const capable = async (xms_cc: unknown) => {
      const shown = await made.tokens.show(await by(signer, { ...made.claims, xms_cc }), bearer, request)
      return shown.ok && shown.value.takesClaimsChallenges
    }
    assert.equal(await capable(['cp1']), true)
    for (const other of [undefined, 'cp1', ['CP1'], []]) assert.equal(await capable(other), false)
  })
})
