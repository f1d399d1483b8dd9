import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const migration: Migration = {
  async up(db) {
    // why an account is shut, so that what lifts one lock leaves the others; `status` stays what they amount to
    for (const name of ['locked_by_administrator', 'locked_as_not_me', 'locked_by_recovery'])
      await db.schema
        .alterTable('account_states')
        .addColumn(name, 'integer', (column) => column.notNull().defaultTo(0))
        .execute()
    await sql`update account_states set locked_by_administrator = 1 where status = 'disabled'`.execute(db)
    const contested = sql`exists (select 1 from recoveries where recoveries.account = account_states.account and state = 'frozen')`
    await sql`update account_states set locked_by_recovery = 1 where ${contested}`.execute(db)
    // nothing says why an account was frozen: so it stays until both were looked at
    await sql`update account_states set locked_as_not_me = 1 where status = 'frozen'`.execute(db)
  },
}
