import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db, { counter }) {
    await db.schema
      .createTable('changes')
      .addColumn('seq', counter, (column) => column.primaryKey())
      .addColumn('topic', 'varchar(64)', (column) => column.notNull())
      .addColumn('key', 'varchar(1024)', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
