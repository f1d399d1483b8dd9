/** Public keys of an issuer, as far as they may be used to check signatures. */
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { createLocalJWKSet, type JWK, type LocalJWKSet } from 'jose'
import { SIGNATURE_ALGORITHMS } from './issuer.ts'

/** Keys taken from one set; providers publish a handful, and a set without end is an attack. Ours. */
const MAX_KEYS = 100
/** SP 800-131A rev. 2 §3: shorter RSA keys are not to be used. */
const MIN_RSA_BITS = 2048

export type KeySet = LocalJWKSet

/** Where the keys of issuers come from. */
export interface KeySource {
  /** keys as they are known; null when none are to be had, which proves nothing of any token */
  readonly current: (issuer: string) => Promise<KeySet | null>
  /** keys fetched again since a token names one that is not known; null when it is too early for that, or failed */
  readonly renewed: (issuer: string) => Promise<KeySet | null>
}

/**
 * The usable keys of a JWK Set: shared secrets, private keys, weak keys, keys for encryption and keys that no library reads
 * are left out. Null when the value is no JWK Set (RFC 7517 §5) or nothing of it is usable.
 */
export function keySetOf(value: unknown): KeySet | null {
  const listed: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'keys') : null
  if (!Array.isArray(listed) || listed.length > MAX_KEYS) return null
  const keys = listed.filter(isUsable)
  return keys.length === 0 ? null : createLocalJWKSet({ keys: keys.map(publicPart) })
}

function isUsable(value: unknown): value is JWK {
  if (typeof value !== 'object' || value === null) return false
  const { kty, use, alg, d } = value as Record<string, unknown>
  if (typeof kty !== 'string' || kty === 'oct' || d !== undefined) return false
  if (use !== undefined && use !== 'sig') return false
  if (alg !== undefined && !SIGNATURE_ALGORITHMS.some((each) => each === alg)) return false
  return isStrong(value as JsonWebKey)
}

/** Whether the key can be read, and is long enough. */
export function isStrong(jwk: JsonWebKey): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key: jwk, format: 'jwk' })
    return asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS
  } catch {
    return false
  }
}

/** Members that say which key it is; certificates and addresses of keys are never followed. */
function publicPart({ kty, kid, alg, crv, x, y, n, e }: JWK): JWK {
  const members = { kty, kid, alg, crv, x, y, n, e, use: 'sig' }
  return Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined)) as JWK
}
