/** A provider over a real store, listening on loopback, whose interactions are answered as the test says. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import type { Provider } from 'oidc-provider'
import type { Proof } from '#authn/session.ts'
import { toolsOver, type TestTools } from '#authn/tools.fixture.ts'
import { loadPolicy } from '#policy/load.ts'
import type { Database } from '#storage/database.ts'
import { clientSessions } from '#storage/client-sessions.ts'
import { oidcRecords } from '#storage/oidc-records.ts'
import { hashOf, sessionCookie, sessionTokenOf } from './cookies.ts'
import { guardedFetch } from '#server/guarded-fetch.ts'
import { denied } from '#server/evaluate.ts'
import { openProvider } from './provider.ts'

const text = readFileSync(new URL('../../policy/default.yaml', import.meta.url), 'utf8')
const { authenticators: worths } = await loadPolicy({ text, file: 'default.yaml' }, text)

export const API = 'https://api.example.org'

export interface TestProvider {
  readonly issuer: string
  readonly tools: TestTools
  readonly provider: Provider
  /** what the person at the browser does at each interaction; `null` closes the page */
  onInteraction: (reasons: readonly string[]) => readonly Proof[] | null
  /** interactions seen, by their reasons */
  readonly interactions: string[][]
  readonly errors: string[]
  readonly close: () => Promise<void>
}

export const CLIENT = {
  client_id: 'app',
  client_secret: 'app-secret-app-secret-app-secret-1',
  redirect_uris: ['https://app.example.org/cb'],
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
}
const other = { ...CLIENT, client_id: 'other', redirect_uris: ['https://other.example.org/cb'] }

export async function startProvider(database: Database, { dpopNonces = false } = {}): Promise<TestProvider> {
  const tools = toolsOver(database)
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const errors: string[] = []
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {}
  const server = createServer((request, response) => handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`
  const provider = openProvider({
    issuer,
    clients: [CLIENT, other],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'test' }] } as never,
    cookieKeys: [randomBytes(32).toString('base64url')],
    records: oidcRecords(database),
    clientSessions: clientSessions(database),
    keyring: tools.keyring,
    brand: 'Example',
    approve: async () => denied({ id: 'e', at: 0 }, 'undecidable'),
    sessions: tools.sessions,
    accounts: tools.accounts,
    clock: tools.clock,
    worths: () => worths,
    channelsOf: () => [],
    claimsOf: async (account) => (account.startsWith('idp:') ? { name: account } : null),
    resources: { [API]: { scope: 'read' } },
    dpopNonces,
    own: new Set(),
    fetch: guardedFetch({ networks: [] }),
    interactionPath: (uid) => `/interaction/${uid}`,
    onError: (what, error) => {
      const at = error instanceof Error ? (error.stack ?? '').split('\n')[1] : ''
      errors.push(`${what}: ${error instanceof Error ? error.message : String(error)} ${at}`)
    },
  })
  const running: TestProvider = {
    issuer,
    tools,
    provider,
    onInteraction: () => null,
    interactions: [],
    errors,
    close: () => new Promise((resolve) => (server.closeAllConnections(), server.close(() => resolve()))),
  }
  const callback = provider.callback()
  handle = (request, response) => {
    if (request.url?.startsWith('/interaction/')) void interact(running, request, response)
    else void callback(request, response)
  }
  return running
}

let counted = 0

/** What the pages do: raise or begin the session, set its cookie, and hand the provider the result. */
async function interact(running: TestProvider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { provider, tools } = running
  const details = await provider.interactionDetails(request, response)
  if (details.prompt.name === 'consent') {
    const { Grant } = provider
    const grant =
      details.grantId === undefined
        ? new Grant({ accountId: details.session!.accountId, clientId: String(details.params['client_id']) })
        : (await Grant.find(details.grantId))!
    grant.addOIDCScope('openid offline_access profile')
    grant.addResourceScope(API, 'read')
    const grantId = await grant.save()
    await provider.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true })
    return
  }
  running.interactions.push([...details.prompt.reasons])
  const proofs = running.onInteraction(details.prompt.reasons)
  if (proofs === null) {
    const result = { error: 'unmet_authentication_requirements', error_description: 'no stronger proof' }
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
    return
  }
  const token = randomBytes(32).toString('base64url')
  const held = sessionTokenOf(request.headers.cookie)
  const session = held === null ? null : await tools.sessions.resume(held, tools.now)
  if (session === null) {
    const id = `se_${counted++}`
    const times = { startedAt: tools.now, usedAt: tools.now, endsAt: tools.now + 36_000_000, idleMs: null }
    const { epoch } = await tools.accounts.stateOf('idp:ada')
    await tools.sessions.begin({ id, account: 'idp:ada', epoch, browser: 'b', proofs, ...times }, hashOf(token))
  } else {
    let from = held!
    for (const proof of proofs) {
      await tools.sessions.elevate(session.id, { from, to: hashOf(token) }, proof, tools.now)
      from = hashOf(token)
    }
  }
  response.setHeader('set-cookie', [sessionCookie(token)])
  await provider.interactionFinished(
    request,
    response,
    { login: { accountId: 'idp:ada' } },
    { mergeWithLastSubmission: false },
  )
}

/** A browser that follows redirects below the issuer and keeps cookies; returns the first URL that leads elsewhere. */
export class Browser {
  readonly cookies = new Map<string, string>()

  async go(url: string, issuer: string): Promise<URL> {
    let at = new URL(url)
    for (let hops = 0; hops < 15; hops++) {
      if (at.origin !== issuer) return at
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(at, { redirect: 'manual', headers: { cookie } })
      for (const line of response.headers.getSetCookie()) {
        const [pair] = line.split(';')
        const [name, ...value] = pair!.split('=')
        if (value.join('=') === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name!)
        else this.cookies.set(name!, value.join('='))
      }
      const location = response.headers.get('location')
      if (location === null) throw new Error(`${response.status} at ${at.pathname}: ${await response.text()}`)
      at = new URL(location, at)
    }
    throw new Error('too many redirects')
  }
}
