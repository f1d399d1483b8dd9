/** Takes the events of one sender: verified, about whom it may speak of, each once, on record before anything follows from it. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { IdentifierStore } from '#authn/stores.ts'
import type { KeySource } from '#authn/key-set.ts'
import type { Clock } from '#lib/clock.ts'
import { newId } from '#lib/ids.ts'
import { consequencesOf } from '#signals/consequences.ts'
import { readSubject } from '#signals/subject.ts'
import type { Database } from '#storage/database.ts'
import {
  isStateExpected,
  noteReceived,
  noteStreamStatus,
  noteVerification,
  STREAM_STATUSES,
  wasReceived,
} from '#storage/received-signals.ts'
import type { SenderConfig } from '#server/config/signals.ts'
import type { AuditSink, Log } from '../context.ts'
import { applyEvent, type Applied } from '#storage/apply-event.ts'
import { refusal, type Outcome } from './refusals.ts'
import { verifySet, type SecurityEvent } from './verify-set.ts'
import { whomItMeans } from './whom.ts'

export interface ReceiverParts {
  readonly database: Database
  readonly keys: KeySource
  readonly identifiers: Pick<IdentifierStore, 'find'>
  readonly audit: Pick<AuditSink, 'append'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
  /** whether the inventory knows an account; null while there is none */
  readonly isKnown: (account: string) => boolean | null
  readonly ownIssuer: string | null
}

export interface Receiver {
  /** takes one token; rejects where it cannot be told whether it is good: the sender has to come again */
  readonly take: (sender: SenderConfig, text: string) => Promise<Outcome>
  /** counts a push without the bearer token of its sender, and tells of the first in each minute: anybody can send them */
  readonly strangerCame: (sender: SenderConfig) => Promise<void>
}

const DAY_MS = 86_400_000
/** Milliseconds in which a node tells once that somebody came to a stream without its token; ours. */
const TELL_EVERY = 60_000

export function openReceiver(parts: ReceiverParts): Receiver {
  const { database, keys, audit, clock, log, metrics, ownIssuer } = parts
  const counted = new Counter({
    name: 'ambit_signals_received_total',
    help: 'Security events by sender, event and what became of them',
    labelNames: ['stream', 'event', 'outcome'],
    registers: [metrics],
  })
  const enabled = new Gauge({
    name: 'ambit_signal_stream_enabled',
    help: 'Whether the sender last said that its stream is enabled',
    labelNames: ['stream'],
    registers: [metrics],
  })

  /** On record, before anything follows. */
  async function noted(
    sender: SenderConfig,
    event: string,
    did: 'received' | 'refused',
    subject: string | null,
    why: readonly string[],
  ): Promise<void> {
    const by = { type: 'sender', id: sender.name } as const
    const what = { did, signal: newId('set'), event, issuer: sender.issuer, subject, level: null, why: [...why] }
    await audit.append({ kind: 'signal', at: clock(), by, ...what })
  }

  async function tellRefused(
    sender: SenderConfig,
    event: string,
    refused: Outcome & { taken: false },
    more: { readonly untold?: number } = {},
  ): Promise<Outcome> {
    counted.inc({ stream: sender.name, event, outcome: 'refused' })
    const { why, detail } = refused
    log.warn({ stream: sender.name, event, why, detail, ...more }, 'a security event was refused')
    await noted(sender, event, 'refused', null, [why])
    return refused
  }

  function told(sender: SenderConfig, event: string, outcome: Applied | RefusedTold): void {
    counted.inc({ stream: sender.name, event, outcome })
    const fields = { stream: sender.name, event, outcome }
    if (outcome === 'applied' || outcome === 'repeated') log.info(fields, 'a security event was taken')
    else log.warn(fields, 'a security event was taken, and nothing follows from it')
  }

  /** by stream: when a push without its token was told last, and how many came since */
  const strangers = new Map<string, { readonly at: number; readonly untold: number }>()

  async function take(sender: SenderConfig, text: string): Promise<Outcome> {
    const verified = await verifySet(text, sender, keys, clock())
    if (!verified.ok) return await tellRefused(sender, 'unknown', verified.refused)
    const { value: set } = verified
    const { name } = set.event
    const id = { issuer: sender.issuer, jti: set.jti }
    if (await wasReceived(database, id)) {
      told(sender, name ?? 'unknown', 'repeated')
      return { taken: true, outcome: 'repeated' }
    }
    if (name === null) return await takeUnknown(sender, set)
    if (name === 'verification') return await takeVerification(sender, set)
    if (name === 'stream-updated') return await takeStatus(sender, set)
    const subject = readSubject(set.subject)
    if (subject === null) return await tellRefused(sender, name, refusal('subject_refused'))
    const meant = await whomItMeans(subject, sender, parts.identifiers)
    if (meant === null) return await tellRefused(sender, name, refusal('not_allowed'))
    const read = consequencesOf(name, {
      payload: set.event.payload,
      session: meant.session !== null,
      device: meant.device !== null,
      cut: meant.cuts.length > 0,
    })
    if (!read.ok) return await tellRefused(sender, name, refusal('event_invalid', read.fault))
    const nobody = meant.accounts.length === 0 && meant.cuts.length === 0 && meant.device === null
    // kept all the same: the account may come with the next inventory
    const strangers = meant.accounts.filter((account) => parts.isKnown(account) !== true)
    const why = nobody || strangers.length > 0 ? ['subject_unknown'] : []
    for (const account of meant.accounts.length === 0 ? [null] : meant.accounts)
      await noted(sender, name, 'received', account, why)
    const now = clock()
    const applied = await applyEvent(
      database,
      {
        ...id,
        event: name,
        meant,
        consequences: read.value,
        narrowed: subject.narrowed,
        at: Math.floor(set.happenedAt * 1000),
        receivedUntil: keptUntil(sender, now),
        ownIssuer,
      },
      now,
    )
    const outcome = nobody && applied === 'no_effect' ? 'subject_unknown' : applied
    told(sender, name, outcome)
    if (strangers.length > 0 && applied === 'applied')
      log.warn(
        { stream: sender.name, event: name },
        'a security event is of an account that the inventory does not know',
      )
    return { taken: true, outcome: applied === 'repeated' ? 'repeated' : applied === 'applied' ? 'applied' : 'told' }
  }

  async function takeUnknown(sender: SenderConfig, { jti, event: { uri } }: SecurityEvent): Promise<Outcome> {
    await noted(sender, 'unknown', 'received', null, ['event_unknown'])
    await database.transaction((sql) => noteReceived(sql, { issuer: sender.issuer, jti }, keptUntil(sender, clock())))
    log.warn({ stream: sender.name, uri: uri.slice(0, 200) }, 'a security event is of a type that is not known here')
    counted.inc({ stream: sender.name, event: 'unknown', outcome: 'event_unknown' })
    return { taken: true, outcome: 'told' }
  }

  /** The sender shows that the stream works; `state` is what this server asked with (SSF 1.0 §8.1.4). */
  async function takeVerification(sender: SenderConfig, { jti, event }: SecurityEvent): Promise<Outcome> {
    const { state } = event.payload
    if (state !== undefined && typeof state !== 'string')
      return await tellRefused(sender, 'verification', refusal('event_invalid', '`state` is a text'))
    const now = clock()
    const unasked = () => tellRefused(sender, 'verification', refusal('state_refused'))
    if (state !== undefined && !(await isStateExpected(database, sender.name, state))) return await unasked()
    // what cannot be put on record is not noted, and the sender comes again
    await noted(sender, 'verification', 'received', null, [])
    const fits = await database.transaction(async (sql) => {
      const isExpected = await noteVerification(sql, sender.name, state ?? null, now)
      if (isExpected) await noteReceived(sql, { issuer: sender.issuer, jti }, keptUntil(sender, now))
      return isExpected
    })
    // the same came a second time meanwhile
    if (!fits) return await unasked()
    told(sender, 'verification', 'applied')
    return { taken: true, outcome: 'applied' }
  }

  /** The sender holds back what it has to say, or says it again: somebody has to know (SSF 1.0 §8.1.5). */
  async function takeStatus(sender: SenderConfig, { jti, event, happenedAt }: SecurityEvent): Promise<Outcome> {
    const { status: said } = event.payload
    const status = STREAM_STATUSES.find((each) => each === said)
    if (status === undefined)
      return await tellRefused(sender, 'stream-updated', refusal('event_invalid', '`status` is no word of SSF'))
    await noted(sender, 'stream-updated', 'received', null, [`stream_${status}`])
    await database.transaction(async (sql) => {
      await noteStreamStatus(sql, sender.name, status, Math.floor(happenedAt * 1000))
      await noteReceived(sql, { issuer: sender.issuer, jti }, keptUntil(sender, clock()))
    })
    enabled.set({ stream: sender.name }, status === 'enabled' ? 1 : 0)
    told(sender, 'stream-updated', 'applied')
    if (status !== 'enabled') log.error({ stream: sender.name, status }, 'a sender holds back its security events')
    return { taken: true, outcome: 'applied' }
  }

  return {
    take,
    async strangerCame(sender) {
      const { at, untold } = strangers.get(sender.name) ?? { at: -Infinity, untold: 0 }
      const now = clock()
      if (Math.abs(now - at) < TELL_EVERY) {
        strangers.set(sender.name, { at, untold: untold + 1 })
        counted.inc({ stream: sender.name, event: 'unknown', outcome: 'refused' })
        return
      }
      strangers.set(sender.name, { at: now, untold: 0 })
      await tellRefused(sender, 'unknown', refusal('not_authenticated'), { untold })
    },
  }
}

type RefusedTold = 'subject_unknown'

/** An event is known again for longer than it would be taken. */
const keptUntil = ({ maxAgeDays }: SenderConfig, now: number): number => now + (maxAgeDays + 1) * DAY_MS
