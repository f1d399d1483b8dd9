/** Every route there is, with everything switched on, under each shape of request that is not meant well. */
import { strict as assert } from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { SCOPES } from '#contract/scopes.ts'
import type { DeclaredRoute } from '#server/access.ts'
import { testServer, type TestServer } from '#server/server.fixture.ts'
import { BODIES, HEADERS, INVENTORY, isAlias, MANGLED, METHODS, pathOf, TYPES } from './hostile.ts'
import { exchange, statusesIn } from './raw.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')
/** A server that declares all of its routes. Nobody is asked anything: what would be is at an address that answers nothing. */
const EVERYTHING = `
log: { level: error }
publicUrl: http://localhost:1
metrics: { access: token }
issuers:
  - { issuer: 'https://idp.invalid', audiences: ['https://app.example'], client: { id: ambit, secret: s } }
decisions: { issuers: { 'https://idp.invalid': { acr: { a: { strength: two_factor } } } } }
gate:
  rules: [{ hosts: [app.example], resource: { type: app, id: app } }]
signals:
  transmit: { keys: [{ id: k1, secret: ${KEY} }] }
  from:
    - name: ada
      issuer: https://idp.invalid
      audiences: [a]
      subjects: {}
      pushToken: ${'p'.repeat(32)}
people:
  brand: Example
  keys: [{ id: k1, secret: ${KEY} }]
  clients: [{ id: tv, devices: true }]
  upstreams: [{ id: up, issuer: 'https://idp.invalid', name: Up }]
  factors: [passkey, password, totp, email_code, recovery_code, push]
  smtp: { host: mail.invalid, from: a@ambit.example }
  push: { url: 'https://app.invalid', secret: 'whsec_${KEY}', token: ${'t'.repeat(32)} }
  delivery:
    - name: gw
      http:
        url: https://gw.invalid
        body: { to: '{to}', text: '{text}' }
        reference: /id
        receipts: { token: ${'r'.repeat(32)}, reference: /id, status: /s, delivered: [d], failed: [f] }
  sms: { countries: { NL: 0.1 }, costPerDay: 1 }
`

/** Paths that stand in the sources of the server as those of routes. */
function pathsInSources(): Set<string> {
  const root = new URL('../../src/server/', import.meta.url)
  const declared = /\.(?:get|post|put|patch|delete|all)(?:<[^(]*?>)?\(\s*'(\/[^']*)'/gs
  return new Set(
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !/\.(?:test|fixture)\.ts$/.test(name))
      .flatMap((name) => [...readFileSync(new URL(name, root), 'utf8').matchAll(declared)].map(([, path]) => path!)),
  )
}

interface Shape {
  readonly method?: string
  readonly target?: (path: string) => string
  readonly headers?: readonly string[]
  readonly type?: string
  readonly body?: string
}

/** Each way of writing the path, each method, each header once and twice, and each body under each of the types in turn. */
function shapesFor(turn: number): Shape[] {
  const typeOf = (i: number) => TYPES[(i + turn) % TYPES.length]!
  return [
    ...MANGLED.map((target) => ({ target })),
    ...METHODS.map((method) => ({ method })),
    ...HEADERS.map((header, i) => ({ headers: i % 2 === 0 ? [header] : [header, header] })),
    ...BODIES.map((body, i) => ({ body, type: typeOf(i) })),
  ]
}

/** Whether a path that ends with an id is that of another id, which may be anything. */
const isOtherId = (route: DeclaredRoute, target: string, path: string): boolean =>
  /:[A-Za-z]+$/.test(route.path) && /^[.;][^/]*$/.test(target.slice(path.length)) && target.startsWith(path)

async function ask(server: TestServer, route: DeclaredRoute, token: string | null, shape: Shape): Promise<string> {
  const { method = route.method, target = (path) => path, headers = [], type = 'application/json', body = '' } = shape
  const path = pathOf(route)
  const isAuthorized = token !== null && !headers.some((header) => header.startsWith('Authorization'))
  const lines = [
    `${method} ${target(path)} HTTP/1.1`,
    'Host: x',
    'Connection: close',
    ...(isAuthorized ? [`Authorization: Bearer ${token}`] : []),
    ...headers,
    ...(body === '' ? [] : [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`]),
  ]
  // a stream stays open, and falls silent
  const answer = await exchange(server.url, `${lines.join('\r\n')}\r\n\r\n${body}`, 30_000)
  const said = `${lines.join('\n').slice(0, 300)}\n\n${body.slice(0, 100)}\n${answer.slice(0, 500)}`
  for (const status of statusesIn(answer)) {
    if (status === 100) continue
    assert.ok(status < 500, said)
    if (isAlias(target(path), path) && !isOtherId(route, target(path), path))
      assert.ok(status >= 300, `an alias got through: ${said}`)
    if (token === null && route.access !== 'own' && route.access !== 'public')
      assert.ok(status >= 300, `nobody got through: ${said}`)
  }
  assert.doesNotMatch(answer, /\bat .*\.ts:\d+/, `a stack trace: ${said}`)
  return answer
}

suite('Every route', () => {
  test('that the sources declare is one of a server with everything switched on', async (context) => {
    const { routes } = await testServer(context, { config: EVERYTHING })
    const declared = new Set(routes.map(({ path }) => path))
    const named = pathsInSources()
    assert.ok(named.size > 50, `only ${named.size} are found`)
    assert.deepEqual(
      [...named].filter((path) => !declared.has(path)),
      [],
    )
  })

  test('withstands each way of writing its path, each method, header and body', async (context) => {
    const server = await testServer(context, { config: EVERYTHING })
    const ingest = await server.token('ingest')
    const headers = { 'content-type': 'application/json' }
    const taken = await server.ask('/v1/inventory', { method: 'PUT', body: INVENTORY, headers, token: ingest })
    assert.equal(taken.status, 200)
    const mighty = await server.token(...SCOPES)
    const visited = new Set<string>()
    // a stream stays open; test/server/operations.test.ts has it
    const routes = server.routes.filter(({ path }) => path !== '/v1/events')
    for (const [turn, route] of routes.entries()) {
      const answer = await ask(server, route, mighty, {})
      assert.doesNotMatch(answer, /there is nothing at this path/, `${route.method} ${route.path} was not reached`)
      assert.notDeepEqual(statusesIn(answer), [], `${route.method} ${route.path} did not answer`)
      visited.add(`${route.method} ${route.path}`)
      const shapes = shapesFor(turn)
      // with and without a token, in turn
      await Promise.all(shapes.map((shape, i) => ask(server, route, (i + turn) % 2 === 0 ? mighty : null, shape)))
    }
    assert.deepEqual(
      server.routes.map(({ method, path }) => `${method} ${path}`).filter((each) => !visited.has(each)),
      ['GET /v1/events'],
    )
    assert.deepEqual(
      server.logged.filter((line) => line.includes('"internal"') || line.includes('fault of the server')),
      [],
    )
    assert.equal((await server.ask('/healthz')).status, 200)
  })
})
