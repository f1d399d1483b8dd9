import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
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
  },
}
