/** For tests: a decision point over real HTTP that answers each question by the id of its subject, and counts requests by token. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

const ANSWERS: Readonly<Record<string, unknown>> = {
  permit: { decision: true, context: { evaluation_id: 'e1', permit_until: '2026-11-24T10:00:00Z' } },
  deny: { decision: false, context: { reason: 'not_entitled', next_action: 'none' } },
  text: { decision: 'true' },
  'step-up': {
    decision: false,
    context: { reason: 'assurance_too_low', next_action: 'retry', acr_values: 'phrh phr', max_age: 300 },
  },
}

interface Asked {
  readonly subject?: { readonly id?: string }
  readonly evaluations?: readonly Asked[]
}

export async function decisionPoint(context: TestContext): Promise<string> {
  const seen = new Map<string, number>()
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
    if (pathname === '/seen') return void response.end(String(seen.get(searchParams.get('token') ?? '') ?? 0))
    const token = (request.headers.authorization ?? '').replace('Bearer ', '')
    seen.set(token, (seen.get(token) ?? 0) + 1)
    let text = ''
    request.on('data', (piece) => (text += String(piece)))
    request.on('end', () => {
      const asked = JSON.parse(text) as Asked
      const id = asked.subject?.id ?? ''
      const send = (status: number, body: string, more = {}) =>
        response.writeHead(status, { 'content-type': 'application/json', ...more }).end(body)
      const answer = (one: Asked) => ANSWERS[(one.subject?.id ?? '').replace(/^permit-.*/, 'permit')]
      if (id === 'hang') return
      if (id === 'hang-in-body') return void response.writeHead(200).write('{"decision":')
      if (id === 'cut') {
        response.writeHead(200, { 'content-length': '100' }).write('{"decision":true')
        return void setTimeout(() => response.destroy(), 20)
      }
      if (id === 'error') return void send(500, '{"decision":true}')
      if (id === 'unauthorized') return void send(401, '{"decision":true}')
      if (id === 'elsewhere') return void send(302, '{"decision":true}', { location: '/seen' })
      if (id === 'no-json') return void send(200, 'permit')
      if (asked.evaluations === undefined) return void send(200, JSON.stringify(answer(asked)))
      send(200, JSON.stringify({ evaluations: asked.evaluations.map(answer) }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => (server.closeAllConnections(), server.close()))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
