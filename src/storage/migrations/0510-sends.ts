import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // one row a window of a limit; see authn/send-limits.ts
    await db.schema
      .createTable('send_limits')
      .addColumn('key', 'varchar(600)', (column) => column.notNull())
      .addColumn('within_ms', 'bigint', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('sent', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('send_limits_key', ['key', 'within_ms'])
      .execute()
    await db.schema
      .createTable('send_answers')
      .addColumn('prefix', 'varchar(600)', (column) => column.primaryKey())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('answered', 'integer', (column) => column.notNull())
      .execute()
  },
}
