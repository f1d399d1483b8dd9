import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    await db.schema
      .createTable('tokens')
      .addColumn('id', 'varchar(32)', (column) => column.primaryKey())
      .addColumn('name', 'varchar(200)', (column) => column.notNull())
      .addColumn('hash', 'varchar(64)', (column) => column.notNull())
      .addColumn('scopes', 'varchar(200)', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('last_used_at', 'bigint')
      .execute()
  },
}
