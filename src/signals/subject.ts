/** Whom an event is about: subject identifiers of RFC 9493 §3.2 and SSF 1.0 §3, read and nothing yet believed. */
import { isObject, type Payload } from './event-types.ts'

/** One name of somebody or something, as the sender writes it. */
export type Name =
  | { readonly format: 'account'; readonly account: string }
  | { readonly format: 'email'; readonly email: string }
  | { readonly format: 'phone_number'; readonly phone: string }
  | { readonly format: 'iss_sub'; readonly issuer: string; readonly subject: string }
  | { readonly format: 'opaque'; readonly id: string }
  /** a token, by `iss` and `jti` (SSF 1.0 §3.3.1) */
  | { readonly format: 'jwt_id'; readonly issuer: string; readonly jti: string }

export interface EventSubject {
  /** names of one account; none where the event is of something else alone */
  readonly users: readonly Name[]
  readonly sessions: readonly Name[]
  readonly devices: readonly Name[]
  readonly tenants: readonly Name[]
  /** it has members that narrow it in a way that is not understood here */
  readonly narrowed: boolean
}

/** Names of one subject; ours. */
const MOST_ALIASES = 20
const LONGEST = 512
const MEMBERS = { user: 'users', session: 'sessions', device: 'devices', tenant: 'tenants' } as const

/** Returns the subject; null for what is none, or of a format that is not known. */
export function readSubject(value: unknown): EventSubject | null {
  if (!isObject(value)) return null
  const nobody: EventSubject = { users: [], sessions: [], devices: [], tenants: [], narrowed: false }
  if (value['format'] !== 'complex') {
    const names = namesOf(value)
    if (names === null) return null
    const tokens = names.filter(({ format }) => format === 'jwt_id')
    return { ...nobody, users: names.filter(({ format }) => format !== 'jwt_id'), sessions: tokens }
  }
  let found = nobody
  for (const [member, each] of Object.entries(value)) {
    if (member === 'format') continue
    if (!Object.hasOwn(MEMBERS, member)) {
      found = { ...found, narrowed: true }
      continue
    }
    const names = namesOf(each)
    if (names === null) return null
    found = { ...found, [MEMBERS[member as keyof typeof MEMBERS]]: names }
  }
  return found
}

/** The names of a simple subject, or of several aliases (RFC 9493 §3.2.8, which do not nest). */
function namesOf(value: unknown): readonly Name[] | null {
  if (!isObject(value)) return null
  if (value['format'] !== 'aliases') {
    const name = nameOf(value)
    return name === null ? null : [name]
  }
  const listed = value['identifiers']
  if (!Array.isArray(listed) || listed.length === 0 || listed.length > MOST_ALIASES) return null
  const names = listed.map((each) => (isObject(each) ? nameOf(each) : null))
  return names.includes(null) ? null : (names as Name[])
}

function nameOf(value: Payload): Name | null {
  const read = (key: string): string | null => {
    const text = value[key]
    // no control characters: it is going to stand in logs and ids
    // oxlint-disable-next-line no-control-regex
    return typeof text === 'string' && text !== '' && text.length <= LONGEST && !/[\u0000-\u001f\u007f]/.test(text)
      ? text
      : null
  }
  switch (value['format']) {
    case 'account': {
      const [, account] = /^acct:([^@\s]+@[^@\s]+)$/.exec(read('uri') ?? '') ?? []
      return account === undefined ? null : { format: 'account', account }
    }
    case 'email': {
      const email = read('email')
      return email === null ? null : { format: 'email', email }
    }
    case 'phone_number': {
      const phone = read('phone_number')
      return phone === null ? null : { format: 'phone_number', phone }
    }
    case 'iss_sub': {
      const [issuer, subject] = [read('iss'), read('sub')]
      return issuer === null || subject === null ? null : { format: 'iss_sub', issuer, subject }
    }
    case 'opaque': {
      const id = read('id')
      return id === null ? null : { format: 'opaque', id }
    }
    case 'jwt_id': {
      const [issuer, jti] = [read('iss'), read('jti')]
      return issuer === null || jti === null ? null : { format: 'jwt_id', issuer, jti }
    }
    default:
      return null
  }
}
