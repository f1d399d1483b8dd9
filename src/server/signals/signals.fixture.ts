/** For tests: a sender of security events, a server that takes them, and what it decides about ada afterwards. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { newSigner, sign, type Claims } from '#authn/issuer.fixture.ts'
import { systemClock } from '#lib/clock.ts'
import { EVENT_URIS, type EventName } from '#signals/event-types.ts'
import { testProvider, type TestProvider } from '../gate/provider.fixture.ts'
import { testServer, type TestServer } from '../server.fixture.ts'

export const RECEIVER = 'https://ambit.example'
export const PUSH_TOKEN = 'push-token-push-token-push-token-1'

export const signer = await newSigner('k1')
export const rsa = await newSigner('rsa1', 'RS256')
const wrong = await newSigner('k1')

export const seconds = () => Math.floor(systemClock() / 1000)

export interface Answered {
  readonly decision: boolean
  readonly reasons: readonly string[]
}

export interface Signalled {
  readonly provider: TestProvider
  readonly server: TestServer
  /** the sender's issuer */
  readonly issuer: string
  /** pushes a SET with one event, whose claims and header may be wrong on purpose */
  readonly push: (event: string, payload?: Claims, more?: Parts) => Promise<Response>
  /** decides about ada, or the `sub` of the claims, with a token of them */
  readonly decide: (claims?: Claims, at?: TestServer) => Promise<Answered>
  /** decides once the node has looked for changes of the store, as it does several times a second by itself; it must be so then */
  readonly soon: (claims: Claims, check: (answered: Answered) => boolean, at?: TestServer) => Promise<Answered>
}

export interface Parts {
  readonly subject?: unknown
  readonly claims?: Claims
  readonly header?: Record<string, unknown>
  readonly by?: 'stranger' | 'rsa'
  readonly to?: string
  readonly bearer?: string
  /** the whole header, instead of `bearer` */
  readonly authorization?: string
  readonly type?: string
}

/** Ada, and people of whom each test takes one that no other has spoken of. */
const PEOPLE = ['ada', ...Array.from({ length: 20 }, (_, i) => `p${i}`)]

const WORLD = {
  ambit: 1,
  at: '2026-11-01',
  accounts: PEOPLE.map((id) => ({ id: `okta:${id}`, kind: 'human', population: 'workforce' })),
  authenticators: PEOPLE.map((id) => ({ id: `k:${id}`, kind: 'passkey', of: [`okta:${id}`] })),
  waysIn: PEOPLE.map((id) => ({ id: `w:${id}`, account: `okta:${id}`, purpose: 'sign_in', requires: `k:${id}` })),
  resources: [{ id: 'wiki', sensitivity: 'none' }],
  entitlements: PEOPLE.map((id) => ({
    id: `e:${id}`,
    holder: `okta:${id}`,
    capabilities: ['change_code'],
    on: 'wiki',
  })),
}

/** The `iss_sub` name of somebody at the sender. */
export const named = (issuer: string, subject = 'ada') => ({ format: 'iss_sub', iss: issuer, sub: subject })

export async function signalled(context: TestContext, { store, more = '' }: { store?: string; more?: string } = {}) {
  const provider = await testProvider(context, [signer, rsa])
  const config = configOf(provider.issuer, more)
  const server = await testServer(context, { config, ...(store === undefined ? {} : { store }) })
  const { issuer } = provider
  const ingest = await server.token('ingest', 'decide', 'read', 'administer')
  const headers = { 'content-type': 'application/json' }
  const loaded = await server.ask('/v1/inventory', {
    method: 'PUT',
    body: JSON.stringify(WORLD),
    headers,
    token: ingest,
  })
  assert.equal(loaded.status, 200, await loaded.clone().text())

  let count = 0
  const it: Signalled & { readonly token: string; readonly config: string } = {
    provider,
    server,
    issuer,
    token: ingest,
    config,
    async push(event, payload = {}, parts = {}) {
      const uri = Object.hasOwn(EVENT_URIS, event) ? EVENT_URIS[event as EventName] : event
      const claims = {
        iss: issuer,
        aud: RECEIVER,
        jti: `set-${++count}`,
        iat: seconds(),
        sub_id: 'subject' in parts ? parts.subject : named(issuer),
        events: { [uri]: payload },
        ...parts.claims,
      }
      const by = parts.by === 'stranger' ? wrong : parts.by === 'rsa' ? rsa : signer
      const text = await sign(by, claims, { typ: 'secevent+jwt', ...parts.header })
      return await pushText(server, text, parts)
    },
    async decide(claims = {}, at = server) {
      const now = seconds()
      const common = { iss: issuer, sub: 'ada', aud: 'https://api.test', client_id: 'shop', iat: now, exp: now + 600 }
      const shown = { acr: 'phr', auth_time: now - 10, sid: 's1', ...common, ...claims }
      const text = await sign(signer, shown)
      return await ask(at, ingest, { access_token: text }, String(shown.sub))
    },
    async soon(claims, check, at = server) {
      await at.caughtUp()
      const answered = await it.decide(claims, at)
      assert.ok(check(answered), JSON.stringify(answered))
      return answered
    },
  }
  return it
}

export async function pushText(server: TestServer, text: string, parts: Parts = {}): Promise<Response> {
  const { to = 'idp', bearer = PUSH_TOKEN, type = 'application/secevent+jwt' } = parts
  const { authorization = `Bearer ${bearer}` } = parts
  return await server.ask(`/signals/${to}/push`, {
    method: 'POST',
    body: text,
    headers: { 'content-type': type, authorization },
  })
}

/** Asks about somebody and the wiki with a session as the enforcement point has it. */
export async function ask(server: TestServer, token: string, session: Claims, id = 'ada'): Promise<Answered> {
  const answer = await server.ask('/access/v1/evaluation', {
    method: 'POST',
    token,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      subject: { type: 'user', id },
      action: { name: 'edit' },
      resource: { type: 'page', id: 'wiki' },
      context: { session },
    }),
  })
  const { decision, context } = (await answer.json()) as { decision: boolean; context?: { reasons?: string[] } }
  return { decision, reasons: context?.reasons ?? [] }
}

export const configOf = (issuer: string, more: string) => `
limits: { loopDelayMs: 60000 }
publicUrl: http://127.0.0.1:8181
issuers:
  - issuer: ${issuer}
    algorithms: [ES256]
    audiences: [https://api.test]
    subject: { prefix: 'okta:' }
gate: { networks: [127.0.0.1] }
decisions:
  actions: { edit: change_code }
  subjects: { user: { prefix: 'okta:' } }
  issuers: { "${issuer}": { acr: { phr: { strength: phishing_resistant }, one: { strength: single_factor } } } }
signals:
  networks: [127.0.0.1]
  from:
    - name: idp
      issuer: ${issuer}
      jwks: ${issuer}/jwks
      audiences: ['${RECEIVER}']
      subjects:
        issuers: [{ issuer: "${issuer}", prefix: 'okta:' }]
        mail: [{ domain: example.com, prefix: 'okta:' }]
        tenants: [acme]
      devices: true
      pushToken: ${PUSH_TOKEN}
${more}`
