import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // which sessions rest on a sign-in at another provider, so that they end with it
    await db.schema
      .createTable('upstream_sessions')
      .addColumn('session', 'varchar(64)', (column) => column.notNull())
      .addColumn('link', 'varchar(64)', (column) => column.notNull())
      .addColumn('sid', 'varchar(64)', (column) => column.notNull())
      .addColumn('issued_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('upstream_sessions_key', ['session', 'link', 'sid', 'issued_at'])
      .execute()
    await db.schema.createIndex('upstream_sessions_link').on('upstream_sessions').column('link').execute()
    await db.schema.createIndex('upstream_sessions_sid').on('upstream_sessions').column('sid').execute()
    // what was ended there, for sign-ins that were under way here
    await db.schema
      .createTable('upstream_ends')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
