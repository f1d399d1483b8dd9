/**
 * Leave to enrol one passkey, once, in this browser, and nothing else: after a pass or a recovery. It is under a MAC and goes with
 * the form, so nothing is kept of it until it is used up.
 */
import type { Keyring } from '#authn/keyring.ts'
import { AmbitError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import type { Problem } from '#server/pages/error.ts'

export interface Leave {
  readonly id: string
  readonly account: string
  /** hash of the browser's handle */
  readonly browser: string
  /** what the key will be worth at most */
  readonly boundAtAal: number
  /** milliseconds since 1970 */
  readonly expiresAt: number
}

/** Milliseconds from leave to key: twice as long as the ceremony of a key may take. */
const TTL_MS = 600_000

export function sealLeave(keyring: Keyring, leave: Omit<Leave, 'id' | 'expiresAt'>, now: number): string {
  const payload = Buffer.from(JSON.stringify({ ...leave, id: newId('lv'), expiresAt: now + TTL_MS })).toString(
    'base64url',
  )
  return `${payload}.${keyring.mac('pass', 'leave', payload)}`
}

/** @throws {AmbitError} `forbidden` for one that is not ours, of another browser, or too old */
export function openLeave(keyring: Keyring, text: string | undefined, browser: string, now: number): Leave {
  const [payload = '', ...mac] = (text ?? '').slice(0, 4096).split('.')
  if (keyring.holds(mac.join('.'), 'pass', 'leave', payload)) {
    const leave = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Leave
    if (leave.browser === browser && now < leave.expiresAt) return leave
  }
  throw new AmbitError('forbidden', 'this enrolment is over or belongs to another browser; ask for a new pass', {
    says: 'passOver' satisfies Problem,
  })
}
