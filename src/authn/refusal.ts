/** Why a token, or the proof that came with it, is not taken. For the log; callers are told only `invalid_token`. */
export const REFUSALS = [
  'malformed',
  'issuer_unknown',
  'algorithm_refused',
  'type_refused',
  'audience_refused',
  'expired',
  'not_yet_valid',
  'claim_missing',
  'key_unknown',
  'keys_unavailable',
  'signature_invalid',
  'inactive',
  'introspection_unavailable',
  'revoked',
  'binding_unknown',
  'binding_missing',
  'binding_mismatch',
  'proof_invalid',
  'proof_replayed',
  'proof_nonce',
] as const
export type Refusal = (typeof REFUSALS)[number]

/** A thing that was checked, or why it is not taken. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: Refusal }

export const taken = <T>(value: T): Checked<T> => ({ ok: true, value })
export const refused = (why: Refusal): { readonly ok: false; readonly why: Refusal } => ({ ok: false, why })
