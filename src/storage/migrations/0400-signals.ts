import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db, { counter }) {
    // security event tokens that were taken, so that none counts twice
    await db.schema
      .createTable('received_sets')
      .addColumn('issuer', 'varchar(512)', (column) => column.notNull())
      .addColumn('jti', 'varchar(256)', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('received_sets_key', ['issuer', 'jti'])
      .execute()
    await db.schema.createIndex('received_sets_at').on('received_sets').column('at').execute()
    // what a sender last said of a device
    await db.schema
      .createTable('device_states')
      .addColumn('device', 'varchar(512)', (column) => column.notNull())
      .addColumn('source', 'varchar(512)', (column) => column.notNull())
      .addColumn('compliant', 'integer', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('device_states_key', ['device', 'source'])
      .execute()
    // which device a session was opened on
    await db.schema
      .createTable('session_devices')
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addColumn('session', 'varchar(512)', (column) => column.notNull())
      .addColumn('device', 'varchar(512)', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('session_devices_key', ['account', 'session'])
      .execute()
    await db.schema.createIndex('session_devices_device').on('session_devices').column('device').execute()
    // streams of events that others asked for
    await db.schema
      .createTable('ssf_streams')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      // the token that asked for it, and alone may manage it
      .addColumn('owner', 'varchar(64)', (column) => column.notNull())
      .addColumn('audience', 'varchar(512)', (column) => column.notNull())
      .addColumn('requested', 'text', (column) => column.notNull())
      .addColumn('method', 'varchar(8)', (column) => column.notNull())
      .addColumn('endpoint', 'varchar(2000)')
      .addColumn('delivery_header', 'varchar(2000)')
      .addColumn('description', 'varchar(500)')
      .addColumn('all_subjects', 'integer', (column) => column.notNull())
      .addColumn('status', 'varchar(16)', (column) => column.notNull())
      .addColumn('reason', 'varchar(500)')
      // the last of our events that was turned into tokens for it
      .addColumn('place', 'bigint', (column) => column.notNull())
      // milliseconds since 1970 before which nobody delivers
      .addColumn('due', 'bigint', (column) => column.notNull())
      .addColumn('tries', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('ssf_subjects')
      .addColumn('stream', 'varchar(64)', (column) => column.notNull())
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addPrimaryKeyConstraint('ssf_subjects_key', ['stream', 'account'])
      .execute()
    await db.schema
      .createTable('ssf_outbox')
      .addColumn('seq', counter, (column) => column.primaryKey())
      .addColumn('stream', 'varchar(64)', (column) => column.notNull())
      .addColumn('jti', 'varchar(64)', (column) => column.notNull())
      // claims of the token, JSON; it is signed when it is sent, by the key of that moment
      .addColumn('claims', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('ssf_outbox_stream').on('ssf_outbox').columns(['stream', 'seq']).execute()
  },
}
