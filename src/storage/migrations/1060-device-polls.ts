import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // how often clients ask about the codes of devices
    await db.schema
      .createTable('oidc_device_polls')
      // a hash, as in oidc_records
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('polled_at', 'bigint', (column) => column.notNull())
      .addColumn('interval_ms', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
