import type { Insertable, Kysely, Selectable } from 'kysely'
import type { FactorName } from '#authn/factors.ts'
import type { AuthenticatorStore, EnrolledAuthenticator } from '#authn/stores.ts'
import { systemClock, type Clock } from '#lib/clock.ts'
import { endEverythingIn, lockedState, mayChange } from './account-states.ts'
import type { AuthnTables } from './authn-tables.ts'
import { inBatches, rowsOf } from './batches.ts'
import { tellCredentials } from './credential-events.ts'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'
import { keepTellings } from './tellings.ts'

export function authenticatorStore(database: Database, clock: Clock = systemClock): AuthenticatorStore {
  const { sql } = database
  const listOf = inBatches((accounts: readonly string[]) => authenticatorsOf(sql, accounts))
  const useCounter = inBatches(
    (uses: readonly Use[]) => useAll(database, uses),
    ({ id }) => id,
  )
  const live = (id: string, account: string, now: number) =>
    sql
      .updateTable('authenticators')
      .where('id', '=', id)
      .where('account', '=', account)
      .where('state', '=', 'active')
      .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', now)]))
  return {
    enrol: (it, session) =>
      database.transaction(async (inside) => {
        if (!(await mayChange(inside, it.account, session, clock()))) return false
        await inside.insertInto('authenticators').values(rowOf(it)).execute()
        if (it.state === 'active') await tellCredentials(inside, [it], 'create', clock())
        return true
      }),
    replace: (account, kind, authenticators, session) =>
      database.transaction(async (inside) => {
        const now = clock()
        await lockedState(inside, account, now)
        if (!(await mayChange(inside, account, session, now))) return false
        const before = await inside
          .updateTable('authenticators')
          .set({ state: 'removed' })
          .where('account', '=', account)
          .where('kind', '=', kind)
          .where('state', '<>', 'removed')
          .returning(['account', 'kind'])
          .execute()
        await tellCredentials(inside, before, 'delete', now)
        await inside.insertInto('authenticators').values(authenticators.map(rowOf)).execute()
        await tellCredentials(inside, authenticators, 'create', now)
        return true
      }),
    listOf,
    async findBy(kind, lookup) {
      const row = await sql
        .selectFrom('authenticators')
        .selectAll()
        .where('kind', '=', kind)
        .where('lookup', '=', lookup)
        .where('state', '<>', 'removed')
        .executeTakeFirst()
      return row === undefined ? null : fromRow(row)
    },
    useCounter: (id, account, counter, now) => useCounter({ id, account, counter, now }),
    async useOnce(id, account, now) {
      const { numUpdatedRows } = await live(id, account, now).set({ state: 'removed', used_at: now }).executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async touch(id, account, now) {
      const { numUpdatedRows } = await live(id, account, now).set({ used_at: now }).executeTakeFirst()
      return numUpdatedRows > 0n
    },
    setState: (id, account, from, to, session) =>
      database.transaction(async (inside) => {
        if (!(await mayChange(inside, account, session, clock()))) return false
        return moveAuthenticator(inside, { id, account }, from, to, clock())
      }),
    suspend: (id, account, reason, tellings, now) =>
      database.transaction(async (inside) => {
        // in the order of every step that ends things: the account first
        await lockedState(inside, account, now)
        if (!(await moveAuthenticator(inside, { id, account }, ['active'], 'suspended', now))) return false
        await endEverythingIn(inside, account, { reason }, now)
        await keepTellings(inside, tellings, now)
        return true
      }),
    async pageOf(kind, after, count) {
      const rows = await sql
        .selectFrom('authenticators')
        .selectAll()
        .where('kind', '=', kind)
        .where('state', '=', 'active')
        .where('id', '>', after)
        .orderBy('id')
        .limit(count)
        .execute()
      return rows.map(fromRow)
    },
    rename: (id, account, name, session) =>
      database.transaction(async (inside) => {
        if (!(await mayChange(inside, account, session, clock()))) return false
        const { numUpdatedRows } = await inside
          .updateTable('authenticators')
          .set({ name })
          .where('id', '=', id)
          .where('account', '=', account)
          .where('state', '<>', 'removed')
          .executeTakeFirst()
        return numUpdatedRows > 0n
      }),
  }
}

/** {@link AuthenticatorStore.setState} inside a transaction. */
export async function moveAuthenticator(
  sql: Kysely<Tables>,
  { id, account }: Pick<EnrolledAuthenticator, 'id' | 'account'>,
  from: readonly EnrolledAuthenticator['state'][],
  to: EnrolledAuthenticator['state'],
  now: number,
): Promise<boolean> {
  const changed = await sql
    .updateTable('authenticators')
    .set({ state: to })
    .where('id', '=', id)
    .where('account', '=', account)
    .where('state', 'in', [...from])
    .returning(['account', 'kind'])
    .execute()
  const change =
    to === 'removed' ? 'delete' : to === 'suspended' ? 'revoke' : from.includes('pending') ? 'create' : 'update'
  await tellCredentials(sql, changed, change, now)
  return changed.length > 0
}

/** What each account has enrolled, oldest first. */
export async function authenticatorsOf(
  sql: Kysely<Tables>,
  accounts: readonly string[],
): Promise<EnrolledAuthenticator[][]> {
  const rows = await sql
    .selectFrom('authenticators')
    .selectAll()
    .where('account', 'in', [...new Set(accounts)])
    .where('state', '<>', 'removed')
    .orderBy('added_at')
    .orderBy('id')
    .execute()
  const of = Map.groupBy(rows.map(fromRow), ({ account }) => account)
  return accounts.map((account) => of.get(account) ?? [])
}

const USE = { id: 'text', account: 'text', counter: 'bigint', now: 'bigint' } as const
interface Use {
  readonly id: string
  readonly account: string
  readonly counter: number
  readonly now: number
}

async function useAll(database: Database, uses: readonly Use[]): Promise<boolean[]> {
  const rows = await database.sql
    .updateTable('authenticators')
    .from(rowsOf(database, 'asked', USE, uses))
    .set((row) => ({ counter: row.ref('asked.counter'), used_at: row.ref('asked.now') }))
    .whereRef('authenticators.id', '=', 'asked.id')
    .whereRef('authenticators.account', '=', 'asked.account')
    .whereRef('authenticators.counter', '<', 'asked.counter')
    .where('state', '=', 'active')
    .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', row.ref('asked.now'))]))
    .returning('authenticators.id')
    .execute()
  const used = new Set(rows.map(({ id }) => id))
  return uses.map(({ id }) => used.has(id))
}

const rowOf = (it: EnrolledAuthenticator): Insertable<AuthnTables['authenticators']> => ({
  id: it.id,
  account: it.account,
  kind: it.kind,
  name: it.name,
  state: it.state,
  channel: it.channel,
  bound_at_aal: it.boundAtAal,
  material: it.material,
  lookup: it.lookup,
  counter: it.counter,
  added_at: it.addedAt,
  expires_at: it.expiresAt,
  used_at: it.usedAt,
})

function fromRow(row: Selectable<AuthnTables['authenticators']>): EnrolledAuthenticator {
  return {
    id: row.id,
    account: row.account,
    kind: row.kind as FactorName,
    name: row.name,
    state: row.state as EnrolledAuthenticator['state'],
    channel: row.channel,
    boundAtAal: row.bound_at_aal,
    material: row.material,
    lookup: row.lookup,
    counter: row.counter,
    addedAt: row.added_at,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
  }
}
