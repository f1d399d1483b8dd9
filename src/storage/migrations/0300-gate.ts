import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    await db.schema
      .createTable('signing_keys')
      .addColumn('kid', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('jwk', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('gate_sessions')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('issuer', 'varchar(512)', (column) => column.notNull())
      .addColumn('subject', 'varchar(512)', (column) => column.notNull())
      .addColumn('claims', 'text', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('used_at', 'bigint', (column) => column.notNull())
      .addColumn('ends_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('gate_sessions_of').on('gate_sessions').columns(['issuer', 'subject']).execute()
    await db.schema.createIndex('gate_sessions_end').on('gate_sessions').column('ends_at').execute()
    await db.schema
      .createTable('gate_returns')
      .addColumn('state', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('browser', 'varchar(64)', (column) => column.notNull())
      .addColumn('evaluation', 'varchar(64)', (column) => column.notNull())
      .addColumn('return_to', 'text', (column) => column.notNull())
      .addColumn('issuer', 'varchar(512)', (column) => column.notNull())
      .addColumn('nonce', 'varchar(64)', (column) => column.notNull())
      .addColumn('verifier', 'varchar(128)', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('gate_returns_end').on('gate_returns').column('expires_at').execute()
    await db.schema
      .createTable('used_proofs')
      .addColumn('proof', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('until', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('used_proofs_until').on('used_proofs').column('until').execute()
  },
}
