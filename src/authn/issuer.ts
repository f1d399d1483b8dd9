/** Whose tokens are taken, and on what terms. Nothing in a token changes any of this. */

/**
 * Signature algorithms that a token may use (RFC 7518 §3.1, RFC 8037 §3.1). Every one is asymmetric, so a public key is
 * never taken for a shared secret (RFC 8725 §2.1), and `none` is not among them.
 */
export const SIGNATURE_ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
  'EdDSA',
  'Ed25519',
] as const
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number]

/** What a token is for: to call an interface, or to tell a client who signed in. */
export type TokenUse = 'access' | 'id'

/** An authorization server or OpenID provider whose tokens are taken. */
export interface TrustedIssuer {
  /** compared with `iss` character by character */
  readonly issuer: string
  /** the algorithms that it signs with, and no others */
  readonly algorithms: readonly SignatureAlgorithm[]
  /** `aud` of the access tokens that are taken; empty: none are */
  readonly audiences: readonly string[]
  /** `aud` of the ID tokens that are taken: our own client ids there; empty: none are */
  readonly clientIds: readonly string[]
  /**
   * `typ`: access tokens say `at+jwt` (RFC 9068 §2.1). `audience`: they do not, so the two kinds are told apart by `aud`
   * alone, and the two lists above have nothing in common.
   */
  readonly accessTokens: 'typ' | 'audience'
  /** which claim names the account, and what stands before it in the ids of the inventory */
  readonly subject: { readonly claim: string; readonly prefix: string }
  /** `acr` that each authentication context of `acrs` stands for, strongest first (Microsoft Entra); empty elsewhere */
  readonly contexts: readonly { readonly id: string; readonly acr: string }[]
  /** whether its word on keys and sessions (`urn:ambit:` claims) counts */
  readonly vouches: boolean
  /** seconds by which its clock may differ from ours */
  readonly skew: number
}

/** Claims in which an issuer that vouches says what `acr` cannot. */
export const VOUCHED_CLAIMS = {
  keyClass: 'urn:ambit:key_class',
  boundAtAal: 'urn:ambit:bound_at_aal',
  startedAt: 'urn:ambit:session_started_at',
  lastUsedAt: 'urn:ambit:session_used_at',
} as const
