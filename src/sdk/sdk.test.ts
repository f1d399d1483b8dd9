import { strict as assert } from 'node:assert'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { serve } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import fc from 'fast-check'
import { Hono } from 'hono'
import { readAnswer } from './answer.ts'
import { expressGuard, fastifyGuard, honoGuard, nodeGuard, webGuard } from './adapters.ts'
import { createClient, type ClientOptions } from './client.ts'
import { authorizationParameters, readStepUp, stepUpChallenge } from './step-up.ts'

const PERMIT = { decision: true, context: { evaluation_id: 'eval_1', permit_until: '2026-11-24T10:00:00Z' } }
const STEP_UP = {
  decision: false,
  context: {
    evaluation_id: 'eval_2',
    reason: 'assurance_too_low',
    next_action: 'retry',
    acr_values: 'phrh phr',
    max_age: 300,
    reason_user: { 403: 'Confirm it is you with your security key' },
  },
}
const DENY = { decision: false, context: { reason: 'not_entitled', next_action: 'none' } }
const NOW = Date.parse('2026-11-24T09:59:50Z')
const question = (id: string) => ({
  subject: { type: 'user', id },
  action: { name: 'pay' },
  resource: { type: 'order', id: '1' },
})

/** A client for which nothing takes too long on a machine that is busy with other tests. */
const patient = (options: Omit<ClientOptions, 'token'>) => createClient({ token: 't', timeout: 60_000, ...options })

/** A decision point that answers as told, over real HTTP. */
async function pdp(context: TestContext, answer: (body: unknown, request: IncomingMessage) => unknown) {
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    void (async () => {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      const body: unknown = JSON.parse(text)
      seen.push(body)
      const said = answer(body, request)
      if (said === 'hang') return
      if (typeof said === 'number')
        return response.writeHead(said, said === 302 ? { location: '/elsewhere' } : {}).end()
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(typeof said === 'string' ? said : JSON.stringify(said))
    })()
  })
  return { url: await listening(context, server), seen }
}
async function listening(context: TestContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => (server.closeAllConnections(), server.close()))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const each = (body: unknown, one: unknown): unknown =>
  typeof body === 'object' && body !== null && 'evaluations' in body && Array.isArray(body.evaluations)
    ? { evaluations: body.evaluations.map(() => one) }
    : one

test('what is asked together travels together, and a permit is kept as long as it says', async (context) => {
  let now = NOW
  const { url, seen } = await pdp(context, (body) => each(body, PERMIT))
  const client = patient({ url, now: () => now })
  const answers = await client.evaluateAll(Array.from({ length: 120 }, (_, i) => question(`u${i}`)))
  assert.ok(answers.every(({ outcome }) => outcome === 'permit'))
  assert.equal(seen.length, 3)
  await client.evaluate(question('u7'))
  assert.equal(seen.length, 3)
  now = Date.parse('2026-11-24T10:00:00Z')
  await client.evaluate(question('u7'))
  assert.equal(seen.length, 4)
  client.forget('u7')
})

test('a permit is kept no longer than the client allows, in bounded room, and denials never', async (context) => {
  let now = NOW
  let said: unknown = PERMIT
  const { url, seen } = await pdp(context, (body) => each(body, said))
  const client = patient({ url, now: () => now, keep: 1000, cache: 2 })
  for (const id of ['a', 'b', 'c', 'a']) await client.evaluate(question(id))
  assert.equal(seen.length, 4) // `a` had to go when `c` came
  now += 1000
  await client.evaluate(question('c'))
  assert.equal(seen.length, 5)
  said = DENY
  for (let i = 0; i < 2; i++) assert.equal((await client.evaluate(question('z'))).outcome, 'deny')
  assert.equal(seen.length, 7)
  // another session is another question
  said = PERMIT
  await client.evaluate({ ...question('s'), session: { access_token: 'one' } })
  await client.evaluate({ ...question('s'), session: { access_token: 'two' } })
  assert.equal(seen.length, 9)
})

test('a permit lasts no longer when the clock is set back, and does not come back after it was forgotten', async (context) => {
  let now = NOW
  const { url, seen } = await pdp(context, (body) => each(body, PERMIT))
  const client = patient({ url, now: () => now })
  await client.evaluate(question('a'))
  now -= 3_600_000
  await client.evaluate(question('a'))
  assert.equal(seen.length, 2)
  now = NOW
  const onItsWay = client.evaluate(question('b'))
  client.forget('b')
  await onItsWay
  await client.evaluate(question('b'))
  assert.equal(seen.length, 4)
  client.forget('somebody else')
  await client.evaluate(question('b'))
  assert.equal(seen.length, 4)
})

test('whatever goes wrong is a deny', async (context) => {
  const cases: readonly [string, unknown, string][] = [
    ['an error', 500, 'refused'],
    ['no authentication', 401, 'refused'],
    ['a redirect', 302, 'refused'],
    ['silence', 'hang', 'timeout'],
    ['no JSON', 'permit', 'malformed'],
    ['another shape', [], 'malformed'],
    ['a text', { decision: 'true' }, 'malformed'],
    ['a number', { decision: 1 }, 'malformed'],
    ['an error for the item', { decision: false, context: { error: { status: 404, message: 'x' } } }, 'denied'],
  ]
  for (const [what, said, reason] of cases) {
    const { url } = await pdp(context, () => said)
    const answer = await patient({ url, ...(said === 'hang' ? { timeout: 150 } : {}) }).evaluate(question('a'))
    assert.deepEqual([answer.outcome, answer.reason], ['deny', reason], what)
  }
  const gone = await patient({ url: 'http://127.0.0.1:1' }).evaluate(question('a'))
  assert.deepEqual([gone.outcome, gone.reason], ['deny', 'unreachable'])
  // fewer answers than questions: nobody knows whose they are
  const { url } = await pdp(context, () => ({ evaluations: [PERMIT] }))
  const both = await patient({ url }).evaluateAll([question('a'), question('b')])
  assert.deepEqual(
    both.map(({ outcome }) => outcome),
    ['deny', 'deny'],
  )
  const loop: Record<string, unknown> = {}
  loop['loop'] = loop
  assert.equal((await patient({ url }).evaluate({ ...question('a'), context: loop })).outcome, 'deny')
})

test('nothing but a decision that is exactly true permits', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      const isTrue =
        typeof body === 'object' &&
        body !== null &&
        !Array.isArray(body) &&
        (body as { decision?: unknown }).decision === true
      assert.equal(readAnswer(body).outcome === 'permit', isTrue)
    }),
  )
})

test('a challenge is read back as it was said, whatever stands around it', () => {
  const advice = { acrValues: ['phrh', 'phr'], maxAge: 300 }
  const header = stepUpChallenge(advice, 'DPoP')
  assert.match(header, /^DPoP error="insufficient_user_authentication"/)
  assert.deepEqual(readStepUp(header), advice)
  assert.deepEqual(readStepUp(`Basic realm="a, b=\\"c\\"", ${header}, Negotiate`), advice)
  assert.equal(readStepUp('Bearer error="invalid_token", acr_values="phrh"'), null)
  assert.equal(readStepUp('Bearer'), null)
  assert.equal(readStepUp(null), null)
  // words that would end the quotes are left out
  assert.deepEqual(readStepUp(stepUpChallenge({ acrValues: ['a"b', 'phr', 'c\r\nd'], maxAge: -5 })), {
    acrValues: ['phr'],
    maxAge: 0,
  })
  assert.deepEqual(authorizationParameters(advice), {
    acr_values: 'phrh phr',
    claims: '{"id_token":{"acr":{"essential":true,"values":["phrh","phr"]}}}',
    max_age: '300',
  })
  fc.assert(fc.property(fc.string({ maxLength: 500 }), (text) => void readStepUp(text)))
})

const ask = ({ method }: { readonly method?: string | undefined }) =>
  method === 'OPTIONS' ? null : { action: { name: method ?? 'GET' }, resource: { type: 'order', id: '1' } }
const token = `x.${Buffer.from('{"sub":"ada"}').toString('base64url')}.y`

test('in every framework a request goes on when it may, and is told what is missing when it may not', async (context) => {
  let said: unknown = PERMIT
  const { url, seen } = await pdp(context, () => said)
  const client = patient({ url, cache: 0 })
  let reached = 0
  const origin = 'https://api.example'
  const node = nodeGuard({ client, ask, origin })
  const http = createServer((request, response) => {
    void node(request, response).then((goesOn) => goesOn && (reached++, response.end('in')))
  })
  const app = express()
  app.use(expressGuard({ client, ask, origin }))
  app.use((_request, response) => void (reached++, response.send('in')))
  const fast = fastify()
  fast.addHook('onRequest', fastifyGuard({ client, ask: (request) => ask(request.raw), origin }))
  fast.all('/*', async () => (reached++, 'in'))
  const fastUrl = await fast.listen({ port: 0, host: '127.0.0.1' })
  context.after(() => fast.close())
  const hono = new Hono()
  hono.use(honoGuard({ client, ask, origin }))
  hono.all('/*', (c) => (reached++, c.text('in')))
  const honoListens = Promise.withResolvers<unknown>()
  const honoServer = serve({ fetch: hono.fetch, port: 0, hostname: '127.0.0.1' }, honoListens.resolve) as Server
  await honoListens.promise
  context.after(() => (honoServer.closeAllConnections(), honoServer.close()))
  const web = webGuard({ client, ask, origin })
  const direct = async (address: string, init?: RequestInit) =>
    (await web(new Request(address, init))) ?? (reached++, new Response('in'))
  const places: readonly [string, typeof direct][] = [
    [await listening(context, http), fetch],
    [await listening(context, createServer(app)), fetch],
    [fastUrl, fetch],
    [`http://127.0.0.1:${(honoServer.address() as AddressInfo).port}`, fetch],
    ['http://127.0.0.1', direct],
  ]
  const authorization = `Bearer ${token}`
  for (const [place, go] of places) {
    reached = 0
    said = PERMIT
    assert.equal((await go(`${place}/a?b=c`, { headers: { authorization } })).status, 200, place)
    assert.equal(reached, 1)
    assert.deepEqual((seen.at(-1) as { context: { session: unknown } }).context.session, { access_token: token })
    assert.deepEqual((seen.at(-1) as { subject: unknown }).subject, { type: 'token', id: 'ada' })
    said = STEP_UP
    const asked = await go(`${place}/a`, { headers: { authorization } })
    assert.equal(asked.status, 401)
    assert.deepEqual(readStepUp(asked.headers.get('www-authenticate')), { acrValues: ['phrh', 'phr'], maxAge: 300 })
    assert.equal(((await asked.json()) as { message: string }).message, 'Confirm it is you with your security key')
    said = DENY
    assert.equal((await go(`${place}/a`, { headers: { authorization } })).status, 403)
    said = 500
    assert.equal((await go(`${place}/a`, { headers: { authorization } })).status, 403)
    const before = seen.length
    assert.equal((await go(`${place}/a`)).status, 401)
    assert.equal((await go(`${place}/a`, { headers: { authorization: 'Basic x' } })).status, 401)
    assert.equal(seen.length, before)
    assert.equal(reached, 1)
    await go(`${place}/a?b=c`, { headers: { authorization: `DPoP ${token}`, dpop: 'proof' }, method: 'POST' })
    const { session } = (seen.at(-1) as { context: { session: { url: string } } }).context
    assert.deepEqual(session, { access_token: token, dpop_proof: 'proof', method: 'POST', url: `${origin}/a` })
  }
})

test('a guard says for which API a token has to be', async (context) => {
  const { url, seen } = await pdp(context, () => PERMIT)
  const client = patient({ url })
  const decide = webGuard({
    client,
    ask: () => ({ action: { name: 'GET' }, resource: { type: 'page', id: 'a' } }),
    audience: 'https://a.test',
  })
  assert.equal(await decide(new Request('https://a.test/', { headers: { authorization: `Bearer ${token}` } })), null)
  assert.deepEqual((seen[0] as { context: { session: unknown } }).context.session, {
    access_token: token,
    audience: 'https://a.test',
  })
})

test('a proof of a key is for the address that the API knows of itself, never for the one that it was called by', async (context) => {
  const { url, seen } = await pdp(context, () => PERMIT)
  const client = patient({ url, cache: 0 })
  const headers = { authorization: `DPoP ${token}`, dpop: 'proof', host: 'evil.example' }
  const plain = await listening(
    context,
    createServer((request, response) => {
      void nodeGuard({ client, ask })(request, response).then((goesOn) => goesOn && response.end('in'))
    }),
  )
  const { port } = new URL(plain)
  const answer = await new Promise<number>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/a', headers }, (got) => resolve(got.resume().statusCode ?? 0)).on(
      'error',
      reject,
    )
  })
  assert.equal(answer, 403)
  const refused = await webGuard({ client, ask })(new Request('https://evil.example/a', { headers }))
  assert.equal(refused?.status, 403)
  assert.match(await refused!.text(), /origin_missing.*`origin`/)
  assert.equal(seen.length, 0, 'and nobody is asked')
  // without a proof there is nothing to hold against an address
  assert.equal(
    await webGuard({ client, ask })(
      new Request('https://a.example/', { headers: { authorization: `Bearer ${token}` } }),
    ),
    null,
  )
})

test('a mapping that throws lets nobody in', async () => {
  const client = patient({ url: 'http://127.0.0.1:1' })
  const decide = webGuard({
    client,
    ask: () => {
      throw new Error('no')
    },
  })
  assert.equal((await decide(new Request('http://a.test/')))?.status, 403)
})

test('an application that keeps tokens itself shows them from there, and refusals as pages', async (context) => {
  let said: unknown = STEP_UP
  const { url, seen } = await pdp(context, () => said)
  const client = patient({ url, cache: 0 })
  const sessions = new Map([['known', token]])
  const app = express()
  app.use(
    expressGuard({
      client,
      ask,
      token: ({ headers }: express.Request) => sessions.get(headers.cookie ?? '') ?? null,
      refused({ status, headers, body }, _request, response: express.Response) {
        response.status(status).set(headers).send(`<p>${body.message}`)
      },
    }),
  )
  app.use((_request, response) => void response.send('in'))
  const place = await listening(context, createServer(app))
  const go = (headers: Record<string, string>) => fetch(place, { headers })
  const refused = await go({ cookie: 'known' })
  assert.deepEqual(
    [refused.status, readStepUp(refused.headers.get('www-authenticate')), await refused.text()],
    [401, { acrValues: ['phrh', 'phr'], maxAge: 300 }, '<p>Confirm it is you with your security key'],
  )
  said = PERMIT
  assert.equal(await (await go({ cookie: 'known' })).text(), 'in')
  // what a browser sends by itself is not looked at: it could be anybody's
  const count = seen.length
  assert.equal((await go({ cookie: 'other', authorization: `Bearer ${token}` })).status, 401)
  assert.equal(seen.length, count)
  sessions.set('odd', 'a b\r\nx: y')
  assert.equal((await go({ cookie: 'odd' })).status, 401)
})
