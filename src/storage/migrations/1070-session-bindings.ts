import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // the key of the browser that a session is bound to (W3C DBSC), and how often it was proved; null where it is bound to none
    for (const [name, type] of [
      ['binding', 'varchar(64)'],
      ['binding_key', 'text'],
      ['binding_since', 'bigint'],
      ['binding_uses', 'integer'],
    ] as const) {
      await db.schema.alterTable('sessions').addColumn(name, type).execute()
    }
    await db.schema.createIndex('sessions_by_binding').on('sessions').column('binding').execute()
  },
}
