import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // what is looked through for sessions whose time is over
    await db.schema
      .createIndex('sessions_open')
      .on('sessions')
      .column('ends_at')
      .where(sql`ended_at`, 'is', null)
      .execute()
  },
}
