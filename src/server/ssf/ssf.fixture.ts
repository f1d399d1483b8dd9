/** For tests: servers that send security events, and receivers of them. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose'
import { systemClock } from '#lib/clock.ts'
import { addEvents, type NewEvent } from '#storage/events.ts'
import { addToken } from '#storage/tokens.ts'
import { testServer, type TestServer } from '../server.fixture.ts'
import { newToken } from '../tokens.ts'

export const PUBLIC = 'https://ambit.example'
export const PUSH = 'urn:ietf:rfc:8935'
export const POLL = 'urn:ietf:rfc:8936'
/** A machine that is busy with other tests sheds no load of these. */
export const PATIENT = 'limits: { loopDelayMs: 60000 }'
/** What streams are pushed with is sealed with it. */
export const KEYS = `keys: [{ id: k1, secret: ${Buffer.alloc(32, 7).toString('base64')} }]`
export const CONFIG = `${PATIENT}\npublicUrl: ${PUBLIC}\nsignals: { transmit: { networks: [127.0.0.1], tries: 3, mostStreams: 3, ${KEYS} } }`

export interface Stream {
  readonly stream_id: string
  readonly aud: string
  readonly delivery: { readonly method: string; readonly endpoint_url: string }
  readonly events_delivered: readonly string[]
}

/** A server that sends events, and a receiver with a token. */
export async function sending(
  context: TestContext,
  options: { store?: string; config?: string; clock?: () => number } = {},
) {
  const server = await testServer(context, { config: CONFIG, ...options })
  return { server, ...(await receiverOf(server, 'siem')) }
}

export async function receiverOf(server: TestServer, name: string) {
  const { token, stored } = newToken({ name, scopes: ['ssf.read', 'ssf.manage'], expiresAt: null }, 1)
  await addToken(server.context.database, stored)
  await server.context.tokens.reload()
  const call = async (method: string, path: string, body?: unknown) =>
    await server.ask(path, {
      method,
      token,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
  const make = async (body: unknown = {}): Promise<Stream> => {
    const answer = await call('POST', '/ssf/streams', body)
    assert.equal(answer.status, 201, await answer.clone().text())
    return (await answer.json()) as Stream
  }
  const poll = async ({ stream_id: id }: Stream, body: object = {}) => {
    const answer = await call('POST', `/ssf/streams/${id}/poll`, { returnImmediately: true, ...body })
    assert.equal(answer.status, 200, await answer.clone().text())
    return (await answer.json()) as { sets: Record<string, string>; moreAvailable: boolean }
  }
  return { token, call, make, poll }
}

/** Somewhere that events are pushed to, which answers as the test says. */
export async function receiver(context: TestContext, answer: (count: number) => [number, object?] = () => [202]) {
  const got: { text: string; type: string; authorization: string }[] = []
  const server = createServer((request, reply) => {
    void (async () => {
      let text = ''
      for await (const piece of request) text += String(piece)
      const { 'content-type': type = '', authorization = '' } = request.headers
      got.push({ text, type, authorization })
      const [status, body] = answer(got.length)
      reply
        .writeHead(status, { 'content-type': 'application/json' })
        .end(body === undefined ? '' : JSON.stringify(body))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { got, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events` }
}

export async function happen(server: TestServer, ...events: NewEvent[]): Promise<void> {
  await server.context.database.transaction((sql) => addEvents(sql, events, systemClock()))
}
export const ended = (n: number): NewEvent => ({
  type: 'session.ended',
  data: { account: 'ada', session: `se_${n}`, reason: 'signed_out' },
})

/** The claims of a token as a receiver reads them: by the keys that are published, and only as a security event. */
export async function opened(
  server: TestServer,
  text: string,
  audience: string,
): Promise<JWTPayload & { events: object }> {
  const keys = (await (await server.ask('/.well-known/jwks.json')).json()) as JSONWebKeySet
  const how = { algorithms: ['RS256'], typ: 'secevent+jwt', issuer: PUBLIC, audience }
  const { payload } = await jwtVerify(text, createLocalJWKSet(keys), how)
  return payload as JWTPayload & { events: object }
}
