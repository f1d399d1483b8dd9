/** Events sent to others, each at least once and in order, signed as delivery/signature.ts says. */
import { Counter } from 'prom-client'
import { signed } from '#delivery/signature.ts'
import { addReceiver, claimReceiver, settleReceiver, type Delivery } from '#storage/deliveries.ts'
import { eventRange, EVENTS_ADDED, eventsAfter, type StoredEvent } from '#storage/events.ts'
import type { Config } from './config/schema.ts'
import type { ServerContext } from './context.ts'
import { guardedFetch, type GuardedFetch } from './guarded-fetch.ts'

export interface Webhooks {
  /** delivers what is due now; resolves when all of it was tried */
  readonly deliver: () => Promise<void>
  readonly stop: () => Promise<void>
}

type Receiver = Config['webhooks']['to'][number]

/** Milliseconds for which a node has a receiver for itself; far more than one delivery takes. */
const CLAIM_MS = 60_000
/** Milliseconds between two looks at what is due. */
const LOOK_EVERY = 1000
/** Milliseconds for one delivery. */
const PATIENCE = 15_000
/** Events of one claim. */
const BATCH = 20
/** Milliseconds before the second try; doubled each time. */
const FIRST_WAIT = 5000
const LONGEST_WAIT = 3_600_000

/** Milliseconds to wait after a number of tries that failed. */
export const waitAfter = (tries: number): number => Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1))

export async function startWebhooks(
  { database, config, changes, clock, log, metrics }: ServerContext,
  ask: GuardedFetch = guardedFetch({ networks: config.webhooks.networks, timeoutMs: PATIENCE }),
): Promise<Webhooks> {
  const { to, tries: most } = config.webhooks
  const sent = new Counter({
    name: 'ambit_webhook_deliveries_total',
    help: 'Deliveries of events, by receiver and what became of them',
    labelNames: ['receiver', 'outcome'],
    registers: [metrics],
  })
  const last = (await eventRange(database))?.last ?? 0
  for (const { name } of to) await addReceiver(database, name, last)
  let stopped = false

  async function deliverTo(receiver: Receiver): Promise<void> {
    for (let more = true; more && !stopped;) {
      const now = clock()
      const until = now + CLAIM_MS
      const claimed = await claimReceiver(database, receiver.name, { now, until })
      if (claimed === null) return
      const events = await eventsAfter(database, claimed.seq, BATCH)
      let place: Delivery & { due: number; failure: string | null } = { ...claimed, due: 0, failure: null }
      for (const event of events) {
        // the claim must hold for as long as a delivery may take
        if (stopped || clock() > now + CLAIM_MS / 2) break
        place = await tried(receiver, event, place)
        if (place.seq !== event.seq) break
      }
      await settleReceiver(database, place, until)
      more = events.length === BATCH && place.due === 0
    }
  }

  async function tried(
    receiver: Receiver,
    event: StoredEvent,
    place: Delivery,
  ): Promise<Delivery & { due: number; failure: string | null }> {
    const failure = await sendEvent(receiver, event)
    const { name } = receiver
    if (failure === null) {
      sent.inc({ receiver: name, outcome: 'delivered' })
      return { receiver: name, seq: event.seq, tries: 0, due: 0, failure: null }
    }
    const tries = place.tries + 1
    if (tries >= most) {
      sent.inc({ receiver: name, outcome: 'given_up' })
      log.error({ receiver: name, event: event.seq, tries, failure }, 'an event was given up')
      return { receiver: name, seq: event.seq, tries: 0, due: 0, failure }
    }
    sent.inc({ receiver: name, outcome: 'failed' })
    log.warn({ receiver: name, event: event.seq, tries, failure }, 'an event was not delivered; it is tried again')
    return { receiver: name, seq: place.seq, tries, due: clock() + waitAfter(tries), failure }
  }

  async function sendEvent({ url, secret }: Receiver, { seq, type, at, data }: StoredEvent): Promise<string | null> {
    const body = JSON.stringify({ type, timestamp: new Date(at).toISOString(), data })
    const headers = signed(`evt_${seq}`, Math.floor(clock() / 1000), body, secret)
    try {
      const question = { method: 'POST', body, headers: { ...headers, 'content-type': 'application/json' } } as const
      const { status } = await ask(url, question)
      return status >= 200 && status < 300 ? null : `status ${status}`
    } catch (error) {
      return (error instanceof Error ? error.message : String(error)).slice(0, 500)
    }
  }

  let running: Promise<void> = Promise.resolve()
  const deliverAll = async () => {
    await Promise.all(
      to.map((receiver) =>
        deliverTo(receiver).catch((error: unknown) => log.warn({ err: error, receiver: receiver.name }, 'events wait')),
      ),
    )
  }
  const deliver = () => (running = running.then(deliverAll))
  if (to.length === 0) return { deliver, stop: async () => {} }
  const timer = setInterval(() => void deliver(), LOOK_EVERY)
  timer.unref()
  const off = changes.on(EVENTS_ADDED, () => void deliver())
  return {
    deliver,
    async stop() {
      stopped = true
      off()
      clearInterval(timer)
      await running
    },
  }
}
