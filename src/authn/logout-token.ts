/** Verifies logout tokens: that an issuer signed somebody out (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6). */
import { refused, taken, type Checked } from './refusal.ts'
import { isMeantForUs, openSigned, type Verifier } from './token.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
/** Of the header: its own, or those of issuers that say none (§2.4 recommends it, and does not ask for it). */
const TYPES: ReadonlySet<string> = new Set(['logout+jwt', 'application/logout+jwt', 'jwt', ''])
/** Seconds for which one may be on its way; §2.4 recommends two minutes at most. */
const LONGEST_WAY = 600

/** Who was signed out. At least one of subject and session is there. Times are seconds since 1970. */
export interface Logout {
  readonly issuer: string
  readonly subject: string | null
  readonly session: string | null
  readonly id: string
  readonly issuedAt: number
  /** after which it is refused by its age */
  readonly until: number
}

/** `now` in milliseconds since 1970. */
export async function verifyLogoutToken(text: string, verifier: Verifier, now: number): Promise<Checked<Logout>> {
  const signed = await openSigned(text, verifier, now)
  if (!signed.ok) return signed
  const { typ, claims, issuer } = signed.value
  const { sub, sid, iat, exp, jti, events, nonce } = claims
  if (!TYPES.has(typ)) return refused('type_refused')
  // an ID token has no event, and a logout token no nonce: neither is ever taken for the other (§2.4)
  if (!isLogoutEvent(events) || nonce !== undefined) return refused('type_refused')
  if (!isMeantForUs(claims, 'id', issuer)) return refused('audience_refused')
  if (typeof iat !== 'number' || typeof exp !== 'number' || !isText(jti)) return refused('claim_missing')
  if ((sub !== undefined && !isText(sub)) || (sid !== undefined && !isText(sid))) return refused('claim_missing')
  if (sub === undefined && sid === undefined) return refused('claim_missing')
  const seconds = now / 1000
  if (iat > seconds + issuer.skew) return refused('not_yet_valid')
  const until = iat + LONGEST_WAY + issuer.skew
  if (seconds > until) return refused('expired')
  return taken({
    issuer: issuer.issuer,
    subject: (sub as string | undefined) ?? null,
    session: (sid as string | undefined) ?? null,
    id: jti,
    issuedAt: iat,
    until: Math.ceil(until),
  })
}

const isLogoutEvent = (events: unknown): boolean => {
  if (typeof events !== 'object' || events === null) return false
  const event: unknown = Reflect.get(events, EVENT)
  return typeof event === 'object' && event !== null && !Array.isArray(event)
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0 && value.length <= 512
