import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    await db.schema
      .createTable('tellings')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      // JSON: a record for the audit log, or what somebody is to be told; nothing secret is in either
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('due_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('tellings_due').on('tellings').column('due_at').execute()
  },
}
