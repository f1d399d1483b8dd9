import type { ExpressionBuilder, Kysely } from 'kysely'
import { LOCKS, type AccountState, type AccountStateStore, type AccountStatus } from '#authn/stores.ts'
import type { ChangedIn, Ending, Lock } from '#authn/stores.ts'
import { KNOWN_SIGNALS } from '#contract/decision.ts'
import { inBatches } from './batches.ts'
import { announce } from './changes.ts'
import type { Database } from './database.ts'
import { endSessions } from './session-ends.ts'
import type { Tables } from './tables.ts'

/** Topic under which other nodes learn that an account's sessions ended. */
export const ACCOUNT_CHANGED = 'account'

export function accountStateStore(database: Database): AccountStateStore {
  return {
    stateOf: inBatches((accounts: readonly string[]) => statesOf(database.sql, accounts)),
    endEverything: (account, change, now) => database.transaction((sql) => endEverythingIn(sql, account, change, now)),
  }
}

/** {@link AccountStateStore.endEverything} inside a transaction that changes something else in the same step. */
export async function endEverythingIn(
  sql: Kysely<Tables>,
  account: string,
  { locks = [], unlocks, withheldUntil, reason }: Ending,
  now: number,
): Promise<AccountState> {
  await ensureState(sql, account, now)
  await sql
    .updateTable('account_states')
    .set((row) => ({
      epoch: row('epoch', '+', 1),
      changed_at: now,
      ...Object.fromEntries(locks.map((lock) => [COLUMNS[lock], 1])),
      ...(unlocks === undefined ? {} : { [COLUMNS[unlocks]]: 0 }),
      ...(withheldUntil === undefined ? {} : { withheld_until: withheldUntil }),
    }))
    .where('account', '=', account)
    .execute()
  if (locks.length > 0 || unlocks !== undefined)
    await sql.updateTable('account_states').set({ status: statusOf }).where('account', '=', account).execute()
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

const COLUMNS = {
  administrator: 'locked_by_administrator',
  not_me: 'locked_as_not_me',
  contested_recovery: 'locked_by_recovery',
} as const satisfies Record<Lock, string>

/** What the locks amount to, for whoever asks for no more. */
const statusOf = (row: ExpressionBuilder<Tables, 'account_states'>) =>
  row
    .case()
    .when(COLUMNS.administrator, '=', 1)
    .then('disabled')
    .when(row.or([row(COLUMNS.not_me, '=', 1), row(COLUMNS.contested_recovery, '=', 1)]))
    .then('frozen')
    .else('active')
    .end()

async function ensureState(sql: Kysely<Tables>, account: string, now: number): Promise<void> {
  await sql
    .insertInto('account_states')
    .values({ account, status: 'active', epoch: 0, withheld_until: 0, changed_at: now })
    .onConflict((conflict) => conflict.column('account').doNothing())
    .execute()
}

/** The state of an account, whose row nobody else changes until this transaction ends. */
export async function lockedState(sql: Kysely<Tables>, account: string, now: number): Promise<AccountState> {
  await ensureState(sql, account, now)
  await sql
    .updateTable('account_states')
    .set((row) => ({ epoch: row.ref('epoch') }))
    .where('account', '=', account)
    .execute()
  return stateOf(sql, account)
}

/**
 * Whether this may be changed in a session of the account now. The state of the account and the session stay as they are until this
 * transaction ends, so that whoever ends the session does so before the change, which is refused then, or after it.
 */
export async function mayChange(
  sql: Kysely<Tables>,
  account: string,
  session: ChangedIn | undefined,
  now: number,
): Promise<boolean> {
  if (session == null) return true
  const { status, epoch } = await lockedState(sql, account, now)
  const { numUpdatedRows } = await sql
    .updateTable('sessions')
    .set((row) => ({ epoch: row.ref('epoch') }))
    .where('id', '=', session)
    .where('account', '=', account)
    .where('epoch', '=', epoch)
    .where('ended_at', 'is', null)
    .where('ends_at', '>', now)
    .executeTakeFirst()
  return status === 'active' && numUpdatedRows > 0n
}

const stateOf = async (sql: Kysely<Tables>, account: string): Promise<AccountState> =>
  (await statesOf(sql, [account]))[0]!

async function statesOf(sql: Kysely<Tables>, accounts: readonly string[]): Promise<AccountState[]> {
  const distinct = [...new Set(accounts)]
  const rows = await sql
    .selectFrom('account_states')
    .select(['account', 'status', 'epoch', 'withheld_until', ...Object.values(COLUMNS)])
    .where('account', 'in', distinct)
    .unionAll((from) =>
      // what a sender of security events disabled, and did not take back: such a signal has no end of its own
      from
        .selectFrom('risk_signals')
        .select(['account', 'kind as status'])
        .select((row) => [row.lit(0).as('epoch'), row.lit(0).as('withheld_until')])
        .select((row) => Object.values(COLUMNS).map((column) => row.lit(0).as(column)))
        .where('account', 'in', distinct)
        .where('ends_at', '=', Number.MAX_SAFE_INTEGER)
        .where('kind', '=', KNOWN_SIGNALS.disabled),
    )
    .execute()
  const isSignal = ({ status }: { readonly status: string }) => status === KNOWN_SIGNALS.disabled
  const disabled = new Set(rows.filter(isSignal).map(({ account }) => account))
  const own = new Map(rows.filter((row) => !isSignal(row)).map((row) => [row.account, row]))
  return accounts.map((account) => {
    const row = own.get(account)
    const status = (row?.status ?? 'active') as AccountStatus
    return {
      account,
      status: status === 'active' && disabled.has(account) ? 'disabled' : status,
      locks: row === undefined ? [] : LOCKS.filter((lock) => row[COLUMNS[lock]] === 1),
      epoch: row?.epoch ?? 0,
      withheldUntil: row?.withheld_until ?? 0,
    }
  })
}
