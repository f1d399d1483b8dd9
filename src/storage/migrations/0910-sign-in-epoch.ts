import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // the epoch of the account when the proofs were given
    await db.schema
      .alterTable('sign_ins')
      .addColumn('epoch', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
  },
}
