/** What an enrolled authenticator would prove, if its holder used it now: for what to offer, and for what changes need. */
import type { KeyClass } from '#contract/decision.ts'
import { FACTORS, type CeremonyPurpose } from './factors.ts'
import type { Proof } from './session.ts'
import type { EnrolledAuthenticator } from './stores.ts'

/** What was found out about a key when it was enrolled. */
export interface KeyFacts {
  readonly keyClass: KeyClass
  readonly fips140Level: number
}

/** By id of the authenticator. A key that is not in it counts as one that may be copied. */
export type KeysById = ReadonlyMap<string, KeyFacts>

/** Proofs of keys as the keys are judged now: what was proved a while ago is worth no more than its key. */
export const asJudged = (proofs: readonly Proof[], keys: KeysById): Proof[] =>
  proofs.map((proof) => {
    const facts = proof.authenticator === null ? undefined : keys.get(proof.authenticator)
    // a class only ever falls from hardware
    if (facts === undefined || proof.keyClass !== 'hardware') return proof
    const fips140Level = Math.min(proof.fips140Level ?? 0, facts.fips140Level)
    return { ...proof, keyClass: facts.keyClass, fips140Level }
  })

export function proofBy(it: EnrolledAuthenticator, keys: KeysById, purpose: CeremonyPurpose, at: number): Proof {
  const isKey = FACTORS[it.kind].kind === 'passkey'
  const facts = keys.get(it.id) ?? { keyClass: 'synced' as const, fips140Level: 0 }
  return {
    factor: it.kind,
    authenticator: it.id,
    channel: it.channel,
    purpose,
    binding: '',
    at,
    userVerified: isKey,
    keyClass: isKey ? facts.keyClass : null,
    fips140Level: isKey ? facts.fips140Level : null,
    boundAtAal: it.boundAtAal,
  }
}
