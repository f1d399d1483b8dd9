import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // a sign-in under way: what was proved so far opens nothing until it is enough
    await db.schema
      .createTable('sign_ins')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('browser', 'varchar(64)', (column) => column.notNull())
      .addColumn('account', 'varchar(512)')
      .addColumn('typed', 'varchar(512)')
      .addColumn('proofs', 'text', (column) => column.notNull())
      .addColumn('pending', 'text')
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('sign_ins_expiry').on('sign_ins').column('expires_at').execute()
  },
}
