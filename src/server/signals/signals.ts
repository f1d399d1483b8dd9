/** Everything that takes security events of others, made once from the configuration. */
import { newSecret } from '#lib/ids.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Database } from '#storage/database.ts'
import { deleteEventsBefore } from '#storage/events.ts'
import { identifierStore } from '#storage/identifiers.ts'
import { expectState, sweepSignals } from '#storage/received-signals.ts'
import type { SenderConfig } from '#server/config/signals.ts'
import type { ServerContext } from '../context.ts'
import { guardedFetch } from '../guarded-fetch.ts'
import { ownIssuerName } from '#server/provider/own-issuer.ts'
import { startPolling } from './poll.ts'
import { openReceiver, type Receiver } from './receiver.ts'
import { followTransmitters } from './transmitters.ts'

export interface Signals {
  readonly receiver: Receiver
  /** asks a sender to show that its stream works; what it sends must hold the same `state` */
  readonly askForVerification: (sender: SenderConfig) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Milliseconds for which events are kept for those who follow them; ours. */
const EVENTS_KEPT_MS = 30 * 86_400_000

async function sweep(database: Database, now: number): Promise<void> {
  await sweepSignals(database, now)
  await deleteEventsBefore(database, now - EVENTS_KEPT_MS)
}

/** Milliseconds between two sweeps of old rows. */
const SWEEP_EVERY = 600_000

export function openSignals(
  context: Pick<ServerContext, 'config' | 'database' | 'audit' | 'clock' | 'log' | 'metrics' | 'world'>,
): Signals {
  const { config, database, audit, clock, log, metrics } = context
  const { from, networks } = config.signals
  const fetch = guardedFetch({ networks })
  const transmitters = followTransmitters(
    from.map(({ issuer, jwks = null }) => ({ issuer, jwks })),
    fetch,
    {
      clock,
      onTrouble: (issuer, error) =>
        log.warn({ issuer, err: error }, 'keys or metadata of a sender of events cannot be fetched'),
    },
  )
  const receiver = openReceiver({
    database,
    keys: transmitters,
    identifiers: identifierStore(database),
    audit,
    clock,
    log,
    metrics,
    isKnown(account) {
      const world = context.world()
      return world === null ? null : world.account(account) !== undefined
    },
    ownIssuer: ownIssuerName(config),
  })
  const polling = startPolling({ senders: from, database, receiver, networks, clock, log, metrics })
  const sweeping = setInterval(
    () =>
      void sweep(database, clock()).catch((error: unknown) =>
        log.warn({ err: error }, 'old events could not be deleted'),
      ),
    SWEEP_EVERY,
  )
  sweeping.unref()
  return {
    receiver,
    async askForVerification({ name, issuer, manage }) {
      if (manage === undefined)
        throw new AmbitError('conflict', 'the configuration has no `manage` for this sender, so it cannot be asked')
      const endpoint = (await transmitters.metadata(issuer))?.verification ?? null
      if (endpoint === null)
        throw new AmbitError('conflict', 'the sender does not say where a verification is asked for')
      const state = newSecret()
      await expectState(database, name, state)
      const body = JSON.stringify({ stream_id: manage.streamId, state })
      const headers = { authorization: `Bearer ${manage.token}`, 'content-type': 'application/json' }
      const { status } = await fetch(endpoint, { method: 'POST', headers, body })
      if (status !== 204) throw new AmbitError('conflict', `the sender refused to verify the stream (status ${status})`)
    },
    async stop() {
      clearInterval(sweeping)
      await polling.stop()
    },
  }
}
