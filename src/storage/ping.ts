import { sql } from 'kysely'
import type { Database } from './database.ts'

/** Asks the store the least that it can be asked; rejects when it does not answer. */
export async function ping(database: Database): Promise<void> {
  await sql`select 1`.execute(database.sql)
}
