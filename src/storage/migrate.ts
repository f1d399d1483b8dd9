import { readdir } from 'node:fs/promises'
import { sql, type Kysely } from 'kysely'
import { AmbitError } from '#lib/errors.ts'
import type { Database } from './database.ts'
import { columnTypes, type Migration } from './migration.ts'

interface Own {
  readonly schema_steps: { readonly name: string }
  readonly schema_lock: { readonly id: number }
}

/**
 * Runs the steps of `migrations/` that this store has not seen, oldest first, each in a transaction that also records
 * it: a process killed half way leaves a step done or not begun. Two nodes that start together take turns. `steps` lets a test stop early.
 *
 * @returns names of the steps that were run
 * @throws {AmbitError} `store_unavailable` when the store has steps that this program does not know
 */
export async function migrate(database: Database, steps?: readonly string[]): Promise<string[]> {
  const db = database.sql as unknown as Kysely<Own>
  await ensureOwnTables(db)
  const names = steps ?? (await migrationNames())
  await refuseNewer(db, names)
  const done: string[] = []
  for (const name of names) {
    const { migration } = (await import(new URL(`migrations/${name}`, import.meta.url).href)) as {
      migration: Migration
    }
    const ran = await database.transaction(async (transaction) => {
      const tx = transaction as unknown as Kysely<Own>
      // the same statement takes the write lock on SQLite and the row lock on PostgreSQL
      await tx.updateTable('schema_lock').set({ id: 1 }).where('id', '=', 1).execute()
      const seen = await tx.selectFrom('schema_steps').select('name').where('name', '=', name).executeTakeFirst()
      if (seen !== undefined) return false
      await migration.up(tx as unknown as Kysely<never>, columnTypes(database.dialect))
      await tx.insertInto('schema_steps').values({ name }).execute()
      return true
    })
    if (ran) done.push(name)
  }
  return done
}

/** File names of the steps, in order. */
export async function migrationNames(): Promise<string[]> {
  const names = await readdir(new URL('migrations/', import.meta.url))
  return names.filter((name) => /^\d{4}-.*\.ts$/.test(name)).toSorted()
}

async function ensureOwnTables(db: Kysely<Own>): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      await sql`create table if not exists schema_steps (name varchar(200) primary key)`.execute(db)
      await sql`create table if not exists schema_lock (id integer primary key)`.execute(db)
      await sql`insert into schema_lock (id) values (1) on conflict do nothing`.execute(db)
      return
    } catch (error) {
      // two nodes that create the same table at once: one of them is told so and finds it made
      if (tried === 5) throw error
    }
  }
}

async function refuseNewer(db: Kysely<Own>, known: readonly string[]): Promise<void> {
  const rows = await db.selectFrom('schema_steps').select('name').execute()
  const names = new Set(known)
  const newer = rows.map(({ name }) => name).filter((name) => !names.has(name))
  if (newer.length === 0) return
  throw new AmbitError(
    'store_unavailable',
    `the store was last used by a newer Ambit (${newer.toSorted().join(', ')}); run that version, or restore a backup from before it`,
    { newer },
  )
}
