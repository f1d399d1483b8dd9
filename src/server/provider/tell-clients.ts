/**
 * Tells clients of sessions that ended, whatever ended them (OpenID Connect Back-Channel Logout 1.0): the events are the outbox, and each
 * client has a place in it, so that one that cannot be reached is told later, by whichever node is there, and holds up nobody else.
 */
import { createHash } from 'node:crypto'
import type { Provider } from 'oidc-provider'
import type { ClientSession, ClientSessions } from '#storage/client-sessions.ts'
import { addReceiver } from '#storage/deliveries.ts'
import { eventRange, EVENTS_ADDED, type StoredEvent } from '#storage/events.ts'
import { SESSION_TIMED_OUT } from '#storage/session-ends.ts'
import type { ServerContext } from '../context.ts'
import { deliverInOrder } from '../in-order.ts'

/** Milliseconds between two looks at what is due. */
const LOOK_EVERY = 1000
/** Tries, over about two hours; after that every token of the session is dead anyway. */
const TRIES = 12

/** What the types of the library leave out. */
interface Told {
  readonly backchannelLogout: (subject: string, sid: string) => Promise<void>
}
const isTold = (client: unknown): client is Told =>
  typeof client === 'object' && client !== null && 'backchannelLogout' in client

export interface SignOuts {
  readonly stop: () => Promise<void>
}

export async function tellClients(
  { database, changes, clock, log }: Pick<ServerContext, 'database' | 'changes' | 'clock' | 'log'>,
  {
    provider,
    clients,
    sessions,
  }: {
    readonly provider: () => Provider
    /** ids of those that want to be told */
    readonly clients: readonly string[]
    readonly sessions: ClientSessions
  },
): Promise<SignOuts> {
  const last = (await eventRange(database))?.last ?? 0
  for (const client of clients) await addReceiver(database, placeOf(client), last)
  let stopped = false

  async function send(client: string, { type, data }: StoredEvent): Promise<string | null> {
    const { session } = data
    if ((type !== 'session.ended' && type !== SESSION_TIMED_OUT) || typeof session !== 'string') return null
    for (const { sid, account } of await sessions.of(session, client)) {
      const found: unknown = await provider().Client.find(client)
      if (!isTold(found)) return null // it was taken from the configuration
      await found.backchannelLogout(account, sid)
      await sessions.told({ client, sid })
    }
    return null
  }

  const deliverTo = (client: string): Promise<void> =>
    deliverInOrder(
      {
        place: placeOf(client),
        send: (event) => send(client, event),
        async failed({ tries, failure }) {
          const isOver = tries >= TRIES
          log.warn(
            { client, tries, failure },
            isOver ? 'a client was not told of a sign-out' : 'a client waits to be told',
          )
          return isOver ? 'skip' : 'again'
        },
      },
      { database, clock, stopped: () => stopped },
    )

  if (clients.length === 0) return { stop: async () => {} }
  let running: Promise<unknown> = Promise.resolve()
  const deliver = () =>
    (running = running.then(() =>
      Promise.all(
        clients.map((client) =>
          deliverTo(client).catch((error: unknown) => log.warn({ err: error, client }, 'sign-outs wait')),
        ),
      ),
    ))
  const timer = setInterval(() => void deliver(), LOOK_EVERY)
  timer.unref()
  const off = changes.on(EVENTS_ADDED, () => void deliver())
  return {
    async stop() {
      stopped = true
      off()
      clearInterval(timer)
      await running
    },
  }
}

/** As short as a place may be, whatever the client is called. */
const placeOf = (client: string): string =>
  `sign-out ${createHash('sha256').update(client).digest('base64url').slice(0, 43)}`

/** The clients of a session of the provider, as it keeps them. */
export function clientsIn(authorizations: unknown): ClientSession[] {
  if (typeof authorizations !== 'object' || authorizations === null) return []
  return Object.entries(authorizations).flatMap(([client, its]: [string, unknown]) => {
    const sid: unknown = typeof its === 'object' && its !== null && 'sid' in its ? its.sid : null
    return typeof sid === 'string' ? [{ client, sid }] : []
  })
}
