/**
 * Nonces that DPoP proofs must hold (RFC 9449 §9): a proof that was made beforehand, by whoever had the key for a moment, is worth
 * nothing then. Nothing is kept: a nonce is a keyed MAC of its span of time, under a key that all nodes have from the store.
 */
import { createHmac } from 'node:crypto'
import type { Clock } from '#lib/clock.ts'
import type { Signer } from './signer.ts'

/** Milliseconds for which a nonce is the newest; it is taken for as long again. "Several minutes" (RFC 9449 §8.2); ours. */
export const NONCE_MS = 120_000

export interface ProofNonces {
  /** those that are taken: the newest, which is told to clients, and the one before */
  readonly taken: () => Promise<readonly [newest: string, before: string]>
}

export function proofNonces(signer: Pick<Signer, 'derive'>, clock: Clock): ProofNonces {
  return {
    async taken() {
      const key = await signer.derive('dpop nonce')
      const span = Math.floor(clock() / NONCE_MS)
      const of = (at: number) => createHmac('sha256', key).update(String(at)).digest('base64url')
      return [of(span), of(span - 1)]
    },
  }
}
