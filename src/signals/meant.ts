/** Whom an event is about, in the words of this server. */

/** What is cut off before its time: everything of a session, or one token. */
export type Cut = { readonly issuer: string } & ({ readonly sid: string } | { readonly jti: string })

export interface Meant {
  /** ids of accounts, each once */
  readonly accounts: readonly string[]
  /** sessions and tokens that are named */
  readonly cuts: readonly Cut[]
  /** id of the session, as tokens of its issuer have it; null where none, or a token, is named */
  readonly session: string | null
  readonly device: string | null
  /** mailboxes and numbers that are named, in canonical form */
  readonly identifiers: readonly { readonly kind: 'mail' | 'phone'; readonly canonical: string }[]
}
