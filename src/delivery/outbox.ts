/**
 * Gets every promised message to a provider. A message is in the store before it is promised, its address and values sealed. One
 * node has it at a time. A notice is tried until a provider took it, under one id; a code is handed over once: before
 * it goes out the store says so, and a crash in between ends it, since a person who waits asks for another, while a code that
 * comes twice, late, teaches people to expect codes they did not ask for. A provider that knows ids takes either again safely.
 */
import { setTimeout as elapsed } from 'node:timers/promises'
import type { Keyring } from '#authn/keyring.ts'
import type { Message, Send } from '#authn/ports.ts'
import { prefixOf, type Fate } from '#authn/send-limits.ts'
import type { Clock } from '#lib/clock.ts'
import { AmbitError } from '#lib/errors.ts'
import { newBreaker, type Breaker } from './breaker.ts'
import { isRecipient } from './recipient.ts'
import type { Handed, Provider, Receipt } from './provider.ts'
import { isOnce, render } from './templates.ts'

/** Where a message stands. The last five are ends; its address and values are gone then. */
export const OUTBOX_STATES = ['waiting', 'handed_over', 'sent', 'confirmed', 'failed', 'expired', 'unclear'] as const
export type OutboxState = (typeof OUTBOX_STATES)[number]

export interface StoredMessage {
  readonly id: string
  readonly channel: Message['channel']
  readonly template: string
  readonly language: string
  readonly sealed: string
  readonly state: OutboxState
  /** times it was tried */
  readonly tries: number
  /** milliseconds since 1970 */
  readonly due: number
  readonly expiresAt: number
  readonly provider: string | null
  /** prefix of the number whose approval rate its fate counts for; null where it counts for none */
  readonly prefix: string | null
}

/** A message of which nobody need know more than what became of it. */
export type Ended = Pick<StoredMessage, 'id' | 'channel' | 'prefix'>

/** What storage promises. Each is one durable, conditional step. */
export interface OutboxStore {
  /** false where a message of this id is there already */
  readonly add: (message: StoredMessage, now: number) => Promise<boolean>
  /** takes one whose time has come, for one node, until a time; null for none. It counts as a try */
  readonly claim: (now: number, until: number) => Promise<StoredMessage | null>
  /** says that it goes out now to this provider; false where the claim has run out */
  readonly handOver: (id: string, claimedUntil: number, provider: string) => Promise<boolean>
  /** back in line for a time, as not handed over or as perhaps handed over; false where the claim has run out */
  readonly retry: (
    id: string,
    claimedUntil: number,
    next: { readonly state: 'waiting' | 'handed_over'; readonly due: number; readonly failure: string },
  ) => Promise<boolean>
  /** ends it, and erases what was sealed */
  readonly settle: (
    id: string,
    claimedUntil: number,
    end: {
      readonly state: OutboxState
      readonly provider: string | null
      readonly reference: string | null
      readonly failure: string | null
    },
    now: number,
  ) => Promise<boolean>
  /** ends what waits and is pointless by now; the state is the one it was in */
  readonly expire: (now: number) => Promise<readonly (Ended & Pick<StoredMessage, 'state'>)[]>
  /** notes a receipt; the message it is of, or null for none that waits for one */
  readonly confirm: (provider: string, receipt: Receipt, now: number) => Promise<Ended | null>
  /** forgets ends older than a time */
  readonly forget: (before: number) => Promise<void>
}

/** One thing that happened to a message; never its content or address. */
export interface DeliveryRecord {
  readonly did: 'sent' | 'failed' | 'refused' | 'confirmed'
  readonly channel: Message['channel']
  readonly message: string
  /** words of ours */
  readonly why: readonly string[]
}

export interface OutboxParts {
  readonly store: OutboxStore
  readonly keyring: Keyring
  /** in the order in which they are tried, per channel */
  readonly providers: readonly Provider[]
  readonly brand: string
  readonly clock: Clock
  readonly record: (record: DeliveryRecord) => Promise<void>
  /** whether a code still waits for its answer; one that was replaced, used or ended with its account goes out no more */
  readonly isWanted: (id: string) => Promise<boolean>
  /** what became of a code that was counted against a prefix */
  readonly onFate: (prefix: string, fate: Fate) => Promise<void>
  /** what cannot be told to anybody else */
  readonly onTrouble: (what: string, error: unknown) => void
}

export interface Outbox {
  /** resolves when the message is in the store; rejects where no provider could ever take it */
  readonly send: Send
  /** tries what is due; resolves when all of it was tried */
  readonly deliver: () => Promise<void>
  /** resolves once a receipt is noted; false for one of no message that waits for it. Rejects where the store does not answer */
  readonly receipt: (provider: string, receipt: Receipt) => Promise<boolean>
  readonly stop: () => Promise<void>
}

/** Milliseconds for which a node has a message for itself; more than any provider may take. */
const CLAIM_MS = 60_000
/** Milliseconds between two looks at what is due. */
const LOOK_EVERY = 1000
/** Messages on their way at once. */
const AT_ONCE = 8
/** Milliseconds before the second try, doubled each time: a code lives minutes, a notice is told for days. */
const FIRST_WAIT = 2000
const LONGEST_WAIT = 900_000
/** Milliseconds for which ends are kept, for late receipts. */
const KEPT_MS = 7 * 86_400_000
const FORGET_EVERY = 3_600_000

/** Milliseconds after which a receipt that came before its answer, perhaps to another node, is looked up again. Ours. */
const RECEIPT_AGAIN = 1000

/** Milliseconds to wait after a number of tries. */
export const waitAfter = (tries: number): number => Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(tries - 1, 20))

/** Place that the secret part of a message is sealed for. */
const placeOf = (id: string): string => `outbox ${id}`

export function openOutbox(parts: OutboxParts): Outbox {
  const { store, keyring, providers, clock, onTrouble } = parts
  const breakers = new Map(providers.map((provider) => [provider, newBreaker()]))
  const underway = new Set<Promise<void>>()
  let stopped = false
  let forgotten = -Infinity

  const send: Send = async ({ id, channel, to, template, values, language, expiresAt }) => {
    if (!isRecipient(channel, to))
      throw new AmbitError('internal', 'a message without one canonical recipient was refused')
    if (!providers.some((each) => each.channel === channel)) {
      throw new AmbitError('config_invalid', `nothing sends by ${channel}; add a provider to \`people.delivery\``)
    }
    const sealed = await keyring.seal(placeOf(id), JSON.stringify({ to, values }))
    const now = clock()
    const message = {
      id,
      channel,
      template,
      language,
      sealed,
      expiresAt,
      state: 'waiting',
      tries: 0,
      due: now,
    } as const
    const prefix = channel === 'sms' && isOnce(template) ? prefixOf(to) : null
    await store.add({ ...message, provider: null, prefix }, now)
    void deliver()
  }

  /** All that is due, a few at a time. */
  async function deliverDue(): Promise<void> {
    const now = clock()
    for (const { id, channel, prefix, state } of await store.expire(now)) {
      if (state === 'waiting') await counted(prefix, 'unsent')
      await told({ did: 'failed', channel, message: id, why: ['expired'] })
    }
    if (now - forgotten > FORGET_EVERY) {
      forgotten = now
      await store.forget(now - KEPT_MS)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, inLine))
  }

  async function inLine(): Promise<void> {
    while (!stopped) {
      const until = clock() + CLAIM_MS
      const message = await store.claim(clock(), until)
      if (message === null) return
      const trying = tryOnce(message, until).catch((error: unknown) =>
        onTrouble('a message waits for the end of its claim', error),
      )
      underway.add(trying)
      await trying
      underway.delete(trying)
    }
  }

  async function tryOnce(message: StoredMessage, until: number): Promise<void> {
    const { id, channel, template } = message
    const once = isOnce(template)
    const end = async (
      state: OutboxState,
      did: DeliveryRecord['did'],
      why: string | null,
      by: Provider | null = null,
      reference: string | null = null,
    ) => {
      if (await store.settle(id, until, { state, provider: by?.name ?? null, reference, failure: why }, clock()))
        await told({ did, channel, message: id, why: why === null ? [] : [why] })
    }
    // it went out before the node that had it was gone, and nobody knows how far
    const before =
      message.state === 'handed_over' ? (providers.find(({ name }) => name === message.provider) ?? null) : null
    const mayRepeat = (provider: Provider | null) => !once || provider?.idempotent === true
    if (message.state === 'handed_over' && !mayRepeat(before)) return end('unclear', 'failed', 'interrupted', before)
    const { to, values } = JSON.parse(await keyring.open(placeOf(id), message.sealed)) as Pick<Message, 'to' | 'values'>
    const rendered = { ...render(parts.brand, { ...message, values }), id, to, expiresAt: message.expiresAt }
    let why = 'no_provider'
    // a code that somebody may have goes to nobody else
    let isBound = once && before !== null
    for (const provider of isBound ? [before!] : inOrder(channel)) {
      // one claim covers every provider that is tried in it
      if (stopped || clock() > until - CLAIM_MS / 2) break
      if (clock() >= message.expiresAt) break
      if (once && !(await parts.isWanted(id))) {
        if (!isBound) await counted(message.prefix, 'unsent')
        return end('expired', 'failed', 'replaced')
      }
      if (!(await store.handOver(id, until, provider.name))) return
      const handed = await provider.hand(rendered).catch((): Handed => ({ outcome: 'unclear', why: 'error' }))
      breakers
        .get(provider)!
        .note(handed.outcome === 'taken' || (handed.outcome === 'refused' && handed.lasting), clock())
      if (handed.outcome === 'taken') return end('sent', 'sent', null, provider, handed.reference)
      why = `${provider.name}:${handed.why}`
      if (handed.outcome === 'refused' && handed.lasting) {
        await counted(message.prefix, 'undelivered')
        return end('failed', 'refused', why, provider)
      }
      if (handed.outcome === 'unclear' && !mayRepeat(provider)) return end('unclear', 'failed', why, provider)
      isBound ||= once && handed.outcome === 'unclear'
      if (isBound) break
    }
    const state = isBound ? 'handed_over' : 'waiting'
    await store.retry(id, until, { state, due: clock() + waitAfter(message.tries), failure: why })
  }

  /** Those of a channel, working ones first; where none works all are tried, since a message that waits is no better off. */
  function inOrder(channel: Message['channel']): Provider[] {
    const own = providers.filter((each) => each.channel === channel)
    const isOpen = (each: Provider) => (breakers.get(each) as Breaker).isOpen(clock())
    return [...own.filter((each) => !isOpen(each)), ...own.filter(isOpen)]
  }

  async function counted(prefix: string | null, fate: Fate): Promise<void> {
    if (prefix === null) return
    await parts.onFate(prefix, fate).catch((error: unknown) => onTrouble('a delivery could not be counted', error))
  }

  async function told(record: DeliveryRecord): Promise<void> {
    await parts.record(record).catch((error: unknown) => onTrouble('a delivery could not be recorded', error))
  }

  /** A receipt may be quicker than the answer whose reference it names. */
  async function noted(provider: string, receipt: Receipt): Promise<boolean> {
    let message = await store.confirm(provider, receipt, clock())
    if (message === null) {
      const soon = underway.size > 0 ? [Promise.all(underway)] : []
      await Promise.race([...soon, elapsed(RECEIPT_AGAIN)])
      message = await store.confirm(provider, receipt, clock())
    }
    if (message === null) return false
    const { id, channel, prefix } = message
    await counted(prefix, receipt.delivered ? 'delivered' : 'undelivered')
    const did = receipt.delivered ? 'confirmed' : 'failed'
    await told({ did, channel, message: id, why: receipt.delivered ? [] : ['not_delivered'] })
    return true
  }

  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | null = null
  /** One round at a time, and one more after it for whatever came meanwhile. */
  function deliver(): Promise<void> {
    return (next ??= running.then(() => {
      next = null
      running = stopped
        ? Promise.resolve()
        : deliverDue().catch((error: unknown) => onTrouble('messages wait; the store does not answer', error))
      return running
    }))
  }

  for (const provider of providers)
    provider.listen?.(async (receipt) => {
      await noted(provider.name, receipt)
    })
  const timer = setInterval(() => void deliver(), LOOK_EVERY)
  timer.unref()
  return {
    send,
    deliver,
    receipt: noted,
    async stop() {
      stopped = true
      clearInterval(timer)
      await running
      await Promise.all(providers.map((provider) => provider.close()))
    },
  }
}
