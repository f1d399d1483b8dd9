import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { guardedFetch, type GuardedFetch } from '#server/guarded-fetch.ts'
import { httpGateway, receiptFrom, templateProblems, type HttpGatewayOptions, type Template } from './http-gateway.ts'
import type { Rendered } from './provider.ts'
import { webhookProvider } from './webhook.ts'

const NOW = 1_800_000_000_000
const message = (changed: Partial<Rendered> = {}): Rendered => ({
  id: 'ch_1',
  to: '+4915112345678',
  subject: 'Your code',
  text: '"},"to":"+1900" {to} 48151623 & more',
  html: null,
  language: 'en',
  expiresAt: NOW + 299_500,
  template: 'code',
  data: null,
  ...changed,
})

interface Got {
  readonly body: string
  readonly headers: IncomingHttpHeaders
}

/** A gateway that answers as it is told. */
async function started(context: TestContext, answer: (response: ServerResponse, count: number) => void) {
  const got: Got[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      got.push({ body, headers: request.headers })
      answer(response, got.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))))
  return { got, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/send` }
}

const ask = guardedFetch({ networks: ['127.0.0.0/8'], timeoutMs: 60_000 })
const gateway = (url: string, changed: Partial<HttpGatewayOptions> = {}) =>
  httpGateway(
    {
      name: 'gateway',
      url,
      method: 'POST',
      headers: { authorization: 'Bearer its-key' },
      encoding: 'json',
      body: { messages: [{ recipient: '{digits}', content: '{text}', ref: 'x-{id}', ttl: '{seconds}', flash: false }] },
      reference: '/messages/0/id',
      recipientRefused: [422],
      idempotent: false,
      ask,
      ...changed,
    },
    () => NOW,
  )

void test('a code reaches a gateway in the shape that it wants, and nothing in it can be more than a value', async (context) => {
  const { got, url } = await started(context, (response) => response.end('{"messages": [{"id": 4711}]}'))
  assert.deepEqual(await gateway(url).hand(message()), { outcome: 'taken', reference: '4711' })
  const form = gateway(url, { encoding: 'form', body: { To: '{to}', Body: '{text}' }, reference: '/constructor' })
  assert.deepEqual(await form.hand(message()), { outcome: 'taken', reference: null })
  assert.deepEqual(JSON.parse(got[0]!.body), {
    messages: [{ recipient: '4915112345678', content: message().text, ref: 'x-ch_1', ttl: '299', flash: false }],
  })
  assert.equal(got[0]!.headers.authorization, 'Bearer its-key')
  assert.deepEqual(
    [...new URLSearchParams(got[1]!.body)],
    [
      ['To', '+4915112345678'],
      ['Body', message().text],
    ],
  )
})

void test('an answer that does not say whether it was sent is not taken for a no', async (context) => {
  const statuses = [422, 401, 429, 500, 502, 503, 504, 302]
  const silent = new AbortController()
  const untilSilent: GuardedFetch = (to, question) => ask(to, { ...question, signal: silent.signal })
  const { url, got } = await started(context, (response, count) => {
    if (count <= statuses.length) response.writeHead(statuses[count - 1]!, { location: '/elsewhere' }).end()
    else if (count === statuses.length + 1) response.destroy()
    // the last is never answered, and waited for no longer
    else silent.abort()
  })
  const outcomes: string[] = []
  for (let i = 0; i < statuses.length + 2; i++) {
    const handed = await gateway(url, { ask: untilSilent }).hand(message())
    outcomes.push(`${handed.outcome}${handed.outcome === 'refused' && handed.lasting ? ' for good' : ''}`)
  }
  assert.deepEqual(outcomes, [
    'refused for good',
    'refused',
    'refused',
    'unclear',
    'unclear',
    'refused',
    'unclear',
    'unclear',
    'unclear',
    'unclear',
  ])
  assert.equal(got.length, statuses.length + 2)
  // nothing went out: there is nobody, or nobody may be asked there
  const unreachable = { outcome: 'refused', lasting: false, why: 'unreachable' }
  assert.deepEqual(await gateway('http://127.0.0.1:1/send').hand(message()), unreachable)
  assert.deepEqual(await gateway('http://10.0.0.1/send').hand(message()), unreachable)
  assert.deepEqual(await gateway('https://10.0.0.1/send').hand(message()), unreachable)
})

void test('a template that would send nothing to nobody is refused, and receipts are read strictly', () => {
  const bad: [Template, number][] = [
    [{ to: '{to}', text: '{text}' }, 0],
    [{ to: '{to}' }, 1],
    [{ to: '{To}', text: '{text} {code}' }, 2],
    [[], 2],
    ['{to}{text}', 0],
  ]
  for (const [template, count] of bad) assert.equal(templateProblems(template, 'json').length, count)
  assert.equal(templateProblems({ to: '{to}', deep: { text: '{text}' } }, 'form').length, 1)
  const shape = { reference: '/id', status: '/it/status', delivered: ['DELIVERED'], failed: ['FAILED'] }
  const read = (value: unknown) => receiptFrom(value, shape)
  assert.deepEqual(read({ id: 'a', it: { status: 'DELIVERED' } }), { reference: 'a', delivered: true })
  assert.deepEqual(read({ id: 7, it: { status: 'FAILED' } }), { reference: '7', delivered: false })
  assert.equal(read({ id: 'a', it: { status: 'QUEUED' } }), null)
  for (const value of [null, 'x', [], {}, { id: ['a'], it: { status: 'DELIVERED' } }, { id: 'a', it: { status: {} } }])
    assert.equal(read(value), 'unreadable')
})

void test('a webhook is signed, and has the id of the message each time', async (context) => {
  const { got, url } = await started(context, (response, count) => response.writeHead(count === 1 ? 502 : 204).end())
  const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
  const provider = webhookProvider({ name: 'own', channel: 'sms', url, secret, ask, clock: () => NOW })
  assert.equal((await provider.hand(message())).outcome, 'unclear')
  assert.deepEqual(await provider.hand(message()), { outcome: 'taken', reference: 'ch_1' })
  for (const { body, headers } of got) {
    const toSign = `${headers['webhook-id'] as string}.${headers['webhook-timestamp'] as string}.${body}`
    const signature = createHmac('sha256', Buffer.alloc(32, 5)).update(toSign).digest('base64')
    assert.deepEqual([headers['webhook-id'], headers['webhook-signature']], ['ch_1', `v1,${signature}`])
    assert.deepEqual(JSON.parse(body).data.to, '+4915112345678')
  }
})
