import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    await db.schema
      .createTable('recoveries')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('due_at', 'bigint', (column) => column.notNull())
      .execute()
    // one open case an account: of two that begin at once, the store lets one in, and the other is a competing claim
    await sql`create unique index recoveries_open on recoveries (account) where state in ('requested', 'held', 'ready')`.execute(
      db,
    )
    await db.schema.createIndex('recoveries_due').on('recoveries').columns(['state', 'due_at']).execute()
    await db.schema
      .createTable('recovery_vetoes')
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addColumn('channel', 'varchar(512)', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('recovery', 'varchar(64)', (column) => column.notNull())
      .addPrimaryKeyConstraint('recovery_vetoes_key', ['recovery', 'channel'])
      .execute()
  },
}
