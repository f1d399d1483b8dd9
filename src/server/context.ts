/** What every route is given. `main.ts` is the only place where one is made. */
import type { Registry } from 'prom-client'
import type { LiveAnalysis } from '#analysis/live.ts'
import type { Receipt } from '#audit/chain.ts'
import type { AuditRecord, RecordOf } from '#audit/records.ts'
import type { Decision, Evaluation } from '#contract/decision.ts'
import type { Report } from '#contract/report.ts'
import type { World } from '#decision/world.ts'
import type { Clock } from '#lib/clock.ts'
import type { Change } from '#storage/changes.ts'
import type { Database } from '#storage/database.ts'
import type { Config } from './config/schema.ts'
import type { Exceptions } from './exceptions.ts'
import type { LoopWatch } from './metrics.ts'
import type { FindCircumstances } from './evaluate.ts'
import type { Gate } from './gate/gate.ts'
import type { Overload } from './overload.ts'
import type { Signals } from './signals/signals.ts'
import type { Shadow } from './shadow.ts'
import type { Snapshots } from './snapshots.ts'
import type { Transmitter } from './ssf/transmitter.ts'
import type { Surroundings } from './surroundings.ts'
import type { Tokens } from './tokens.ts'

export interface ServerContext {
  readonly config: Config
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  /** hears of whatever is refused for want of room, instead of the log */
  readonly overload: Overload
  /** all accounts as they are now; null before the first snapshot. Hold on to it for one request, never for two */
  readonly live: () => LiveAnalysis | null
  /** what decisions read, made from the same snapshot as {@link ServerContext.live} */
  readonly world: () => World | null
  /** the whole report on what is known now; takes a while, elsewhere */
  readonly reportOn: (live: LiveAnalysis) => Promise<Report>
  readonly snapshots: Snapshots
  readonly decide: Decide
  /** what is tried beside it */
  readonly shadow: Shadow
  /** what is known of whoever asks, beside the session */
  readonly circumstances: FindCircumstances
  readonly exceptions: Exceptions
  /** tokens, sessions and keys of the doors */
  readonly gate: Gate
  /** takes security events of others */
  readonly signals: Signals
  /** sends security events to others; null where it does not */
  readonly transmitter: Transmitter | null
  readonly audit: AuditSink
  readonly changes: ChangeFeed
  readonly metrics: Registry
  readonly tokens: Tokens
  readonly health: Health
  readonly loop: LoopWatch
  readonly surroundings: Surroundings
}

/** Structured logs. Never give it a token, code, header, body or query string. */
export interface Log {
  readonly debug: (fields: object, message?: string) => void
  readonly info: (fields: object, message?: string) => void
  readonly warn: (fields: object, message?: string) => void
  readonly error: (fields: object, message?: string) => void
}

/** Answers one question. It never rejects for want of anything: what is missing or broken is a deny or a step-up. */
export type Decide = (evaluation: Evaluation) => Decision | Promise<Decision>

/** Where what happened is written down, so that nobody can change it unseen. */
export interface AuditSink {
  /** resolves when the record is on disk; an answer that depends on it waits, and is a deny when this rejects */
  readonly append: (record: AuditRecord) => Promise<Receipt>
  /** the same of decisions of one request */
  readonly appendAll: (decisions: readonly RecordOf<'decision'>[]) => Promise<void>
  /** what holds the log, to read it */
  readonly store: Database
}

/** Changes made by any node on the same store, this one too; told within a second. */
export interface ChangeFeed {
  /** calls the listener on each change of a topic; returns what ends that */
  readonly on: (topic: string, listener: (change: Change) => void | Promise<void>) => () => void
  /** looks for changes now instead of at the next turn */
  readonly look: () => Promise<void>
}

/** Whether this node may answer. */
export interface Health {
  /** false once the store did not answer for a while, until it answers again */
  readonly storeReachable: () => boolean
  /** true from the moment the server is told to stop */
  readonly draining: () => boolean
}
