/**
 * Sessions that are bound to a key which the browser keeps (W3C Device Bound Session Credentials, DBSC): the session's cookie counts only
 * beside one of a few minutes, which is renewed only by a proof with the key that was registered right after the sign-in.
 * Nothing vouches for where a browser keeps its key, so a binding raises no strength.
 */
import { importJWK, jwtVerify, decodeProtectedHeader, decodeJwt, type JWK, type JWTPayload } from 'jose'
import type { Keyring } from './keyring.ts'

/** The key that a session is bound to. */
export interface SessionBinding {
  /** `session_identifier`, as the browser knows it; the session that a change renews keeps it */
  readonly id: string
  /** public key, with its `alg`; it never changes */
  readonly key: JWK
  /** milliseconds since 1970 */
  readonly since: number
  /** proofs that were taken; each challenge is for one number */
  readonly uses: number
}

/** The algorithms of DBSC (§ Secure-Session-Registration). */
export const BINDING_ALGORITHMS = ['ES256', 'RS256'] as const

/** Milliseconds for which a browser may register its key after a proof of the person: ours. A TPM takes seconds to make one. */
const OFFER_MS = 60_000
/** Milliseconds for which the challenge of a renewal waits: ours; a browser answers at once. */
const CHALLENGE_MS = 60_000
/** Milliseconds for which requests that were under way while the key was registered count without the short cookie; ours. */
export const UNDER_WAY_MS = 10_000
/** Least bits of an RSA key (SP 800-57 Part 1 §5.6.1.1: 112 bits of strength). */
const RSA_BITS = 2048

/**
 * A challenge to register a key for a session, for whoever got its token with the same answer: it cannot be made from the token, and
 * is over in a minute. `token` is the hash.
 */
export const offerOf = (keyring: Keyring, session: string, token: string, now: number): string =>
  signed(keyring, `${now + OFFER_MS}`, 'offer', session, token)

export const isOffer = (keyring: Keyring, offer: string, session: string, token: string, now: number): boolean =>
  isSigned(keyring, offer, now, 'offer', session, token)

/** A challenge to prove the key of a session once more; of all for one number of uses, one is taken. */
export const challengeOf = (keyring: Keyring, { id, binding }: BoundSession, now: number): string =>
  signed(keyring, `${now + CHALLENGE_MS}`, 'challenge', id, String(binding.uses))

export const isChallenge = (keyring: Keyring, challenge: string, it: BoundSession, now: number): boolean =>
  isSigned(keyring, challenge, now, 'challenge', it.id, String(it.binding.uses))

interface BoundSession {
  readonly id: string
  readonly binding: SessionBinding
}

/** What the short cookie holds. */
export const boundValueOf = (keyring: Keyring, binding: string, endsAt: number): string =>
  signed(keyring, String(endsAt), 'bound', binding)

/** Whether a request with this short cookie (null for none) may use a session. */
export function isHeld(
  keyring: Pick<Keyring, 'holds'>,
  { binding }: { readonly binding?: SessionBinding },
  bound: string | null,
  now: number,
): boolean {
  if (binding === undefined || now < binding.since + UNDER_WAY_MS) return true
  return bound !== null && isSigned(keyring, bound, now, 'bound', binding.id)
}

function signed(keyring: Keyring, endsAt: string, ...parts: readonly string[]): string {
  return `${endsAt}.${keyring.mac('binding', endsAt, ...parts)}`
}

function isSigned(keyring: Pick<Keyring, 'holds'>, value: string, now: number, ...parts: readonly string[]): boolean {
  const [endsAt = '', ...mac] = value.split('.')
  return /^\d{1,16}$/.test(endsAt) && Number(endsAt) > now && keyring.holds(mac.join('.'), 'binding', endsAt, ...parts)
}

export interface BindingProof {
  readonly challenge: string
  readonly key: JWK
}

/**
 * Reads a proof: a JWT signed by `key`, or, where that is null, by the key that it brings itself, which proves only that its
 * sender has that key. Returns null for anything else. `audience` is the address that it was sent to, and `binding` what it
 * is for; drafts differ in whether a proof says these, so they must be right where they are said. Whether the challenge is ours,
 * and unused, the caller asks.
 */
export async function readProof(
  jwt: string,
  { key, audience, binding }: { readonly key: JWK | null; readonly audience: string; readonly binding: string | null },
): Promise<BindingProof | null> {
  try {
    const { alg, jwk } = decodeProtectedHeader(jwt)
    const pinned = key ?? publicKeyOf(jwk ?? decodeJwt(jwt)['key'], alg)
    if (pinned === null || pinned.alg === undefined) return null
    const { payload } = await jwtVerify(jwt, await importJWK(pinned, pinned.alg), {
      algorithms: [pinned.alg],
      typ: 'dbsc+jwt',
    })
    return isFor(payload, audience, binding) ? { challenge: payload.jti ?? '', key: pinned } : null
  } catch {
    return null // not a JWT, another algorithm, another key, another type
  }
}

const isFor = ({ aud, sub, jti }: JWTPayload, audience: string, binding: string | null): boolean =>
  jti !== undefined && (aud === undefined || aud === audience) && (sub === undefined || sub === binding)

/** The public part of a key that somebody brings; null where it is not of an algorithm of DBSC, or is short, or is private. */
function publicKeyOf(brought: unknown, alg: string | undefined): JWK | null {
  if (typeof brought !== 'object' || brought === null || 'd' in brought || 'k' in brought) return null
  const { kty, crv, x, y, n, e } = brought as JWK // every part is looked at below, or when it is imported
  if (alg === 'ES256' && kty === 'EC' && crv === 'P-256' && x !== undefined && y !== undefined)
    return { kty, crv, x, y, alg }
  if (alg === 'RS256' && kty === 'RSA' && typeof n === 'string' && e !== undefined)
    return Buffer.from(n, 'base64url').length * 8 >= RSA_BITS ? { kty, n, e, alg } : null
  return null
}
