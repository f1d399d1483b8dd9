import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    await db.schema
      .createTable('pushes')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addColumn('device', 'varchar(128)', (column) => column.notNull())
      // null while the device is being enrolled
      .addColumn('authenticator', 'varchar(64)')
      .addColumn('purpose', 'varchar(32)', (column) => column.notNull())
      .addColumn('browser', 'varchar(64)', (column) => column.notNull())
      .addColumn('binding', 'varchar(64)', (column) => column.notNull())
      .addColumn('session', 'varchar(64)')
      .addColumn('access', 'text')
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('mac', 'varchar(128)', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('checks_left', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('answered_at', 'bigint')
      .execute()
    // of one account, one is outstanding at most, whatever the program does
    await db.schema
      .createIndex('pushes_outstanding')
      .unique()
      .on('pushes')
      .column('account')
      .where(sql`state`, 'in', sql`('waiting', 'matched', 'approved')`)
      .execute()
    await db.schema.createIndex('pushes_expiry').on('pushes').column('expires_at').execute()
    // an account or a device that is sent none until a time
    await db.schema
      .createTable('push_pauses')
      .addColumn('key', 'varchar(600)', (column) => column.primaryKey())
      .addColumn('until', 'bigint', (column) => column.notNull())
      .execute()
  },
}
