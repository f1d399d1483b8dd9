/** Another OpenID provider on loopback, where somebody is signed in as the test says, and an Ambit that people there may sign in to. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { Provider } from 'oidc-provider'
import * as client from 'openid-client'
import type { Clock } from '#lib/clock.ts'
import { Person } from './person.fixture.ts'
import { PASSWORD, REDIRECT, SECRET, startPeople } from './people.fixture.ts'

const CLIENT_SECRET = 'ambit-secret-ambit-secret-ambit-12'

/** What somebody shows there. */
export interface There {
  readonly sub: string
  readonly acr?: string
  readonly amr?: readonly string[]
  /** seconds before now */
  readonly ago?: number
  readonly email?: string
}

export interface UpstreamServer {
  readonly issuer: string
  /** who is at the browser there; null for nobody */
  there: There | null
  /** parameters of the authorization requests that came */
  readonly asked: Record<string, unknown>[]
  provider: Provider
  /** follows a browser there until it is sent back to `origin`; the address it is sent to */
  readonly visit: (url: URL, origin: string, browser?: Person) => Promise<URL>
}

/** Listens; speaks as a provider once it is told where its client lives. */
export async function startUpstream(context: TestContext, id = 'corp') {
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {}
  const server = createServer((request, response) => handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    issuer,
    open(origin: string): UpstreamServer {
      const it: UpstreamServer = {
        issuer,
        there: null,
        asked: [],
        provider: providerAt(issuer, origin, id, () => it.there),
        async visit(url, to, browser = new Person(issuer)) {
          await browser.go(url.href)
          assert.ok(browser.left !== null && browser.left.origin === to, `${browser.status} ${browser.html}`)
          return browser.left
        },
      }
      const callback = it.provider.callback()
      handle = (request, response) => {
        if (request.url?.startsWith('/interaction/')) void interact(it, request, response)
        else void callback(request, response)
      }
      return it
    },
  }
}

function providerAt(issuer: string, origin: string, id: string, there: () => There | null): Provider {
  return new Provider(issuer, {
    clients: [
      {
        client_id: 'ambit',
        client_secret: CLIENT_SECRET,
        redirect_uris: [`${origin}/upstream/${id}`],
        backchannel_logout_uri: `${origin}/upstream/${id}/logout`,
        backchannel_logout_session_required: true,
      },
    ],
    cookies: { keys: ['of the other provider'] },
    acrValues: ['low', 'strong', 'unknown-word'],
    claims: {
      openid: ['sub', 'acr', 'amr', 'auth_time'],
      email: ['email', 'email_verified'],
      profile: ['preferred_username'],
    },
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      backchannelLogout: { enabled: true },
    },
    fetch: (url, options) => fetch(url, { ...options, signal: null }),
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, sub) => ({
      accountId: sub,
      claims: async () => ({
        sub,
        preferred_username: `${sub} there`,
        email: there()?.email ?? 'ben@example.org',
        email_verified: true,
      }),
    }),
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client!.clientId,
        accountId: ctx.oidc.session!.accountId!,
      })
      grant.addOIDCScope('openid profile email')
      await grant.save()
      return grant
    },
  })
}

let tries = 0

async function interact(it: UpstreamServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const details = await it.provider.interactionDetails(request, response)
  it.asked.push({ ...details.params })
  const { there } = it
  const isHopeless = details.prompt.reasons.some((each) => each.startsWith('essential_acr')) && ++tries % 3 === 0
  const result =
    there === null || isHopeless
      ? { error: isHopeless ? 'unmet_authentication_requirements' : 'access_denied' }
      : {
          login: {
            accountId: there.sub,
            remember: false,
            ts: Math.floor(new Date().getTime() / 1000) - (there.ago ?? 0),
            ...(there.acr === undefined ? {} : { acr: there.acr }),
            ...(there.amr === undefined ? {} : { amr: [...there.amr] }),
          },
        }
  await it.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
}

/** Configuration of an Ambit that knows these providers. */
export function upstreamConfig(issuers: readonly { readonly id: string; readonly issuer: string }[]): string {
  return `
  upstreams: ${JSON.stringify(issuers.map(({ id, issuer }) => ({ id, issuer, name: `The ${id}` })))}
issuers:
${issuers.map(({ issuer }) => `  - {issuer: '${issuer}', algorithms: [ES256, RS256], client: {id: ambit, secret: ${CLIENT_SECRET}}}`).join('\n')}
decisions:
  issuers:
${issuers.map(({ issuer }) => `    '${issuer}': {acr: {low: {strength: single_factor}, strong: {strength: phishing_resistant, code: false}}}`).join('\n')}
gate: {networks: [127.0.0.1]}
`
}

export async function startFederation(
  context: TestContext,
  options: { readonly store: string; readonly clock?: Clock },
) {
  const listening = await startUpstream(context)
  const config = upstreamConfig([{ id: 'corp', issuer: listening.issuer }])
  const people = await startPeople(context, { ...options, more: config })
  const { origin } = people
  const upstream = listening.open(origin)
  const insecure = { execute: [client.allowInsecureRequests] }
  const app = await client.discovery(new URL(`${origin}/oidc`), 'app', SECRET, undefined, insecure)

  /** A person at the sign-in of an application. */
  async function atTheApp(more: Record<string, string> = {}, person = new Person(origin)) {
    const verifier = client.randomPKCECodeVerifier()
    const challenge = await client.calculatePKCECodeChallenge(verifier)
    const address = await client.buildAuthorizationUrlWithPAR(app, {
      redirect_uri: REDIRECT,
      scope: 'openid shop',
      resource: 'https://shop.example',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      state: 's',
      ...more,
    })
    person.left = null
    await person.go(address.href)
    const tokens = async () => {
      if (person.html.includes('/consent"')) await person.submit('consent')
      const checks = { pkceCodeVerifier: verifier, expectedState: 's' }
      return client.authorizationCodeGrant(app, person.left!, checks, { resource: 'https://shop.example' })
    }
    return { person, tokens }
  }

  /** Goes there with the form that is shown, and comes back. */
  async function thereAndBack(person: Person, browser?: Person, form = 'upstream'): Promise<string> {
    person.left = null
    await person.submit(form)
    assert.ok(person.left !== null, `not sent anywhere: ${person.html}`)
    return person.go((await upstream.visit(person.left, origin, browser)).href)
  }

  /** Somebody with a password, at his account. */
  async function atTheAccount(name: string): Promise<Person> {
    const person = new Person(origin)
    await person.go('/account')
    await person.submit('identify', { identifier: `${name}@example.org` })
    await person.submit('password', { password: PASSWORD })
    assert.equal(person.at, '/account')
    return person
  }

  async function link(name: string, there: There): Promise<Person> {
    const person = await atTheAccount(name)
    upstream.there = there
    await thereAndBack(person, undefined, 'link')
    await person.submit('link-confirm')
    return person
  }
  /** As if every link had been made in a session of this level. */
  const boundAt = (aal: number) =>
    people.server.context.database.sql
      .updateTable('identifiers')
      .set({ bound_at_aal: aal })
      .where('kind', '=', 'upstream')
      .execute()
  return { ...people, boundAt, upstream, atTheApp, thereAndBack, atTheAccount, link }
}
