import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    await db.schema
      .createTable('provider_keys')
      .addColumn('kid', 'varchar(64)', (column) => column.primaryKey())
      // a private JWK, sealed by the keyring
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
