import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { SCOPES } from '#contract/scopes.ts'
import { until } from '#lib/until.fixture.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { addToken, removeToken, storedTokens } from '#storage/tokens.ts'
import { testServer } from './server.fixture.ts'
import { loadTokens, newToken } from './tokens.ts'

onEveryStore('a token that is revoked on one node is refused on the other', async (store, context) => {
  const [one, other] = [
    await testServer(context, { store: store.url }),
    await testServer(context, { store: store.url }),
  ]
  const token = await one.token('read')
  await other.caughtUp()
  assert.equal((await other.ask('/v1/snapshot', { token })).status, 503)
  const [stored] = await storedTokens(one.context.database)
  assert.ok(await removeToken(one.context.database, stored!.id, 1))
  // the node looks by itself five times a second
  await until(async () => (await other.ask('/v1/snapshot', { token })).status === 401, 'the token is taken still')
})

onEveryStore('a token is taken as soon as it is made, whoever made it', async (store, context) => {
  const { ask, context: parts } = await testServer(context, { store: store.url })
  // as `ambit token create` does, beside the server
  for (let made = 0; made < 3; made++) {
    const { token, stored } = newToken({ name: 'x', scopes: ['read'], expiresAt: null }, 1)
    await addToken(parts.database, stored)
    assert.equal(
      (await ask('/v1/snapshot', { token })).status,
      503,
      'the token is known, and there is no inventory yet',
    )
  }
})

onEveryStore(
  'tokens that nobody made are looked for together, and their store being away is no way in',
  async (store) => {
    const database = await store.open()
    const tokens = await loadTokens(database, () => 1)
    const made = Array.from({ length: 500 }, () => newToken({ name: 'x', scopes: ['read'], expiresAt: null }, 1))
    const unknown = Promise.all(made.map(({ token }) => tokens.newCaller(token)))
    // made while the others are looked for: the reading that they share begins after it
    await addToken(database, made[7]!.stored)
    assert.deepEqual(
      (await unknown).flatMap((caller, place) => (caller === null ? [] : [place])),
      [7],
    )
    assert.equal(await tokens.newCaller(made[8]!.token), null)
    await database.close()
    await assert.rejects(tokens.newCaller(made[8]!.token), { code: 'store_unavailable' })
    await assert.rejects(tokens.newById('0123456789abcdef'), { code: 'store_unavailable' })
    assert.equal(await tokens.newCaller('of another shape'), null)
    assert.notEqual(tokens.caller(made[7]!.token), null)
  },
)

onEveryStore(
  'what was read before a token was revoked does not bring it back, however late it comes',
  async (store) => {
    const database = await store.open()
    const { token, stored } = newToken({ name: 'x', scopes: ['read'], expiresAt: null }, 1)
    await addToken(database, stored)
    const held: (() => void)[] = []
    let holds = false
    const sql = database.sql.withPlugin({
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        if (holds) await new Promise<void>((resolve) => held.push(resolve))
        return result
      },
    })
    const tokens = await loadTokens({ ...database, sql }, () => 1)
    holds = true
    const slow = tokens.reload()
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    holds = false
    assert.ok(await removeToken(database, stored.id, 2))
    const heard = tokens.reload()
    // time for the second reading to come in first
    await new Promise((resolve) => setTimeout(resolve, 100))
    held[0]!()
    await Promise.all([slow, heard])
    assert.equal(tokens.caller(token), null)
  },
)

test('while tokens cannot be read, one that was made a moment ago is not called unknown', async (context) => {
  const { ask, context: parts, token: newKnown, logged } = await testServer(context)
  const known = await newKnown('decide')
  const { token } = newToken({ name: 'x', scopes: ['decide'], expiresAt: null }, 1)
  const question = {
    subject: { type: 'user', id: 'ada' },
    action: { name: 'read' },
    resource: { type: 'page', id: 'x' },
  }
  const post = (secret: string) =>
    ask('/access/v1/evaluation', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(question),
      token: secret,
    })
  assert.equal((await post(token)).status, 401, 'the store was asked, and knows no such token')
  await parts.database.sql.schema.alterTable('tokens').renameTo('elsewhere').execute()
  const answer = await post(token)
  assert.deepEqual(
    [answer.status, answer.headers.get('retry-after'), answer.headers.get('www-authenticate')],
    [503, '2', null],
  )
  assert.equal(((await answer.json()) as { error: string }).error, 'store_unavailable')
  assert.ok(
    logged.some((line) => /tokens cannot be read/.test(line) && /no such table/.test(line)),
    'the log does not say why',
  )
  assert.equal((await post('ambit_of_another_shape')).status, 401)
  assert.notEqual((await post(known)).status, 401)
  await parts.database.sql.schema.alterTable('elsewhere').renameTo('tokens').execute()
  assert.equal((await post(token)).status, 401)
})

onEveryStore('a token is kept as a hash, with its use and its end', async (store) => {
  const database = await store.open()
  let now = 1000
  const { token, stored } = newToken({ name: 'x', scopes: ['decide', 'read'], expiresAt: 5000 }, now)
  await addToken(database, stored)
  const tokens = await loadTokens(database, () => now)
  assert.doesNotMatch(JSON.stringify(await storedTokens(database)), new RegExp(token.slice(-43)))
  assert.deepEqual([...tokens.caller(token)!.scopes], ['decide', 'read'])
  await tokens.noteUse()
  assert.equal((await storedTokens(database))[0]!.lastUsedAt, 1000)
  now = 4999
  assert.notEqual(tokens.caller(token), null)
  now = 5000
  assert.equal(tokens.caller(token), null)
})

suite('A request', () => {
  test('without a token, with a wrong one and without the scope is told so', async (context) => {
    const { ask, token } = await testServer(context)
    const none = await ask('/v1/snapshot')
    assert.equal(none.status, 401)
    assert.equal(none.headers.get('www-authenticate'), 'Bearer realm="ambit", scope="read"')
    const good = await token('read')
    for (const bad of ['x', good.slice(0, -1), `${good}x`, good.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A'))]) {
      const wrong = await ask('/v1/snapshot', { token: bad })
      assert.equal(wrong.status, 401)
      assert.match(wrong.headers.get('www-authenticate') ?? '', /error="invalid_token"/)
    }
    const other = await ask('/v1/snapshot', { token: await token('decide', 'ingest', 'administer') })
    assert.equal(other.status, 403)
    assert.match(other.headers.get('www-authenticate') ?? '', /error="insufficient_scope", scope="read"/)
    assert.match(((await other.json()) as { message: string }).message, /lacks the scope `read`/)
  })

  test('is answered by no route without the scope that the route declares', async (context) => {
    const { ask, token, routes } = await testServer(context)
    const tokens = new Map([...SCOPES, 'none' as const].map((scope) => [scope, scope === 'none' ? undefined : '']))
    for (const scope of SCOPES) tokens.set(scope, await token(scope))
    let guarded = 0
    for (const { method, path, access } of routes) {
      if (access === 'public' || access === 'own') continue
      guarded++
      const needed = access === 'metrics' ? 'read' : access
      for (const [scope, each] of tokens) {
        if (scope === needed) continue
        const url = path.replaceAll(/:[a-zA-Z]+/g, 'x').replaceAll('*', 'x')
        const answer = await ask(url, { method, ...(each === undefined ? {} : { token: each }) })
        assert.ok([401, 403].includes(answer.status), `${method} ${path} with ${scope}: ${answer.status}`)
        await answer.body?.cancel()
      }
    }
    assert.ok(guarded >= 7)
  })

  test('leaves no secret in the log, whatever it carries', async (context) => {
    const { ask, token, logged } = await testServer(context, { config: 'log: { level: debug }' })
    const secret = await token('read')
    const carried = ['s3cr3t-query', 's3cr3t-cookie', 's3cr3t-basic', 's3cr3t-body', '918273']
    await ask('/v1/snapshot?code=s3cr3t-query', { token: secret, headers: { cookie: 'sid=s3cr3t-cookie' } })
    await ask('/v1/accounts/x?otp=918273', { headers: { authorization: 'Basic s3cr3t-basic' } })
    await ask('/v1/inventory', { method: 'PUT', body: '{"password":"s3cr3t-body"}', token: await token('ingest') })
    await ask('/v1/nowhere?token=s3cr3t-query', { token: secret })
    const all = logged.join('')
    assert.match(all, /"route":"\/v1\/snapshot"/)
    for (const word of [...carried, secret.slice(-43)]) assert.ok(!all.includes(word), word)
  })
})
