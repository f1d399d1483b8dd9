import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // so that no older list of FIDO metadata is used after a newer one
    await db.schema
      .createTable('metadata_numbers')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('number', 'bigint', (column) => column.notNull())
      .addColumn('raised_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
