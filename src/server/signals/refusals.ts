/** Why an event is not taken, in the words of RFC 8935 §2.4 and SSF 1.0 §8.1.4.2; the reason is for the log and the audit. */
export type SetError =
  | 'invalid_request'
  | 'invalid_key'
  | 'invalid_issuer'
  | 'invalid_audience'
  | 'authentication_failed'
  | 'access_denied'
  | 'invalid_state'

/** Reason codes, each with its error and what the sender is told. */
export const REFUSED = {
  malformed: ['invalid_request', 'this is no security event token'],
  type_refused: ['invalid_request', '`typ` of the token is not `secevent+jwt`'],
  algorithm_refused: ['invalid_request', 'the token is not signed by an algorithm that this sender uses'],
  claims_refused: ['invalid_request', 'a security event token has no `sub` and no `exp`'],
  claim_missing: ['invalid_request', '`iss`, `iat`, `jti` and `aud` are required'],
  not_yet: ['invalid_request', '`iat` is in the future'],
  too_old: ['invalid_request', 'the event is older than this server takes'],
  events_refused: ['invalid_request', '`events` holds exactly one event, an object'],
  subject_refused: ['invalid_request', 'the subject is missing, or of a format that is not known here'],
  event_invalid: ['invalid_request', 'the event lacks what its specification requires'],
  issuer_refused: ['invalid_issuer', 'the issuer is not the one of this stream'],
  audience_refused: ['invalid_audience', 'the token is not meant for this server'],
  key_unknown: ['invalid_key', 'the token names no key of its issuer'],
  signature_invalid: ['invalid_key', 'the signature does not fit'],
  not_authenticated: ['authentication_failed', 'the bearer token is not the one of this stream'],
  not_allowed: ['access_denied', 'this sender may not speak of this subject'],
  state_refused: ['invalid_state', 'no verification with this `state` was asked for'],
} as const satisfies Readonly<Record<string, readonly [SetError, string]>>
export type RefusedWhy = keyof typeof REFUSED

/** What became of one event. */
export type Outcome =
  | { readonly taken: true; readonly outcome: 'applied' | 'repeated' | 'told' }
  | { readonly taken: false; readonly why: RefusedWhy; readonly detail: string | null }

export const refusal = (why: RefusedWhy, detail: string | null = null): Outcome & { readonly taken: false } => ({
  taken: false,
  why,
  detail,
})

/** The body that tells a sender why (RFC 8935 §2.3). */
export function bodyOfRefusal({ why, detail }: Outcome & { readonly taken: false }): {
  readonly err: SetError
  readonly description: string
} {
  const [err, description] = REFUSED[why]
  return { err, description: detail === null ? description : `${description}: ${detail}` }
}
