/**
 * How a client is told to come back with more: the challenges of RFC 9470 and of Microsoft Entra for programs, a request to the
 * authorization endpoint for browsers. What they say is only asked for; what comes back is judged by what it proves.
 */
import { challenge, isChallengeWord, maxAgeOf, type TokenScheme } from '#contract/challenge.ts'
import type { StepUp } from '#contract/decision.ts'

/** One text for everybody, so that a challenge does not tell why somebody is asked for more (RFC 9470 §9). */
const DESCRIPTION = 'Stronger or more recent authentication is needed'

/** Values that an issuer knows, in order of preference; all of them where it does not say what it knows. */
export function askable({ acrValues }: StepUp, supported: readonly string[] | null): string[] {
  return acrValues.filter((value) => isChallengeWord(value) && (supported === null || supported.includes(value)))
}

/**
 * The `WWW-Authenticate` value of RFC 9470 §3; null where the issuer can give nothing of what is needed, so that asking would
 * only send the client round in circles.
 */
export function stepUpChallenge(
  stepUp: StepUp,
  { scheme, supported }: { readonly scheme: TokenScheme; readonly supported: readonly string[] | null },
): string | null {
  const values = askable(stepUp, supported)
  if (values.length === 0 && (stepUp.acrValues.length > 0 || stepUp.maxAge === null)) return null
  return challenge(scheme, {
    error: 'insufficient_user_authentication',
    error_description: DESCRIPTION,
    ...(values.length === 0 ? {} : { acr_values: values.join(' ') }),
    ...(stepUp.maxAge === null ? {} : { max_age: String(maxAgeOf(stepUp.maxAge)) }),
  })
}

/** Who is asked in the dialect of Microsoft Entra, and with what. */
export interface ClaimsDialect {
  readonly authorizationUri: string
  readonly clientId: string
  /** the tenant's contexts, with the `acr` that each stands for */
  readonly contexts: readonly { readonly id: string; readonly acr: string }[]
}

/**
 * The claims challenge of Microsoft Entra, for clients that said they can handle one; null where no context of the tenant is
 * enough. (learn.microsoft.com: "Claims challenges, claims requests, and client capabilities")
 */
export function claimsChallenge(
  stepUp: StepUp,
  { authorizationUri, clientId, contexts }: ClaimsDialect,
): string | null {
  const context = stepUp.acrValues.flatMap((acr) => contexts.find((each) => each.acr === acr) ?? [])[0]
  if (context === undefined || !isChallengeWord(authorizationUri) || !isChallengeWord(clientId)) return null
  const claims = { access_token: { acrs: { essential: true, value: context.id } } }
  return challenge('Bearer', {
    realm: '',
    authorization_uri: authorizationUri,
    client_id: clientId,
    error: 'insufficient_claims',
    claims: Buffer.from(JSON.stringify(claims)).toString('base64'),
    cc_type: 'authcontext',
  })
}

/** Why a token is not taken (RFC 6750 §3.1, RFC 9449 §7.1). */
export type TokenError =
  | 'invalid_token'
  | 'invalid_request'
  | 'insufficient_scope'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'

/** The challenge for a request without a token (no error: RFC 6750 §3.1), or with one that is not taken. */
export function tokenChallenge(
  scheme: TokenScheme,
  error: TokenError | null,
  {
    algorithms = [],
    description,
  }: { readonly algorithms?: readonly string[]; readonly description?: string | undefined } = {},
): string {
  return challenge(scheme, {
    ...(error === null ? {} : { error }),
    ...(description === undefined ? {} : { error_description: description }),
    ...(scheme === 'DPoP' && algorithms.length > 0 ? { algs: algorithms.join(' ') } : {}),
  })
}

/** What a provider can be asked by a browser. */
export interface AskedProvider {
  readonly supported: readonly string[] | null
  readonly takesClaims: boolean
  /** the tenant's contexts (Microsoft Entra); empty elsewhere */
  readonly contexts: readonly { readonly id: string; readonly acr: string }[]
}

/**
 * Parameters of an authorization request that ask for more (OpenID Connect Core §3.1.2.1, §5.5.1.1): `acr_values`, which is only a wish, and
 * beside it the essential claim, which a provider must meet or refuse. Null where it can give nothing of what is needed.
 */
export function stepUpParameters(stepUp: StepUp, provider: AskedProvider): Record<string, string> | null {
  const maxAge = stepUp.maxAge === null ? null : maxAgeOf(stepUp.maxAge)
  const age = maxAge === null ? {} : { max_age: String(maxAge), ...(maxAge === 0 ? { prompt: 'login' } : {}) }
  if (provider.contexts.length > 0) {
    const context = stepUp.acrValues.flatMap((acr) => provider.contexts.find((each) => each.acr === acr) ?? [])[0]
    if (context === undefined) return stepUp.acrValues.length > 0 || maxAge === null ? null : age
    return { ...age, claims: JSON.stringify({ id_token: { acrs: { essential: true, value: context.id } } }) }
  }
  const values = askable(stepUp, provider.supported)
  if (values.length === 0) return stepUp.acrValues.length > 0 || maxAge === null ? null : age
  const essential = {
    id_token: { acr: { essential: true, values }, ...(maxAge === null ? {} : { auth_time: { essential: true } }) },
  }
  return {
    ...age,
    acr_values: values.join(' '),
    ...(provider.takesClaims ? { claims: JSON.stringify(essential) } : {}),
  }
}
