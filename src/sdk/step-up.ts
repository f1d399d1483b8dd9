/** RFC 9470, both halves: what an API says, and what a client makes of it. */
import { challenge, isChallengeWord, maxAgeOf, type TokenScheme } from '../contract/challenge.ts'
import type { StepUpAdvice } from './answer.ts'

/** The `WWW-Authenticate` value for a token that is too weak or too old. */
export function stepUpChallenge({ acrValues, maxAge }: StepUpAdvice, scheme: TokenScheme = 'Bearer'): string {
  const words = acrValues.filter(isChallengeWord)
  return challenge(scheme, {
    error: 'insufficient_user_authentication',
    error_description: 'Stronger or more recent authentication is needed',
    ...(words.length === 0 ? {} : { acr_values: words.join(' ') }),
    ...(maxAge === null ? {} : { max_age: String(maxAgeOf(maxAge)) }),
  })
}

/** The challenge for a request without a token, or with one that cannot be read. */
export const tokenChallenge = (scheme: TokenScheme = 'Bearer'): string => challenge(scheme, {})

/**
 * Reads the step-up out of `WWW-Authenticate`; null where there is none. A client puts what it says into its next authorization
 * request, and stops when the same challenge comes twice.
 */
export function readStepUp(header: string | null | undefined): StepUpAdvice | null {
  for (const parameters of challengesIn(header ?? '')) {
    if (parameters.get('error') !== 'insufficient_user_authentication') continue
    const acrValues = (parameters.get('acr_values') ?? '').split(' ').filter(Boolean)
    const age = parameters.get('max_age')
    return { acrValues, maxAge: age !== undefined && /^[0-9]{1,10}$/.test(age) ? Number(age) : null }
  }
  return null
}

/** Parameters of an authorization request that asks for it: the wish, and the claim that a provider must meet or refuse. */
export function authorizationParameters({ acrValues, maxAge }: StepUpAdvice): Record<string, string> {
  return {
    ...(acrValues.length === 0
      ? {}
      : {
          acr_values: acrValues.join(' '),
          claims: JSON.stringify({ id_token: { acr: { essential: true, values: acrValues } } }),
        }),
    ...(maxAge === null ? {} : { max_age: String(maxAgeOf(maxAge)) }),
  }
}

/** Longest header that is read. */
const MAX_HEADER = 8192

/** The challenges of a header, each as its parameters; names in lower case (RFC 9110 §11.6.1). */
function challengesIn(header: string): Map<string, string>[] {
  const text = header.slice(0, MAX_HEADER)
  const found: Map<string, string>[] = []
  const token =
    /\s*,?\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z-]+)))?/y
  while (token.lastIndex < text.length) {
    const match = token.exec(text)
    if (match === null) break
    const [, name, quoted, plain] = match
    if (quoted === undefined && plain === undefined) found.push(new Map())
    else found.at(-1)?.set(name!.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? plain!)
  }
  return found
}
