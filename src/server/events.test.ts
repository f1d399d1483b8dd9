import { strict as assert } from 'node:assert'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import { Registry } from 'prom-client'
import { deleteEventsBefore, eventsAfter } from '#storage/events.ts'
import { until } from '#lib/until.fixture.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { testServer, type TestServer } from './server.fixture.ts'
import { waitAfter } from './in-order.ts'
import { startWebhooks } from './webhooks.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

/** An account that signs in with a password, and reaches something or nothing worth guarding. */
const world = (reaches: boolean) =>
  JSON.stringify({
    ambit: 1,
    at: '2026-11-01',
    accounts: [{ id: 'a:ada', kind: 'human', population: 'workforce' }],
    authenticators: [{ id: 'p:ada', kind: 'password', of: ['a:ada'] }],
    waysIn: [{ id: 'w:ada', account: 'a:ada', purpose: 'sign_in', requires: 'p:ada' }],
    resources: [{ id: 'r:vault', sensitivity: 'high' }],
    entitlements: reaches ? [{ id: 'e:1', holder: 'a:ada', capabilities: ['administer'], on: 'r:vault' }] : [],
  })

async function send(server: TestServer, reaches: boolean, token: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await server.ask('/v1/inventory', { method: 'PUT', body: world(reaches), headers, token })
  assert.equal(answer.status, 200, await answer.clone().text())
}

/** Reads a stream of events until a number of them have come. */
async function read(answer: Response, count: number): Promise<{ id: string; event: string; data: string }[]> {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  const events: { id: string; event: string; data: string }[] = []
  let text = ''
  while (events.length < count) {
    const { value, done } = await reader.read()
    if (done) break
    text += value
    const blocks = text.split('\n\n')
    text = blocks.pop()!
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
      )
      if (fields['event'] !== undefined) events.push({ id: '', event: '', data: '', ...fields })
    }
  }
  await reader.cancel()
  return events
}

onEveryStore(
  'a verdict that changes is told on every node, and to those who come back later',
  async (store, context) => {
    const [one, other] = [
      await testServer(context, { store: store.url }),
      await testServer(context, { store: store.url }),
    ]
    const token = await one.token('ingest', 'read')
    await other.caughtUp()
    await send(one, false, token)
    const stream = await other.ask('/v1/events', { token })
    assert.equal(stream.headers.get('content-type'), 'text/event-stream; charset=utf-8')
    assert.equal(stream.headers.get('x-content-type-options'), 'nosniff')
    const reading = read(stream, 2)
    await send(one, true, token)
    const [snapshot, verdict] = await reading
    assert.equal(snapshot?.event, 'snapshot.changed')
    assert.equal(verdict?.event, 'verdict.changed')
    const { data } = JSON.parse(verdict.data) as {
      data: { account: string; before: object; after: { verdict: string } }
    }
    assert.equal(data.account, 'a:ada')
    assert.equal(data.after.verdict, 'unfit')
    const again = await one.ask('/v1/events', { token, headers: { 'last-event-id': snapshot.id } })
    const [first, reach] = await read(again, 2)
    assert.deepEqual(first, verdict)
    const told = JSON.parse(reach!.data) as { data: object }
    assert.deepEqual(
      [reach!.event, Object.entries(told.data).slice(0, 4)],
      [
        'reach.changed',
        Object.entries({ account: 'a:ada', before: 'none', after: 'high', requiredStrength: 'hardware' }),
      ],
    )
    const wrong = await one.ask('/v1/events', { token, headers: { 'last-event-id': 'x' } })
    assert.equal(wrong.status, 400)
  },
)

test('whoever comes too late for some events is told so', async (context) => {
  const server = await testServer(context)
  const token = await server.token('ingest', 'read')
  for (const reaches of [false, true, false]) await send(server, reaches, token)
  const { database } = server.context
  await deleteEventsBefore(database, Number.MAX_SAFE_INTEGER)
  const kept = await eventsAfter(database, 0, 100)
  assert.equal(kept.length, 1)
  const [gap] = await read(await server.ask('/v1/events?after=1', { token }), 1)
  assert.deepEqual(gap, { id: '', event: 'gap', data: JSON.stringify({ first: kept[0]!.seq }) })
})

interface Received {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** A receiver on this machine that answers as it is told. */
async function receiver(context: TestContext, statusOf: (count: number) => number) {
  const received: Received[] = []
  const server = createServer((request, reply) => {
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      reply.writeHead(statusOf(received.length)).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { received, port: (server.address() as AddressInfo).port }
}

const hooks = (port: number, more = '') =>
  `webhooks: { to: [{ name: siem, url: "http://127.0.0.1:${port}/hook", secret: "${SECRET}" }], networks: [127.0.0.1]${more} }`

suite('Events sent to others', () => {
  test('are signed, in order, and sent again until they are taken', async (context) => {
    let now = 1_800_000_000_000
    const { received, port } = await receiver(context, (count) => (count === 1 ? 500 : 204))
    const server = await testServer(context, { config: hooks(port), clock: () => now })
    const token = await server.token('ingest')
    await send(server, false, token)
    await send(server, true, token)
    await until(() => received.length === 1, 'nothing comes')
    await until(() => server.logged.some((line) => line.includes('not delivered')), 'the failure is not noted')
    now += 6000
    await until(() => received.length === 5, 'not all of it comes')
    const ids = received.map(({ headers }) => headers['webhook-id'])
    assert.equal(ids[0], ids[1], 'the one that failed comes again')
    const types = received.slice(1).map(({ body }) => (JSON.parse(body) as { type: string }).type)
    assert.deepEqual(types, ['snapshot.changed', 'snapshot.changed', 'verdict.changed', 'reach.changed'])
    for (const { headers, body } of received) {
      const said = Buffer.from(String(headers['webhook-signature']).replace('v1,', ''), 'base64')
      const content = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
      assert.ok(timingSafeEqual(said, createHmac('sha256', Buffer.alloc(32, 7)).update(content).digest()))
    }
  })

  test('are sent by one node, however many there are', async (context) => {
    const { received, port } = await receiver(context, () => 200)
    const one = await testServer(context, { config: hooks(port) })
    const other = await testServer(context, { config: hooks(port), store: one.context.config.store })
    await send(one, false, await one.token('ingest'))
    await other.caughtUp()
    const deliver = await Promise.all(
      [one, other].map(({ context: each }) => startWebhooks({ ...each, metrics: new Registry() })),
    )
    await until(() => received.length > 0, 'nothing comes')
    for (let round = 0; round < 5; round++) await Promise.all(deliver.map((each) => each.deliver()))
    await Promise.all(deliver.map((each) => each.stop()))
    assert.deepEqual(
      received.map(({ headers }) => headers['webhook-id']),
      ['evt_1'],
    )
  })

  test('never reach a private address that is not listed', async (context) => {
    const { received, port } = await receiver(context, () => 200)
    const config = hooks(port).replace('networks: [127.0.0.1]', 'networks: [10.0.0.0/8]')
    const server = await testServer(context, { config })
    await send(server, false, await server.token('ingest'))
    await until(() => server.logged.some((line) => line.includes('not delivered')), 'nothing is told')
    assert.match(server.logged.join(''), /private address/)
    assert.equal(received.length, 0)
  })

  test('wait longer after each try, up to an hour', () => {
    assert.deepEqual([1, 2, 3, 20].map(waitAfter), [5000, 10_000, 20_000, 3_600_000])
  })
})
