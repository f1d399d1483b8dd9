import { randomBytes, randomFillSync } from 'node:crypto'

/** Bytes of randomness in an id or handle: 128 bits, above the 64 that SP 800-63B-4 §5.1 asks of a session secret. */
const RANDOM_BYTES = 16

/** Randomness for the next ids: drawing it is a system call, and every decision has an id. */
const pool = Buffer.alloc(256 * RANDOM_BYTES)
let taken = pool.length

/** A new unguessable id: `prefix_` and 22 characters of base64url. */
export function newId(prefix: string): string {
  if (taken === pool.length) {
    randomFillSync(pool)
    taken = 0
  }
  const id = pool.toString('base64url', taken, taken + RANDOM_BYTES)
  taken += RANDOM_BYTES
  return `${prefix}_${id}`
}

/** A new secret of 256 bits, as 43 characters of base64url; never stored, only its hash. */
export const newSecret = (): string => randomBytes(32).toString('base64url')
