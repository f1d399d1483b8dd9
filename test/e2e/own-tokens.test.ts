/** Access tokens of our own provider, shown to our own decision point, which is told nothing about that provider. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt, generateKeyPair, SignJWT } from 'jose'
import * as client from 'openid-client'
import { sessionStore } from '#storage/sessions.ts'
import { Person } from './person.fixture.ts'
import { PASSWORD, REDIRECT, SECRET, startPeople } from './people.fixture.ts'

const API = 'https://shop.example'

async function benSignsIn(
  config: client.Configuration,
  origin: string,
  wanted: { readonly scope: string; readonly resource?: string } = { scope: 'openid' },
): Promise<client.TokenEndpointResponse> {
  const verifier = client.randomPKCECodeVerifier()
  const ben = new Person(origin)
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT,
    ...wanted,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 's',
  })
  await ben.go(address.href)
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  await ben.submit('consent')
  return await client.authorizationCodeGrant(
    config,
    ben.left!,
    { pkceCodeVerifier: verifier, expectedState: 's' },
    wanted.resource === undefined ? {} : { resource: wanted.resource },
  )
}

test('a client asks about and ends its own tokens, and nobody else does', async (context) => {
  const more = `{id: other, secret: ${SECRET}, redirectUris: ['${REDIRECT}']}`
  const { origin } = await startPeople(context, { clients: [more] })
  const options = { execute: [client.allowInsecureRequests] }
  const [app, other] = await Promise.all(
    ['app', 'other'].map((id) => client.discovery(new URL(`${origin}/oidc`), id, SECRET, undefined, options)),
  )
  const { access_token: token } = await benSignsIn(app!, origin)
  assert.equal((await client.tokenIntrospection(app!, token)).active, true)
  assert.equal((await client.tokenIntrospection(other!, token)).active, false)
  await client.tokenRevocation(other!, token).catch(() => {})
  assert.equal((await client.tokenIntrospection(app!, token)).active, true)
  await client.tokenRevocation(app!, token)
  assert.equal((await client.tokenIntrospection(app!, token)).active, false)
})

test('an ID token of our own provider is over with our session, whether or not its client is told of sign-outs', async (context) => {
  const told = `{id: told, secret: ${SECRET}, redirectUris: ['${REDIRECT}'], backchannelLogoutUri: 'http://127.0.0.1:9/out'}`
  const { server, origin } = await startPeople(context, { clients: [told] })
  const options = { execute: [client.allowInsecureRequests] }
  for (const id of ['app', 'told']) {
    const config = await client.discovery(new URL(`${origin}/oidc`), id, SECRET, undefined, options)
    const tokens = await benSignsIn(config, origin)
    const claims = decodeJwt(tokens.id_token!)
    assert.equal(typeof claims['sid'], id === 'told' ? 'string' : 'undefined')
    const { gate, database, clock } = server.context
    assert.equal(await gate.isOver(`${origin}/oidc`, claims), false)
    await sessionStore(database).end(String(claims['urn:ambit:session']), 'signed_out', clock())
    assert.equal(await gate.isOver(`${origin}/oidc`, claims), true)
  }
})

test('a token for one API of our own provider does not open the other', async (context) => {
  const { server, origin } = await startPeople(context, { resources: ", 'https://billing.example': {scope: billing}" })
  const options = { execute: [client.allowInsecureRequests] }
  const config = await client.discovery(new URL(`${origin}/oidc`), 'app', SECRET, undefined, options)
  const { access_token: token, id_token: idToken } = await benSignsIn(config, origin, {
    scope: 'openid shop',
    resource: API,
  })
  assert.equal(decodeJwt(token).aud, API)
  const { tokens } = server.context.gate
  const show = async (text: string, at: { url?: string; audiences?: string[] }) => {
    const shown = await tokens.show(
      text,
      { scheme: 'bearer', proofs: [], certificate: null },
      { method: 'GET', url: null, audiences: null, nonces: null, ...at },
    )
    return shown.ok ? shown.value.evidence.subject : shown.why
  }
  assert.equal(await show(token, { url: `${API}/orders` }), 'shop:ben')
  assert.equal(await show(token, { audiences: [API] }), 'shop:ben')
  for (const at of [
    { url: 'https://billing.example/x' },
    { audiences: ['https://billing.example'] },
    { audiences: [] },
  ])
    assert.equal(await show(token, at), 'audience_refused')
  // of two APIs, nobody said which this is
  assert.equal(await show(token, {}), 'audience_refused')
  for (const at of [{}, { url: API }, { audiences: ['app'] }])
    assert.equal(await show(idToken!, at), 'audience_refused')

  const decide = await server.token('decide')
  const ask = async (session: object) => {
    const question = { subject: { type: 'token', id: 'x' }, action: { name: 'read' } }
    const body = JSON.stringify({
      ...question,
      resource: { type: 'resource', id: 'shop:catalogue' },
      context: { session },
    })
    const headers = { 'content-type': 'application/json' }
    const response = await server.ask('/access/v1/evaluation', { method: 'POST', token: decide, body, headers })
    return ((await response.json()) as { decision: boolean }).decision
  }
  assert.equal(await ask({ access_token: token, audience: API }), true)
  assert.equal(await ask({ access_token: token, audience: [API, 'x'] }), true)
  assert.equal(await ask({ access_token: token, url: `${API}/orders` }), true)
  for (const said of [
    {},
    { audience: 'https://billing.example' },
    { audience: null },
    { audience: [] },
    { audience: { a: API } },
  ])
    assert.equal(await ask({ access_token: token, ...said }), false, JSON.stringify(said))
})

test('a token of our own provider counts while the session behind it lives, and nothing like it counts', async (context) => {
  const { server, origin } = await startPeople(context)
  const options = { execute: [client.allowInsecureRequests] }
  const config = await client.discovery(new URL(`${origin}/oidc`), 'app', SECRET, undefined, options)
  const verifier = client.randomPKCECodeVerifier()
  const ben = new Person(origin)
  const address = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: REDIRECT,
    scope: 'openid shop',
    resource: API,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 's',
  })
  await ben.go(address.href)
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  await ben.submit('consent')
  const checks = { pkceCodeVerifier: verifier, expectedState: 's' }
  const tokens = await client.authorizationCodeGrant(config, ben.left!, checks, { resource: API })
  const claims = decodeJwt(tokens.access_token)
  const decide = await server.token('decide')
  const ask = async (accessToken: string, subject = { type: 'token', id: 'whoever' }) => {
    const body = JSON.stringify({
      subject,
      action: { name: 'read' },
      resource: { type: 'resource', id: 'shop:catalogue' },
      context: { session: { access_token: accessToken } },
    })
    const headers = { 'content-type': 'application/json' }
    const response = await server.ask('/access/v1/evaluation', { method: 'POST', token: decide, body, headers })
    const answer = (await response.json()) as { decision: boolean; context: { reasons?: string[] } }
    return answer.decision ? 'permit' : (answer.context.reasons ?? []).join(' ')
  }
  assert.equal(await ask(tokens.access_token), 'permit')
  assert.equal(await ask(tokens.access_token, { type: 'account', id: 'shop:ben' }), 'permit')
  // it is of Ben, whoever the caller says that it is of
  assert.match(await ask(tokens.access_token, { type: 'account', id: 'shop:ada' }), /\bno_session\b/)
  const { privateKey } = await generateKeyPair('ES256')
  const forged = await new SignJWT({ ...claims, sub: 'shop:ada' })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'oidc-1' })
    .sign(privateKey)
  assert.match(await ask(forged), /\bno_session\b/) // a forger names Ada, and proves nothing of her
  assert.match(await ask(tokens.id_token!), /\bno_session\b/)
  assert.equal(await ask('nonsense'), 'subject_unknown')
  const sessions = sessionStore(server.context.database)
  assert.equal(await sessions.end(String(claims['sid']), 'signed_out', server.context.clock()), true)
  assert.match(await ask(tokens.access_token), /\bno_session\b/)
})
