/** What others reported: each event once, and of each sender's words about an account the latest. */
import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import { RISK_LEVELS, type RiskLevel } from '#contract/decision.ts'
import { announce } from './changes.ts'
import type { Database } from './database.ts'
import { RISK_CHANGED } from './risk.ts'
import type { Tables } from './tables.ts'

export interface ReceivedTables {
  readonly received_events: { readonly id: string; readonly until: number }
  readonly signal_streams: {
    readonly name: string
    readonly status: string
    readonly status_at: number
    readonly verified_at: number | null
    readonly expected_state: string | null
  }
}

export const STREAM_STATUSES = ['enabled', 'paused', 'disabled'] as const
export type StreamStatus = (typeof STREAM_STATUSES)[number]

const hashOf = (...parts: readonly (string | null)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url')

/** Notes an event; false where the sender sent one of this `jti` before. */
export async function noteReceived(
  sql: Kysely<Tables>,
  { issuer, jti }: { readonly issuer: string; readonly jti: string },
  until: number,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await sql
    .insertInto('received_events')
    .values({ id: hashOf(issuer, jti), until })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

export async function wasReceived(
  { sql }: Database,
  { issuer, jti }: { readonly issuer: string; readonly jti: string },
): Promise<boolean> {
  const id = hashOf(issuer, jti)
  return (await sql.selectFrom('received_events').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}

/** Where a word stands: one row for each, however often the sender speaks. */
export interface Place {
  readonly account: string
  readonly source: string
  readonly slot: string
  readonly session: string | null
  readonly device: string | null
}

export interface Word {
  readonly kind: string
  readonly level: RiskLevel
  readonly evidence: Readonly<Record<string, unknown>>
  /** when it happened, by the sender, but not later than now; milliseconds since 1970 */
  readonly at: number
  readonly endsAt: number
}

/** Keeps a word unless a later one stands in its place, or a worse one of the same moment; false where it came too late. */
export async function raiseWord(sql: Kysely<Tables>, place: Place, word: Word, now: number): Promise<boolean> {
  const { account, source, session, device } = place
  const { kind, level, at, endsAt } = word
  const evidence = JSON.stringify(word.evidence)
  const notWorse = RISK_LEVELS.slice(0, RISK_LEVELS.indexOf(level) + 1)
  const { numInsertedOrUpdatedRows } = await sql
    .insertInto('risk_signals')
    .values({ id: idOf(place), account, source, session, device, kind, level, evidence, at, ends_at: endsAt })
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet({ kind, level, evidence, at, ends_at: endsAt })
        .where((row) =>
          row.or([
            row('risk_signals.at', '<', at),
            row.and([
              row('risk_signals.at', '=', at),
              row.or([row('risk_signals.level', 'in', notWorse), row('risk_signals.ends_at', '<=', at)]),
            ]),
          ]),
        ),
    )
    .executeTakeFirst()
  return await changed(sql, account, numInsertedOrUpdatedRows, now)
}

/** Takes back what was said in a place before `at`, and keeps that it was, against words that come late; false where it came too late itself. */
export async function lowerWord(sql: Kysely<Tables>, place: Place, at: number, now: number): Promise<boolean> {
  const { account, source, session, device, slot } = place
  const { numInsertedOrUpdatedRows } = await sql
    .insertInto('risk_signals')
    .values({
      id: idOf(place),
      account,
      source,
      session,
      device,
      kind: slot.slice(0, 64),
      level: 'low',
      evidence: '{}',
      at,
      ends_at: at,
    })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ at, ends_at: at }).where('risk_signals.at', '<', at))
    .executeTakeFirst()
  return await changed(sql, account, numInsertedOrUpdatedRows, now)
}

async function changed(sql: Kysely<Tables>, account: string, rows: bigint | undefined, now: number): Promise<boolean> {
  if ((rows ?? 0n) === 0n) return false
  await announce(sql, { topic: RISK_CHANGED, key: account }, now)
  return true
}

const idOf = ({ account, source, slot, session, device }: Place): string =>
  `ssf:${hashOf(source, account, slot, session, device)}`

export interface ReceivedStream {
  readonly name: string
  readonly status: StreamStatus
  /** milliseconds since 1970 of the last verification that came; null for none */
  readonly verifiedAt: number | null
}

export async function receivedStreams({ sql }: Database): Promise<ReceivedStream[]> {
  const rows = await sql.selectFrom('signal_streams').selectAll().orderBy('name').execute()
  return rows.map(({ name, status, verified_at }) => ({
    name,
    status: status as StreamStatus,
    verifiedAt: verified_at,
  }))
}

async function ensureStream(sql: Kysely<Tables>, name: string): Promise<void> {
  const row = { name, status: 'enabled', status_at: 0, verified_at: null, expected_state: null }
  await sql
    .insertInto('signal_streams')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
}

/** Keeps what a sender says of its stream, unless it said something later already. */
export async function noteStreamStatus(
  sql: Kysely<Tables>,
  name: string,
  status: StreamStatus,
  at: number,
): Promise<void> {
  await ensureStream(sql, name)
  await sql
    .updateTable('signal_streams')
    .set({ status, status_at: at })
    .where('name', '=', name)
    .where('status_at', '<=', at)
    .execute()
}

/** Notes which `state` the next verification has to have. */
export async function expectState({ sql }: Database, name: string, state: string): Promise<void> {
  await ensureStream(sql, name)
  await sql.updateTable('signal_streams').set({ expected_state: state }).where('name', '=', name).execute()
}

/** Whether a verification with this `state` was asked for, and has not come yet. */
export async function isStateExpected({ sql }: Database, name: string, state: string): Promise<boolean> {
  const found = await sql
    .selectFrom('signal_streams')
    .select('name')
    .where('name', '=', name)
    .where('expected_state', '=', state)
    .executeTakeFirst()
  return found !== undefined
}

/** Notes a verification; false where it has a `state` that was not asked for. One without was not asked for by anybody. */
export async function noteVerification(
  sql: Kysely<Tables>,
  name: string,
  state: string | null,
  now: number,
): Promise<boolean> {
  await ensureStream(sql, name)
  const { numUpdatedRows } = await sql
    .updateTable('signal_streams')
    .set({ verified_at: now, ...(state === null ? {} : { expected_state: null }) })
    .where('name', '=', name)
    .$if(state !== null, (query) => query.where('expected_state', '=', state))
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Milliseconds for which ended words are kept, against late ones that are older; as long as events are taken, and more. */
const ENDED_KEPT_MS = 62 * 86_400_000

/** Deletes what is of no use to anybody any more; nothing relies on it. */
export async function sweepSignals({ sql }: Database, now: number): Promise<void> {
  await sql.deleteFrom('received_events').where('until', '<=', now).execute()
  await sql.deleteFrom('revocations').where('until', '<=', now).execute()
  await sql
    .deleteFrom('risk_signals')
    .where('ends_at', '<=', now - ENDED_KEPT_MS)
    .execute()
}
