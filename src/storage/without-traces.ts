/** Overwrites what is deleted, where a secret leaves the store. */
import { sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * Runs the work so that what it deletes or replaces does not stay behind in the file (SQLite, `secure_delete`) or its log. On PostgreSQL
 * old versions of rows stay until they are vacuumed, and in either the backups of before hold what they held.
 */
export async function withoutTraces(database: Database, work: () => Promise<void>): Promise<void> {
  if (database.dialect !== 'sqlite') return await work()
  await sql`pragma secure_delete = on`.execute(database.sql)
  try {
    await work()
    // what was written before still stands in the log, until it is emptied
    await sql`pragma wal_checkpoint(truncate)`.execute(database.sql)
  } finally {
    await sql`pragma secure_delete = off`.execute(database.sql)
  }
}
