import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // what a stream is pushed with, sealed. What stands in `push_authorization` as it is gets sealed by the next node that has
    // the key, since the store knows none; nothing is written there any more
    await db.schema.alterTable('ssf_streams').addColumn('push_sealed', 'text').execute()
  },
}
