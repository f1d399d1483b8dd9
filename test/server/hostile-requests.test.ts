/** Requests that are not meant well: every route, every way of writing it, and shapes that two servers read differently. */
import { strict as assert } from 'node:assert'
import { connect } from 'node:net'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { SCOPES } from '#contract/scopes.ts'
import { testServer, type TestServer } from '#server/server.fixture.ts'
import { BODIES, HEADERS, INVENTORY, isAlias, MANGLED, METHODS, pathOf, TYPES } from './hostile.ts'
import { exchange, statusesIn } from './raw.ts'

async function loaded(server: TestServer): Promise<void> {
  const token = await server.token('ingest')
  const headers = { 'content-type': 'application/json' }
  const answer = await server.ask('/v1/inventory', { method: 'PUT', body: INVENTORY, headers, token })
  assert.equal(answer.status, 200)
}

/** What is answered to bytes, and whether the server ends the connection within a while although more was to come. */
function heldFor(url: string, text: string): Promise<readonly [string, boolean]> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(Number(port), hostname)
    socket.setTimeout(60_000, () => {
      socket.destroy()
      resolve([answer, false])
    })
    socket.on('error', () => {})
    socket.on('data', (piece) => (answer += piece.toString('latin1')))
    socket.on('close', () => resolve([answer, true]))
    socket.write(text)
  })
}

suite('Requests that are not meant well', () => {
  test('never bring down a route, and never get through without its scope', async (context) => {
    const server = await testServer(context, { config: 'log: { level: error }' })
    await loaded(server)
    const [useless, mighty] = [await server.token(), await server.token(...SCOPES)]
    // a stream stays open, which would only take time here
    const guarded = server.routes.filter(({ access, path }) => access !== 'public' && path !== '/v1/events')
    const shape = fc.record({
      route: fc.constantFrom(...guarded),
      method: fc.constantFrom(...METHODS),
      mangle: fc.constantFrom(...MANGLED),
      headers: fc.uniqueArray(fc.constantFrom(...HEADERS), { maxLength: 3 }),
      type: fc.constantFrom(...TYPES),
      body: fc.constantFrom(...BODIES),
      own: fc.boolean(),
      scoped: fc.boolean(),
    })
    const ask = async ({
      route,
      method,
      mangle,
      headers,
      type,
      body,
      own,
      scoped,
    }: typeof shape extends fc.Arbitrary<infer T> ? T : never) => {
      const lines = [
        `${own ? route.method : method} ${mangle(pathOf(route))} HTTP/1.1`,
        'Host: x',
        'Connection: close',
        ...(headers.some((header) => header.startsWith('Authorization'))
          ? []
          : [`Authorization: Bearer ${scoped ? mighty : useless}`]),
        ...headers,
        ...(body === '' ? [] : [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`]),
      ]
      const said = `${lines.join('\n').slice(0, 400)}\n\n${body.slice(0, 100)}`
      const answer = await exchange(server.url, `${lines.join('\r\n')}\r\n\r\n${body}`)
      for (const status of statusesIn(answer)) {
        if (status === 100) continue
        assert.ok(status < 500, `${status} to ${said}\n${answer.slice(0, 600)}`)
        if (isAlias(mangle(pathOf(route)), pathOf(route))) assert.ok(status >= 300, `${status} to the alias ${said}`)
        // routes that check their callers themselves are held to that by their own tests
        if (route.access !== 'own' && !scoped) assert.ok(status >= 300, `${status} to ${said}`)
      }
      assert.doesNotMatch(answer, /\bat .*\.ts:\d+/, 'a stack trace')
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(shape, { minLength: 20, maxLength: 20 }),
        async (each) => void (await Promise.all(each.map(ask))),
      ),
      { numRuns: 25 },
    )
    assert.deepEqual(
      server.logged.filter((line) => line.includes('"internal"') || line.includes('fault of the server')),
      [],
    )
  })

  test('smuggle nothing: what two servers may read as different requests is refused', async (context) => {
    const server = await testServer(context)
    await loaded(server)
    const token = await server.token('read')
    const hidden = `GET /v1/snapshot HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`
    const shapes: Readonly<Record<string, string>> = {
      'two hosts': 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'no host': 'GET /healthz HTTP/1.1\r\n\r\n',
      'two lengths': `POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
      'length and chunked': `POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
      'chunked and length': `POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${hidden}`,
      'chunked in disguise': `POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
      'chunked after a space': `POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${hidden}`,
      'two codings': `POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${hidden}`,
      'a length with a sign': `POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd`,
      'a length that is negative': `POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n`,
      'a folded header': 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n',
      'bare line feeds': 'GET /healthz HTTP/1.1\nHost: x\n\n',
      'a null in a header': 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\u0000b\r\n\r\n',
      'two tokens': `GET /v1/snapshot HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      'a chunk size that overflows':
        'POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\nabc',
      'the version 0.9': 'GET /healthz\r\n',
      'a method in lower case': 'get /healthz HTTP/1.1\r\nHost: x\r\n\r\n',
    }
    for (const [name, text] of Object.entries(shapes)) {
      const statuses = statusesIn(await exchange(server.url, text, 500))
      assert.ok(!statuses.includes(200), `${name}: ${statuses.join(' ')}`)
      assert.ok(
        statuses.every((status) => status < 500),
        `${name}: ${statuses.join(' ')}`,
      )
    }
  })

  test('take no connection for long: slow heads and slow bodies are cut off', async (context) => {
    const server = await testServer(context, {
      config: 'limits: { headerSeconds: 1, requestSeconds: 1 }',
    })
    const token = await server.token('decide', 'ingest', 'read')
    const head = await exchange(server.url, 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-', 60_000)
    assert.ok(!statusesIn(head).includes(200))
    const path =
      server.routes.find(({ method, access }) => method === 'POST' && access === 'decide')?.path ??
      '/v1/inventory/changes'
    const body = await exchange(
      server.url,
      `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nIf-Match: "sha256:${'0'.repeat(64)}"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
      60_000,
    )
    assert.deepEqual(statusesIn(body), [408])
    // answered before its body came, and then in no hurry
    const refused = `POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{`
    const [answer, held] = await heldFor(server.url, refused)
    assert.deepEqual(statusesIn(answer), [404])
    assert.ok(held, 'the server ends it, not the client')
    assert.equal((await server.ask('/healthz')).status, 200)
  })

  test('keep no server that stops, once they were answered', async (context) => {
    const server = await testServer(context, { config: 'limits: { drainSeconds: 600 }' })
    const refused = `POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{`
    const ended = heldFor(server.url, refused)
    while (!server.logged.some((line) => line.includes('"status":404'))) await new Promise((r) => setTimeout(r, 10))
    await server.stop()
    assert.ok((await ended)[1])
  })

  test('are refused when their head is too large, or too much of them comes', async (context) => {
    const server = await testServer(context)
    assert.deepEqual(
      statusesIn(
        await exchange(server.url, `GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`, 60_000),
      ),
      [431],
    )
  })
})
