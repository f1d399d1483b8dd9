import { randomBytes } from 'node:crypto'

/** Bytes of randomness in an id or handle: 128 bits, above the 64 that SP 800-63B-4 §5.1 asks of a session secret. */
const RANDOM_BYTES = 16

/** A new unguessable id: `prefix_` and 22 characters of base64url. */
export const newId = (prefix: string): string => `${prefix}_${randomBytes(RANDOM_BYTES).toString('base64url')}`

/** A new secret of 256 bits, as 43 characters of base64url; never stored, only its hash. */
export const newSecret = (): string => randomBytes(32).toString('base64url')
