/** For tests: asks as proxies do, and goes through a sign-in as browsers do. */
import { strict as assert } from 'node:assert'
import { request as httpRequest } from 'node:http'
import type { TestGate } from '#server/gate/gate.fixture.ts'
import type { Proxy } from './original.ts'

export interface Answered {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}
export type Header = readonly [string, string]

/** Asks as a proxy does; `fetch` would not let headers stand twice, and would mend paths. */
function ask(gate: TestGate, path: string, headers: readonly Header[], method = 'GET'): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(gate.url)
    const host = headers.some(([name]) => name.toLowerCase() === 'host') ? [] : ['Host', `${hostname}:${port}`]
    const request = httpRequest(
      { hostname, port, path, method, headers: [...host, ...headers.flat()] as never },
      (answer) => {
        let body = ''
        answer.setEncoding('utf8')
        answer.on('data', (piece: string) => (body += piece))
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }))
      },
    )
    request.on('error', reject)
    request.end()
  })
}

export interface Wanted {
  readonly method?: string
  readonly path?: string
  readonly scheme?: string
  readonly host?: string
  readonly headers?: readonly Header[]
  readonly query?: string
}

/** The same request as each proxy would ask about it. */
export function through(gate: TestGate, proxy: Proxy, wanted: Wanted = {}): Promise<Answered> {
  const { method = 'GET', path = '/page', scheme = 'https', host = 'app.test', headers = [], query = '' } = wanted
  if (proxy === 'nginx') {
    const own: Header[] = [
      ['X-Original-URL', `${scheme}://${host}${path}`],
      ['X-Original-Method', method],
    ]
    return ask(gate, `/forward-auth/nginx${query}`, [...own, ...headers])
  }
  if (proxy === 'envoy') {
    const own: Header[] = [
      ['Host', host],
      ['X-Forwarded-Proto', scheme],
    ]
    return ask(gate, `/forward-auth/envoy${path}`, [...own, ...headers], method)
  }
  const own: Header[] = [
    ['X-Forwarded-Method', method],
    ['X-Forwarded-Proto', scheme],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Uri', path],
  ]
  return ask(gate, `/forward-auth/${proxy}${query}`, [...own, ...headers])
}

export const bearer = (token: string): Header => ['Authorization', `Bearer ${token}`]
export const PAGE: Header[] = [
  ['Accept', 'text/html,*/*'],
  ['Sec-Fetch-Mode', 'navigate'],
]

/** Signs a browser in at the gate; returns its cookie. */
export async function signIn(gate: TestGate, claims: Record<string, unknown>): Promise<string> {
  const { location } = (await through(gate, 'nginx', { headers: PAGE })).headers
  return (await follow(gate, String(location), claims)).cookie
}

interface Followed {
  readonly cookie: string
  readonly location: string
  readonly status: number
  readonly body: string
}

/** Follows a link to sign in: to the issuer, and back with what it says of the person. */
export async function follow(
  gate: TestGate,
  link: string,
  claims: Record<string, unknown>,
  change: { cookies?: (attempt: string) => string; query?: Record<string, string> } = {},
): Promise<Followed> {
  const started = await fetch(link, { redirect: 'manual' })
  const attempt = (started.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const form = gate.provider.pushed.at(-1) ?? new URLSearchParams()
  const nonce = form.get('nonce')
  gate.provider.exchange = async (sent) => {
    assert.equal(sent.get('redirect_uri'), `${gate.url}/gate/callback`)
    return { id_token: await gate.idToken({ nonce, ...claims }) }
  }
  const query = new URLSearchParams({
    code: 'c',
    state: form.get('state') ?? '',
    iss: gate.provider.issuer,
    ...change.query,
  })
  const cookie = (change.cookies ?? ((own) => own))(attempt)
  const back = await fetch(`${gate.url}/gate/callback?${query.toString()}`, { redirect: 'manual', headers: { cookie } })
  const [, session = ''] = /ambit_gate=([^;]+)/.exec(back.headers.get('set-cookie') ?? '') ?? []
  return { cookie: session, location: back.headers.get('location') ?? '', status: back.status, body: await back.text() }
}
