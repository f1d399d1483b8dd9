/** What happens here as a security event for others: one event of ours is one of theirs, or none. */
import { AAL_OF_STRENGTH, STRENGTHS, type Strength, type Verdict } from '#contract/vocabulary.ts'
import { EVENT_URIS, type Payload } from './event-types.ts'

/** An event that no specification has: what an account reaches is worth more or less than before. */
export const REACH_CHANGE = 'urn:ambit:secevent:event-type:reach-change'

/** Events that are sent, by URI. */
export const SENT_EVENTS: readonly string[] = [
  EVENT_URIS['session-revoked'],
  EVENT_URIS['credential-change'],
  EVENT_URIS['assurance-level-change'],
  EVENT_URIS['risk-level-change'],
  REACH_CHANGE,
]

/** An event of ours, as it is stored. */
export interface Happened {
  readonly type: string
  readonly data: Payload
  /** milliseconds since 1970 */
  readonly at: number
}

export interface Outgoing {
  readonly uri: string
  readonly payload: Payload
  /** id of the account */
  readonly account: string
  readonly session: string | null
}

/** Risk that a verdict leaves; ours. What is not known is no less than what is excused. */
const LEVEL_OF: Readonly<Record<Verdict, 'LOW' | 'MEDIUM' | 'HIGH'>> = {
  fit: 'LOW',
  fit_with_controls: 'LOW',
  excepted: 'MEDIUM',
  unknown: 'MEDIUM',
  unfit: 'HIGH',
}

/** Kinds of authenticators in the words of CAEP 1.0 §3.3.1, where it has one; others keep ours, as it allows. */
const CREDENTIAL_TYPES: Readonly<Record<string, string>> = {
  password: 'password',
  totp: 'app',
  hotp: 'app',
  push: 'app',
  sms_code: 'phone-sms',
  passkey: 'fido2-roaming',
}

/** Who set off the end of a session, by the reason that is kept of it; the rest is the system's doing. */
const BY: Readonly<Record<string, 'user' | 'admin'>> = {
  signed_out: 'user',
  ended_by_owner: 'user',
  signed_in_anew: 'user',
  another_account: 'user',
  not_me: 'user',
  push_denied: 'user',
  authenticator_added: 'user',
  changed_by_administrator: 'admin',
  disabled_by_administrator: 'admin',
  enabled_by_administrator: 'admin',
  unfrozen: 'admin',
}

const ROWS: Readonly<Record<string, (data: Payload) => Omit<Outgoing, 'account'> | null>> = {
  'session.ended': ({ session, reason }) => ({
    uri: EVENT_URIS['session-revoked'],
    payload: {
      initiating_entity: BY[String(reason)] ?? 'system',
      reason_admin: { en: `session ended: ${said(reason)}` },
    },
    session: String(session),
  }),
  'credential.changed': ({ credential, change }) => ({
    uri: EVENT_URIS['credential-change'],
    payload: {
      credential_type: CREDENTIAL_TYPES[String(credential)] ?? String(credential).replaceAll('_', '-'),
      change_type: change,
      initiating_entity: 'user',
      reason_admin: { en: `${said(credential)}: ${String(change)}` },
    },
    session: null,
  }),
  'verdict.changed': ({ before, after }) => {
    const [old, young] = [levelOf(before), levelOf(after)]
    if (young === null || old === young) return null
    const reasons = codesOf(after)
    return {
      uri: EVENT_URIS['risk-level-change'],
      payload: {
        principal: 'USER',
        current_level: young,
        ...(old === null ? {} : { previous_level: old }),
        risk_reason: reasons.join(' ') || 'verdict',
        initiating_entity: 'policy',
        reason_admin: { en: `the verdict on its ways in is ${said(read(after, 'verdict'))}` },
      },
      session: null,
    }
  },
  'assurance.changed': ({ before, after }) => {
    const [old, young] = [aalOf(before), aalOf(after)]
    if (old === null || young === null || old === young) return null
    return {
      uri: EVENT_URIS['assurance-level-change'],
      payload: {
        namespace: 'NIST-AAL',
        current_level: `nist-aal${young}`,
        previous_level: `nist-aal${old}`,
        change_direction: young > old ? 'increase' : 'decrease',
        initiating_entity: 'policy',
        reason_admin: { en: `its weakest way in proves ${said(after)}` },
      },
      session: null,
    }
  },
  'reach.changed': ({ before, after, requiredStrength }) => ({
    uri: REACH_CHANGE,
    payload: {
      current_impact: after,
      previous_impact: before,
      required_strength: requiredStrength,
      initiating_entity: 'policy',
      reason_admin: { en: `what it reaches is of ${said(after)} impact` },
    },
    session: null,
  }),
}

/** What is told of an event; null where there is nothing to tell others. */
export function outgoingOf({ type, data, at }: Happened): Outgoing | null {
  const { account } = data
  const row = Object.hasOwn(ROWS, type) ? ROWS[type] : undefined
  if (row === undefined || typeof account !== 'string') return null
  const made = row(data)
  if (made === null) return null
  return { ...made, account, payload: { event_timestamp: Math.floor(at / 1000), ...made.payload } }
}

const said = (word: unknown): string => String(word).replaceAll(/[_-]/g, ' ')
const read = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined

function levelOf(told: unknown): 'LOW' | 'MEDIUM' | 'HIGH' | null {
  const verdict = read(told, 'verdict')
  return typeof verdict === 'string' && Object.hasOwn(LEVEL_OF, verdict) ? LEVEL_OF[verdict as Verdict] : null
}

function codesOf(told: unknown): string[] {
  const reasons = read(told, 'reasons')
  if (!Array.isArray(reasons)) return []
  return reasons.map((each) => String(read(each, 'code'))).slice(0, 10)
}

/** Null where it is not known: an unknown strength is no level. */
function aalOf(strength: unknown): number | null {
  const at = STRENGTHS.indexOf(strength as Strength)
  return at < 0 ? null : AAL_OF_STRENGTH[at]!
}
