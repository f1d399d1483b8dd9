/**
 * The keys that our provider signs with: sealed in the store, the same on every node. The next is published before it signs, so that
 * whoever keeps our keys for a while knows it by then; the last is published for as long as anything that it signed comes back.
 */
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { keyringOf, type Keyring } from '#authn/keyring.ts'
import type { Clock } from '#lib/clock.ts'
import type { Database } from '#storage/database.ts'
import {
  addProviderKey,
  dropProviderKeys,
  hastenProviderKey,
  providerKeys,
  replaceProviderKeys,
  type StoredProviderKey,
} from '#storage/provider-keys.ts'
import type { PeopleConfig } from '#server/config/people.ts'

const HOUR = 3_600_000
/** Milliseconds for which a key signs: 90 days, as that of other things we sign. Ours. */
export const PERIOD_MS = 90 * 24 * HOUR
/** Milliseconds for which a key is published before it signs; clients keep keys for a day at most as a rule. Ours. */
export const LEAD_MS = 24 * HOUR
/** The same where somebody has the key changed now; our own doors fetch keys every ten minutes. */
export const SHORT_LEAD_MS = HOUR
/** Milliseconds for which a key is published after it signed last: an ID token comes back as a hint as long as its session may last. */
export const KEPT_MS = 25 * HOUR

/** @throws {AmbitError} `config_invalid` where a key is bad */
export const keyringFrom = ({ keys }: PeopleConfig): Keyring =>
  keyringOf(keys.map(({ id, secret }) => ({ id, secret: Buffer.from(secret, 'base64') })))

export interface SigningKey {
  readonly kid: string
  /** private */
  readonly jwk: JWK
  /** milliseconds since 1970 */
  readonly signsAt: number
  /** milliseconds since 1970 until which it is published; null where none follows yet */
  readonly until: number | null
}

export interface SigningKeys {
  /** those that are published; the first one signs */
  readonly current: () => readonly SigningKey[]
  /** reads the store, and makes the next key where it is time */
  readonly refresh: () => Promise<void>
  /** has another key sign: in an hour, or, where the old ones got out, now and instead of them, so that all they signed is worth nothing */
  readonly rotate: (how: { readonly compromised: boolean }) => Promise<void>
  /** hears of every other set */
  readonly onChange: (listener: () => void) => void
}

/** When each key signs and how long it is published. `keys` in the order in which they sign; pure. */
export function timesOf(
  keys: readonly Pick<StoredProviderKey, 'kid' | 'signsAt'>[],
  now: number,
): { readonly signer: string | null; readonly over: readonly string[]; readonly nextAt: number | null } {
  const signing = keys.findLastIndex(({ signsAt }) => signsAt <= now)
  const over = keys.filter((_, i) => {
    const next = keys[i + 1]
    return i < signing && next !== undefined && next.signsAt + KEPT_MS <= now
  })
  const last = keys.at(-1)
  const isDue = last === undefined || (last.signsAt <= now && last.signsAt + PERIOD_MS - LEAD_MS <= now)
  return {
    signer: keys[signing]?.kid ?? keys[0]?.kid ?? null,
    over: over.map(({ kid }) => kid),
    nextAt: !isDue ? null : last === undefined ? now : Math.max(last.signsAt + PERIOD_MS, now + LEAD_MS),
  }
}

export async function openSigningKeys(database: Database, keyring: Keyring, clock: Clock): Promise<SigningKeys> {
  let held: readonly SigningKey[] = []
  const listeners: (() => void)[] = []

  async function made(keys: readonly StoredProviderKey[], signsAt: number): Promise<StoredProviderKey> {
    // the number rises for ever: no name is given to two keys
    const newest = Math.max(0, ...keys.map(({ kid }) => Number(kid.replace('oidc-', ''))))
    const kid = `oidc-${newest + 1}`
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = JSON.stringify({ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid })
    return { kid, sealed: await keyring.seal(`provider key ${kid}`, jwk), signsAt }
  }
  async function refresh(): Promise<void> {
    const now = clock()
    let stored = await providerKeys(database)
    const { nextAt, over } = timesOf(stored, now)
    await dropProviderKeys(database, over)
    if (nextAt !== null) await addProviderKey(database, await made(stored, nextAt), now)
    if (nextAt !== null || over.length > 0) stored = await providerKeys(database)
    const { signer } = timesOf(stored, now)
    const opened = await Promise.all(
      stored.map(async ({ kid, sealed, signsAt }, i): Promise<SigningKey> => {
        const known = held.find((each) => each.kid === kid)
        const jwk = known?.jwk ?? (JSON.parse(await keyring.open(`provider key ${kid}`, sealed)) as JWK)
        const next = stored[i + 1]
        return { kid, jwk, signsAt, until: next === undefined ? null : next.signsAt + KEPT_MS }
      }),
    )
    const first = opened.filter(({ kid }) => kid === signer)
    const ordered = [...first, ...opened.filter(({ kid }) => kid !== signer)]
    const isSame = ordered.map(({ kid }) => kid).join() === held.map(({ kid }) => kid).join()
    held = ordered
    if (!isSame) for (const listener of listeners) listener()
  }
  await refresh()
  return {
    current: () => held,
    refresh,
    async rotate({ compromised }) {
      const now = clock()
      const stored = await providerKeys(database)
      const waiting = stored.find(({ signsAt }) => signsAt > now)
      if (compromised) await replaceProviderKeys(database, await made(stored, now), now)
      else if (waiting === undefined) await addProviderKey(database, await made(stored, now + SHORT_LEAD_MS), now)
      else await hastenProviderKey(database, waiting.kid, now + SHORT_LEAD_MS, now)
      await refresh()
    },
    onChange: (listener) => void listeners.push(listener),
  }
}
