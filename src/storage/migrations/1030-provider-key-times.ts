import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // from when a key signs; it is published before
    await db.schema
      .alterTable('provider_keys')
      .addColumn('signs_at', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await sql`update provider_keys set signs_at = created_at`.execute(db)
  },
}
