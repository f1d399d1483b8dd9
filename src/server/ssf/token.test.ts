import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { removeToken } from '#storage/tokens.ts'
import { PUBLIC, receiverOf, sending } from './ssf.fixture.ts'

test('A receiver changes its token for a short-lived one, which is good for streams and for nothing else', async (context) => {
  let now = 1_800_000_000_000
  const { server, token, make } = await sending(context, { clock: () => now })
  const stream = await make()
  const ask = async (form: Record<string, string>, headers: Record<string, string> = {}) =>
    await server.ask('/ssf/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...form }).toString(),
    })
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${secret}`).toString('base64')}`,
  })
  const given = await ask({}, basic('siem', token))
  assert.equal(given.status, 200)
  assert.equal(given.headers.get('cache-control'), 'no-store')
  const { access_token: short, ...rest } = (await given.json()) as Record<string, string>
  assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 3600, scope: 'ssf.read ssf.manage' })
  const { exp, nbf } = decodeJwt(short!)
  assert.equal(exp! - nbf!, 3600)
  const read = async (bearer: string) => await server.ask('/ssf/streams', { token: bearer })
  assert.deepEqual(await (await read(short!)).json(), [stream])
  for (const path of ['/v1/accounts', '/v1/events', '/metrics'])
    assert.equal((await server.ask(path, { token: short! })).status, 401, path)
  assert.equal((await ask({ client_id: 'siem', client_secret: token })).status, 200)

  const narrow = await ask({ scope: 'ssf.read' }, basic('siem', token))
  const { access_token: reading } = (await narrow.json()) as Record<string, string>
  const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }
  assert.equal((await server.ask('/ssf/streams', { ...post, token: reading! })).status, 403)
  assert.equal((await ask({ scope: 'ssf.read administer' }, basic('siem', token))).status, 400)
  assert.equal((await ask({ grant_type: 'password' }, basic('siem', token))).status, 400)
  for (const headers of [
    basic('other', token),
    basic('siem', 'wrong'),
    basic('siem', short!),
    { authorization: 'Basic !' },
    {},
  ])
    assert.equal((await ask({}, headers as Record<string, string>)).status, 401)
  const all = await server.token('administer', 'read')
  assert.equal((await ask({}, basic('test', all))).status, 400, 'a token without the scopes gets none')

  // signed by the same key, but something else
  const { signer } = server.context.gate
  const iat = Math.floor(now / 1000)
  const { token: id } = decodeJwt(short!) as { token: string }
  const claims = { iss: PUBLIC, aud: PUBLIC, token: id, scope: 'ssf.read', iat, exp: iat + 60 }
  assert.equal((await read(await signer.sign('JWT', claims))).status, 401)
  assert.equal((await read(await signer.sign('ambit-ssf+jwt', { ...claims, aud: 'https://other' }))).status, 401)
  assert.equal((await read(await signer.sign('ambit-ssf+jwt', claims, 'RS256'))).status, 401)

  now += 3_601_000
  assert.equal((await read(short!)).status, 401, 'its hour is over')
  const last = (await (await ask({}, basic('siem', token))).json()) as { access_token: string }
  assert.equal((await read(last.access_token)).status, 200)
  await removeToken(server.context.database, id, now)
  await server.context.tokens.reload()
  assert.equal((await read(last.access_token)).status, 401, 'the token behind it was revoked')
  const stranger = await receiverOf(server, 'siem')
  assert.equal((await stranger.call('GET', '/ssf/streams')).status, 200)
})
