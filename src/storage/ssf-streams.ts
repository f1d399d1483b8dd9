/** Streams of security events to others: what each receiver wants, and how far it has come. */
import type { Generated, Kysely } from 'kysely'
import { announce } from './changes.ts'
import type { Database } from './database.ts'
import { eventRange, EVENTS_ADDED } from './events.ts'
import { STREAM_STATUSES, type StreamStatus } from './received-signals.ts'
import type { Tables } from './tables.ts'

export interface SsfTables {
  readonly ssf_streams: {
    readonly id: string
    readonly owner: string
    readonly wishes: string
    /** as versions before wrote it; null once it is sealed */
    readonly push_authorization: string | null
    readonly push_sealed: string | null
    readonly status: string
    readonly reason: string | null
    readonly created_at: number
    readonly verify_asked_at: number
  }
  readonly ssf_exclusions: { readonly stream: string; readonly subject: string }
  readonly ssf_notices: {
    readonly seq: Generated<number>
    readonly stream: string
    readonly type: string
    readonly data: string
    readonly at: number
  }
  readonly ssf_acks: { readonly stream: string; readonly seq: number }
}

/** What a receiver says of its stream. */
export interface StreamWishes {
  /** where events are pushed; null for a stream that is polled */
  readonly pushUrl: string | null
  /** URIs of events; null for all */
  readonly events: readonly string[] | null
  readonly description: string | null
}

export interface SsfStream {
  readonly id: string
  /** name of the token that made it */
  readonly owner: string
  readonly wishes: StreamWishes
  /** what it is pushed with, sealed */
  readonly pushSealed: string | null
  readonly status: StreamStatus
  readonly reason: string | null
}

/** What the place of a stream among the receivers of events is called. */
export const placeOfStream = (stream: string): string => `ssf:${stream}`

/** Makes a stream that hears what comes after; false where its owner has as many as allowed. */
export async function addStream(
  database: Database,
  { id, owner, wishes, pushSealed }: Omit<SsfStream, 'status' | 'reason'>,
  { most, now }: { readonly most: number; readonly now: number },
): Promise<boolean> {
  const seq = (await eventRange(database))?.last ?? 0
  return await database.transaction(async (sql) => {
    // whoever makes another at once, on whatever node, waits here and counts after
    await sql.updateTable('tokens').set({ name: owner }).where('name', '=', owner).execute()
    const own = await sql.selectFrom('ssf_streams').select('id').where('owner', '=', owner).execute()
    if (own.length >= most) return false
    const row = {
      id,
      owner,
      wishes: JSON.stringify(wishes),
      push_authorization: null,
      push_sealed: pushSealed,
    }
    const state = { status: 'enabled', reason: null, created_at: now, verify_asked_at: 0 }
    await sql
      .insertInto('ssf_streams')
      .values({ ...row, ...state })
      .execute()
    const place = { receiver: placeOfStream(id), seq, tries: 0, due: 0, failure: null }
    await sql.insertInto('deliveries').values(place).execute()
    return true
  })
}

export async function streamsOf({ sql }: Database, owner: string | null): Promise<SsfStream[]> {
  const all = sql.selectFrom('ssf_streams').selectAll().orderBy('created_at').orderBy('id')
  const rows = await (owner === null ? all : all.where('owner', '=', owner)).execute()
  return rows.map((row) => ({
    id: row.id,
    owner: row.owner,
    wishes: JSON.parse(row.wishes) as StreamWishes,
    pushSealed: row.push_sealed,
    status: STREAM_STATUSES.find((each) => each === row.status) ?? 'disabled',
    reason: row.reason,
  }))
}

export async function changeStream(
  { sql }: Database,
  id: string,
  { wishes, pushSealed }: Pick<SsfStream, 'wishes' | 'pushSealed'>,
): Promise<void> {
  const row = { wishes: JSON.stringify(wishes), push_authorization: null, push_sealed: pushSealed }
  await sql.updateTable('ssf_streams').set(row).where('id', '=', id).execute()
}

/** What a stream is pushed with, as it stands in the store: as it is, or sealed. */
export interface StandingPushAuthorization {
  readonly stream: string
  readonly plain: string | null
  readonly sealed: string | null
}

export async function pushAuthorizations({ sql }: Database): Promise<StandingPushAuthorization[]> {
  const rows = await sql
    .selectFrom('ssf_streams')
    .select(['id', 'push_authorization', 'push_sealed'])
    .where((is) => is.or([is('push_authorization', 'is not', null), is('push_sealed', 'is not', null)]))
    .orderBy('id')
    .execute()
  return rows.map(({ id: stream, push_authorization: plain, push_sealed: sealed }) => ({ stream, plain, sealed }))
}

/** Puts what was sealed in the place of what stood there, unless that is another meanwhile. */
export async function sealPushAuthorization(
  { sql }: Pick<Database, 'sql'>,
  { stream, plain, sealed }: StandingPushAuthorization,
  push_sealed: string,
): Promise<void> {
  await sql
    .updateTable('ssf_streams')
    .set({ push_authorization: null, push_sealed })
    .where('id', '=', stream)
    .where('push_authorization', plain === null ? 'is' : '=', plain)
    .where('push_sealed', sealed === null ? 'is' : '=', sealed)
    .execute()
}

/** Sets the status. What happens while a stream is disabled is not told later; what happens while it is paused is (SSF 1.0 §8.1.2.1). */
export async function setStreamStatus(
  database: Database,
  id: string,
  { status, reason }: Pick<SsfStream, 'status' | 'reason'>,
): Promise<void> {
  const last = (await eventRange(database))?.last ?? 0
  await database.transaction(async (sql) => {
    const before = await sql.selectFrom('ssf_streams').select('status').where('id', '=', id).executeTakeFirst()
    await sql.updateTable('ssf_streams').set({ status, reason }).where('id', '=', id).execute()
    if (status !== 'enabled' || before?.status === 'enabled') return
    const place = { tries: 0, due: 0, failure: null, ...(before?.status === 'disabled' ? { seq: last } : {}) }
    await sql.updateTable('deliveries').set(place).where('receiver', '=', placeOfStream(id)).execute()
  })
}

/** Pauses a stream that is enabled; false for one that its receiver paused or disabled meanwhile, which stays what it is. */
export async function pauseStream({ sql }: Database, id: string, reason: string): Promise<boolean> {
  const { numUpdatedRows } = await sql
    .updateTable('ssf_streams')
    .set({ status: 'paused', reason })
    .where('id', '=', id)
    .where('status', '=', 'enabled')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export async function deleteStream(database: Database, id: string): Promise<void> {
  await database.transaction(async (sql) => {
    await sql.deleteFrom('ssf_streams').where('id', '=', id).execute()
    for (const table of ['ssf_exclusions', 'ssf_notices', 'ssf_acks'] as const)
      await sql.deleteFrom(table).where('stream', '=', id).execute()
    await sql.deleteFrom('deliveries').where('receiver', '=', placeOfStream(id)).execute()
  })
}

/** Leaves a subject (by its hash) out of a stream, or takes it in again. */
export async function excludeSubject(
  { sql }: Database,
  stream: string,
  subject: string,
  isExcluded: boolean,
): Promise<void> {
  if (!isExcluded) {
    await sql.deleteFrom('ssf_exclusions').where('stream', '=', stream).where('subject', '=', subject).execute()
    return
  }
  await sql
    .insertInto('ssf_exclusions')
    .values({ stream, subject })
    .onConflict((conflict) => conflict.columns(['stream', 'subject']).doNothing())
    .execute()
}

export async function isSubjectExcluded({ sql }: Database, stream: string, subject: string): Promise<boolean> {
  const row = await sql
    .selectFrom('ssf_exclusions')
    .select('subject')
    .where('stream', '=', stream)
    .where('subject', '=', subject)
    .executeTakeFirst()
  return row !== undefined
}

export interface Notice {
  readonly seq: number
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
  /** milliseconds since 1970 */
  readonly at: number
}

/** Asks for a verification, unless the last was asked for after `notAfter`; false then. */
export async function askVerification(
  database: Database,
  stream: string,
  state: string | null,
  { now, notAfter }: { readonly now: number; readonly notAfter: number },
): Promise<boolean> {
  return await database.transaction(async (sql) => {
    const { numUpdatedRows } = await sql
      .updateTable('ssf_streams')
      .set({ verify_asked_at: now })
      .where('id', '=', stream)
      .where('verify_asked_at', '<=', notAfter)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return false
    const data = JSON.stringify(state === null ? {} : { state })
    await sql.insertInto('ssf_notices').values({ stream, type: 'verification', data, at: now }).execute()
    // it is told at once, even where the last delivery failed
    await sql
      .updateTable('deliveries')
      .set({ due: 0 })
      .where('receiver', '=', placeOfStream(stream))
      .where('tries', '>', 0)
      .execute()
    await announce(sql, { topic: EVENTS_ADDED, key: '' }, now)
    return true
  })
}

export async function noticesOf({ sql }: Database, stream: string, most: number): Promise<Notice[]> {
  const rows = await sql
    .selectFrom('ssf_notices')
    .selectAll()
    .where('stream', '=', stream)
    .orderBy('seq')
    .limit(most)
    .execute()
  return rows.map(({ seq, type, data, at }) => ({ seq, type, at, data: JSON.parse(data) as Notice['data'] }))
}

export async function dropNotices({ sql }: Database, stream: string, seqs: readonly number[]): Promise<void> {
  if (seqs.length === 0) return
  await sql
    .deleteFrom('ssf_notices')
    .where('stream', '=', stream)
    .where('seq', 'in', [...seqs])
    .execute()
}

/** How far a stream that is polled has come, and what it has acknowledged beyond. */
export async function pollPlace(
  { sql }: Database,
  stream: string,
): Promise<{ readonly seq: number; readonly acked: ReadonlySet<number> }> {
  const place = await sql
    .selectFrom('deliveries')
    .select('seq')
    .where('receiver', '=', placeOfStream(stream))
    .executeTakeFirst()
  const rows = await sql.selectFrom('ssf_acks').select('seq').where('stream', '=', stream).execute()
  return { seq: place?.seq ?? 0, acked: new Set(rows.map(({ seq }) => seq)) }
}

export async function noteAcks({ sql }: Database, stream: string, seqs: readonly number[]): Promise<void> {
  if (seqs.length === 0) return
  await sql
    .insertInto('ssf_acks')
    .values(seqs.map((seq) => ({ stream, seq })))
    .onConflict((conflict) => conflict.columns(['stream', 'seq']).doNothing())
    .execute()
}

/** Moves the place of a stream on; never back, whoever else moves it. */
export async function movePlace(database: Database, stream: string, seq: number): Promise<void> {
  await database.transaction(async (sql: Kysely<Tables>) => {
    await sql
      .updateTable('deliveries')
      .set({ seq })
      .where('receiver', '=', placeOfStream(stream))
      .where('seq', '<', seq)
      .execute()
    await sql.deleteFrom('ssf_acks').where('stream', '=', stream).where('seq', '<=', seq).execute()
  })
}
