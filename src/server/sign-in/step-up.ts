/**
 * Our own pages as a client of our own provider: whoever comes without a session, or with one that is too weak or too old, goes through
 * the same sign-in as for any application, and comes back. What comes back is not looked at; the session is.
 */
import { randomBytes } from 'node:crypto'
import { ACR_OF_STRENGTH } from '#contract/decision.ts'
import type { Strength } from '#contract/vocabulary.ts'
import { PROVIDER_PATH } from '#server/routes/provider.ts'

/** Client id of the pages; its grant is made without asking, since nothing leaves the house. */
export const OWN_CLIENT = 'ambit-account'
export const OWN_RETURN = '/account/signed-in'
/** Where somebody comes back to who came to let a device in. */
export const DEVICE_RETURN = '/device/signed-in'

export function signInUrl(
  origin: string,
  need: { readonly strength: Strength; readonly maxAgeSeconds: number } | null,
  back: { readonly to: string; readonly state?: string } = { to: OWN_RETURN },
): string {
  const query = new URLSearchParams({
    client_id: OWN_CLIENT,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: `${origin}${back.to}`,
    ...(back.state === undefined || back.state === '' ? {} : { state: back.state }),
    // PKCE is asked of everyone; the code is never redeemed, so nobody knows the verifier
    code_challenge: randomBytes(32).toString('base64url'),
    code_challenge_method: 'S256',
    ...(need === null
      ? {}
      : // `acr` has no word for "both factors", so the pages of sign-in are shown and see for themselves what is missing
        { acr_values: ACR_OF_STRENGTH[need.strength].join(' '), max_age: String(need.maxAgeSeconds), prompt: 'login' }),
  })
  return `${origin}${PROVIDER_PATH}/auth?${query.toString()}`
}
