/**
 * Signing out that an application begins (OpenID Connect RP-Initiated Logout 1.0). It is asked about, so that no link signs anybody
 * out, and it ends our session with that of the provider: otherwise the next application would find the person signed in.
 */
import type { Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Clock } from '#lib/clock.ts'
import type { ClientSessions } from '#storage/client-sessions.ts'
import type { SessionStore } from '#authn/stores.ts'
import { signedOutPage, signOutPage } from '#server/pages/sign-out.ts'
import type { GuardedFetch } from '#server/guarded-fetch.ts'
import { endSessionCookie } from './cookies.ts'
import { signOutOf } from './held-session.ts'
import { stateOf, viewOf } from './view.ts'

type SignOut = NonNullable<NonNullable<Configuration['features']>['rpInitiatedLogout']>

export function signOut(brand: string): SignOut {
  const route = 'end_session_confirm'
  return {
    enabled: true,
    async logoutSource(ctx) {
      // browsers hold the redirect after the form to the same list as the form
      const back = stateOf(ctx, 'postLogoutRedirectUri')
      const { origin, protocol } = new URL(back ?? 'about:blank')
      const leadsTo = back === null ? [] : [origin === 'null' ? protocol : origin]
      const { client } = ctx.oidc
      const name = client === undefined ? null : (client.clientName ?? client.clientId)
      ctx.body = signOutPage(viewOf(ctx, { brand, route, leadsTo }), name)
    },
    async postLogoutSuccessSource(ctx) {
      // the provider names the client where the person stayed signed in elsewhere
      ctx.body = signedOutPage(viewOf(ctx, { brand, route }), ctx.oidc.client === undefined)
    },
  }
}

/** Tells a client of a sign-out: to public addresses over TLS, and to the networks that the configuration lists. */
export async function askOther(
  fetch: GuardedFetch,
  url: URL | Request | string,
  { headers, body }: RequestInit = {},
): Promise<Response> {
  const sent = body instanceof URLSearchParams ? ({ method: 'POST', body: body.toString() } as const) : {}
  const { status } = await fetch(url instanceof Request ? url.url : String(url), {
    ...sent,
    headers: Object.fromEntries(new Headers(headers)),
  })
  return new Response(null, { status })
}

/** Has our session end, before the person hears that it did. */
export function endOurs(
  provider: Provider,
  { sessions, clientSessions, clock }: { sessions: SessionStore; clientSessions: ClientSessions; clock: Clock },
): void {
  const told = new WeakMap<KoaContextWithOIDC, Promise<void>[]>()
  // who was told as it happened is not told again; whoever could not be is, by tell-clients.ts
  provider.on('backchannel.success', (ctx, client, _account, sid) => {
    told.set(ctx, [...(told.get(ctx) ?? []), clientSessions.told({ client: client.clientId, sid })])
  })
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<unknown>) => {
    await next()
    await Promise.all(told.get(ctx) ?? [])
    if (ctx.oidc?.route !== 'end_session_confirm' || ctx.status !== 303 || ctx.oidc.params?.['logout'] === undefined)
      return
    await signOutOf({ sessions, clock }, ctx.req.headers.cookie)
    ctx.append('set-cookie', endSessionCookie())
  })
}
