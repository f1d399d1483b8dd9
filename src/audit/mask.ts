/**
 * What must not be in the log is taken out before it is hashed: the places that the configuration names by JSON Pointer
 * (RFC 6901; `*` stands for any one step), and whatever looks like a secret in what a caller sent for conditions to read.
 * A value gives way to a keyed hash of itself, so that the same value can still be followed from record to record.
 */
import { createHmac } from 'node:crypto'
import { canonical } from './canonical.ts'
import type { AuditRecord, RecordOf } from './records.ts'
import { openIn, type Together } from './together.ts'

export interface Masks {
  readonly pointers: readonly string[]
  /** 32 bytes; whoever has it can test a guess against a mask */
  readonly key: Uint8Array
}

export interface Masked {
  readonly record: unknown
  /** JSON Pointers of what was replaced, in order */
  readonly pointers: readonly string[]
}

const PREFIX = 'masked:'
/** Hexadecimal digits of a mask: 128 bits of HMAC-SHA-256. */
const DIGITS = 32

/** Names of members and query parameters whose value is a secret, as words of the name. */
const SECRET_WORDS =
  /^(password|passwd|pwd|passphrase|passcode|secret|token|otp|totp|hotp|pin|cookie|authorization|credentials?|assertion|jwt|dpop|apikey|signature|seed)$/i
const SECRET_PAIRS = /(^|_)(api|private|access|session|auth|recovery|verification|sms|one_time|login)_(key|code)(_|$)/
/** JSON Web Tokens, authorization headers, private keys, OTP enrolment links, and 256 bits in base64url. */
const SECRET_SHAPES = [
  /eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){1,3}/g,
  /\b(Bearer|Basic|DPoP)\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /otpauth:\/\/[^\s"]+/gi,
  // our own, see server/tokens.ts
  /\bambit_[0-9a-f]{16}_[A-Za-z0-9_-]{43}/g,
]
const BARE_SECRET = /^[A-Za-z0-9_-]{43}$/
const QUERY_PARAMETER = /([?&#;])([A-Za-z0-9_.[\]-]{1,64})=([^&#;\s"]+)/g

/** Whether a record, written as JSON, has anything that {@link masked} could take out. Most have not; this is what they pay. */
export function maySpill(record: AuditRecord, text: string, { pointers }: Masks): boolean {
  return pointers.length > 0 || isSuspect(text) || (record.kind === 'decision' && opensSecrets(record))
}

/** Wider than {@link SECRET_SHAPES} and {@link QUERY_PARAMETER} together. */
const SUSPECT = [
  /eyJ/,
  /[?&#;][\w.[\]-]{1,64}=/,
  /(?:bearer|basic|dpop)[\s\\]/i,
  /PRIVATE KEY|otpauth:|ambit_[0-9a-f]{16}_/i,
]
/** One after the other takes half the time of all in one: each has few letters to look for. */
const isSuspect = (text: string): boolean => SUSPECT.some((shape) => shape.test(text))

/** The same of decisions that are written as one record, each part of them looked at once. */
export const mayAnySpill = (record: Together, text: string, { pointers }: Masks): boolean =>
  pointers.length > 0 || isSuspect(text) || openIn(record).some(hasSecretMember)

function opensSecrets({ evaluation }: RecordOf<'decision'>): boolean {
  const { subject, action, resource, context } = evaluation.request
  return [context, subject.properties, action.properties, resource.properties].some(hasSecretMember)
}

function hasSecretMember(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([name, each]) => isSecretMember(name, each) || hasSecretMember(each))
}

/** Takes out what the masks name and what looks like a secret. The record itself is left as it was. */
export function masked(record: AuditRecord, { pointers, key }: Masks): Masked {
  const taken: string[] = []
  const hidden = (value: unknown) =>
    PREFIX + createHmac('sha256', key).update(canonical(value)).digest('hex').slice(0, DIGITS)
  const named = pointers.map(steps)

  function visit(value: unknown, path: readonly string[], open: boolean): unknown {
    if (value === null || value === undefined) return value
    if (named.some((each) => fits(each, path)) || (open && isSecretMember(path.at(-1)!, value))) {
      taken.push(pointerOf(path))
      return hidden(value)
    }
    if (typeof value === 'string') {
      const text = withoutSecrets(value, hidden)
      if (text !== value) taken.push(pointerOf(path))
      return text
    }
    if (Array.isArray(value)) return value.map((each, index) => visit(each, [...path, String(index)], open))
    if (typeof value !== 'object') return value
    const members = Object.entries(value).map(([name, each]): [string, unknown] => {
      const below = [...path, name]
      return [name, visit(each, below, open || isOpen(below))]
    })
    return Object.fromEntries(members)
  }
  return { record: visit(record, [], false), pointers: taken }
}

/** `/evaluation/request/context` and the `properties` beside it hold what the caller liked to send. */
const isOpen = (path: readonly string[]) =>
  path[0] === 'evaluation' && path[1] === 'request' && (path[2] === 'context' || path[3] === 'properties')

function isSecretMember(name: string, value: unknown): boolean {
  return isSecretName(name) || (typeof value === 'string' && BARE_SECRET.test(value))
}

function isSecretName(name: string): boolean {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return parts.some((part) => SECRET_WORDS.test(part)) || name === 'code' || SECRET_PAIRS.test(parts.join('_'))
}

function withoutSecrets(value: string, hidden: (value: unknown) => string): string {
  let text = value.replace(QUERY_PARAMETER, (whole, mark: string, name: string, given: string) =>
    isSecretName(name) || BARE_SECRET.test(given) ? `${mark}${name}=${hidden(given)}` : whole,
  )
  for (const shape of SECRET_SHAPES) text = text.replace(shape, (found) => hidden(found))
  return text
}

/** Steps of a JSON Pointer. */
export const steps = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))

const pointerOf = (path: readonly string[]): string =>
  path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

const fits = (pattern: readonly string[], path: readonly string[]): boolean =>
  pattern.length === path.length && pattern.every((step, index) => step === '*' || step === path[index])
