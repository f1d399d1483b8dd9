import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // one table for every model of the provider: codes, tokens, grants, sessions, interactions, replay marks
    await db.schema
      .createTable('oidc_records')
      .addColumn('model', 'varchar(64)', (column) => column.notNull())
      // a hash: whoever reads the table has no code and no token
      .addColumn('id', 'varchar(64)', (column) => column.notNull())
      .addColumn('payload', 'text', (column) => column.notNull())
      .addColumn('grant_id', 'varchar(64)')
      .addColumn('user_code', 'varchar(64)')
      .addColumn('uid', 'varchar(128)')
      .addColumn('consumed_at', 'bigint')
      .addColumn('expires_at', 'bigint')
      .addPrimaryKeyConstraint('oidc_records_key', ['model', 'id'])
      .execute()
    await db.schema.createIndex('oidc_records_grant').on('oidc_records').column('grant_id').execute()
    await db.schema.createIndex('oidc_records_uid').on('oidc_records').columns(['model', 'uid']).execute()
    await db.schema.createIndex('oidc_records_user_code').on('oidc_records').columns(['model', 'user_code']).execute()
    await db.schema.createIndex('oidc_records_expiry').on('oidc_records').column('expires_at').execute()
    // which of our sessions a session of the provider stands on
    await db.schema
      .createTable('oidc_sessions')
      .addColumn('uid', 'varchar(128)', (column) => column.primaryKey())
      .addColumn('session', 'varchar(64)', (column) => column.notNull())
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addColumn('linked_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
