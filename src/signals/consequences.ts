/**
 * What follows from an event, as a table over its name. A word of a sender adds risk or takes proof away; what it can take back is
 * its own earlier word. Every word has a place (`slot`) per account and sender, in which the latest counts.
 */
import { KNOWN_SIGNALS, type RiskLevel } from '#contract/decision.ts'
import type { EventName, Payload } from './event-types.ts'

/** What a word narrows itself to; the whole account where absent. */
export type Scope = 'session' | 'device'

export interface Raise {
  readonly slot: string
  readonly kind: string
  readonly level: RiskLevel
  /** milliseconds for which it stands; null until it is taken back */
  readonly forMs: number | null
  readonly scope?: Scope
}

export interface Consequences {
  readonly raise: readonly Raise[]
  /** words of before that are taken back; `scope` as when they were said */
  readonly lower: readonly { readonly slot: string; readonly scope?: Scope }[]
  /** which sessions of before end: those that are named, or all of the account */
  readonly revokes: 'named' | 'all' | null
  /** codes and known browsers end too */
  readonly endsEverything: boolean
  /** authenticators of this CAEP credential type are suspended */
  readonly suspends: string | null
  /** the mailbox or number that is named is nobody's any more */
  readonly drops: boolean
  readonly compliant: boolean | null
  /** the session that is named is on the device that is named */
  readonly links: boolean
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** How long what cannot be taken back stands; ours: a changed credential is looked at for an hour, a channel for a week. */
const STANDS = { change: HOUR, claims: HOUR, recycled: 7 * DAY, changed: DAY, recovery: 3 * DAY, recoveryChange: DAY }
/** As long as links of sessions and devices are kept: no session of an issuer is longer; ours. */
const NAMED_SESSION_MS = 31 * DAY

const NOTHING: Consequences = {
  raise: [],
  lower: [],
  revokes: null,
  endsEverything: false,
  suspends: null,
  drops: false,
  compliant: null,
  links: false,
}

export type Read = { readonly ok: true; readonly value: Consequences } | { readonly ok: false; readonly fault: string }
const say = (value: Partial<Consequences>): Read => ({ ok: true, value: { ...NOTHING, ...value } })
const fault = (text: string): Read => ({ ok: false, fault: text })

export interface Told {
  readonly payload: Payload
  /** whether a session, or a device, is named */
  readonly session: boolean
  readonly device: boolean
  /** whether a session, or a single token, is named */
  readonly cut: boolean
}

type Row = (told: Told) => Read

const word = (payload: Payload, key: string): string | null => {
  const value = payload[key]
  return typeof value === 'string' && value !== '' && value.length <= 64 ? value : null
}

/** Whoever signed in before has to prove anew; narrowed to the session where one is named. */
const anew = (session: boolean): Raise => ({
  slot: 'revoked',
  kind: KNOWN_SIGNALS.revoked,
  level: 'low',
  forMs: session ? NAMED_SESSION_MS : null,
  ...(session ? { scope: 'session' as const } : {}),
})

const sessionRevoked: Row = ({ session, cut }) =>
  cut ? say({ raise: session ? [anew(true)] : [], revokes: 'named' }) : say({ raise: [anew(false)], revokes: 'all' })

const closed = (slot: string): Raise => ({ slot, kind: KNOWN_SIGNALS.disabled, level: 'high', forMs: null })
const lasting = (slot: string, level: RiskLevel, forMs: number | null): Raise => ({ slot, kind: slot, level, forMs })

const LEVELS = { LOW: 'low', MEDIUM: 'medium', HIGH: 'high' } as const

const ROWS: Readonly<Record<Exclude<EventName, 'verification' | 'stream-updated'>, Row>> = {
  'session-revoked': sessionRevoked,
  'sessions-revoked': sessionRevoked,
  'assurance-level-change': ({ payload, session }) => {
    if (word(payload, 'current_level') === null || word(payload, 'namespace') === null)
      return fault('`namespace` and `current_level` are required')
    // less than before, or nobody says that it is more: what was shown before does not count any more
    return payload['change_direction'] === 'increase' ? say({}) : say({ raise: [anew(session)] })
  },
  'token-claims-change': ({ payload, session }) => {
    if (typeof payload['claims'] !== 'object' || payload['claims'] === null) return fault('`claims` is required')
    const scope = session ? ({ scope: 'session' } as const) : {}
    return say({ raise: [{ ...lasting('token_claims_change', 'medium', STANDS.claims), ...scope }] })
  },
  'credential-change': ({ payload }) => {
    const [type, change] = [word(payload, 'credential_type'), word(payload, 'change_type')]
    if (type === null || change === null) return fault('`credential_type` and `change_type` are required')
    if (!['create', 'revoke', 'update', 'delete'].includes(change)) return fault('`change_type` is no word of CAEP')
    const raise = [lasting('credential_change', 'medium', STANDS.change)]
    if (change === 'revoke' || change === 'delete') return say({ raise: [...raise, anew(false)], revokes: 'all' })
    // what asked for a new credential has one now
    const lower = [{ slot: 'credential_change_required' }, { slot: compromised(type) }]
    return say({ raise, lower })
  },
  'risk-level-change': ({ payload, session, device }) => {
    const level = word(payload, 'current_level')
    if (level === null || !Object.hasOwn(LEVELS, level)) return fault('`current_level` is LOW, MEDIUM or HIGH')
    const principal = word(payload, 'principal')
    if (principal === null) return fault('`principal` is required')
    const scope =
      principal === 'SESSION' && session
        ? ({ scope: 'session' } as const)
        : principal === 'DEVICE' && device
          ? ({ scope: 'device' } as const)
          : {}
    const slot = 'risk_level_change'
    if (level === 'LOW') return say({ lower: [{ slot, ...scope }] })
    return say({ raise: [{ ...lasting(slot, LEVELS[level as 'MEDIUM'], null), ...scope }] })
  },
  'device-compliance-change': ({ payload, device }) => {
    const current = word(payload, 'current_status')
    if (current !== 'compliant' && current !== 'not-compliant')
      return fault('`current_status` is compliant or not-compliant')
    if (!device) return fault('no device is named')
    const slot = 'device_not_compliant'
    if (current === 'compliant') return say({ compliant: true, lower: [{ slot, scope: 'device' }] })
    return say({ compliant: false, raise: [{ ...lasting(slot, 'high', null), scope: 'device' }] })
  },
  'session-established': () => say({ links: true }),
  'session-presented': () => say({ links: true }),
  'account-disabled': () => say({ raise: [closed('disabled')], endsEverything: true }),
  'account-enabled': () => say({ lower: [{ slot: 'disabled' }] }),
  'account-purged': () => say({ raise: [closed('purged')], endsEverything: true }),
  'account-credential-change-required': () => say({ raise: [lasting('credential_change_required', 'medium', null)] }),
  'credential-compromise': ({ payload }) => {
    const type = word(payload, 'credential_type')
    if (type === null) return fault('`credential_type` is required')
    const raise = [{ slot: compromised(type), kind: 'credential_compromise', level: 'high' as const, forMs: null }]
    return say({ raise: [...raise, anew(false)], suspends: type, endsEverything: true })
  },
  'identifier-changed': () =>
    say({
      raise: [lasting('identifier_changed', 'medium', STANDS.changed), anew(false)],
      drops: true,
      endsEverything: true,
    }),
  'identifier-recycled': () =>
    say({
      raise: [lasting('identifier_recycled', 'high', STANDS.recycled), anew(false)],
      drops: true,
      endsEverything: true,
    }),
  'recovery-activated': () => say({ raise: [lasting('recovery_activated', 'high', STANDS.recovery)] }),
  'recovery-information-changed': () =>
    say({ raise: [lasting('recovery_information_changed', 'medium', STANDS.recoveryChange)] }),
}

const compromised = (type: string) => `credential_compromise:${type}`

/** What follows from an event; a payload that lacks what its specification requires is a fault, and says which. */
export const consequencesOf = (name: keyof typeof ROWS, told: Told): Read => ROWS[name](told)
