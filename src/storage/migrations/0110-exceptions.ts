import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    await db.schema
      .createTable('exceptions')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('version', 'bigint', (column) => column.notNull())
      .addColumn('starts_at', 'bigint', (column) => column.notNull())
      .addColumn('ends_at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('uses', 'bigint', (column) => column.notNull())
      .addColumn('last_used_at', 'bigint')
      .execute()
    await db.schema.createIndex('exceptions_by_state').on('exceptions').columns(['state', 'ends_at']).execute()
  },
}
