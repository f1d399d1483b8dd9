/** Reads answers of token introspection (RFC 7662 §2.2), for tokens that say nothing themselves. */
import type { JWTPayload } from 'jose'
import type { TrustedIssuer } from './issuer.ts'
import { refused, type Checked } from './refusal.ts'
import { judgeClaims, type VerifiedToken } from './token.ts'

/**
 * Returns the token as its issuer describes it; `now` in seconds since 1970. Only `"active": true` is active; an issuer, where
 * one is named, is the one that was asked; an audience and an end must be named, as in any access token.
 */
export function readIntrospection(answer: unknown, issuer: TrustedIssuer, now: number): Checked<VerifiedToken> {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    return refused('introspection_unavailable')
  const claims = answer as JWTPayload
  if (claims.active !== true) return refused('inactive')
  if (claims.iss !== undefined && claims.iss !== issuer.issuer) return refused('issuer_unknown')
  const { exp, nbf, iat, token_type: type, typ: _typ, ...rest } = claims
  if (typeof exp !== 'number' || exp <= now - issuer.skew) return refused('expired')
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= now + issuer.skew)) return refused('not_yet_valid')
  if (type !== undefined && !(typeof type === 'string' && /^(bearer|dpop|n_a)$/i.test(type)))
    return refused('type_refused')
  // `iat` is optional in an answer; what is active now has been issued
  return judgeClaims('at+jwt', { ...rest, iss: issuer.issuer, exp, iat: iat ?? now }, issuer, now)
}
