import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // events that were taken, by the hash of their sender and `jti`, so that each counts once
    await db.schema
      .createTable('received_events')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('until', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('received_events_until').on('received_events').column('until').execute()
    // sessions and tokens that were cut off, by the hash of their issuer and id
    await db.schema
      .createTable('revocations')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('until', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('revocations_until').on('revocations').column('until').execute()
    // what senders last said of their streams
    await db.schema
      .createTable('signal_streams')
      .addColumn('name', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('status', 'varchar(16)', (column) => column.notNull())
      .addColumn('status_at', 'bigint', (column) => column.notNull())
      .addColumn('verified_at', 'bigint')
      .addColumn('expected_state', 'varchar(64)')
      .execute()
  },
}
