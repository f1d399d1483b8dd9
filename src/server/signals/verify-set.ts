/** Verifies security event tokens (RFC 8417 with the profile of SSF 1.0 §4): signed by their issuer, for us, and nothing else. */
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose'
import type { KeySource } from '#authn/key-set.ts'
import { AmbitError } from '#lib/errors.ts'
import { readEvent, type ReadEvent } from '#signals/event-types.ts'
import type { SenderConfig } from '#server/config/signals.ts'
import { refusal, type Outcome, type RefusedWhy } from './refusals.ts'

/** Longest token read, in characters; ours. An event is one object with a few names. */
export const MAX_SET = 65_536
const TYPES = new Set(['secevent+jwt', 'application/secevent+jwt'])
const DAY_SECONDS = 86_400

export interface SecurityEvent {
  readonly jti: string
  /** seconds since 1970 */
  readonly issuedAt: number
  /** seconds since 1970 of when it happened: `event_timestamp`, else `iat` */
  readonly happenedAt: number
  readonly event: ReadEvent
  /** `sub_id`, or of older senders the `subject` in the event; not read yet */
  readonly subject: unknown
}

export type VerifiedSet =
  | { readonly ok: true; readonly value: SecurityEvent }
  | { readonly ok: false; readonly refused: Outcome & { readonly taken: false } }

const no = (why: RefusedWhy, detail: string | null = null): VerifiedSet => ({
  ok: false,
  refused: refusal(why, detail),
})

/** @throws {AmbitError} `not_ready` while the keys of the sender cannot be had: it may come again */
export async function verifySet(
  text: string,
  sender: Pick<SenderConfig, 'issuer' | 'audiences' | 'algorithms' | 'skewSeconds' | 'maxAgeDays'>,
  keys: KeySource,
  now: number,
): Promise<VerifiedSet> {
  if (text.length > MAX_SET || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return no('malformed')
  let claimed: { typ: unknown; alg: unknown; iss: unknown }
  try {
    const { typ, alg } = decodeProtectedHeader(text)
    claimed = { typ, alg, iss: decodeJwt(text).iss }
  } catch {
    return no('malformed')
  }
  // its type alone says that it is no access token and no ID token of the same issuer (RFC 8725 §3.11)
  if (typeof claimed.typ !== 'string' || !TYPES.has(claimed.typ.toLowerCase())) return no('type_refused')
  if (!sender.algorithms.some((each) => each === claimed.alg)) return no('algorithm_refused')
  if (claimed.iss !== sender.issuer) return no('issuer_refused')
  const signed = await claimsOf(text, sender, keys, now)
  return typeof signed === 'string' ? no(signed) : judged(signed, sender, now / 1000)
}

async function claimsOf(
  text: string,
  { issuer, algorithms }: Pick<SenderConfig, 'issuer' | 'algorithms'>,
  keys: KeySource,
  now: number,
): Promise<JWTPayload | RefusedWhy> {
  const verify = async (set: Awaited<ReturnType<KeySource['current']>>): Promise<JWTPayload | RefusedWhy> => {
    if (set === null) throw new AmbitError('not_ready', 'the keys of the sender cannot be had at the moment')
    try {
      return (await jwtVerify(text, set, { algorithms: [...algorithms], currentDate: new Date(now) })).payload
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
        return 'key_unknown'
      if (error instanceof errors.JWTExpired) return 'claims_refused'
      return error instanceof errors.JWSSignatureVerificationFailed ? 'signature_invalid' : 'malformed'
    }
  }
  let found = await verify(await keys.current(issuer))
  if (found === 'key_unknown') {
    const renewed = await keys.renewed(issuer)
    if (renewed !== null) found = await verify(renewed)
  }
  return found
}

function judged(
  claims: JWTPayload,
  { audiences, skewSeconds, maxAgeDays }: Pick<SenderConfig, 'audiences' | 'skewSeconds' | 'maxAgeDays'>,
  now: number,
): VerifiedSet {
  const { iat, jti, aud, events } = claims
  if ('sub' in claims || 'exp' in claims) return no('claims_refused')
  if (!isTime(iat) || typeof jti !== 'string' || jti === '' || jti.length > 512 || aud === undefined)
    return no('claim_missing')
  if (![aud].flat().some((each) => audiences.includes(each))) return no('audience_refused')
  if (iat > now + skewSeconds) return no('not_yet')
  if (iat < now - maxAgeDays * DAY_SECONDS) return no('too_old')
  const event = readEvent(events)
  if (event === null) return no('events_refused')
  const { event_timestamp: told } = event.payload
  if (told !== undefined && !isTime(told)) return no('event_invalid', '`event_timestamp` is a number of seconds')
  return {
    ok: true,
    value: {
      jti,
      issuedAt: iat,
      // what happened is over: a time to come would outrank every later word
      happenedAt: Math.min(told ?? iat, now),
      event,
      subject: claims['sub_id'] ?? event.payload['subject'],
    },
  }
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0
