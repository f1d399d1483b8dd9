/**
 * Verifies JSON Web Tokens of trusted issuers (RFC 7519, RFC 9068, OpenID Connect Core §3.1.3.7; the threats are those of
 * RFC 8725). What comes out was signed by the issuer, is meant for us and is in force; whether whoever sent it may use it
 * ({@link Binding}) is checked per request, in `binding.ts`.
 */
import { createHash } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose'
import type { TokenUse, TrustedIssuer } from './issuer.ts'
import type { KeySource } from './key-set.ts'
import { refused, taken, type Checked } from './refusal.ts'

/** A key of the client that the token is tied to (RFC 7800 §3.1): it is worth nothing without proof of that key. */
export interface Binding {
  /** thumbprint of the DPoP key (RFC 9449 §6.1) */
  readonly jkt: string | null
  /** thumbprint of the client certificate (RFC 8705 §3.1) */
  readonly x5t: string | null
}

export interface VerifiedToken {
  readonly use: TokenUse
  readonly issuer: TrustedIssuer
  readonly claims: JWTPayload
  /** seconds since 1970 */
  readonly expiresAt: number
  readonly binding: Binding
}

/** Longest token read, in characters: a header of 16 KiB is what servers take. */
export const MAX_TOKEN = 16_384
/** `b64token` of RFC 6750 §2.1. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/
const ACCESS_TYPES = new Set(['at+jwt', 'application/at+jwt'])
const PLAIN_TYPES = new Set(['', 'jwt'])
/** What Keycloak calls its tokens in the claim `typ`; refresh, offline and logout tokens are signed with the same keys. */
const KEYCLOAK_TYPES = new Map<unknown, TokenUse>([
  ['Bearer', 'access'],
  ['DPoP', 'access'],
  ['ID', 'id'],
])

export const isTokenText = (text: string): boolean => text.length <= MAX_TOKEN && TOKEN.test(text)

/** Whether a token has the shape of a signed JWT; anything else is opaque to us. */
export const looksLikeJwt = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)

/** SHA-256 of a whole token, by which it is remembered; a prefix of it has another. */
export const hashOfToken = (text: string): string => createHash('sha256').update(text).digest('base64url')

export interface Verifier {
  readonly issuers: readonly TrustedIssuer[]
  readonly keys: KeySource
}

/** Verifies a signed token; `now` in milliseconds since 1970. */
export async function verifyToken(text: string, verifier: Verifier, now: number): Promise<Checked<VerifiedToken>> {
  const signed = await openSigned(text, verifier, now)
  if (!signed.ok) return signed
  const { typ, claims, issuer } = signed.value
  return judgeClaims(typ, claims, issuer, now / 1000)
}

/** What one of the issuers signed, in force by its own dates. Nothing is known yet of what it is for, and for whom. */
export interface Signed {
  /** of the header, in lower case; empty where it has none */
  readonly typ: string
  readonly claims: JWTPayload
  readonly issuer: TrustedIssuer
}

/** Checks who signed a token; `now` in milliseconds since 1970. */
export async function openSigned(text: string, { issuers, keys }: Verifier, now: number): Promise<Checked<Signed>> {
  const read = readToken(text)
  if (read === null) return refused('malformed')
  const issuer = issuers.find(({ issuer: name }) => name === read.claimedIssuer)
  if (issuer === undefined) return refused('issuer_unknown')
  const { algorithms } = issuer
  if (!algorithms.some((each) => each === read.alg)) return refused('algorithm_refused')
  const options = { algorithms: [...algorithms], issuer: issuer.issuer, currentDate: new Date(now) }
  const verify = async (set: Awaited<ReturnType<KeySource['current']>>): Promise<Checked<JWTPayload>> => {
    if (set === null) return refused('keys_unavailable')
    try {
      const { payload } = await jwtVerify(text, set, { ...options, clockTolerance: issuer.skew })
      return taken(payload)
    } catch (error) {
      return refused(refusalOf(error))
    }
  }
  let signed = await verify(await keys.current(issuer.issuer))
  if (!signed.ok && signed.why === 'key_unknown') {
    const renewed = await keys.renewed(issuer.issuer)
    if (renewed !== null) signed = await verify(renewed)
  }
  return signed.ok ? taken({ typ: read.typ, claims: signed.value, issuer }) : signed
}

/** Header and issuer as the token claims them: enough to choose what it is held against, and for nothing else. */
function readToken(text: string): { typ: string; alg: unknown; claimedIssuer: unknown } | null {
  if (!isTokenText(text)) return null
  try {
    const { typ, alg } = decodeProtectedHeader(text)
    if (typ !== undefined && typeof typ !== 'string') return null
    return { typ: (typ ?? '').toLowerCase(), alg, claimedIssuer: decodeJwt(text).iss }
  } catch {
    return null
  }
}

function refusalOf(
  error: unknown,
): 'key_unknown' | 'expired' | 'not_yet_valid' | 'claim_missing' | 'signature_invalid' | 'malformed' {
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'key_unknown'
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWTClaimValidationFailed) return error.claim === 'nbf' ? 'not_yet_valid' : 'claim_missing'
  return error instanceof errors.JWSSignatureVerificationFailed ? 'signature_invalid' : 'malformed'
}

/** What a signature does not say: what kind of token it is, for whom, and since when. `now` in seconds. */
export function judgeClaims(
  typ: string,
  claims: JWTPayload,
  issuer: TrustedIssuer,
  now: number,
): Checked<VerifiedToken> {
  const { sub, exp, iat, cnf } = claims
  if (!isText(sub) || !isTime(exp) || !isTime(iat)) return refused('claim_missing')
  if (iat > now + issuer.skew) return refused('not_yet_valid')
  const use = useOf(typ, claims, issuer)
  if (use === null) return refused('type_refused')
  if (!isMeantForUs(claims, use, issuer)) return refused('audience_refused')
  const binding = bindingOf(cnf)
  return binding === null ? refused('binding_unknown') : taken({ use, issuer, claims, expiresAt: exp, binding })
}

function useOf(typ: string, claims: JWTPayload, issuer: TrustedIssuer): TokenUse | null {
  // security events and logout tokens are signed by the same keys and sent to the same audience (RFC 8417 §2.2)
  if (claims.events !== undefined) return null
  const use = useByHeader(typ, claims, issuer)
  return claims.typ === undefined || KEYCLOAK_TYPES.get(claims.typ) === use ? use : null
}

function useByHeader(typ: string, claims: JWTPayload, issuer: TrustedIssuer): TokenUse | null {
  if (ACCESS_TYPES.has(typ)) return 'access'
  if (!PLAIN_TYPES.has(typ)) return null
  if (issuer.accessTokens === 'typ') return 'id'
  return audiencesOf(claims).some((each) => issuer.clientIds.includes(each)) ? 'id' : 'access'
}

/** `aud`, and for ID tokens of several audiences `azp` (OpenID Connect Core §3.1.3.7, 3 to 5). */
export function isMeantForUs(claims: JWTPayload, use: TokenUse, { audiences, clientIds }: TrustedIssuer): boolean {
  const named = audiencesOf(claims)
  if (use === 'access') return named.some((each) => audiences.includes(each))
  if (!named.some((each) => clientIds.includes(each))) return false
  if (claims.azp === undefined) return named.length === 1
  return isText(claims.azp) && clientIds.includes(claims.azp)
}

/** `aud` as a list */
export function audiencesOf({ aud }: JWTPayload): string[] {
  return (Array.isArray(aud) ? aud : [aud]).filter(isText)
}

/** How the token is bound; null where it is bound by something that we do not know how to check. */
function bindingOf(cnf: unknown): Binding | null {
  if (cnf === undefined) return { jkt: null, x5t: null }
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) return null
  const { jkt, 'x5t#S256': x5t, ...others } = cnf as Record<string, unknown>
  if (Object.keys(others).length > 0 || (jkt === undefined && x5t === undefined)) return null
  if ((jkt !== undefined && !isText(jkt)) || (x5t !== undefined && !isText(x5t))) return null
  return { jkt: jkt ?? null, x5t: x5t ?? null }
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 2000

/** Seconds since 1970; jose has refused other types, but an introspection answer has not been through it. */
const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0
