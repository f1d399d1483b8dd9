/** Sends security events to others (SSF 1.0): pushed in order until they are taken (RFC 8935), or kept until they are fetched (RFC 8936). */
import { Counter } from 'prom-client'
import { isObject } from '#signals/event-types.ts'
import { EVENTS_ADDED, eventsAfter, type StoredEvent } from '#storage/events.ts'
import {
  dropNotices,
  movePlace,
  noteAcks,
  noticesOf,
  placeOfStream,
  pollPlace,
  pauseStream,
  streamsOf,
  type SsfStream,
} from '#storage/ssf-streams.ts'
import type { Config } from '#server/config/schema.ts'
import type { ServerContext } from '../context.ts'
import { guardedFetch, type Answer } from '../guarded-fetch.ts'
import { deliverInOrder } from '../in-order.ts'
import { ownIssuerName } from '#server/provider/own-issuer.ts'
import type { PushAuthorizations } from './push-authorizations.ts'
import { placeOfJti, setMaker, type SetMaker, type SignedSet } from './sets.ts'

export interface Transmitter {
  readonly sets: SetMaker
  readonly settings: NonNullable<Config['signals']['transmit']>
  readonly authorizations: PushAuthorizations
  /** what waits on a stream that is polled */
  readonly poll: (stream: SsfStream, most: number) => Promise<{ readonly sets: SignedSet[]; readonly more: boolean }>
  /** notes what its receiver has, or refused; what is of other streams is left alone */
  readonly settle: (
    stream: SsfStream,
    acks: readonly string[],
    errors: Readonly<Record<string, string>>,
  ) => Promise<void>
  /** resolves when something new may be there, or after a while */
  readonly news: (ms: number) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Milliseconds between two looks at what is due. */
const LOOK_EVERY = 1000
/** Milliseconds for one delivery. */
const PATIENCE = 10_000
/** Events that are read at once, and verifications that are sent at once. */
const PAGE = 200
const MOST_NOTICES = 20
/** Events that are looked through for one poll: what is not for this stream costs no more than that. */
const MOST_PAGES = 50

type Parts = Pick<
  ServerContext,
  'config' | 'database' | 'changes' | 'clock' | 'log' | 'metrics' | 'audit' | 'gate' | 'tokens'
> & { readonly authorizations: PushAuthorizations }

/** Null where the configuration sends none, or the server has no name. */
export function startTransmitter(parts: Parts): Transmitter | null {
  const { config, database, changes, clock, log, metrics, audit, gate, tokens, authorizations } = parts
  const settings = config.signals.transmit
  const { publicUrl } = config
  if (settings === undefined || publicUrl === undefined) return null
  const ask = guardedFetch({ networks: settings.networks, timeoutMs: PATIENCE, maxBytes: 65_536 })
  const sets = setMaker({
    issuer: publicUrl,
    naming: {
      issuers: gate.issuers.flatMap(({ trusted: { issuer, subject } }) =>
        subject.claim === 'sub' ? [{ issuer, prefix: subject.prefix }] : [],
      ),
      own: ownIssuerName(config) ?? publicUrl,
    },
    signer: gate.signer,
    database,
  })
  const counted = new Counter({
    name: 'ambit_signals_sent_total',
    help: 'Security events sent, by event and what became of them',
    labelNames: ['event', 'outcome'],
    registers: [metrics],
  })
  const { tries: most } = settings
  let stopped = false

  async function noted(
    set: SignedSet,
    stream: SsfStream,
    did: 'sent' | 'failed',
    why: readonly string[],
  ): Promise<void> {
    counted.inc({ event: set.event, outcome: did })
    const by = { type: 'node', id: 'ambit' } as const
    const what = { signal: set.jti, event: set.event, issuer: stream.id, subject: set.account, level: null }
    await audit.append({ kind: 'signal', did, at: clock(), by, ...what, why: [...why] })
  }

  /** Pushes one token; why it was not taken, or null. One that can never be taken counts as told, and stands in the audit. */
  async function push(stream: SsfStream, set: SignedSet): Promise<string | null> {
    const { pushSealed: sealed } = stream
    const authorization = sealed === null ? null : await authorizations.open(stream.id, sealed)
    const answer = await ask(stream.wishes.pushUrl!, {
      method: 'POST',
      body: set.text,
      headers: {
        'content-type': 'application/secevent+jwt',
        ...(authorization === null ? {} : { authorization }),
      },
    })
    if (answer.status >= 200 && answer.status < 300) {
      await noted(set, stream, 'sent', [])
      return null
    }
    const err = errorOf(answer)
    if (answer.status === 400 && err === 'invalid_request') {
      log.error({ stream: stream.id, event: set.event, err }, 'a receiver refused a security event for good')
      await noted(set, stream, 'failed', [err])
      return null
    }
    return err === null ? `status ${answer.status}` : `status ${answer.status}, ${err}`
  }

  /** Whoever has no token any more is told nothing any more; what happens waits for the next token of the name. */
  const isPushed = ({ owner, status, wishes }: SsfStream): boolean =>
    status === 'enabled' && wishes.pushUrl !== null && tokens.stands(owner, 'ssf.read')

  function deliverTo(known: SsfStream): Promise<void> {
    let stream = known
    let isOver = false
    return deliverInOrder(
      {
        place: placeOfStream(stream.id),
        async first() {
          // what its receiver said meanwhile counts from here on
          const now = (await streamsOf(database, stream.owner)).find(({ id }) => id === stream.id)
          isOver = now === undefined || !isPushed(now)
          if (now === undefined || isOver) return null
          stream = now
          for (const notice of await noticesOf(database, stream.id, MOST_NOTICES)) {
            const failure = await push(stream, await sets.ofNotice(stream, notice))
            if (failure !== null) return failure
            await dropNotices(database, stream.id, [notice.seq])
          }
          return null
        },
        async send(event) {
          const set = await sets.ofEvent(stream, event)
          return set === null ? null : await push(stream, set)
        },
        async failed({ tries, failure }) {
          counted.inc({ event: 'any', outcome: 'tried' })
          if (tries < most) {
            log.warn({ stream: stream.id, tries, failure }, 'a security event was not delivered; it is tried again')
            return 'again'
          }
          // nothing is lost: it waits until the receiver says that it is there again
          if (await pauseStream(database, stream.id, 'deliveries failed'))
            log.error({ stream: stream.id, tries, failure }, 'a stream of security events was paused')
          return 'again'
        },
      },
      { database, clock, stopped: () => stopped || isOver || !isPushed(stream) },
    )
  }

  /** A receiver that is slow keeps nobody else waiting. */
  const busy = new Map<string, Promise<void>>()
  const again = new Set<string>()
  function deliver(stream: SsfStream): void {
    const { id } = stream
    if (busy.has(id)) return void again.add(id)
    const work = deliverTo(stream)
      .catch((error: unknown) => log.warn({ err: error, stream: id }, 'security events wait'))
      .finally(() => {
        busy.delete(id)
        if (again.delete(id) && !stopped) look()
      })
    busy.set(id, work)
  }
  let looking = false
  function look(): void {
    if (looking || stopped) return
    looking = true
    streamsOf(database, null)
      .then((streams) => {
        for (const stream of streams) if (isPushed(stream)) deliver(stream)
      })
      .catch((error: unknown) => log.warn({ err: error }, 'security events wait; the store does not answer'))
      .finally(() => (looking = false))
  }
  const timer = setInterval(look, LOOK_EVERY)
  timer.unref()
  const off = changes.on(EVENTS_ADDED, look)

  /** Events of a stream that is polled, from its place on, in order. */
  async function* waiting(stream: SsfStream): AsyncGenerator<{ event: StoredEvent; set: SignedSet | null }> {
    const { seq, acked } = await pollPlace(database, stream.id)
    let after = seq
    for (let page = 0; page < MOST_PAGES; page++) {
      const events = await eventsAfter(database, after, PAGE)
      for (const event of events) {
        after = event.seq
        yield { event, set: acked.has(event.seq) ? null : await sets.ofEvent(stream, event) }
      }
      if (events.length < PAGE) return
    }
  }

  return {
    sets,
    settings,
    authorizations,
    async poll(stream, most) {
      const found: SignedSet[] = []
      for (const notice of await noticesOf(database, stream.id, Math.min(most, MOST_NOTICES)))
        found.push(await sets.ofNotice(stream, notice))
      let place: number | null = null
      for await (const { event, set } of waiting(stream)) {
        if (set === null) {
          // what comes before everything that waits need not be looked at again
          if (found.every(({ event: name }) => name === 'verification')) place = event.seq
          continue
        }
        if (found.length >= most) {
          if (place !== null) await movePlace(database, stream.id, place)
          return { sets: found, more: true }
        }
        found.push(set)
      }
      if (place !== null) await movePlace(database, stream.id, place)
      return { sets: found, more: false }
    },
    async settle(stream, acks, errors) {
      const events: number[] = []
      const notices: number[] = []
      for (const jti of [...acks, ...Object.keys(errors)]) {
        const place = placeOfJti(stream.id, jti)
        if (place === null) {
          log.warn({ stream: stream.id }, 'a receiver acknowledged what is not on its stream')
          continue
        }
        if ('event' in place) events.push(place.event)
        else notices.push(place.notice)
        const err = Object.hasOwn(errors, jti) ? errors[jti]! : null
        if (err !== null) log.error({ stream: stream.id, err }, 'a receiver refused a security event')
        const set = { jti, text: '', event: 'polled', account: null }
        await noted(set, stream, err === null ? 'sent' : 'failed', err === null ? [] : [err])
      }
      await dropNotices(database, stream.id, notices)
      await noteAcks(database, stream.id, events)
    },
    news: (ms) =>
      new Promise((resolve) => {
        const end = () => {
          clearTimeout(waited)
          unhook()
          resolve()
        }
        const waited = setTimeout(end, ms)
        const unhook = changes.on(EVENTS_ADDED, end)
      }),
    async stop() {
      stopped = true
      off()
      clearInterval(timer)
      await Promise.all(busy.values())
    },
  }
}

/** The error code of an answer (RFC 8935 §2.3), if it is one; a word, so that it can stand in records. */
function errorOf({ body }: Answer): string | null {
  try {
    const read: unknown = JSON.parse(body)
    const err = isObject(read) ? read['err'] : null
    return typeof err === 'string' && /^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(err) ? err : null
  } catch {
    return null
  }
}
