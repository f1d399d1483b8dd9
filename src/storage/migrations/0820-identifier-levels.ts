import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // so far only administrators recorded addresses
    await db.schema
      .alterTable('identifiers')
      .addColumn('bound_at_aal', 'integer', (column) => column.notNull().defaultTo(2))
      .execute()
  },
}
