/**
 * The OpenID provider. What a session proved is never taken from the provider's own records: at every authorization, token and
 * refresh it is read anew from ours, so that `acr`, `amr` and `auth_time` are true at that moment or nothing is issued.
 */
import { createHmac } from 'node:crypto'
import { errors, interactionPolicy, Provider, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import { VOUCHED_CLAIMS } from '#authn/issuer.ts'
import { SESSION_CLAIM } from './own-issuer.ts'
import { shown, type Session, type Shown } from '#authn/session.ts'
import type { AccountStateStore, SessionStore } from '#authn/stores.ts'
import type { Worths } from '#assurance/authenticator.ts'
import type { Channel } from '#assurance/shared-channel.ts'
import type { Keyring } from '#authn/keyring.ts'
import type { Clock } from '#lib/clock.ts'
import { newSecret } from '#lib/ids.ts'
import type { ClientSessions } from '#storage/client-sessions.ts'
import type { OidcRecords } from '#storage/oidc-records.ts'
import type { GuardedFetch } from '#server/guarded-fetch.ts'
import { ACR_VALUES, acrSaid, asked, meets, type AskedAssurance, type AssuranceParameters } from './assurance.ts'
import { adapterOver } from './adapter.ts'
import { deviceFlow, isOfDevice, type ApproveDevice } from './device.ts'
import { sessionTokenOf } from './cookies.ts'
import { askOther, endOurs, signOut } from './sign-out.ts'

export interface ProviderParts {
  /** https origin under which browsers and clients know it; http on loopback only */
  readonly issuer: string
  readonly clients: NonNullable<Configuration['clients']>
  readonly jwks: NonNullable<Configuration['jwks']>
  /** the first signs; the others still verify. 32 bytes or more each */
  readonly cookieKeys: readonly string[]
  readonly records: OidcRecords
  /** which clients know of which session */
  readonly clientSessions: ClientSessions
  /** seals what stands in the store */
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  /** name of the organisation, on the pages for devices */
  readonly brand: string
  /** asks the decision point whether a session may let a client in on a device */
  readonly approve: ApproveDevice
  readonly sessions: SessionStore
  readonly accounts: AccountStateStore
  readonly clock: Clock
  /** what authenticators are worth, of the policy in force */
  readonly worths: () => Worths
  readonly channelsOf: (account: string) => readonly Channel[]
  /** what is told of an account besides its id; null for one that does not exist or is closed */
  readonly claimsOf: (account: string) => Promise<Readonly<Record<string, unknown>> | null>
  /** APIs that access tokens are for, by resource indicator (RFC 8707) */
  readonly resources: Readonly<Record<string, { readonly scope: string }>>
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

/** Milliseconds by which the node that saw a proof and the one that gives tokens may differ; ours. `iiat` is in whole seconds. */
const NODES_DIFFER_MS = 5000

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
      dPoP: { enabled: true, nonceSecret: nonceSecret(parts.cookieKeys[0]!) },
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
      claimsParameter: { enabled: true },
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
      const standing = await standingOf(parts, sessionUidOf(token), token.accountId, ctx.oidc.entities.RefreshToken)
      if (standing === null) throw new errors.InvalidGrant('the session behind it has ended')
      return sessionClaims(standing)
    },
    // asked before an old refresh token is used up: what the new tokens say is what is still true of what was shown for it
    async rotateRefreshToken(ctx) {
      const { RefreshToken: old, Account: account } = ctx.oidc.entities
      const standing = await standingOf(parts, old?.sessionUid, account?.accountId, old)
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
      if (grantId !== undefined) return ctx.oidc.provider.Grant.find(grantId)
      if (client === undefined || !parts.own.has(client.clientId)) return undefined
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session!.accountId! })
      grant.addOIDCScope('openid')
      await grant.save()
      return grant
    },
    expiresWithSession: () => true,
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

const sessionUidOf = (token: object): string | undefined =>
  'sessionUid' in token && typeof token.sessionUid === 'string' ? token.sessionUid : undefined

/** Our session behind a session of the provider; null if it ended, or is another account's by now. */
async function sessionBehind(parts: ProviderParts, uid: string | undefined): Promise<Session | null> {
  const linked = uid === undefined ? undefined : await parts.records.linked(uid)
  if (linked === undefined) return null
  const session = await parts.sessions.find(linked.session, parts.clock())
  return session?.account === linked.account ? session : null
}

/**
 * What that session shows now; null if it ended, or is not this account's. For a refresh, only what was proved before the first refresh
 * token of the family: whoever holds it had no part in what the person proved to others later (OpenID Connect Core §12.2).
 */
async function standingOf(
  parts: ProviderParts,
  uid: string | undefined,
  account: string | undefined,
  refresh?: { readonly iiat?: number | undefined },
): Promise<Standing | null> {
  const session = await sessionBehind(parts, uid)
  if (session === null || session.account !== account) return null
  const until = refresh?.iiat === undefined ? Infinity : refresh.iiat * 1000 + NODES_DIFFER_MS
  const proofs = session.proofs.filter(({ at, upstream }) => Math.max(at, (upstream?.issuedAt ?? 0) * 1000) < until)
  return { ...shownOf(parts, { ...session, proofs }), session }
}

interface Standing extends Shown {
  readonly session: Session
}

/** What an access token says of the session behind it; our decision point reads the same words (see own-issuer.ts). */
function sessionClaims({ acr, amr, authTime, keyClass, upstream, session }: Standing): Record<string, unknown> {
  return {
    ...(acr === null ? {} : { acr }),
    amr: [...amr],
    ...(authTime === null ? {} : { auth_time: authTime }),
    ...(keyClass === null ? {} : { [VOUCHED_CLAIMS.keyClass]: keyClass }),
    [VOUCHED_CLAIMS.startedAt]: Math.floor(session.startedAt / 1000),
    ...(upstream === null ? {} : { [UPSTREAM_CLAIM]: saidElsewhere(upstream) }),
    sid: session.id,
  }
}

/** Where somebody signed in who did not do so here, in the words of that provider. */
const UPSTREAM_CLAIM = 'urn:ambit:upstream'
const saidElsewhere = ({ issuer, acr, amr, authTime }: NonNullable<Shown['upstream']>) => ({
  iss: issuer,
  ...(acr === null ? {} : { acr }),
  amr,
  auth_time: authTime,
})

const shownOf = (parts: ProviderParts, session: Session): Shown =>
  shown(session.proofs, parts.worths(), { channels: parts.channelsOf(session.account) })

/**
 * The checks of an authorization, in order: first the provider's session is set to what our session shows, then that is held
 * against what is asked. `acr_values` alone would ask for nothing in this library; here it is necessary (RFC 9470 §5).
 */
function policyOver(parts: ProviderParts): interactionPolicy.DefaultPolicy {
  const { Check, Prompt } = interactionPolicy
  const now = () => Math.floor(parts.clock() / 1000)
  const policy = interactionPolicy.base()
  const login = policy.get('login')!
  login.checks.remove('essential_acr')
  login.checks.remove('essential_acrs')
  login.checks.add(
    new Check(
      'acr_unmet',
      'the session does not have what is asked for',
      'unmet_authentication_requirements',
      async (ctx) => {
        const { session } = ctx.oidc
        if (session?.accountId === undefined) return Check.NO_NEED_TO_PROMPT // `no_session` asks for it
        const question = { ...asked(parametersOf(ctx)), maxAge: null }
        const standing = await standingOf(parts, session.uid, session.accountId)
        return standing === null || !meets(standing, question, now())
      },
      (ctx) => ({ ...asked(parametersOf(ctx)) }),
    ),
    0,
  )
  // the library's own check trusts what the page says it did; this one reads the session
  login.checks.remove('max_age')
  login.checks.add(
    new Check('auth_too_old', 'the authentication is older than what is asked for', 'login_required', async (ctx) => {
      const { session } = ctx.oidc
      if (session?.accountId === undefined) return Check.NO_NEED_TO_PROMPT
      const standing = await standingOf(parts, session.uid, session.accountId)
      const question = { acceptable: null, maxAge: asked(parametersOf(ctx)).maxAge }
      return standing === null || !meets(standing, question, now())
    }),
  )
  login.checks.add(deviceCheck(parts))
  // asked for nothing but unknown words: told so before anyone signs in for it
  const hopeless = new Check(
    'acr_unknown',
    'none of the acr values is known',
    'unmet_authentication_requirements',
    (ctx) => {
      if (asked(parametersOf(ctx)).acceptable?.length === 0) throw unmet()
      return Check.NO_NEED_TO_PROMPT
    },
  )
  const sync = new Check('session_ended', 'the session has ended', async (ctx) => {
    await syncSession(parts, ctx)
    return Check.NO_NEED_TO_PROMPT
  })
  policy.add(new Prompt({ name: 'standing', requestable: false }, hopeless, sync), 0)
  return policy
}

/** A device is let in by what its approver proved for just that: more than a session for pages may be asked. */
function deviceCheck(parts: ProviderParts): interactionPolicy.Check {
  const { Check } = interactionPolicy
  const wanted = new WeakMap<KoaContextWithOIDC, AskedAssurance>()
  return new Check(
    'device_unassured',
    'letting this device in asks for more than the session shows',
    'access_denied',
    async (ctx) => {
      const { session, client } = ctx.oidc
      if (!isOfDevice(ctx) || session?.accountId === undefined || client === undefined) return Check.NO_NEED_TO_PROMPT
      const standing = await standingOf(parts, session.uid, session.accountId)
      if (standing === null) return Check.REQUEST_PROMPT
      const decision = await parts.approve({ client: client.clientId, session: standing.session, shown: standing })
      if (decision.outcome === 'permit') return Check.NO_NEED_TO_PROMPT
      if (decision.stepUp === null) throw new errors.AccessDenied(decision.reasonUser)
      const { acrValues, maxAge } = decision.stepUp
      wanted.set(ctx, asked({ acrValues: acrValues.join(' '), acrClaim: null, maxAge: maxAge ?? undefined }))
      return Check.REQUEST_PROMPT
    },
    (ctx) => ({ approval: wanted.get(ctx) ?? null }),
  )
}

const unmet = () => new errors.UnmetAuthenticationRequirements('no session here can have what is asked for')

/** Makes the provider's session say what our session, shown by its own cookie in this very request, is worth. */
async function syncSession(parts: ProviderParts, ctx: KoaContextWithOIDC): Promise<void> {
  const { session } = ctx.oidc
  if (session === undefined) return
  const token = sessionTokenOf(ctx.req.headers.cookie)
  const ours = token === null ? null : await parts.sessions.resume(token, parts.clock())
  if (ours === null || (session.accountId !== undefined && session.accountId !== ours.account)) {
    // whatever was granted in it goes with the person: the next one in this browser starts with nothing, and if it is the same one,
    // tokens of before stay dead
    if (session.accountId !== undefined) {
      session.resetIdentifier()
      session.uid = newSecret()
    }
    delete session.accountId
    delete session.acr
    delete session.amr
    delete session.loginTs
    delete session.authorizations
    return
  }
  if (session.accountId === undefined) return // the interaction says who signs in, and whether that is remembered
  const said = shownOf(parts, ours)
  const acr = acrSaid(said, parametersOf(ctx))
  if (acr === null) delete session.acr
  else session.acr = acr
  session.amr = [...said.amr]
  if (said.authTime !== null) session.loginTs = said.authTime
  await parts.records.link(session.uid, ours.id, ours.account, parts.clock())
}

/** What the request asks, from its own parameters: the library mixes `acr_values` into the claims, which would weaken them. */
export function parametersOf(ctx: KoaContextWithOIDC): AssuranceParameters {
  const { acr_values: acrValues, claims, max_age: maxAge } = ctx.oidc.params ?? {}
  return assuranceParameters({ acr_values: acrValues, claims, max_age: maxAge })
}

/** As {@link parametersOf}, from the parameters that an interaction keeps. */
export function assuranceParameters(params: Readonly<Record<string, unknown>>): AssuranceParameters {
  const { acr_values: acrValues, claims, max_age: maxAge } = params
  return {
    acrValues: typeof acrValues === 'string' ? acrValues : undefined,
    acrClaim: acrClaimOf(claims),
    maxAge: maxAge === undefined || maxAge === null ? undefined : Number(maxAge),
  }
}

function acrClaimOf(claims: unknown): AssuranceParameters['acrClaim'] {
  const read: unknown = typeof claims === 'string' ? JSON.parse(claims) : claims // its syntax was checked before
  if (typeof read !== 'object' || read === null || !('id_token' in read)) return null
  const { id_token: idToken } = read
  if (typeof idToken !== 'object' || idToken === null || !('acr' in idToken)) return null
  return typeof idToken.acr === 'object' ? idToken.acr : null
}
