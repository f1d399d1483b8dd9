import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db, { counter }) {
    await db.schema
      .createTable('events')
      .addColumn('seq', counter, (column) => column.primaryKey())
      .addColumn('type', 'varchar(64)', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('data', 'text', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('event_lock')
      .addColumn('one', 'integer', (column) => column.primaryKey())
      .execute()
    await sql`insert into event_lock (one) values (1)`.execute(db)
    await db.schema
      .createTable('deliveries')
      .addColumn('receiver', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('seq', 'bigint', (column) => column.notNull())
      .addColumn('tries', 'integer', (column) => column.notNull())
      .addColumn('due', 'bigint', (column) => column.notNull())
      .addColumn('failure', 'varchar(500)')
      .execute()
  },
}
