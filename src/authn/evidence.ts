/** What a verified token shows of the session. A claim of the wrong type shows nothing. */
import type { JWTPayload } from 'jose'
import { KEY_CLASSES, type KeyClass, type SessionEvidence } from '#contract/decision.ts'
import type { Aal } from '#contract/vocabulary.ts'
import { VOUCHED_CLAIMS } from './issuer.ts'
import type { VerifiedToken } from './token.ts'

/** Methods read from `amr`; RFC 8176 registers 21. */
const MAX_METHODS = 50

/**
 * Returns the evidence; null where the claim that names the account is missing. `held` is the key that the sender proved;
 * `now` is in seconds since 1970.
 */
export function evidenceOf(
  { issuer, claims }: VerifiedToken,
  held: SessionEvidence['senderConstrained'],
  now: number,
): SessionEvidence | null {
  const account = accountOf(claims, issuer.subject.claim)
  if (account === null) return null
  const past = (value: unknown) => pastTime(value, now + issuer.skew)
  const vouched = (claim: keyof typeof VOUCHED_CLAIMS) => (issuer.vouches ? claims[VOUCHED_CLAIMS[claim]] : undefined)
  return {
    issuer: issuer.issuer,
    subject: `${issuer.subject.prefix}${account}`,
    client: text(claims.client_id) ?? text(claims.azp) ?? text(claims.appid),
    sessionId: text(claims.sid),
    acr: acrOf(claims, issuer.contexts),
    amr: methodsOf(claims.amr),
    authTime: past(claims.auth_time),
    startedAt: past(vouched('startedAt')),
    lastUsedAt: past(vouched('lastUsedAt')),
    keyClass: keyClassOf(vouched('keyClass')),
    boundAtAal: aalOf(vouched('boundAtAal')),
    senderConstrained: held,
  }
}

/** An address names an account only once it was verified: anyone may claim another's. */
function accountOf(claims: JWTPayload, claim: string): string | null {
  if (claim === 'email' && claims.email_verified !== true) return null
  return text(claims[claim])
}

/** `acr`; at Microsoft Entra the strongest of the authentication contexts in `acrs`, whose ids mean what the tenant says. */
function acrOf(claims: JWTPayload, contexts: VerifiedToken['issuer']['contexts']): string | null {
  if (contexts.length === 0) return text(claims.acr)
  const met: unknown = claims.acrs
  if (!Array.isArray(met)) return null
  return contexts.find(({ id }) => met.includes(id))?.acr ?? null
}

function methodsOf(amr: unknown): string[] {
  if (!Array.isArray(amr) || amr.length > MAX_METHODS) return []
  return amr.every((each) => typeof each === 'string') ? amr : []
}

/** A time that has passed: one to come would make a session look fresh for ever. */
function pastTime(value: unknown, latest: number): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= latest ? Math.floor(value) : null
}

const keyClassOf = (value: unknown): KeyClass | null => KEY_CLASSES.find((each) => each === value) ?? null

const aalOf = (value: unknown): Aal | null => ([0, 1, 2, 3] as const).find((each) => each === value) ?? null

const text = (value: unknown): string | null =>
  typeof value === 'string' && value.length > 0 && value.length <= 512 ? value : null
