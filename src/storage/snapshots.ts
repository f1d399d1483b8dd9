/**
 * Snapshots at rest. A body (the facts, or a change of those of another snapshot) is written first, piece by piece, and
 * belongs to nothing; one short transaction then makes it a snapshot, points to it and says so. A process that dies
 * before leaves a body that is swept later, one that dies after has done everything.
 */
import type { Transaction } from 'kysely'
import { AmbitError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import { announce } from './changes.ts'
import { isDuplicate, type Database } from './database.ts'
import { addEvents, type NewEvent } from './events.ts'
import type { Tables } from './tables.ts'

/** Topic of the change that is announced when another snapshot becomes current. */
export const SNAPSHOT_CHANGED = 'snapshot'

export interface SnapshotTables {
  readonly snapshots: {
    readonly id: string
    readonly body: string
    /** id of the snapshot that the body changes; null for one that stands alone */
    readonly base: string | null
    /** bodies to read for it, its own among them */
    readonly links: number
    readonly facts: number
    readonly accounts: number
    /** milliseconds since 1970 at which it was taken */
    readonly at: number
    /** rises each time that a snapshot becomes current */
    readonly turn: number
  }
  readonly snapshot_chunks: {
    readonly body: string
    readonly position: number
    readonly at: number
    readonly bytes: Uint8Array
  }
  readonly snapshot_current: { readonly one: number; readonly id: string | null; readonly turn: number }
  readonly ingests: {
    readonly key: string
    readonly fingerprint: string
    /** JSON */
    readonly answer: string
    readonly at: number
  }
}

export type StoredSnapshot = SnapshotTables['snapshots']

/** Milliseconds for which an answer is repeated to the same idempotency key. */
const REPEATED_MS = 86_400_000
/** Milliseconds after which a body that belongs to no snapshot was left by a process that died. */
const LEFT_MS = 3_600_000

/** Writes a body piece by piece; returns its name. */
export async function writeBody({ sql }: Database, pieces: Iterable<Uint8Array>, now: number): Promise<string> {
  const body = newId('body')
  let position = 0
  for (const bytes of pieces) {
    await sql.insertInto('snapshot_chunks').values({ body, position: position++, at: now, bytes }).execute()
  }
  return body
}

/** The pieces of a body, in order. */
export async function* readBody({ sql }: Database, body: string): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; position++) {
    const row = await sql
      .selectFrom('snapshot_chunks')
      .select('bytes')
      .where('body', '=', body)
      .where('position', '=', position)
      .executeTakeFirst()
    if (row === undefined) return
    yield row.bytes
  }
}

/** The snapshot that all decisions rest on; null before the first. */
export async function currentSnapshot({ sql }: Database): Promise<StoredSnapshot | null> {
  const row = await sql
    .selectFrom('snapshot_current')
    .innerJoin('snapshots', 'snapshots.id', 'snapshot_current.id')
    .selectAll('snapshots')
    .executeTakeFirst()
  return row ?? null
}

/** A snapshot after those whose bodies must be read before its own, oldest first. */
export async function chainOf({ sql }: Database, id: string): Promise<StoredSnapshot[]> {
  const chain: StoredSnapshot[] = []
  for (let next: string | null = id; next !== null;) {
    const row: StoredSnapshot | undefined = await sql
      .selectFrom('snapshots')
      .selectAll()
      .where('id', '=', next)
      .executeTakeFirst()
    if (row === undefined)
      throw new AmbitError(
        'snapshot_invalid',
        `the store lacks the snapshot \`${next}\`; restore a backup, or send the inventory again`,
      )
    chain.unshift(row)
    next = row.base
  }
  return chain
}

export interface NewSnapshot {
  readonly id: string
  readonly body: string
  readonly base: string | null
  readonly links: number
  readonly facts: number
  readonly accounts: number
}

export interface Commit {
  readonly snapshot: NewSnapshot
  /** id of the snapshot that must be current still; null for none */
  readonly expected: string | null
  readonly events: readonly NewEvent[]
  /** answer to repeat when the same request comes again */
  readonly ingest?: { readonly key: string; readonly fingerprint: string; readonly answer: string }
  readonly now: number
}

/**
 * Makes a body a snapshot and the current one, with everything that follows from it, or nothing at all.
 *
 * @returns false when another snapshot had become current, and nothing was done
 */
export async function commitSnapshot(database: Database, commit: Commit): Promise<boolean> {
  const { snapshot, expected, events, ingest, now } = commit
  try {
    return await database.transaction(async (sql) => {
      // the row is locked by this; whoever commits next sees what we did
      const moved = await sql
        .updateTable('snapshot_current')
        .set((row) => ({ id: snapshot.id, turn: row('turn', '+', 1) }))
        .where('one', '=', 1)
        .where('id', expected === null ? 'is' : '=', expected)
        .executeTakeFirst()
      if (moved.numUpdatedRows === 0n) return false
      const { turn } = await sql.selectFrom('snapshot_current').select('turn').executeTakeFirstOrThrow()
      await keepSnapshot(sql, { ...snapshot, at: now, turn })
      if (ingest !== undefined)
        await sql
          .insertInto('ingests')
          .values({ ...ingest, at: now })
          .execute()
      await addEvents(sql, events, now)
      await announce(sql, { topic: SNAPSHOT_CHANGED, key: snapshot.id }, now)
      return true
    })
  } catch (error) {
    if (ingest !== undefined && isDuplicate(error)) return false
    throw error
  }
}

/** The same facts may come again: then the body that is there already serves, and the new one is nobody's. */
async function keepSnapshot(sql: Transaction<Tables>, snapshot: StoredSnapshot): Promise<void> {
  const again = await sql
    .updateTable('snapshots')
    .set({ turn: snapshot.turn, at: snapshot.at })
    .where('id', '=', snapshot.id)
    .executeTakeFirst()
  if (again.numUpdatedRows === 0n) await sql.insertInto('snapshots').values(snapshot).execute()
}

/** The answer that was given to an idempotency key, with what it was given for; null where none was. */
export async function repeatedAnswer(
  { sql }: Database,
  key: string,
): Promise<{ fingerprint: string; answer: string } | null> {
  const row = await sql
    .selectFrom('ingests')
    .select(['fingerprint', 'answer'])
    .where('key', '=', key)
    .executeTakeFirst()
  return row ?? null
}

/** Deletes what nobody needs: snapshots but the newest, with what those rest on; bodies that belong to none; old answers. */
export async function sweep(database: Database, keep: number, now: number): Promise<void> {
  await database.transaction(async (sql) => {
    // the same lock as a commit takes: what is swept cannot become a base meanwhile
    await sql
      .updateTable('snapshot_current')
      .set((row) => ({ turn: row('turn', '+', 0) }))
      .where('one', '=', 1)
      .execute()
    const rows = await sql.selectFrom('snapshots').selectAll().orderBy('turn', 'desc').execute()
    const byId = new Map(rows.map((row) => [row.id, row]))
    const kept = new Set<string>()
    for (const { id } of rows.slice(0, keep)) {
      for (let next: string | null = id; next !== null && !kept.has(next); next = byId.get(next)?.base ?? null)
        kept.add(next)
    }
    for (const { id } of rows) if (!kept.has(id)) await sql.deleteFrom('snapshots').where('id', '=', id).execute()
    await sql
      .deleteFrom('ingests')
      .where('at', '<', now - REPEATED_MS)
      .execute()
  })
  const { sql } = database
  const owned = sql.selectFrom('snapshots').select('body')
  await sql
    .deleteFrom('snapshot_chunks')
    .where('body', 'not in', owned)
    .where('at', '<', now - LEFT_MS)
    .execute()
}
