/** Events in the order in which they were committed, kept for those who follow them. */
import type { Generated, Kysely, Selectable } from 'kysely'
import { announce } from './changes.ts'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

export interface EventTables {
  readonly events: {
    readonly seq: Generated<number>
    readonly type: string
    readonly at: number
    /** JSON */
    readonly data: string
  }
  readonly event_lock: { readonly one: number }
}

/** Topic of the change that is announced with every event. */
export const EVENTS_ADDED = 'events'

export interface NewEvent {
  /** e.g. `verdict.changed` */
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface StoredEvent extends NewEvent {
  /** rises with every event; none becomes visible after a later one */
  readonly seq: number
  /** milliseconds since 1970 */
  readonly at: number
}

type StoredEventRow = Selectable<EventTables['events']>

/** Rows of one insert, so that a statement stays below the 999 parameters that old SQLite takes. */
const ROWS = 200

const lockEvents = (sql: Kysely<Tables>) => sql.updateTable('event_lock').set({ one: 1 }).where('one', '=', 1).execute()

const eventOf = ({ data, ...row }: StoredEventRow): StoredEvent => ({
  ...row,
  data: JSON.parse(data) as NewEvent['data'],
})

/** Adds events, in the transaction of what they tell of. Writers take turns until they commit, which keeps the order. */
export async function addEvents(sql: Kysely<Tables>, events: readonly NewEvent[], now: number): Promise<void> {
  if (events.length === 0) return
  await lockEvents(sql)
  for (let from = 0; from < events.length; from += ROWS) {
    const rows = events.slice(from, from + ROWS)
    await sql
      .insertInto('events')
      .values(rows.map(({ type, data }) => ({ type, at: now, data: JSON.stringify(data) })))
      .execute()
  }
  await announce(sql, { topic: EVENTS_ADDED, key: '' }, now)
}

/** Adds an event and what follows from it, unless another node did: the newest of its type says the same then. */
export async function addEventsOnce(
  database: Database,
  first: NewEvent,
  rest: readonly NewEvent[],
  now: number,
): Promise<void> {
  await database.transaction(async (sql) => {
    await lockEvents(sql)
    const newest = await sql
      .selectFrom('events')
      .select('data')
      .where('type', '=', first.type)
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (newest?.data !== JSON.stringify(first.data)) await addEvents(sql, [first, ...rest], now)
  })
}

/** Events after a number, oldest first. */
export async function eventsAfter({ sql }: Database, seq: number, most: number): Promise<StoredEvent[]> {
  const rows = await sql.selectFrom('events').selectAll().where('seq', '>', seq).orderBy('seq').limit(most).execute()
  return rows.map(eventOf)
}

/** The numbers of the oldest and the newest event that are kept; null where there is none. */
export async function eventRange({ sql }: Database): Promise<{ first: number; last: number } | null> {
  const first = await sql.selectFrom('events').select('seq').orderBy('seq').limit(1).executeTakeFirst()
  const last = await sql.selectFrom('events').select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirst()
  return first === undefined || last === undefined ? null : { first: first.seq, last: last.seq }
}

/** Deletes events older than a time; the newest stays, so that its number is not given again. */
export async function deleteEventsBefore(database: Database, before: number): Promise<void> {
  const range = await eventRange(database)
  if (range === null) return
  await database.sql.deleteFrom('events').where('at', '<', before).where('seq', '<', range.last).execute()
}
