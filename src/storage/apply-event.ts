/** Does what follows from an event, all of it or nothing, in one step with the note that it was received. */
import type { Kysely } from 'kysely'
import { FACTOR_NAMES, type FactorName } from '#authn/factors.ts'
import type { Consequences, Raise, Scope } from '#signals/consequences.ts'
import { endEverythingIn } from './account-states.ts'
import { dropIdentifier, suspendAuthenticators } from './authenticators-lost.ts'
import type { Database } from './database.ts'
import { accountsOnDevice, linkDevice, setDeviceState } from './devices.ts'
import { lowerWord, noteReceived, raiseWord, type Place } from './received-signals.ts'
import { cutOff } from './revocations.ts'
import { endOwnToken, endSessions } from './session-ends.ts'
import type { Tables } from './tables.ts'
import type { Meant } from '#signals/meant.ts'

/** Milliseconds for which a session or token stays cut off: no session of an issuer is longer; ours. */
const CUT_MS = 31 * 86_400_000

export interface Application {
  readonly issuer: string
  readonly jti: string
  /** name of the event */
  readonly event: string
  readonly meant: Meant
  readonly consequences: Consequences
  /** whether it is narrowed by something not understood: then it takes nothing back, and says nothing good */
  readonly narrowed: boolean
  /** milliseconds since 1970 */
  readonly at: number
  readonly receivedUntil: number
  /** issuer of the OpenID provider of this server; null where people do not sign in here */
  readonly ownIssuer: string | null
}

export type Applied = 'repeated' | 'applied' | 'stale' | 'no_effect'

/** Credential types of CAEP 1.0 §3.3.1, by what they are here. */
const FACTORS_OF_TYPE: Readonly<Record<string, readonly FactorName[]>> = {
  password: ['password'],
  'fido2-platform': ['passkey'],
  'fido2-roaming': ['passkey'],
  'fido-u2f': ['passkey'],
  'phone-voice': ['sms_code'],
  'phone-sms': ['sms_code'],
  app: ['totp', 'hotp', 'push'],
}

export async function applyEvent(database: Database, it: Application, now: number): Promise<Applied> {
  return await database.transaction(async (sql) => {
    if (!(await noteReceived(sql, it, it.receivedUntil))) return 'repeated'
    const { meant, consequences } = it
    let did = 0
    let late = 0
    const count = (isNew: boolean) => (isNew ? did++ : late++)
    // of a channel that changed hands, whoever held it is meant
    const accounts = new Set(meant.accounts)
    if (consequences.drops) {
      for (const each of meant.identifiers) {
        for (const account of await dropIdentifier(sql, each, now)) accounts.add(account)
        did++
      }
    }
    if (accounts.size === 0 && meant.device !== null) {
      for (const account of await accountsOnDevice(sql, meant.device)) accounts.add(account)
    }
    for (const account of accounts) {
      const isNew = await sayWords(sql, it, account, count, now)
      if (!isNew) continue
      if (consequences.endsEverything) await endEverythingIn(sql, account, { reason: it.event }, now)
      else if (consequences.revokes === 'all') await endSessions(sql, { account, startedBy: it.at }, it.event, now)
      const { suspends } = consequences
      if (suspends !== null) {
        await suspendAuthenticators(sql, account, FACTORS_OF_TYPE[suspends] ?? kindsOf(suspends), now)
      }
    }
    if (consequences.revokes === 'named') did += await cutAll(sql, it, now)
    did += await noteDevice(sql, it, now)
    return did > 0 ? 'applied' : late > 0 ? 'stale' : 'no_effect'
  })
}

/** A credential type that CAEP does not list may be one of ours. */
const kindsOf = (type: string): readonly FactorName[] =>
  FACTOR_NAMES.filter((each) => each === type.replaceAll('-', '_'))

/** Says the words about one account; false where all of them came too late. */
async function sayWords(
  sql: Kysely<Tables>,
  { issuer: source, event, jti, meant, consequences, narrowed, at }: Application,
  account: string,
  count: (isNew: boolean) => void,
  now: number,
): Promise<boolean> {
  const place = ({ slot, scope }: { readonly slot: string; readonly scope?: Scope }): Place => ({
    account,
    source,
    slot,
    session: scope === 'session' ? meant.session : null,
    device: scope === 'device' ? meant.device : null,
  })
  let raised = consequences.raise.length === 0
  for (const raise of consequences.raise) {
    const { kind, level } = raise
    const word = { kind, level, evidence: { event, jti }, at, endsAt: endOf(raise, at) }
    const isNew = await raiseWord(sql, place(raise), word, now)
    count(isNew)
    raised ||= isNew
  }
  for (const lower of narrowed ? [] : consequences.lower) count(await lowerWord(sql, place(lower), at, now))
  return raised
}

const endOf = ({ forMs }: Raise, at: number): number => (forMs === null ? Number.MAX_SAFE_INTEGER : at + forMs)

async function cutAll(sql: Kysely<Tables>, { meant, ownIssuer, event }: Application, now: number): Promise<number> {
  for (const cut of meant.cuts) {
    await cutOff(sql, cut, now + CUT_MS, now)
    if (cut.issuer !== ownIssuer) continue
    if ('sid' in cut) await endSessions(sql, { id: cut.sid }, event, now)
    else await endOwnToken(sql, cut.jti)
  }
  return meant.cuts.length
}

async function noteDevice(
  sql: Kysely<Tables>,
  { meant, consequences, issuer: source, narrowed, at }: Application,
  now: number,
): Promise<number> {
  const { device, session, accounts } = meant
  if (device === null) return 0
  const { links } = consequences
  // what is good of a part of it only is not good of the whole
  const compliant = narrowed && consequences.compliant === true ? null : consequences.compliant
  if (compliant === null && !links) return 0
  if (session !== null) for (const account of accounts) await linkDevice(sql, { account, session, device }, now)
  if (compliant !== null) await setDeviceState(sql, { device, source, compliant, at }, now)
  return 1
}
