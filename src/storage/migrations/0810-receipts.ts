import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // what a receipt counts for, once the number itself is erased; see authn/send-limits.ts
    await db.schema.alterTable('outbox').addColumn('prefix', 'varchar(600)').execute()
    for (const fate of ['delivered', 'undelivered', 'unsent']) {
      await db.schema
        .alterTable('send_answers')
        .addColumn(fate, 'integer', (column) => column.notNull().defaultTo(0))
        .execute()
    }
  },
}
