import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // messages that were promised; see delivery/outbox.ts
    await db.schema
      .createTable('outbox')
      .addColumn('id', 'varchar(200)', (column) => column.primaryKey())
      .addColumn('channel', 'varchar(16)', (column) => column.notNull())
      .addColumn('template', 'varchar(64)', (column) => column.notNull())
      .addColumn('language', 'varchar(16)', (column) => column.notNull())
      // address and values, sealed for this id; empty once nobody needs them
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('tries', 'integer', (column) => column.notNull())
      // nobody takes it before; while somebody has it, the end of his claim
      .addColumn('due', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('provider', 'varchar(64)')
      // what the provider calls it, to know its receipt by
      .addColumn('reference', 'varchar(256)')
      .addColumn('failure', 'varchar(256)')
      .addColumn('settled_at', 'bigint')
      .execute()
    await db.schema.createIndex('outbox_due').on('outbox').columns(['state', 'due']).execute()
    await db.schema.createIndex('outbox_reference').on('outbox').columns(['provider', 'reference']).execute()
    // links that work once
    await db.schema
      .createTable('used_links')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('used_links_expiry').on('used_links').column('expires_at').execute()
  },
}
