/** Whether whoever sends a token may use it: a token that is bound to a key is worth nothing without that key. */
import { createHash } from 'node:crypto'
import { checkProof, type ProofContext, type Replays } from './proof.ts'
import { refused, taken, type Checked } from './refusal.ts'
import type { Binding } from './token.ts'

/** How a token was sent. */
export interface Presentation {
  readonly scheme: 'bearer' | 'dpop'
  /** every `DPoP` header */
  readonly proofs: readonly string[]
  /** DER of the certificate that the client proved in TLS, to us or to a proxy that we trust */
  readonly certificate: Uint8Array | null
}

/** SHA-256 of a certificate in DER, as `x5t#S256` has it (RFC 8705 §3.1). */
export const thumbprintOf = (certificate: Uint8Array): string =>
  createHash('sha256').update(certificate).digest('base64url')

/** Returns what the sender proved to hold; `null` for a token that is bound to nothing. */
export async function checkBinding(
  { jkt, x5t }: Binding,
  { scheme, proofs, certificate }: Presentation,
  context: Omit<ProofContext, 'jkt'>,
  replays: Replays,
): Promise<Checked<'dpop' | 'mtls' | null>> {
  // RFC 9449 §7.2: a bound token must not come as a bearer token, nor a plain one as a bound one
  if ((jkt !== null) !== (scheme === 'dpop')) return refused(jkt === null ? 'binding_mismatch' : 'binding_missing')
  if (x5t !== null) {
    if (certificate === null) return refused('binding_missing')
    if (thumbprintOf(certificate) !== x5t) return refused('binding_mismatch')
  }
  if (jkt === null) return taken(x5t === null ? null : 'mtls')
  const proof = await checkProof(proofs, { ...context, jkt }, replays)
  return proof.ok ? taken('dpop') : proof
}
