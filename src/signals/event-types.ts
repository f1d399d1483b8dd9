/** The events that are sent and taken, by name. Bases: SSF 1.0 §8.1.4 and §8.1.5, CAEP 1.0 §3, RISC 1.0 §2. */

const SSF = 'https://schemas.openid.net/secevent/ssf/event-type/'
const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/'
const RISC = 'https://schemas.openid.net/secevent/risc/event-type/'

export const EVENT_URIS = {
  verification: `${SSF}verification`,
  'stream-updated': `${SSF}stream-updated`,
  'session-revoked': `${CAEP}session-revoked`,
  'token-claims-change': `${CAEP}token-claims-change`,
  'credential-change': `${CAEP}credential-change`,
  'assurance-level-change': `${CAEP}assurance-level-change`,
  'device-compliance-change': `${CAEP}device-compliance-change`,
  'session-established': `${CAEP}session-established`,
  'session-presented': `${CAEP}session-presented`,
  'risk-level-change': `${CAEP}risk-level-change`,
  'account-credential-change-required': `${RISC}account-credential-change-required`,
  'account-purged': `${RISC}account-purged`,
  'account-disabled': `${RISC}account-disabled`,
  'account-enabled': `${RISC}account-enabled`,
  'identifier-changed': `${RISC}identifier-changed`,
  'identifier-recycled': `${RISC}identifier-recycled`,
  'credential-compromise': `${RISC}credential-compromise`,
  'recovery-activated': `${RISC}recovery-activated`,
  'recovery-information-changed': `${RISC}recovery-information-changed`,
  'sessions-revoked': `${RISC}sessions-revoked`,
} as const

export type EventName = keyof typeof EVENT_URIS

const NAMES: ReadonlyMap<string, EventName> = new Map(
  Object.entries(EVENT_URIS).map(([name, uri]) => [uri, name as EventName]),
)

export type Payload = Readonly<Record<string, unknown>>

export interface ReadEvent {
  readonly uri: string
  /** null for one that is not known here */
  readonly name: EventName | null
  readonly payload: Payload
}

/** The one event of a SET; null where `events` is no object or has another number of them (CAEP interoperability profile §2.8.1). */
export function readEvent(events: unknown): ReadEvent | null {
  if (!isObject(events)) return null
  const [first, ...others] = Object.entries(events)
  if (first === undefined || others.length > 0) return null
  const [uri, payload] = first
  return isObject(payload) ? { uri, name: NAMES.get(uri) ?? null, payload } : null
}

export const isObject = (value: unknown): value is Payload =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
