import type { Kysely } from 'kysely'
import type { Identifier, IdentifierStore } from '#authn/stores.ts'
import { systemClock, type Clock } from '#lib/clock.ts'
import { mayChange } from './account-states.ts'
import type { AuthnTables } from './authn-tables.ts'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

export function identifierStore(database: Database, clock: Clock = systemClock): IdentifierStore {
  const { sql } = database
  return {
    async find(kind, canonical) {
      const row = await sql
        .selectFrom('identifiers')
        .selectAll()
        .where('kind', '=', kind)
        .where('canonical', '=', canonical)
        .executeTakeFirst()
      return row === undefined ? null : fromRow(row)
    },
    listOf: (account) => identifiersOf(sql, account),
    add: (it, session) =>
      database.transaction(async (inside) => {
        if (!(await mayChange(inside, it.account, session, clock()))) return false
        const { numInsertedOrUpdatedRows } = await inside
          .insertInto('identifiers')
          .values({
            kind: it.kind,
            canonical: it.canonical,
            shown: it.shown,
            account: it.account,
            verified_at: it.verifiedAt,
            added_at: it.addedAt,
            bound_at_aal: it.boundAtAal,
          })
          .onConflict((conflict) => conflict.columns(['kind', 'canonical']).doNothing())
          .executeTakeFirst()
        return (numInsertedOrUpdatedRows ?? 0n) > 0n
      }),
    verify: (kind, canonical, account, now, boundAtAal, session) =>
      database.transaction(async (inside) => {
        if (!(await mayChange(inside, account, session, now))) return false
        const { numUpdatedRows } = await inside
          .updateTable('identifiers')
          .set({ verified_at: now, bound_at_aal: boundAtAal })
          .where('kind', '=', kind)
          .where('canonical', '=', canonical)
          .where('account', '=', account)
          .executeTakeFirst()
        return numUpdatedRows > 0n
      }),
    remove: (kind, canonical, account) => removeIdentifier(sql, { kind, canonical }, account),
  }
}

export async function identifiersOf(sql: Kysely<Tables>, account: string): Promise<Identifier[]> {
  const rows = await sql
    .selectFrom('identifiers')
    .selectAll()
    .where('account', '=', account)
    .orderBy('kind')
    .orderBy('canonical')
    .execute()
  return rows.map(fromRow)
}

/** False where it is not, or no more, the account's. */
export async function removeIdentifier(
  sql: Kysely<Tables>,
  { kind, canonical }: Pick<Identifier, 'kind' | 'canonical'>,
  account: string,
): Promise<boolean> {
  const { numDeletedRows } = await sql
    .deleteFrom('identifiers')
    .where('kind', '=', kind)
    .where('canonical', '=', canonical)
    .where('account', '=', account)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

function fromRow(row: AuthnTables['identifiers']): Identifier {
  return {
    kind: row.kind as Identifier['kind'],
    canonical: row.canonical,
    shown: row.shown,
    account: row.account,
    verifiedAt: row.verified_at,
    addedAt: row.added_at,
    boundAtAal: row.bound_at_aal,
  }
}
