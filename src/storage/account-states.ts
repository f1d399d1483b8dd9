import type { Kysely } from 'kysely'
import type { AccountState, AccountStateStore, AccountStatus } from '#authn/stores.ts'
import { KNOWN_SIGNALS } from '#contract/decision.ts'
import { announce } from './changes.ts'
import type { Database } from './database.ts'
import { endSessions } from './session-ends.ts'
import type { Tables } from './tables.ts'

/** Topic under which other nodes learn that an account's sessions ended. */
export const ACCOUNT_CHANGED = 'account'

export function accountStateStore(database: Database): AccountStateStore {
  return {
    stateOf: (account) => stateOf(database.sql, account),
    endEverything: (account, change, now) => database.transaction((sql) => endEverythingIn(sql, account, change, now)),
  }
}

/** {@link AccountStateStore.endEverything} inside a transaction that changes something else in the same step. */
export async function endEverythingIn(
  sql: Kysely<Tables>,
  account: string,
  { status, withheldUntil, reason }: Parameters<AccountStateStore['endEverything']>[1],
  now: number,
): Promise<AccountState> {
  await sql
    .insertInto('account_states')
    .values({ account, status: 'active', epoch: 0, withheld_until: 0, changed_at: now })
    .onConflict((conflict) => conflict.column('account').doNothing())
    .execute()
  await sql
    .updateTable('account_states')
    .set((row) => ({
      epoch: row('epoch', '+', 1),
      changed_at: now,
      ...(status === undefined ? {} : { status }),
      ...(withheldUntil === undefined ? {} : { withheld_until: withheldUntil }),
    }))
    .where('account', '=', account)
    .execute()
  await endSessions(sql, { account }, reason, now)
  await sql
    .updateTable('challenges')
    .set({ state: 'dead' })
    .where('account', '=', account)
    .where('state', '=', 'open')
    .execute()
  await sql.deleteFrom('browsers').where('account', '=', account).execute()
  await announce(sql, { topic: ACCOUNT_CHANGED, key: account }, now)
  return stateOf(sql, account)
}

/** The state of an account, whose row nobody else changes until this transaction ends. */
export async function lockedState(sql: Kysely<Tables>, account: string, now: number): Promise<AccountState> {
  await sql
    .insertInto('account_states')
    .values({ account, status: 'active', epoch: 0, withheld_until: 0, changed_at: now })
    .onConflict((conflict) => conflict.column('account').doNothing())
    .execute()
  await sql
    .updateTable('account_states')
    .set((row) => ({ epoch: row.ref('epoch') }))
    .where('account', '=', account)
    .execute()
  return stateOf(sql, account)
}

export async function stateOf(sql: Kysely<Tables>, account: string): Promise<AccountState> {
  const row = await sql.selectFrom('account_states').selectAll().where('account', '=', account).executeTakeFirst()
  const own = (row?.status ?? 'active') as AccountStatus
  const status = own === 'active' && (await isDisabledByOthers(sql, account)) ? 'disabled' : own
  return { account, status, epoch: row?.epoch ?? 0, withheldUntil: row?.withheld_until ?? 0 }
}

/** Whether a sender of security events disabled it, and did not take that back: such a signal has no end of its own. */
async function isDisabledByOthers(sql: Kysely<Tables>, account: string): Promise<boolean> {
  const row = await sql
    .selectFrom('risk_signals')
    .select('id')
    .where('account', '=', account)
    .where('ends_at', '=', Number.MAX_SAFE_INTEGER)
    .where('kind', '=', KNOWN_SIGNALS.disabled)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
