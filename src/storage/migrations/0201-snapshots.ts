import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db, { bytes }) {
    await db.schema
      .createTable('snapshots')
      .addColumn('id', 'varchar(80)', (column) => column.primaryKey())
      .addColumn('body', 'varchar(40)', (column) => column.notNull())
      .addColumn('base', 'varchar(80)')
      .addColumn('links', 'integer', (column) => column.notNull())
      .addColumn('facts', 'bigint', (column) => column.notNull())
      .addColumn('accounts', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('turn', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('snapshot_chunks')
      .addColumn('body', 'varchar(40)', (column) => column.notNull())
      .addColumn('position', 'integer', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('bytes', bytes, (column) => column.notNull())
      .addPrimaryKeyConstraint('snapshot_chunks_key', ['body', 'position'] as never)
      .execute()
    await db.schema
      .createTable('snapshot_current')
      .addColumn('one', 'integer', (column) => column.primaryKey())
      .addColumn('id', 'varchar(80)')
      .addColumn('turn', 'bigint', (column) => column.notNull())
      .execute()
    await sql`insert into snapshot_current (one, id, turn) values (1, null, 0)`.execute(db)
    await db.schema
      .createTable('ingests')
      .addColumn('key', 'varchar(300)', (column) => column.primaryKey())
      .addColumn('fingerprint', 'varchar(80)', (column) => column.notNull())
      .addColumn('answer', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
