/** Checks DPoP proofs: that whoever sends a token holds the key it is bound to (RFC 9449 §4.3, checks 1 to 12). */
import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify, type JWTPayload } from 'jose'
import type { SignatureAlgorithm } from './issuer.ts'
import { isStrong } from './key-set.ts'
import { refused, taken, type Checked } from './refusal.ts'

/** Algorithms of proofs: asymmetric ones only (RFC 9449 §4.2); RSA with PKCS #1 v1.5 is left out, clients are new. */
export const PROOF_ALGORITHMS: readonly SignatureAlgorithm[] = ['ES256', 'ES384', 'ES512', 'PS256', 'EdDSA', 'Ed25519']

/** Seconds for which a proof may be used: "seconds to minutes" (RFC 9449 §11.1). */
export const PROOF_LIFETIME = 60
/** Seconds by which the clock of a client may be ahead. */
const PROOF_SKEW = 10
const MAX_PROOF = 8192

/** Remembers which proofs were used. */
export interface Replays {
  /** takes the proof, which lapses at `until` (seconds since 1970); false if it was taken before or cannot be remembered */
  readonly take: (proof: string, until: number) => Promise<boolean>
}

/** What a proof is held against. */
export interface ProofContext {
  readonly method: string
  /** the address that was called, as the client sees it */
  readonly url: string
  readonly token: string
  /** `cnf.jkt` of the token */
  readonly jkt: string
  /** whether a nonce is one of ours and in force; null when none is asked for (RFC 9449 §9) */
  readonly nonce: ((nonce: string) => boolean) | null
  /** seconds since 1970 */
  readonly now: number
}

/** Checks a proof; `headers` holds every `DPoP` header of the request. */
export async function checkProof(
  headers: readonly string[],
  context: ProofContext,
  replays: Replays,
): Promise<Checked<true>> {
  const [proof, second] = headers
  if (proof === undefined) return refused('binding_missing')
  if (second !== undefined || proof.length > MAX_PROOF) return refused('proof_invalid')
  const signed = await openProof(proof)
  if (signed === null) return refused('proof_invalid')
  const { claims, thumbprint } = signed
  const { htm, htu, iat, jti, ath, nonce } = claims
  const { now } = context
  if (typeof iat !== 'number' || iat > now + PROOF_SKEW || iat < now - PROOF_LIFETIME) return refused('proof_invalid')
  if (htm !== context.method || typeof htu !== 'string' || !isSameAddress(htu, context.url))
    return refused('proof_invalid')
  if (typeof jti !== 'string' || jti.length < 8 || jti.length > 500) return refused('proof_invalid')
  if (ath !== createHash('sha256').update(context.token).digest('base64url')) return refused('proof_invalid')
  if (thumbprint !== context.jkt) return refused('binding_mismatch')
  if (context.nonce !== null && !(typeof nonce === 'string' && context.nonce(nonce))) return refused('proof_nonce')
  // the key is part of the name, so that nobody uses up the proofs of others
  const used = createHash('sha256').update(`${thumbprint}\n${jti}`).digest('base64url')
  return (await replays.take(used, iat + PROOF_LIFETIME + PROOF_SKEW)) ? taken(true) : refused('proof_replayed')
}

/** The claims of a proof that its own key signed. */
async function openProof(proof: string): Promise<{ claims: JWTPayload; thumbprint: string } | null> {
  try {
    // EmbeddedJWK refuses private keys and shared secrets
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      algorithms: [...PROOF_ALGORITHMS],
      typ: 'dpop+jwt',
      // the window is checked by the caller; without a date jose would read the machine's clock
      currentDate: new Date(0),
      clockTolerance: Number.MAX_SAFE_INTEGER,
    })
    const { jwk } = protectedHeader
    if (jwk === undefined || !isStrong(jwk as Parameters<typeof isStrong>[0])) return null
    return { claims: payload, thumbprint: await calculateJwkThumbprint(jwk, 'sha256') }
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null
    throw error
  }
}

/** Whether two addresses are the same without query and fragment, after normalisation (RFC 9449 §4.3, check 9). */
function isSameAddress(htu: string, url: string): boolean {
  if (!URL.canParse(htu) || !URL.canParse(url)) return false
  const claimed = new URL(htu)
  const called = new URL(url)
  if (claimed.username !== '' || claimed.password !== '') return false
  return claimed.origin === called.origin && claimed.pathname === called.pathname
}

/**
 * Replays remembered by this process alone, for a single node; at most `limit`, beyond which no proof is taken until some
 * have lapsed: to forget one early would let it be used again.
 */
export function replaysInMemory(limit: number, now: () => number): Replays {
  const taken = new Map<string, number>()
  let swept = 0
  const sweep = (seconds: number) => {
    if (seconds < swept + 1) return
    swept = seconds
    for (const [proof, until] of taken) if (until < seconds) taken.delete(proof)
  }
  return {
    take: (proof, until) => {
      sweep(now())
      if (taken.has(proof) || taken.size >= limit) return Promise.resolve(false)
      taken.set(proof, until)
      return Promise.resolve(true)
    },
  }
}
