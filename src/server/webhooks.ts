/** Events sent to others, each at least once and in order, signed as delivery/signature.ts says. */
import { Counter } from 'prom-client'
import { signed } from '#delivery/signature.ts'
import { addReceiver } from '#storage/deliveries.ts'
import { eventRange, EVENTS_ADDED, type StoredEvent } from '#storage/events.ts'
import type { Config } from './config/schema.ts'
import type { ServerContext } from './context.ts'
import { guardedFetch, type GuardedFetch } from './guarded-fetch.ts'
import { deliverInOrder } from './in-order.ts'

export interface Webhooks {
  /** delivers what is due now; resolves when all of it was tried */
  readonly deliver: () => Promise<void>
  readonly stop: () => Promise<void>
}

type Receiver = Config['webhooks']['to'][number]

/** Milliseconds between two looks at what is due. */
const LOOK_EVERY = 1000
/** Milliseconds for one delivery. */
const PATIENCE = 15_000

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

  const deliverTo = (receiver: Receiver): Promise<void> =>
    deliverInOrder(
      {
        place: receiver.name,
        async send(event) {
          const failure = await sendEvent(receiver, event)
          if (failure === null) sent.inc({ receiver: receiver.name, outcome: 'delivered' })
          return failure
        },
        async failed(what) {
          const { name } = receiver
          const isOver = what.tries >= most
          sent.inc({ receiver: name, outcome: isOver ? 'given_up' : 'failed' })
          if (isOver) log.error({ receiver: name, ...what }, 'an event was given up')
          else log.warn({ receiver: name, ...what }, 'an event was not delivered; it is tried again')
          return isOver ? 'skip' : 'again'
        },
      },
      { database, clock, stopped: () => stopped },
    )

  async function sendEvent({ url, secret }: Receiver, { seq, type, at, data }: StoredEvent): Promise<string | null> {
    const body = JSON.stringify({ type, timestamp: new Date(at).toISOString(), data })
    const headers = signed(`evt_${seq}`, Math.floor(clock() / 1000), body, secret)
    const question = { method: 'POST', body, headers: { ...headers, 'content-type': 'application/json' } } as const
    const { status } = await ask(url, question)
    return status >= 200 && status < 300 ? null : `status ${status}`
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
