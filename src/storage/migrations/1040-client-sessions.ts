import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // which clients somebody signed in to with which of our sessions, to tell them when it ends
    await db.schema
      .createTable('oidc_client_sessions')
      .addColumn('session', 'varchar(64)', (column) => column.notNull())
      .addColumn('client', 'varchar(256)', (column) => column.notNull())
      .addColumn('sid', 'varchar(128)', (column) => column.notNull())
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addPrimaryKeyConstraint('oidc_client_sessions_key', ['session', 'client', 'sid'])
      .execute()
  },
}
