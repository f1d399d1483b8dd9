import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // what was noticed or reported of an account, and stands until it ends; whoever decides reads it
    await db.schema
      .createTable('risk_signals')
      .addColumn('id', 'varchar(128)', (column) => column.primaryKey())
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addColumn('kind', 'varchar(64)', (column) => column.notNull())
      .addColumn('level', 'varchar(8)', (column) => column.notNull())
      .addColumn('source', 'varchar(512)', (column) => column.notNull())
      // null: of the account; else of one session or device
      .addColumn('session', 'varchar(512)')
      .addColumn('device', 'varchar(512)')
      .addColumn('evidence', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('ends_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('risk_signals_account').on('risk_signals').columns(['account', 'ends_at']).execute()
    // what an account usually does; changed to the revision that was read, or not at all
    await db.schema
      .createTable('habits')
      .addColumn('account', 'varchar(512)', (column) => column.primaryKey())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('revision', 'integer', (column) => column.notNull())
      .execute()
    // failures, for bursts and for one network that tries many accounts
    await db.schema
      .createTable('failures')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addColumn('network', 'varchar(64)', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('failures_account').on('failures').columns(['account', 'at']).execute()
    await db.schema.createIndex('failures_network').on('failures').columns(['network', 'at']).execute()
  },
}
