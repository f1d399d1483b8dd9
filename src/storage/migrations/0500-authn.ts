import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // one row an account that has ever been here; the epoch ends every session and pending code of before
    await db.schema
      .createTable('account_states')
      .addColumn('account', 'varchar(512)', (column) => column.primaryKey())
      .addColumn('status', 'varchar(16)', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('withheld_until', 'bigint', (column) => column.notNull())
      .addColumn('changed_at', 'bigint', (column) => column.notNull())
      .execute()

    // what a person types or is reached by, in one canonical form
    await db.schema
      .createTable('identifiers')
      .addColumn('kind', 'varchar(16)', (column) => column.notNull())
      .addColumn('canonical', 'varchar(512)', (column) => column.notNull())
      .addColumn('shown', 'varchar(512)', (column) => column.notNull())
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addColumn('verified_at', 'bigint')
      .addColumn('added_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('identifiers_key', ['kind', 'canonical'])
      .execute()
    await db.schema.createIndex('identifiers_account').on('identifiers').column('account').execute()

    await db.schema
      .createTable('authenticators')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addColumn('kind', 'varchar(32)', (column) => column.notNull())
      .addColumn('name', 'varchar(64)', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('channel', 'varchar(512)')
      .addColumn('bound_at_aal', 'integer', (column) => column.notNull())
      // sealed: the seed, or the public key with what was attested; never shown
      .addColumn('material', 'text', (column) => column.notNull())
      .addColumn('lookup', 'varchar(512)')
      // last used TOTP step, HOTP counter or signature counter: only ever rises
      .addColumn('counter', 'bigint', (column) => column.notNull())
      .addColumn('added_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('used_at', 'bigint')
      .execute()
    await db.schema.createIndex('authenticators_account').on('authenticators').column('account').execute()
    await db.schema
      .createIndex('authenticators_lookup')
      .unique()
      .on('authenticators')
      .columns(['kind', 'lookup'])
      .execute()

    await db.schema
      .createTable('challenges')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addColumn('factor', 'varchar(32)', (column) => column.notNull())
      .addColumn('purpose', 'varchar(32)', (column) => column.notNull())
      .addColumn('browser', 'varchar(64)', (column) => column.notNull())
      .addColumn('binding', 'varchar(64)', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('mac', 'varchar(128)', (column) => column.notNull())
      .addColumn('state', 'varchar(8)', (column) => column.notNull())
      .addColumn('checks_left', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('challenges_account').on('challenges').columns(['account', 'state']).execute()
    await db.schema.createIndex('challenges_expiry').on('challenges').column('expires_at').execute()

    // one row for account, factor and pool; see authn/budget.ts
    await db.schema
      .createTable('budgets')
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addColumn('factor', 'varchar(48)', (column) => column.notNull())
      .addColumn('hour_start', 'bigint', (column) => column.notNull())
      .addColumn('hour_count', 'integer', (column) => column.notNull())
      .addColumn('day_start', 'bigint', (column) => column.notNull())
      .addColumn('day_count', 'integer', (column) => column.notNull())
      .addColumn('run_count', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('budgets_key', ['account', 'factor'])
      .execute()

    await db.schema
      .createTable('sessions')
      .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('token', 'varchar(64)', (column) => column.notNull().unique())
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('browser', 'varchar(64)', (column) => column.notNull())
      .addColumn('proofs', 'text', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('used_at', 'bigint', (column) => column.notNull())
      .addColumn('ends_at', 'bigint', (column) => column.notNull())
      .addColumn('idle_ms', 'bigint')
      .addColumn('ended_at', 'bigint')
      .addColumn('end_reason', 'varchar(64)')
      .execute()
    await db.schema.createIndex('sessions_account').on('sessions').column('account').execute()

    // browsers in which an account once signed in fully; they have a budget of their own
    await db.schema
      .createTable('browsers')
      .addColumn('browser', 'varchar(64)', (column) => column.notNull())
      .addColumn('account', 'varchar(512)', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('known_since', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('browsers_key', ['browser', 'account'])
      .execute()
  },
}
