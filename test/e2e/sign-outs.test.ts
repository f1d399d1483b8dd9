/** A client that wants to be told of sign-outs: it checks what it is told as Back-Channel Logout 1.0 §2.6 says, and is not always there. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose'
import * as client from 'openid-client'
import { systemClock } from '#lib/clock.ts'
import { until } from '#lib/until.fixture.ts'
import { sessionShown } from '#server/forward-auth/session.ts'
import { endTimedOut } from '#storage/session-ends.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { Person } from './person.fixture.ts'
import { PASSWORD, REDIRECT, SECRET, startPeople } from './people.fixture.ts'

async function receiver(context: TestContext) {
  const it = { uri: '', issuer: '', up: true, asked: 0, told: [] as JWTPayload[], faults: [] as unknown[] }
  const server = createServer((request, response) => {
    void (async () => {
      let body = ''
      for await (const piece of request) body += String(piece)
      it.asked += 1
      if (!it.up) return void response.writeHead(503).end()
      try {
        const token = new URLSearchParams(body).get('logout_token') ?? ''
        const keys = createRemoteJWKSet(new URL(`${it.issuer}/jwks`))
        const how = {
          issuer: it.issuer,
          audience: 'told',
          typ: 'logout+jwt',
          requiredClaims: ['jti', 'exp', 'iat', 'sid'],
        }
        const { payload } = await jwtVerify(token, keys, how)
        assert.ok('http://schemas.openid.net/event/backchannel-logout' in (payload['events'] as object))
        assert.equal(payload['nonce'], undefined)
        it.told.push(payload)
        response.writeHead(200).end()
      } catch (error) {
        it.faults.push(error)
        response.writeHead(400).end()
      }
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))))
  it.uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/logout`
  return it
}

/** Ben, signed in at the client that wants to be told. */
async function signedIn(config: client.Configuration, origin: string) {
  const person = new Person(origin)
  const verifier = client.randomPKCECodeVerifier()
  const challenge = await client.calculatePKCECodeChallenge(verifier)
  const asks = { redirect_uri: REDIRECT, scope: 'openid', code_challenge: challenge, code_challenge_method: 'S256' }
  person.left = null
  await person.go(client.buildAuthorizationUrl(config, { ...asks, state: 's' }).href)
  if (person.html.includes('/identify"')) {
    await person.submit('identify', { identifier: 'ben@example.org' })
    await person.submit('password', { password: PASSWORD })
  }
  if (person.html.includes('/consent"')) await person.submit('consent')
  const checks = { pkceCodeVerifier: verifier, expectedState: 's' }
  const tokens = await client.authorizationCodeGrant(config, person.left!, checks)
  const { sid, sub } = tokens.claims()!
  const accessToken = tokens.access_token
  return { person, sid, sub, accessToken }
}

onEveryStore(
  'clients are told of every session that ends, however it ends, until they have heard',
  async (store, context) => {
    const told = await receiver(context)
    const uris = `redirectUris: ['${REDIRECT}'], backchannelLogoutUri: '${told.uri}'`
    const { origin, server, json } = await startPeople(context, {
      store: store.url,
      clients: [`{id: told, secret: ${SECRET}, name: Told, ${uris}}`],
    })
    told.issuer = `${origin}/oidc`
    const { database } = server.context
    const options = { execute: [client.allowInsecureRequests] }
    const config = await client.discovery(new URL(told.issuer), 'told', SECRET, undefined, options)
    const one = await signedIn(config, origin)
    const two = await signedIn(config, origin)
    assert.notEqual(one.sid, two.sid)
    // one of two, by its owner
    await one.person.go('/account')
    await one.person.submit('sign-out')
    await until(
      () => told.told.length === 1,
      () => String(told.faults),
    )
    assert.deepEqual([told.told[0]!['sid'], told.told[0]!.sub], [one.sid, 'shop:ben'])
    // all of an account, by an administrator, while the client is away: told once it is there again
    told.up = false
    const three = await signedIn(config, origin)
    const asked = told.asked
    assert.equal((await json('POST', '/v1/people/shop:ben/disable', {})).status, 200)
    await until(() => told.asked > asked)
    assert.equal(told.told.length, 1)
    told.up = true
    await database.sql.updateTable('deliveries').set({ due: 0 }).where('receiver', 'like', 'sign-out %').execute()
    await until(
      () => told.told.length === 3,
      () => `${told.told.length} ${String(told.faults)}`,
    )
    assert.deepEqual(
      told.told
        .slice(1)
        .map(({ sid }) => sid)
        .toSorted(),
      [two.sid, three.sid].map(String).toSorted(),
    )
    assert.equal(new Set(told.told.map(({ jti }) => jti)).size, 3)
    // each once: nothing is left to be told
    const left = () => database.sql.selectFrom('oidc_client_sessions').selectAll().execute()
    await until(async () => (await left()).length === 0, 'something is left to be told')
    assert.deepEqual(told.faults, [])
  },
)

test('a client hears of a session that merely timed out, and none is kept in use by what asks in the background', async (context) => {
  const told = await receiver(context)
  const uris = `redirectUris: ['${REDIRECT}'], backchannelLogoutUri: '${told.uri}'`
  let ahead = 0
  const { origin, server } = await startPeople(context, {
    clock: () => systemClock() + ahead,
    clients: [`{id: told, secret: ${SECRET}, name: Told, ${uris}}`],
  })
  told.issuer = `${origin}/oidc`
  const { gate, clock, database } = server.context
  const options = { execute: [client.allowInsecureRequests] }
  const config = await client.discovery(new URL(told.issuer), 'told', SECRET, undefined, options)
  const one = await signedIn(config, origin)
  const { sql } = database
  const session = () => sql.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
  const began = await session()
  await sql
    .updateTable('sessions')
    .set({ idle_ms: 900_000, ends_at: began.used_at + 3_600_000 })
    .execute()
  // a cookie of the same person at a proxy
  const own = gate.issuers.find(({ trusted }) => trusted.issuer === told.issuer)!.trusted
  const claims = { sub: 'shop:ben', iss: told.issuer, 'urn:ambit:session': began.id, auth_time: 1 }
  const cookie = await gate.browsers.begin({
    use: 'id',
    issuer: own,
    claims,
    expiresAt: Infinity,
    binding: { jkt: null, x5t: null },
  })
  const at = { scheme: 'https', method: 'GET', host: 'app.test', path: '/', url: 'https://app.test/' } as never
  const door = (mode: string, dest = mode === 'navigate' ? 'document' : 'empty') =>
    sessionShown(gate, ['Cookie', `c=${cookie}`, 'Sec-Fetch-Mode', mode, 'Sec-Fetch-Dest', dest], at, {
      cookie: 'c',
      certificate: null,
      audiences: [],
      nonces: null,
    })
  // neither userinfo, nor an application that asks in a frame, nor what a script fetches or loads in one, is somebody who is there
  ahead += 60_000
  assert.equal((await client.fetchUserInfo(config, one.accessToken, 'shop:ben')).sub, 'shop:ben')
  ahead += 540_000
  const challenge = await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier())
  const asks = { redirect_uri: REDIRECT, scope: 'openid', code_challenge: challenge, code_challenge_method: 'S256' }
  one.person.left = null
  await one.person.go(client.buildAuthorizationUrl(config, { ...asks, prompt: 'none' }).href)
  assert.ok(one.person.left!.searchParams.get('code'))
  assert.equal((await door('cors')).kind, 'session')
  assert.equal((await door('navigate', 'iframe')).kind, 'session')
  assert.equal((await session()).used_at, began.used_at)
  // a page that is opened behind a proxy is
  assert.equal((await door('navigate')).kind, 'session')
  const used = (await session()).used_at
  assert.ok(used >= began.used_at + 600_000)
  ahead += 600_000
  assert.equal((await door('cors')).kind, 'session')
  // nobody comes back: it is over, and no visit brings it back
  ahead += 300_000
  assert.equal((await door('navigate')).kind, 'none')
  assert.equal((await session()).used_at, used)
  await until(
    () => told.told.length === 1,
    () => String(told.faults),
  )
  assert.deepEqual([told.told[0]!['sid'], told.faults], [one.sid, []])
  assert.equal((await session()).end_reason, 'idle')
  assert.equal(await endTimedOut(database, clock()), 0)
})
