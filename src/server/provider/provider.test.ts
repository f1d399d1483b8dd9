/** An independent OpenID client against our provider, over HTTP, on both stores. */
import { strict as assert } from 'node:assert'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose'
import * as client from 'openid-client'
import type { Proof } from '#authn/session.ts'
import { onEveryStore, type Store } from '#storage/stores.fixture.ts'
import { API, Browser, CLIENT, startProvider, type TestProvider } from './provider.fixture.ts'

const proof = (factor: Proof['factor'], at: number, more: Partial<Proof> = {}): Proof => ({
  factor,
  authenticator: factor,
  channel: null,
  purpose: 'sign_in',
  binding: '',
  at,
  userVerified: false,
  keyClass: null,
  fips140Level: null,
  boundAtAal: 3,
  ...more,
})
/** `npm run torture` sets a hundred rounds, and then two hundred requests at once. */
const ROUNDS = Number(process.env['AMBIT_RACES'] ?? 3)
const AT_ONCE = ROUNDS < 20 ? 16 : 200

const password = (at: number) => proof('password', at)
const passkey = (at: number) => proof('passkey', at, { keyClass: 'synced', userVerified: true })

async function started(store: Store, context: TestContext) {
  const running = await startProvider(await store.open())
  context.after(running.close)
  // the library has no clock of its own to set: it lives in the present
  running.tools.now = new Date().getTime()
  const options = { execute: [client.allowInsecureRequests] }
  const config = await client.discovery(
    new URL(running.issuer),
    CLIENT.client_id,
    CLIENT.client_secret,
    undefined,
    options,
  )
  return { running, config, browser: new Browser() }
}

interface Asked {
  readonly [name: string]: string
}

async function authorize(
  { running, config, browser }: { running: TestProvider; config: client.Configuration; browser: Browser },
  more: Asked = {},
  isPushed = true,
) {
  const verifier = client.randomPKCECodeVerifier()
  const parameters = {
    redirect_uri: CLIENT.redirect_uris[0]!,
    scope: 'openid offline_access read',
    resource: API,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 'state',
    nonce: 'nonce',
    prompt: 'consent',
    ...more,
  }
  const url = isPushed
    ? await client.buildAuthorizationUrlWithPAR(config, parameters)
    : client.buildAuthorizationUrl(config, parameters)
  const back = await browser.go(url.href, running.issuer)
  return { back, verifier }
}

async function tokens(
  it: Awaited<ReturnType<typeof started>>,
  more: Asked = {},
  options?: { DPoP?: client.DPoPHandle },
) {
  const { back, verifier } = await authorize(it, more)
  const checks = { pkceCodeVerifier: verifier, expectedState: 'state', expectedNonce: 'nonce' }
  return client.authorizationCodeGrant(it.config, back, checks, { resource: API }, options)
}

onEveryStore('tokens say what the session proved, when, and step up only when asked', async (store, context) => {
  const it = await started(store, context)
  const { running } = it
  running.onInteraction = () => [password(running.tools.now)]
  const first = await tokens(it)
  const claims = first.claims()!
  assert.equal(claims['acr'], 'urn:ambit:loa:1')
  assert.deepEqual(claims['amr'], ['pwd'])
  assert.equal(claims['auth_time'], Math.floor(running.tools.now / 1000))
  const access = decodeJwt(first.access_token)
  assert.deepEqual([access['acr'], access['amr'], access['aud']], ['urn:ambit:loa:1', ['pwd'], API])
  assert.equal(access['auth_time'], claims['auth_time'])
  assert.equal(running.interactions.length, 1)
  // nothing more is asked, so nobody is disturbed
  await tokens(it)
  assert.equal(running.interactions.length, 1)
  // acr_values is necessary
  running.onInteraction = () => [passkey(running.tools.now)]
  const stronger = await tokens(it, { acr_values: 'phr' })
  assert.deepEqual(running.interactions.at(-1), ['acr_unmet'])
  assert.equal(stronger.claims()!['acr'], 'phr')
  assert.deepEqual(decodeJwt(stronger.access_token)['amr'], ['mfa', 'pop', 'user'])
  // a weaker word is true of a stronger session
  assert.equal((await tokens(it, { acr_values: 'urn:ambit:loa:1' })).claims()!['acr'], 'urn:ambit:loa:1')
  assert.equal(running.interactions.length, 2)
  // an essential claim too
  running.onInteraction = () => null
  const essential = JSON.stringify({ id_token: { acr: { essential: true, values: ['phrh'] } } })
  assert.equal(
    (await authorize(it, { claims: essential })).back.searchParams.get('error'),
    'unmet_authentication_requirements',
  )
  // the weaker acr_values beside an essential claim does not weaken it
  // nor may it say one thing to us and another to whoever looks at it on its way
  const twofold = `{"id_token": {"acr": {"essential": true, "values": ["phrh"]}}, "id_token": {"acr": {"value": "urn:ambit:loa:1"}}}`
  await assert.rejects(authorize(it, { claims: twofold }), { error: 'invalid_request' })
  for (const [claims, says] of [
    [twofold, /`id_token` stands twice/],
    ['{"id_token": {"acr": "phrh"}}', /members must be null or objects/],
  ] as const) {
    const refused = (await authorize(it, { claims }, false)).back.searchParams
    assert.equal(refused.get('error'), 'invalid_request')
    assert.match(refused.get('error_description') ?? '', says)
  }
  const mixed = await authorize(it, { claims: essential, acr_values: 'urn:ambit:loa:1' })
  assert.equal(mixed.back.searchParams.get('error'), 'unmet_authentication_requirements')
  assert.deepEqual(
    running.errors.filter((error) => error.startsWith('server_error')),
    [],
  )
})

onEveryStore('a fresh session is not a strong one, and words that nobody knows are refused', async (store, context) => {
  const it = await started(store, context)
  it.running.onInteraction = () => [password(it.running.tools.now)]
  await tokens(it)
  const error = async (more: Asked) => (await authorize(it, more)).back.searchParams.get('error')
  it.running.onInteraction = () => null
  assert.equal(await error({ acr_values: 'gold silver' }), 'unmet_authentication_requirements')
  assert.equal(await error({ acr_values: 'phr', prompt: 'none' }), 'unmet_authentication_requirements')
  // the page is left with a proof that is as weak as before: asked again, never let through
  let tries = 0
  it.running.onInteraction = () => (++tries > 3 ? null : [password(it.running.tools.now)])
  assert.equal(await error({ acr_values: 'phr' }), 'unmet_authentication_requirements')
  assert.equal(tries, 4)
  it.running.tools.now += 600_000
  assert.equal(await error({ max_age: '300', prompt: 'none' }), 'login_required')
})

onEveryStore(
  'a code and a refresh are worth no more than when they were given, whatever the person proves to others meanwhile',
  async (store, context) => {
    const it = await started(store, context)
    const { running, config } = it
    running.onInteraction = () => [password(running.tools.now)]
    const weak = await tokens(it)
    const unused = await authorize(it)
    running.tools.now += 10_000
    // a sign-in elsewhere may be older than its being told here, which is what counts
    const said = { issuer: 'https://idp.example', link: 'l', acr: 'phr', amr: [], session: null, code: false } as const
    const [before, told] = [running.tools.now - 60_000, Math.floor(running.tools.now / 1000)]
    const upstream = { ...said, authTime: before / 1000, issuedAt: told, strength: 'phishing_resistant' } as const
    running.onInteraction = () => [passkey(running.tools.now), proof('upstream', before, { upstream })]
    const strong = await tokens(it, { acr_values: 'phr' })
    assert.equal(decodeJwt(strong.access_token)['acr'], 'phr')
    const next = await client.refreshTokenGrant(config, weak.refresh_token!, { resource: API })
    const checks = { pkceCodeVerifier: unused.verifier, expectedState: 'state', expectedNonce: 'nonce' }
    const late = await client.authorizationCodeGrant(config, unused.back, checks, { resource: API })
    for (const { access_token: text, refresh_token: again } of [
      late,
      next,
      await client.refreshTokenGrant(config, next.refresh_token!, { resource: API }),
    ]) {
      assert.notEqual(again, undefined)
      const claims = decodeJwt(text)
      assert.deepEqual([claims['acr'], claims['amr']], ['urn:ambit:loa:1', ['pwd']])
      assert.equal(claims['auth_time'], weak.claims()!['auth_time'])
    }
    assert.equal(next.claims()!['acr'], 'urn:ambit:loa:1')
  },
)

onEveryStore(
  'a refresh says what is true now, and nothing once the session or the account has ended',
  async (store, context) => {
    const it = await started(store, context)
    const { running, config } = it
    const { tools } = running
    running.onInteraction = () => [password(tools.now), passkey(tools.now)]
    const first = await tokens(it, { acr_values: 'phr' })
    const second = await client.refreshTokenGrant(config, first.refresh_token!, { resource: API })
    assert.equal(decodeJwt(second.access_token)['acr'], 'phr')
    assert.equal(decodeJwt(second.access_token)['auth_time'], first.claims()!['auth_time'])
    // a used refresh token ends its whole family
    await assert.rejects(client.refreshTokenGrant(config, first.refresh_token!), { error: 'invalid_grant' })
    await assert.rejects(client.refreshTokenGrant(config, second.refresh_token!), { error: 'invalid_grant' })
    const third = await tokens(it)
    await tools.accounts.endEverything('idp:ada', { reason: 'factor_changed' }, tools.now)
    await assert.rejects(client.refreshTokenGrant(config, third.refresh_token!), { error: 'invalid_grant' })
    // the provider's own session does not outlive ours
    running.onInteraction = () => null
    assert.equal((await authorize(it, { prompt: 'none' })).back.searchParams.get('error'), 'login_required')
    // nor does a disabled account sign in again, whatever it proves
    await tools.accounts.endEverything('idp:ada', { locks: ['administrator'], reason: 'disabled' }, tools.now)
    running.onInteraction = () => [passkey(tools.now)]
    await assert.rejects(tokens(it))
  },
)

onEveryStore('of many redemptions at once, one has tokens', async (store, context) => {
  const it = await started(store, context)
  const { running, config } = it
  running.onInteraction = () => [password(running.tools.now)]
  for (let round = 0; round < ROUNDS; round++) {
    const { back, verifier } = await authorize(it)
    const checks = { pkceCodeVerifier: verifier, expectedState: 'state', expectedNonce: 'nonce' }
    const redeemed = await Promise.allSettled(
      Array.from({ length: AT_ONCE }, () => client.authorizationCodeGrant(config, back, checks, { resource: API })),
    )
    assert.equal(redeemed.filter(({ status }) => status === 'fulfilled').length, 1)
    const won = redeemed.find((each) => each.status === 'fulfilled')
    // whoever lost the race showed a used code: nothing that came of it is worth anything
    await assert.rejects(client.refreshTokenGrant(config, won!.value.refresh_token!))
    const fresh = await tokens(it)
    const refreshed = await Promise.allSettled(
      Array.from({ length: AT_ONCE }, () => client.refreshTokenGrant(config, fresh.refresh_token!)),
    )
    assert.equal(refreshed.filter(({ status }) => status === 'fulfilled').length, 1)
  }
})

onEveryStore('a code is for its client, its verifier and its key', async (store, context) => {
  const it = await started(store, context)
  it.running.onInteraction = () => [password(it.running.tools.now)]
  const { back, verifier } = await authorize(it)
  const options = { execute: [client.allowInsecureRequests] }
  const other = await client.discovery(new URL(it.running.issuer), 'other', CLIENT.client_secret, undefined, options)
  const checks = { pkceCodeVerifier: verifier, expectedState: 'state', expectedNonce: 'nonce' }
  await assert.rejects(client.authorizationCodeGrant(other, back, checks))
  const again = await authorize(it)
  const wrong = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() }
  await assert.rejects(client.authorizationCodeGrant(it.config, again.back, wrong))
  const DPoP = client.getDPoPHandle(it.config, await client.randomDPoPKeyPair())
  const bound = await tokens(it, {}, { DPoP })
  assert.equal(bound.token_type, 'dpop')
  assert.ok((decodeJwt(bound.access_token)['cnf'] as { jkt?: string }).jkt)
  const thief = client.getDPoPHandle(it.config, await client.randomDPoPKeyPair())
  // a confidential client's refresh token is bound to the client; a proof of another key makes other tokens, not these
  const next = await client.refreshTokenGrant(it.config, bound.refresh_token!, { resource: API }, { DPoP: thief })
  assert.notDeepEqual(decodeJwt(next.access_token)['cnf'], decodeJwt(bound.access_token)['cnf'])
})

onEveryStore('a proof of a key holds a nonce of ours where that is asked for', async (store, context) => {
  const running = await startProvider(await store.open(), { dpopNonces: true })
  context.after(running.close)
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const url = `${running.issuer}/token`
  const ask = async (nonce?: string) => {
    const shown = await new SignJWT({
      htm: 'POST',
      htu: url,
      jti: randomUUID(),
      ...(nonce === undefined ? {} : { nonce }),
    })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(publicKey) })
      .setIssuedAt()
      .sign(privateKey)
    const { client_id, client_secret, redirect_uris } = CLIENT
    const form = { grant_type: 'authorization_code', code: 'x', code_verifier: 'x'.repeat(43) }
    const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`
    const body = new URLSearchParams({ ...form, redirect_uri: redirect_uris[0]! })
    const answer = await fetch(url, { method: 'POST', headers: { dpop: shown, authorization }, body })
    const { error } = (await answer.json()) as { error: string }
    return { error, nonce: answer.headers.get('dpop-nonce') }
  }
  const first = await ask()
  assert.equal(first.error, 'use_dpop_nonce')
  assert.ok(first.nonce)
  assert.equal((await ask('guessed')).error, 'use_dpop_nonce')
  assert.equal((await ask(first.nonce)).error, 'invalid_grant', 'the proof is taken, and the code is what is wrong')
})

onEveryStore('the store holds no code and no token', async (store, context) => {
  const database = await store.open()
  const it = await started(store, context)
  it.running.onInteraction = () => [password(it.running.tools.now)]
  const { back, verifier } = await authorize(it)
  const checks = { pkceCodeVerifier: verifier, expectedState: 'state', expectedNonce: 'nonce' }
  const issued = await client.authorizationCodeGrant(it.config, back, checks, { resource: API })
  const dump = JSON.stringify([
    await database.sql.selectFrom('oidc_records').selectAll().execute(),
    await database.sql.selectFrom('sessions').selectAll().execute(),
  ])
  for (const secret of [
    back.searchParams.get('code')!,
    issued.refresh_token!,
    it.browser.cookies.get('__Host-ambit-session')!,
  ]) {
    assert.ok(!dump.includes(secret))
  }
})

onEveryStore('what was issued from a session is worth nothing once the session ended', async (store, context) => {
  const it = await started(store, context)
  it.running.onInteraction = () => [passkey(it.running.tools.now)]
  // without a resource the access token is opaque, for the provider itself
  const { back, verifier } = await authorize(it, { resource: '', scope: 'openid offline_access' })
  const checks = { pkceCodeVerifier: verifier, expectedState: 'state', expectedNonce: 'nonce' }
  const opaque = await client.authorizationCodeGrant(it.config, back, checks)
  const jwt = await tokens(it)
  const { sid } = decodeJwt(jwt.access_token)
  const [session] = await it.running.tools.sessions.listOf('idp:ada', it.running.tools.now)
  assert.equal(sid, session!.id)
  assert.equal((await client.tokenIntrospection(it.config, opaque.access_token)).active, true)
  assert.equal((await client.fetchUserInfo(it.config, opaque.access_token, 'idp:ada')).sub, 'idp:ada')
  const unused = await authorize(it)
  await it.running.tools.sessions.end(session!.id, 'signed_out', it.running.tools.now)
  assert.equal((await client.tokenIntrospection(it.config, opaque.access_token)).active, false)
  await assert.rejects(client.fetchUserInfo(it.config, opaque.access_token, 'idp:ada'))
  await assert.rejects(client.refreshTokenGrant(it.config, opaque.refresh_token!), /invalid_grant|error/)
  const late = { ...checks, pkceCodeVerifier: unused.verifier }
  await assert.rejects(client.authorizationCodeGrant(it.config, unused.back, late, { resource: API }))
})
