/** What those rely on who run the server: that it ends in good order, sheds load, believes only its proxies, follows its folder. */
import { strict as assert } from 'node:assert'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { request } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { until } from '#lib/until.fixture.ts'
import { AmbitError } from '#lib/errors.ts'
import { testFolder, testServer, type TestServer } from '#server/server.fixture.ts'
import { exchange, statusesIn } from './raw.ts'

const inventory = (...ids: readonly string[]) =>
  JSON.stringify({ ambit: 1, at: '2026-11-01', accounts: ids.map((id) => ({ id, kind: 'human' })) })
const json = { 'content-type': 'application/json' }

/** Begins an inventory and sends the rest of it when told to. */
async function begun(server: TestServer, body: string): Promise<{ finish: () => void; answer: Promise<string> }> {
  const token = await server.token('ingest')
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  let answer = ''
  socket.on('data', (piece) => (answer += piece.toString()))
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(answer)))
  socket.on('error', () => {})
  socket.write(
    `PUT /v1/inventory HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body.slice(0, 5)}`,
  )
  await until(async () => inFlight(await metricsOf(server)) === 1, 'the request is not in flight')
  return { finish: () => void socket.write(body.slice(5)), answer: closed }
}

const metricsOf = (server: TestServer) => server.context.metrics.metrics()
const isRefused = async (server: TestServer) => /^ambit_folder_refused 1$/m.test(await metricsOf(server))
const inFlight = (metrics: string) => Number(/^ambit_in_flight (\d+)/m.exec(metrics)?.[1])

suite('The server', () => {
  test('finishes what is in flight when it is told to stop, and takes nothing new', async (context) => {
    const server = await testServer(context)
    const { finish, answer } = await begun(server, inventory('a:ada'))
    const stopped = server.stop()
    assert.ok(server.context.health.draining())
    await until(
      async () => statusesIn(await exchange(server.url, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', 200))[0] !== 200,
      'it takes new requests',
    )
    finish()
    assert.deepEqual(statusesIn(await answer), [200])
    await stopped
    await server.stop()
  })

  test('waits no longer than it may for those who never finish', async (context) => {
    const server = await testServer(context, { config: 'limits: { drainSeconds: 0 }' })
    const { answer } = await begun(server, inventory('a:ada'))
    await server.stop()
    assert.ok(!statusesIn(await answer).includes(200))
  })

  test('sends away what is too much, with a time to come again, and still says how it is', async (context) => {
    const server = await testServer(context, { config: 'limits: { inFlight: 1 }' })
    const token = await server.token('read')
    const { finish, answer } = await begun(server, inventory('a:ada'))
    const refused = await server.ask('/v1/snapshot', { token })
    assert.equal(refused.status, 503)
    assert.equal(refused.headers.get('retry-after'), '2')
    assert.equal((await server.ask('/healthz')).status, 200)
    finish()
    assert.deepEqual(statusesIn(await answer), [200])
    assert.equal((await server.ask('/v1/snapshot', { token })).status, 200)
  })

  test('shows metrics to this machine only, where so configured, whatever a header says', async (context) => {
    const open = await testServer(context, { config: 'metrics: { access: loopback }' })
    assert.match(await (await open.ask('/metrics')).text(), /^ambit_ready 0$/m)
    const shut = await testServer(context)
    assert.equal((await shut.ask('/metrics', { headers: { 'x-forwarded-for': '127.0.0.1' } })).status, 401)
  })

  test('believes forwarded headers from its proxies and from nobody else', async (context) => {
    const headers = { 'x-forwarded-for': '198.51.100.7', 'x-forwarded-proto': 'https' }
    for (const [config, peer, secure] of [
      ['', '127.0.0.1', false],
      ['proxies: [10.0.0.1]', '127.0.0.1', false],
      ['proxies: [127.0.0.1]', '198.51.100.7', true],
    ] as const) {
      const server = await testServer(context, { config })
      const answer = await server.ask('/healthz', { headers })
      assert.equal(answer.headers.has('strict-transport-security'), secure, config)
      const line = server.logged.find((each) => each.includes('/healthz'))
      assert.equal((JSON.parse(line!) as { peer: string }).peer, peer, config)
    }
  })

  test('speaks TLS itself, 1.2 or newer, and takes a new certificate without a stop', async (context) => {
    if (spawnSync('openssl', ['version']).status !== 0) return context.skip('no openssl on this machine')
    const folder = testFolder(context)
    const [certificate, key] = [join(folder, 'c.pem'), join(folder, 'k.pem')]
    const certify = (name: string) =>
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-days',
          '2',
          '-subj',
          `/CN=${name}`,
          '-addext',
          'subjectAltName=IP:127.0.0.1',
          '-keyout',
          key,
          '-out',
          certificate,
        ],
        { stdio: 'ignore' },
      )
    certify('first')
    const server = await testServer(context, { config: `tls: { certificate: ${certificate}, key: ${key} }` })
    const ask = (how: { maxVersion?: 'TLSv1.1' } = {}) =>
      new Promise<string | undefined>((resolve, reject) => {
        const asked = request(
          `${server.url}/healthz`,
          { ca: readFileSync(certificate), agent: false, ...how },
          (answer) => {
            answer.resume()
            resolve(answer.headers['strict-transport-security'])
          },
        )
        asked.on('error', reject)
        asked.end()
      })
    assert.match((await ask()) ?? '', /max-age=31536000/)
    await assert.rejects(ask({ maxVersion: 'TLSv1.1' }))
    certify('second')
    await server.reload()
    assert.match((await ask()) ?? '', /max-age=31536000/)
  })

  test('follows a folder: takes what is at rest, refuses what is broken, and then takes no other inventory', async (context) => {
    const folder = testFolder(context)
    const put = (text: string) => {
      writeFileSync(join(folder, '.new'), text)
      renameSync(join(folder, '.new'), join(folder, 'inventory.json'))
    }
    put(inventory('a:ada'))
    const config = `inventory: { folder: ${folder}, settleMs: 20, pollSeconds: 1 }`
    const server = await testServer(context, { config })
    const ids = () => [...(server.context.live()?.accountIds() ?? [])].join(' ')
    assert.equal(ids(), 'a:ada')
    put(inventory('a:ada', 'a:bob'))
    await until(() => ids() === 'a:ada a:bob', 'the change is not taken')
    put('{"ambit": 1, "accounts": [{"id": 7}]}')
    await until(
      () => server.logged.some((line) => line.includes('inventory.json') && line.includes('remedy')),
      'the fault is not told',
    )
    assert.equal(ids(), 'a:ada a:bob')
    const token = await server.token('ingest')
    const other = await server.ask('/v1/inventory', { method: 'PUT', body: inventory('a:eve'), headers: json, token })
    assert.equal(other.status, 409)
    await until(() => isRefused(server), 'the metric does not tell')
    put(inventory('a:ada', 'a:cyd'))
    await until(() => ids() === 'a:ada a:cyd', 'the mended file is not taken')
    await until(async () => !(await isRefused(server)), 'the metric tells still')
  })

  test('does not start where its folder is not there or is none, and names the key', async (context) => {
    const folder = testFolder(context)
    writeFileSync(join(folder, 'file'), '')
    for (const [missing, why] of [
      ['nowhere', 'ENOENT'],
      ['file', 'ENOTDIR'],
    ] as const) {
      const config = `inventory: { folder: ${join(folder, missing)} }`
      await assert.rejects(testServer(context, { config }), (error) => {
        assert.ok(error instanceof AmbitError)
        assert.equal(error.code, 'config_invalid')
        assert.ok(error.message.startsWith('`inventory.folder` is `') && error.message.includes(why), error.message)
        return true
      })
    }
  })

  test('says no longer that its folder is refused once that holds again what is answered from', async (context) => {
    const folder = testFolder(context)
    writeFileSync(join(folder, 'a.json'), inventory('a:ada'))
    const config = `inventory: { folder: ${folder}, settleMs: 20, pollSeconds: 1 }`
    const server = await testServer(context, { config })
    const { schema } = server.context.database.sql
    assert.ok(!(await isRefused(server)))
    await schema.alterTable('snapshots').renameTo('elsewhere').execute()
    writeFileSync(join(folder, 'b.json'), inventory('a:bob'))
    await until(() => isRefused(server), 'a store that fails is not told')
    rmSync(join(folder, 'b.json'))
    await until(async () => !(await isRefused(server)), 'it is said still')
    await schema.alterTable('elsewhere').renameTo('snapshots').execute()
  })

  test('keeps what it has when most accounts are gone from its folder, and says so, until that is confirmed', async (context) => {
    const folder = testFolder(context)
    const store = join(testFolder(context), 'ambit.db')
    const put = (text: string) => writeFileSync(join(folder, 'inventory.json'), text)
    const start = (more = '') =>
      testServer(context, { store, config: `inventory: { folder: ${folder}, settleMs: 20, pollSeconds: 1${more} }` })
    const ids = (server: TestServer) => [...(server.context.live()?.accountIds() ?? [])].join(' ')
    put(inventory('a:ada', 'a:bob'))
    const server = await start()
    const told = () => server.logged.filter((line) => line.includes('2 of the 2 accounts')).length
    for (const [i, broken] of ['{"ambit":1,"accounts":[]}', inventory('a:eve')].entries()) {
      put(broken)
      await until(() => told() === i + 1, 'the loss is not told')
      assert.equal(ids(server), 'a:ada a:bob')
      await until(() => isRefused(server), 'the metric does not tell')
    }
    await server.stop()
    const again = await start()
    assert.equal(ids(again), 'a:ada a:bob')
    assert.ok(again.logged.some((line) => line.includes('inventory.maxLoss')))
    await again.stop()
    assert.equal(ids(await start(', maxLoss: 1')), 'a:eve')
  })

  test('sends traces where they are configured, with routes and never with paths', async (context: TestContext) => {
    const bodies: string[] = []
    const collector = createServer((asked, answer) => {
      let body = ''
      asked.setEncoding('latin1').on('data', (piece: string) => (body += piece))
      asked.on('end', () => {
        bodies.push(body)
        answer.end()
      })
    })
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
    context.after(() => {
      collector.closeAllConnections()
      collector.close()
    })
    const { port } = collector.address() as AddressInfo
    const config = `tracing: { endpoint: "http://127.0.0.1:${port}/v1/traces", ratio: 1 }`
    const server = await testServer(context, { config })
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    await server.ask('/v1/accounts/a:secret-name?id=x', {
      headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    })
    await server.stop()
    const sent = bodies.join('')
    assert.match(sent, /\/v1\/accounts\/:id/)
    assert.match(sent, new RegExp(traceId))
    assert.doesNotMatch(sent, /secret-name/)
  })
})
