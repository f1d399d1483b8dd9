import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db, { bytes }) {
    await db.schema
      .createTable('audit_chains')
      .addColumn('chain', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('node', 'varchar(255)', (column) => column.notNull().unique())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('head_seq', 'bigint', (column) => column.notNull())
      .addColumn('head_hash', 'varchar(64)', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('audit_blocks')
      .addColumn('chain', 'varchar(64)', (column) => column.notNull())
      .addColumn('first_seq', 'bigint', (column) => column.notNull())
      .addColumn('last_seq', 'bigint', (column) => column.notNull())
      .addColumn('prev_hash', 'varchar(64)', (column) => column.notNull())
      .addColumn('last_hash', 'varchar(64)', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('body', bytes)
      .addPrimaryKeyConstraint('audit_blocks_pk', ['chain', 'first_seq'])
      .execute()
    await db.schema
      .createTable('audit_checkpoints')
      .addColumn('chain', 'varchar(64)', (column) => column.notNull())
      .addColumn('number', 'bigint', (column) => column.notNull())
      .addColumn('text', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('audit_checkpoints_pk', ['chain', 'number'])
      .execute()
    await db.schema
      .createTable('audit_cuts')
      .addColumn('chain', 'varchar(64)', (column) => column.notNull())
      .addColumn('through', 'bigint', (column) => column.notNull())
      .addColumn('text', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('audit_cuts_pk', ['chain', 'through'])
      .execute()
    await db.schema
      .createTable('audit_keys')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('public_key', 'text', (column) => column.notNull())
      .addColumn('secret', 'text')
      .execute()
  },
}
