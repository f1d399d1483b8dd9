/**
 * Fetches events from senders that are asked for them (RFC 8936). One node asks each sender; an event is acknowledged once what follows
 * from it is done, and told of as an error once it is refused. What could be neither comes again.
 */
import { Counter, type Registry } from 'prom-client'
import type { Clock } from '#lib/clock.ts'
import { isObject } from '#signals/event-types.ts'
import type { Database } from '#storage/database.ts'
import { addReceiver, claimReceiver, settleReceiver, type Delivery } from '#storage/deliveries.ts'
import type { SenderConfig } from '#server/config/signals.ts'
import type { Log } from '../context.ts'
import { guardedFetch, jsonOf } from '../guarded-fetch.ts'
import { waitAfter } from '../in-order.ts'
import type { Receiver } from './receiver.ts'
import { bodyOfRefusal, type SetError } from './refusals.ts'

export interface PollParts {
  readonly senders: readonly SenderConfig[]
  readonly database: Database
  readonly receiver: Pick<Receiver, 'take'>
  readonly networks: readonly string[]
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
}

type Polled = SenderConfig & { readonly poll: NonNullable<SenderConfig['poll']> }

/** Milliseconds for which a node has a sender for itself; it lets go after each answer. */
const CLAIM_MS = 25_000
/** Milliseconds for one answer, however long the sender waits for something to tell (RFC 8936 §2.4, `returnImmediately`). */
const PATIENCE = 15_000
/** Milliseconds before a sender that had nothing, or answers at once, is asked again. */
const PAUSE_MS = 500
/** Events of one answer; at 64 KB each the answer stays below the bound. */
const MOST = 100
const MAX_BYTES = 8_000_000

/** What the sender is told of the events that it sent before. */
interface Settled {
  readonly ack: string[]
  readonly setErrs: Record<string, { readonly err: SetError; readonly description: string }>
}
const nothing = (): Settled => ({ ack: [], setErrs: {} })

export function startPolling(parts: PollParts): { readonly stop: () => Promise<void> } {
  const { database, receiver, clock, log } = parts
  const ask = guardedFetch({ networks: parts.networks, timeoutMs: PATIENCE, maxBytes: MAX_BYTES })
  const counted = new Counter({
    name: 'ambit_signal_polls_total',
    help: 'Times a sender was asked for events, by sender and outcome',
    labelNames: ['stream', 'outcome'],
    registers: [parts.metrics],
  })
  const stopping = new AbortController()
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      if (stopping.signal.aborted) return resolve()
      const done = () => (clearTimeout(timer), stopping.signal.removeEventListener('abort', done), resolve())
      const timer = setTimeout(done, ms)
      stopping.signal.addEventListener('abort', done)
    })

  async function follow(sender: Polled): Promise<void> {
    const place = `poll:${sender.name}`
    let settled = nothing()
    let isPlaced = false
    while (!stopping.signal.aborted) {
      try {
        if (!isPlaced) await addReceiver(database, place, 0)
        isPlaced = true
        const now = clock()
        const until = now + CLAIM_MS
        const claimed = await claimReceiver(database, place, { now, until })
        if (claimed !== null) {
          settled = await turn(sender, claimed, until, settled)
          continue
        }
      } catch (error) {
        log.warn({ stream: sender.name, err: error }, 'a sender of events could not be asked')
      }
      await pause(PAUSE_MS)
    }
  }

  /** One question and what follows from its answer; returns what is to be told at the next. */
  async function turn(sender: Polled, claimed: Delivery, until: number, told: Settled): Promise<Settled> {
    const settle = (tries: number, due: number, failure: string | null) =>
      settleReceiver(database, { ...claimed, tries, due, failure }, until)
    let next = nothing()
    try {
      const hasNews = told.ack.length > 0 || Object.keys(told.setErrs).length > 0
      const found = await asked(sender, told, hasNews)
      for (const [jti, text] of found) {
        if (stopping.signal.aborted || clock() > until - CLAIM_MS / 4) break
        const outcome = await receiver.take(sender, text)
        if (outcome.taken) next.ack.push(jti)
        else next.setErrs[jti] = bodyOfRefusal(outcome)
      }
      counted.inc({ stream: sender.name, outcome: 'answered' })
      await settle(0, 0, null)
      if (found.length === 0) await pause(PAUSE_MS)
    } catch (error) {
      if (stopping.signal.aborted || isQuiet(error)) {
        await settle(0, 0, null)
        return next
      }
      const tries = claimed.tries + 1
      const failure = (error instanceof Error ? error.message : String(error)).slice(0, 500)
      counted.inc({ stream: sender.name, outcome: 'failed' })
      log.warn({ stream: sender.name, tries, failure }, 'a sender of events did not answer, or not as it should')
      // what was done is acknowledged when the sender answers again; it is done once, however often it comes
      next = nothing()
      await settle(tries, clock() + Math.min(waitAfter(tries), 60_000), failure)
      await pause(PAUSE_MS)
    }
    return next
  }

  async function asked({ poll }: Polled, told: Settled, hasNews: boolean): Promise<[string, string][]> {
    const headers = { authorization: `Bearer ${poll.token}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ maxEvents: MOST, returnImmediately: hasNews, ...told })
    const found = jsonOf(await ask(poll.url, { method: 'POST', headers, body, signal: stopping.signal }))
    const sets = isObject(found) ? found['sets'] : null
    if (!isObject(sets)) throw new Error('the answer has no `sets`')
    const listed = Object.entries(sets)
    if (listed.length > MOST || listed.some(([, text]) => typeof text !== 'string'))
      throw new Error('the answer has other `sets` than were asked for')
    return listed as [string, string][]
  }

  /** The sender waited for something to tell for longer than we do. */
  const isQuiet = (error: unknown) =>
    error instanceof Error && error.name === 'AbortError' && (error.cause as Error | undefined)?.name === 'TimeoutError'

  const following = parts.senders.flatMap((sender) =>
    sender.poll === undefined ? [] : [follow({ ...sender, poll: sender.poll })],
  )
  return {
    async stop() {
      stopping.abort()
      await Promise.all(following)
    },
  }
}
