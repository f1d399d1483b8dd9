/**
 * The OpenID provider. What a session proved is never taken from the provider's own records: at every authorization, token and
 * refresh it is read anew from ours, so that `acr`, `amr` and `auth_time` are true at that moment or nothing is issued.
 */
import { createHmac } from 'node:crypto'
import { errors, Provider, type Configuration } from 'oidc-provider'
import { SESSION_CLAIM } from './own-issuer.ts'
import type { AccountStateStore } from '#authn/stores.ts'
import type { Keyring } from '#authn/keyring.ts'
import type { ClientSessions } from '#storage/client-sessions.ts'
import type { GuardedFetch } from '#server/guarded-fetch.ts'
import { showsPages } from '#server/error-pages.ts'
import { refusedRequestPage } from '#server/pages/error.ts'
import { page, pageHeaders } from '#server/pages/layout.ts'
import { wordsFor } from '#server/pages/words/words.ts'
import { ACR_VALUES, acrSaid } from './assurance.ts'
import { adapterOver } from './adapter.ts'
import { assertClaims, policyOver, type CheckParts } from './checks.ts'
import { agreedTo, deviceFlow } from './device.ts'
import { askOther, endOurs, signOut } from './sign-out.ts'
import { givenAtOf, sessionBehind, sessionClaims, sessionUidOf, standingOf } from './standing.ts'

export interface ProviderParts extends CheckParts {
  /** https origin under which browsers and clients know it; http on loopback only */
  readonly issuer: string
  readonly clients: NonNullable<Configuration['clients']>
  readonly jwks: NonNullable<Configuration['jwks']>
  /** the first signs; the others still verify. 32 bytes or more each */
  readonly cookieKeys: readonly string[]
  /** which clients know of which session */
  readonly clientSessions: ClientSessions
  /** seals what stands in the store */
  readonly keyring: Pick<Keyring, 'seal' | 'open' | 'holds'>
  /** name of the organisation, on the pages for devices */
  readonly brand: string
  readonly accounts: AccountStateStore
  /** what is told of an account besides its id; null for one that does not exist or is closed */
  readonly claimsOf: (account: string) => Promise<Readonly<Record<string, unknown>> | null>
  /** APIs that access tokens are for, by resource indicator (RFC 8707) */
  readonly resources: Readonly<Record<string, { readonly scope: string }>>
  /** whether a proof of a key must hold a nonce of ours (RFC 9449 §8) */
  readonly dpopNonces: boolean
  /** clients of the house, whose people are not asked whether they agree */
  readonly own: ReadonlySet<string>
  /** where an interaction is shown, below the issuer */
  readonly interactionPath: (uid: string) => string
  /** how the provider asks others: clients, to tell them of signing out */
  readonly fetch: GuardedFetch
  readonly onError: (what: string, error: unknown) => void
}

/** Seconds. Short, because nothing here is asked again before they end; RFC 9700 §4.2.4 wants codes of a minute at most. */
const TTL = {
  code: 60,
  accessToken: 300,
  idToken: 300,
  interaction: 600,
  refreshToken: 86_400,
  deviceCode: 600,
} as const

export function openProvider(parts: ProviderParts): Provider {
  const { issuer, records, clock, interactionPath } = parts
  const isSecure = issuer.startsWith('https:')
  const cookie = { httpOnly: true, sameSite: 'lax', signed: true, secure: isSecure, path: '/' } as const
  const provider = new Provider(issuer, {
    adapter: adapterOver({
      records,
      clients: parts.clientSessions,
      keyring: parts.keyring,
      clock,
      isAlive: async (uid) => (await sessionBehind(parts, uid)) !== null,
      isTokenRequest: () => Provider.ctx?.oidc.route === 'token',
      givenAt: () => (Provider.ctx === undefined ? undefined : givenAtOf(Provider.ctx.oidc)),
    }),
    clients: parts.clients,
    jwks: parts.jwks,
    acrValues: [...ACR_VALUES],
    claims: {
      openid: ['sub', 'acr', 'amr', 'auth_time', SESSION_CLAIM],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      phone: ['phone_number', 'phone_number_verified'],
    },
    cookies: {
      keys: [...parts.cookieKeys],
      names: isSecure
        ? { session: '__Host-ambit-op', interaction: 'ambit-interaction', resume: 'ambit-resume' }
        : { session: 'ambit-op', interaction: 'ambit-interaction', resume: 'ambit-resume' },
      long: cookie,
      short: { httpOnly: true, sameSite: 'lax', signed: true, secure: isSecure },
    },
    clientDefaults: {
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
      require_auth_time: true,
    },
    responseTypes: ['code'],
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      dPoP: {
        enabled: true,
        nonceSecret: nonceSecret(parts.cookieKeys[0]!),
        requireNonce: () => parts.dpopNonces,
      },
      pushedAuthorizationRequests: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) => {
          const known = parts.resources[resource]
          if (known === undefined) throw new errors.InvalidTarget()
          return {
            scope: known.scope,
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: TTL.accessToken,
            jwt: { sign: { alg: 'ES256' } },
          }
        },
        useGrantedResource: () => true,
      },
      claimsParameter: { enabled: true, assertClaimsParameter: assertClaims },
      deviceFlow: deviceFlow(parts.brand),
      // a client asks about and ends its own tokens only (RFC 7009 §2.1, RFC 7662 §4); APIs verify theirs by themselves
      revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
      introspection: {
        enabled: true,
        allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId,
      },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: signOut(parts.brand),
      userinfo: { enabled: true },
    },
    interactions: { policy: policyOver(parts), url: (_ctx, { uid }) => interactionPath(uid) },
    fetch: (url, options) => askOther(parts.fetch, url, options),
    async findAccount(_ctx, sub, token) {
      const state = await parts.accounts.stateOf(sub)
      if (state.status === 'disabled') return undefined
      const claims = await parts.claimsOf(sub)
      if (claims === null) return undefined
      return {
        accountId: sub,
        async claims(use) {
          const session = use === 'id_token' && token ? await sessionBehind(parts, sessionUidOf(token)) : null
          return { ...claims, sub, ...(session === null ? {} : { [SESSION_CLAIM]: session.id }) }
        },
      }
    },
    async extraTokenClaims(ctx, token) {
      if (!('accountId' in token) || token.accountId === undefined) return undefined
      const standing = await standingOf(parts, sessionUidOf(token), token.accountId, givenAtOf(ctx.oidc))
      if (standing === null) throw new errors.InvalidGrant('the session behind it has ended')
      return sessionClaims(standing)
    },
    // asked before an old refresh token is used up: what the new tokens say is what is still true of what was shown for it
    async rotateRefreshToken(ctx) {
      const { RefreshToken: old, Account: account } = ctx.oidc.entities
      const standing = await standingOf(parts, old?.sessionUid, account?.accountId, givenAtOf(ctx.oidc))
      if (old === undefined || standing === null) throw new errors.InvalidGrant('the session behind it has ended')
      // the words that were asked for at first, only as far as they are still true
      const before = old.acr === undefined ? {} : { acrValues: old.acr }
      const said = acrSaid(standing, { acrValues: undefined, acrClaim: null, maxAge: undefined, ...before })
      if (said === null) delete old.acr
      else old.acr = said
      old.amr = [...standing.amr]
      return true
    },
    async loadExistingGrant(ctx) {
      const { session, client, result } = ctx.oidc
      const grantId =
        result?.consent?.grantId ?? (client === undefined ? undefined : session?.grantIdFor(client.clientId))
      if (ctx.oidc.route === 'code_verification') return agreedTo(ctx, grantId)
      if (grantId !== undefined) return ctx.oidc.provider.Grant.find(grantId)
      if (client === undefined || !parts.own.has(client.clientId)) return undefined
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session!.accountId! })
      grant.addOIDCScope('openid')
      await grant.save()
      return grant
    },
    // asked of a code at the answer to its authorization: that of a device is much younger than the code itself
    expiresWithSession(_ctx, code) {
      code.iat = Math.floor(clock() / 1000)
      return true
    },
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    ttl: {
      AccessToken: TTL.accessToken,
      AuthorizationCode: TTL.code,
      ClientCredentials: TTL.accessToken,
      DeviceCode: TTL.deviceCode,
      Grant: TTL.refreshToken,
      IdToken: TTL.idToken,
      Interaction: TTL.interaction,
      RefreshToken: TTL.refreshToken,
      Session: TTL.refreshToken,
    },
    renderError(ctx, out) {
      if (showsPages(ctx.get('accept'))) {
        ctx.set(pageHeaders())
        const words = wordsFor(ctx.get('accept-language'))
        const body = refusedRequestPage(words, { error: out.error, why: out.error_description })
        ctx.body = page({ words, title: words.error, body, brand: parts.brand })
        return
      }
      ctx.type = 'application/json'
      ctx.body = { error: out.error, error_description: out.error_description }
    },
  })
  // the route writes `x-forwarded-proto` itself, from the configuration, and lets nobody else's through
  provider.proxy = true
  endOurs(provider, parts)
  provider.on('server_error', (_ctx, error) => parts.onError('server_error', error))
  provider.on('authorization.error', (_ctx, error) => parts.onError('authorization.error', error))
  provider.on('backchannel.error', (_ctx, error) => parts.onError('backchannel.error', error))
  provider.on('grant.error', (_ctx, error) => parts.onError('grant.error', error))
  return provider
}

const nonceSecret = (key: string): Buffer => createHmac('sha256', key).update('dpop nonce').digest()
