import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db, { counter }) {
    // streams of security events to others; how far each has come is in `deliveries`
    await db.schema
      .createTable('ssf_streams')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('owner', 'varchar(256)', (column) => column.notNull())
      // what the receiver says of it, as JSON
      .addColumn('wishes', 'text', (column) => column.notNull())
      // what it is pushed with; null for none
      .addColumn('push_authorization', 'text')
      .addColumn('status', 'varchar(16)', (column) => column.notNull())
      .addColumn('reason', 'varchar(1000)')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('verify_asked_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('ssf_streams_owner').on('ssf_streams').column('owner').execute()
    // subjects that a receiver does not want to hear of
    await db.schema
      .createTable('ssf_exclusions')
      .addColumn('stream', 'varchar(64)', (column) => column.notNull())
      .addColumn('subject', 'varchar(64)', (column) => column.notNull())
      .addPrimaryKeyConstraint('ssf_exclusions_key', ['stream', 'subject'])
      .execute()
    // events of one stream alone, such as verifications
    await db.schema
      .createTable('ssf_notices')
      .addColumn('seq', counter, (column) => column.primaryKey())
      .addColumn('stream', 'varchar(64)', (column) => column.notNull())
      .addColumn('type', 'varchar(64)', (column) => column.notNull())
      .addColumn('data', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('ssf_notices_stream').on('ssf_notices').column('stream').execute()
    // events that a receiver which polls has acknowledged, before those that come before them
    await db.schema
      .createTable('ssf_acks')
      .addColumn('stream', 'varchar(64)', (column) => column.notNull())
      .addColumn('seq', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('ssf_acks_key', ['stream', 'seq'])
      .execute()
  },
}
