/** What an authorization is checked for: that our session shows what is asked, and that a device may be let in. */
import { errors, interactionPolicy, type ClaimsParameter, type KoaContextWithOIDC } from 'oidc-provider'
import type { SessionStore } from '#authn/stores.ts'
import { newSecret } from '#lib/ids.ts'
import {
  acrSaid,
  asked,
  assuranceParameters,
  faultOfClaims,
  meets,
  type AskedAssurance,
  type AssuranceParameters,
} from './assurance.ts'
import { isOfDevice, type ApproveDevice } from './device.ts'
import { sessionIn, type HoldParts } from './held-session.ts'
import { shownOf, standingOf, type StandingParts } from './standing.ts'

export interface CheckParts extends StandingParts, HoldParts {
  readonly sessions: SessionStore
  /** asks the decision point whether a session may let a client in on a device */
  readonly approve: ApproveDevice
}

/**
 * The checks of an authorization, in order: first the provider's session is set to what our session shows, then that is held
 * against what is asked. `acr_values` alone would ask for nothing in this library; here it is necessary (RFC 9470 §5).
 */
export function policyOver(parts: CheckParts): interactionPolicy.DefaultPolicy {
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
function deviceCheck(parts: CheckParts): interactionPolicy.Check {
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

/**
 * Refuses `claims` that can be read in two ways, wherever they come from, before the library reads them; and what that refuses by itself,
 * since this stands in its place.
 */
export function assertClaims(ctx: KoaContextWithOIDC, claims: ClaimsParameter): void {
  const fault = faultOfClaims(ctx.oidc.params?.['claims'])
  if (fault !== null) throw new errors.InvalidRequest(`\`claims\` cannot be taken: ${fault}`)
  for (const container of ['userinfo', 'id_token'] as const)
    for (const value of Object.values(claims[container] ?? {}))
      if (value !== null && (typeof value !== 'object' || Array.isArray(value)))
        throw new errors.InvalidRequest(`claims.${container} members must be null or objects`)
}

/** Makes the provider's session say what our session, shown by its own cookie in this very request, is worth. */
async function syncSession(parts: CheckParts, ctx: KoaContextWithOIDC): Promise<void> {
  const { session } = ctx.oidc
  if (session === undefined) return
  const ours = (await sessionIn(parts, ctx.req.headers.cookie, !isInBackground(ctx)))?.session ?? null
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

/** Whether nobody is to see anything of it: applications ask so by themselves, in a frame, as long as a tab is open. */
function isInBackground({ oidc }: KoaContextWithOIDC): boolean {
  const prompt = oidc.params?.['prompt']
  return typeof prompt === 'string' && prompt.split(' ').includes('none')
}

/** What the request asks, from its own parameters: the library mixes `acr_values` into the claims, which would weaken them. */
function parametersOf(ctx: KoaContextWithOIDC): AssuranceParameters {
  const { acr_values: acrValues, claims, max_age: maxAge } = ctx.oidc.params ?? {}
  return assuranceParameters({ acr_values: acrValues, claims, max_age: maxAge })
}
