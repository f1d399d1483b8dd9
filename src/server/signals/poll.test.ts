import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as elapsed } from 'node:timers/promises'
import { sign, type Claims } from '#authn/issuer.fixture.ts'
import { until } from '#lib/until.fixture.ts'
import { EVENT_URIS, type EventName } from '#signals/event-types.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { testServer } from '../server.fixture.ts'
import { named, RECEIVER, seconds, signalled, signer } from './signals.fixture.ts'

interface Question {
  readonly ack: readonly string[]
  readonly setErrs: Readonly<Record<string, { readonly err: string }>>
  readonly maxEvents: number
}

/** A sender that keeps events until they are acknowledged, as RFC 8936 says. */
async function sender(context: TestContext) {
  const it = {
    waiting: new Map<string, string>(),
    asked: [] as Question[],
    errors: {} as Record<string, string>,
    tokens: new Set<string>(),
    status: 200,
    url: '',
    /** answers that replace the right one, once each */
    oddities: [] as string[],
  }
  const server = createServer((request: IncomingMessage, reply) => {
    void (async () => {
      let body = ''
      for await (const piece of request) body += String(piece)
      const question = JSON.parse(body) as Question
      it.tokens.add(String(request.headers.authorization))
      if (it.status === 200) {
        it.asked.push(question)
        for (const jti of [...question.ack, ...Object.keys(question.setErrs)]) it.waiting.delete(jti)
        for (const [jti, { err }] of Object.entries(question.setErrs)) it.errors[jti] = err
      }
      const sets = Object.fromEntries([...it.waiting].slice(0, question.maxEvents))
      const odd = it.oddities.shift()
      reply.writeHead(it.status, { 'content-type': 'application/json' })
      reply.end(odd ?? JSON.stringify({ sets, moreAvailable: it.waiting.size > question.maxEvents }))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  it.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/poll`
  return it
}

let count = 0
async function setOf(issuer: string, event: EventName, more: Claims = {}): Promise<[string, string]> {
  const jti = `polled-${++count}`
  const claims = { iss: issuer, aud: RECEIVER, jti, iat: seconds(), sub_id: named(issuer) }
  const events = { [EVENT_URIS[event]]: {} }
  return [jti, await sign(signer, { ...claims, events, ...more }, { typ: 'secevent+jwt' })]
}

const polled = (url: string) => `      poll: { url: "${url}", token: poll-token }`

suite('A sender that is asked for its events', () => {
  test('is heard, acknowledged, and told of what was refused', async (context) => {
    const from = await sender(context)
    const it = await signalled(context, { more: polled(from.url) })
    const good = await setOf(it.issuer, 'account-disabled')
    const [bad, text] = await setOf(it.issuer, 'account-disabled', { aud: 'https://other.example' })
    from.waiting = new Map([good, [bad, text], ['odd', 'no token']])
    await until(async () => (await it.decide()).reasons.includes('account_disabled'), 'it is not heard')
    await until(() => from.waiting.size === 0, 'everything is settled')
    assert.deepEqual(from.errors, { [bad]: 'invalid_audience', odd: 'invalid_request' })
    assert.deepEqual([...from.tokens], ['Bearer poll-token'])
  })

  test('that does not answer, or oddly, is asked again', async (context) => {
    const from = await sender(context)
    const it = await signalled(context, { more: polled(from.url) })
    await until(() => from.asked.length > 0, 'it is asked')
    from.oddities = ['[]']
    await until(() => /has no `sets`/.test(it.server.logged.join('')), 'it is told')
    const metrics = await (await it.server.ask('/metrics', { token: it.token })).text()
    assert.match(metrics, /ambit_signal_polls_total\{stream="idp",outcome="failed"\} 1/)
    const asked = from.asked.length
    await until(() => from.asked.length > asked, 'it is asked again')
  })

  test('is not waited for when the server stops', async (context) => {
    let asked = 0
    const silent = createServer(() => void asked++)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    context.after(() => {
      silent.closeAllConnections()
      silent.close()
    })
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/poll`
    const it = await signalled(context, { more: polled(url) })
    await until(() => asked > 0, 'it is asked')
    // an answer is waited for longer than this
    const stopped = it.server.stop().then(() => true)
    assert.ok(await Promise.race([stopped, elapsed(10_000, false, { ref: false })]))
  })
})

onEveryStore('Of several nodes one asks a sender at a time, and each event counts once', async (store, context) => {
  if (store.dialect === 'sqlite') return context.skip('one node has an SQLite file for itself')
  const from = await sender(context)
  const one = await signalled(context, { store: store.url, more: polled(from.url) })
  const other = await testServer(context, { store: store.url, config: one.config })
  await other.caughtUp()
  for (let i = 0; i < 30; i++) from.waiting.set(...(await setOf(one.issuer, 'account-disabled')))
  await until(async () => !(await one.decide({}, other)).decision, 'it is not heard')
  await until(() => from.waiting.size === 0, 'everything is settled')
  const applied = await Promise.all(
    [one.server, other].map(async (node) => {
      const text = await (await node.ask('/metrics', { token: one.token })).text()
      const counts = [
        ...text.matchAll(
          /ambit_signals_received_total\{stream="idp",event="account-disabled",outcome="(?:applied|stale)"\} (\d+)/g,
        ),
      ]
      return counts.reduce((sum, [, n]) => sum + Number(n), 0)
    }),
  )
  assert.equal(applied[0]! + applied[1]!, 30)
})
