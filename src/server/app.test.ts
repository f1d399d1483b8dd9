import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { SCOPES } from '#contract/scopes.ts'
import { testServer } from './server.fixture.ts'
import { faultOfPath } from './strict-requests.ts'

suite('The server', () => {
  test('lives as soon as it listens, and is not ready without an inventory', async (context) => {
    const { ask } = await testServer(context)
    assert.equal((await ask('/healthz')).status, 200)
    const ready = await ask('/readyz')
    assert.equal(ready.status, 503)
    assert.deepEqual(await ready.json(), { status: 'not_ready', missing: ['no inventory has been taken yet'] })
  })

  test('says with each request that it is not ready, and not once more in the log', async (context) => {
    const { ask, token, logged } = await testServer(context)
    const reads = await token('read')
    for (let asked = 0; asked < 3; asked++) {
      const answer = await ask('/v1/snapshot', { token: reads })
      assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '2'])
    }
    assert.deepEqual(
      logged.filter((line) => /"level":"(error|warn)"|stack/.test(line)),
      [],
    )
    assert.equal(logged.filter((line) => line.includes('"status":503')).length, 3)
  })

  test('takes no JSON in which a member stands twice, at whatever route', async (context) => {
    const { ask, token, routes } = await testServer(context)
    const secret = await token(...SCOPES)
    const headers = { 'content-type': 'application/json' }
    const tried: string[] = []
    for (const { method, path, access } of routes) {
      if (!['POST', 'PUT', 'PATCH'].includes(method) || access === 'public' || access === 'own') continue
      // inventories are read as they come, as files are
      if (path.startsWith('/v1/inventory')) continue
      const body = '{"a":{"b":1,"b":2}}'
      const answer = await ask(path.replaceAll(/:[a-zA-Z]+/g, 'x'), { method, headers, body, token: secret })
      const said = await answer.text()
      assert.equal(answer.status, 400, `${method} ${path}: ${said}`)
      assert.match(said, /the body cannot be taken: .*`b`/, `${method} ${path}: ${said}`)
      tried.push(path)
    }
    assert.ok(tried.includes('/v1/exceptions') && tried.includes('/access/v1/evaluation'))
  })

  test('says in one shape what is wrong, with the id that the client gave', async (context) => {
    const { ask } = await testServer(context)
    const answer = await ask('/nowhere', { headers: { 'x-request-id': 'abc-1' } })
    assert.equal(answer.status, 404)
    assert.equal(answer.headers.get('x-request-id'), 'abc-1')
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    const message = 'there is nothing at this path'
    assert.deepEqual(await answer.json(), { error: 'not_found', message, requestId: 'abc-1' })
  })

  test('names the methods of a path that is there by others only, whatever the body', async (context) => {
    const { ask } = await testServer(context)
    const cases: [string, string, string][] = [
      ['GET', '/access/v1/evaluation', 'POST'],
      ['PUT', '/access/v1/search/subject', 'POST'],
      ['OPTIONS', '/v1/inventory', 'PUT'],
      ['HEAD', '/v1/accounts/idp:a%20b', 'GET'],
      ['DELETE', '/healthz', 'GET, HEAD'],
      ['POST', '/signals/x/push/', ''],
    ]
    for (const [method, path, allow] of cases) {
      const answer = await ask(path, { method, headers: { 'content-type': 'application/json' } })
      assert.deepEqual([answer.status, answer.headers.get('allow') ?? ''], [allow === '' ? 400 : 405, allow], path)
      const body = await answer.text()
      if (method !== 'HEAD' && allow !== '') assert.match(body, /"error":"method_not_allowed"/)
    }
    // nobody reads what nobody takes
    const much = await ask('/nowhere', { method: 'POST', body: 'x'.repeat(3_000_000) })
    assert.deepEqual([much.status, ((await much.json()) as { error: string }).error], [404, 'not_found'])
  })

  test('reads no body as it stands that is said to be packed', async (context) => {
    const { ask, token } = await testServer(context)
    const put = async (encoding: string) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
      return await ask('/v1/inventory', { method: 'PUT', headers, body: '{"ambit":1}', token: await token('ingest') })
    }
    const packed = await put('gzip')
    assert.deepEqual([packed.status, packed.headers.get('accept-encoding')], [415, 'identity'])
    assert.match(await packed.text(), /unpacked only/)
    assert.equal((await put('identity')).status, 200)
    // nginx passes the header on without the body
    assert.equal((await ask('/forward-auth/nginx', { headers: { 'content-encoding': 'gzip' } })).status, 403)
  })

  test('answers HEAD where it is asked whether it lives, and where it describes itself', async (context) => {
    const { ask } = await testServer(context)
    for (const path of ['/healthz', '/readyz', '/.well-known/authzen-configuration', '/.well-known/jwks.json']) {
      const [head, get] = [await ask(path, { method: 'HEAD' }), await ask(path)]
      assert.equal(head.status, get.status, path)
      assert.equal(head.headers.get('content-type'), get.headers.get('content-type'))
      assert.equal(await head.text(), '')
    }
  })

  test('gives an id of its own where the client gives none that can stand in a log', async (context) => {
    const { ask } = await testServer(context)
    const answer = await ask('/healthz', { headers: { 'x-request-id': 'a b"c' } })
    assert.match(answer.headers.get('x-request-id') ?? '', /^req_/)
  })

  test('takes one way of writing each path', () => {
    for (const path of ['/', '/v1/accounts', '/v1/accounts/idp:a%20b', '/v1/events?after=1', '/a/@x', '/%C3%A9']) {
      assert.equal(faultOfPath(path), null, path)
    }
    for (const path of [
      '//v1/accounts',
      '/v1//accounts',
      '/v1/./accounts',
      '/v1/../accounts',
      '/v1/accounts/',
      '/v1%2faccounts',
      '/v1%2Faccounts',
      '/v1%5caccounts',
      '/v1/%61ccounts',
      '/v1/%2e/accounts',
      '/v1/accounts%00',
      '/v1/accounts;x',
      '/v1/accounts#x',
      '/v1/acc ounts',
      '/v1/accounts%',
      '/v1/accounts%zz',
      '/v1\\accounts',
      'http://elsewhere/v1/accounts',
      'v1/accounts',
      '*',
      '',
    ]) {
      assert.notEqual(faultOfPath(path), null, path)
    }
  })
})
