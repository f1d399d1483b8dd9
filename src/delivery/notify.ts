/** Tells people what happened to their account, wherever they have been reached for a while, with a way to say that it was not them. */
import { NOT_ME_PATH, notMeToken } from '#authn/not-me.ts'
import type { Keyring } from '#authn/keyring.ts'
import type { Message, Notify, Send } from '#authn/ports.ts'
import type { IdentifierStore } from '#authn/stores.ts'
import type { Clock } from '#lib/clock.ts'
import { newId } from '#lib/ids.ts'
import type { DeliveryChannel } from './provider.ts'

export interface NotifyParts {
  readonly identifiers: Pick<IdentifierStore, 'listOf'>
  readonly keyring: Keyring
  readonly send: Send
  readonly clock: Clock
  /** channels that something sends by */
  readonly channels: readonly DeliveryChannel[]
  /** origin of the pages */
  readonly origin: string
  readonly language: string
  /** milliseconds for which an address must have been proved, so that whoever took the account over is not the one who is told */
  readonly knownFor: number
  readonly onTrouble: (what: string, error: unknown) => void
}

/** A notice that could not be told for three days is no news. Ours. */
const TTL_MS = 3 * 86_400_000

/**
 * A {@link Notify} over the outbox. An address that is younger is told only where none is old enough: somebody must be. One address
 * that cannot be told does not keep the others from it; it rejects where none could be told that should have been.
 */
export function notifier(parts: NotifyParts): Notify {
  const { identifiers, keyring, send, clock, channels, origin, language, knownFor } = parts
  return async (account, { template, values, also = [], occasion = newId('nt') }) => {
    const now = clock()
    const proved = (await identifiers.listOf(account)).filter(
      ({ kind, verifiedAt }) => (kind === 'mail' || kind === 'phone') && verifiedAt !== null,
    )
    const old = proved.filter(({ verifiedAt }) => verifiedAt! <= now - knownFor)
    const own = (old.length > 0 ? old : proved).map(({ kind, canonical }) => ({
      channel: kind === 'mail' ? ('mail' as const) : ('sms' as const),
      to: canonical,
    }))
    const told = new Map<string, Pick<Message, 'channel' | 'to'>>()
    for (const each of [...own, ...also])
      if (channels.includes(each.channel)) told.set(`${each.channel} ${each.to}`, each)
    const failures: unknown[] = []
    let count = 0
    for (const [key, { channel, to }] of told) {
      const token = notMeToken(keyring, { account, notice: template, told: key }, now)
      const notMe = `${origin}${NOT_ME_PATH}?t=${encodeURIComponent(token)}`
      const message = { id: `${occasion}-${count++}`, channel, to, template, language, expiresAt: now + TTL_MS }
      await send({ ...message, values: { ...values, notMe } }).catch((error: unknown) => failures.push(error))
    }
    if (failures.length === 0) return
    parts.onTrouble('somebody could not be told of a change to their account', failures[0])
    if (failures.length === told.size) throw failures[0]
  }
}
