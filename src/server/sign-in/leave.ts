/**
 * Leave to enrol one passkey, or to link one account elsewhere, once, in this browser, and nothing else: after a pass or a recovery.
 * It is under a MAC and goes with the form, so nothing is kept of it until it is used up. What ends everything of its account ends it.
 */
import type { Tools } from '#authn/ceremony.ts'
import type { Keyring } from '#authn/keyring.ts'
import { AmbitError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import type { Problem } from '#server/pages/error.ts'

export interface Leave {
  readonly id: string
  readonly account: string
  /** what it is for, as the pass says */
  readonly enrols: 'passkey' | 'upstream'
  /** hash of the browser's handle */
  readonly browser: string
  /** what is enrolled will be worth at most this */
  readonly boundAtAal: number
  /** that of the account when leave was given */
  readonly epoch: number
  /** milliseconds since 1970 */
  readonly expiresAt: number
}

/** Milliseconds from leave to what it is for: twice as long as the ceremony of a key may take. */
const TTL_MS = 600_000

export function sealLeave(keyring: Keyring, leave: Omit<Leave, 'id' | 'expiresAt'>, now: number): string {
  const payload = Buffer.from(JSON.stringify({ ...leave, id: newId('lv'), expiresAt: now + TTL_MS })).toString(
    'base64url',
  )
  return `${payload}.${keyring.mac('pass', 'leave', payload)}`
}

/**
 * @throws {AmbitError} `forbidden` for one that is not ours, for something else, of another browser, too old, or of an account that was
 * locked, or of which all was ended, since
 */
export async function openLeave(
  { keyring, accounts, clock }: Pick<Tools, 'keyring' | 'accounts' | 'clock'>,
  text: string | undefined,
  { enrols, browser }: Pick<Leave, 'enrols' | 'browser'>,
): Promise<Leave> {
  const [payload = '', ...mac] = (text ?? '').slice(0, 4096).split('.')
  if (keyring.holds(mac.join('.'), 'pass', 'leave', payload)) {
    const leave = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Leave
    if (leave.browser === browser && leave.enrols === enrols && clock() < leave.expiresAt) {
      const { status, epoch } = await accounts.stateOf(leave.account)
      if (status === 'active' && epoch === leave.epoch) return leave
    }
  }
  throw new AmbitError('forbidden', 'this enrolment is over or belongs to another browser; ask for a new pass', {
    says: 'passOver' satisfies Problem,
  })
}
