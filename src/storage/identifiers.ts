import type { Identifier, IdentifierStore } from '#authn/stores.ts'
import type { AuthnTables } from './authn-tables.ts'
import type { Database } from './database.ts'

export function identifierStore({ sql }: Database): IdentifierStore {
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
    async listOf(account) {
      const rows = await sql
        .selectFrom('identifiers')
        .selectAll()
        .where('account', '=', account)
        .orderBy('kind')
        .orderBy('canonical')
        .execute()
      return rows.map(fromRow)
    },
    async add(it) {
      const { numInsertedOrUpdatedRows } = await sql
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
    },
    async verify(kind, canonical, account, now, boundAtAal) {
      const { numUpdatedRows } = await sql
        .updateTable('identifiers')
        .set({ verified_at: now, bound_at_aal: boundAtAal })
        .where('kind', '=', kind)
        .where('canonical', '=', canonical)
        .where('account', '=', account)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async remove(kind, canonical, account) {
      const { numDeletedRows } = await sql
        .deleteFrom('identifiers')
        .where('kind', '=', kind)
        .where('canonical', '=', canonical)
        .where('account', '=', account)
        .executeTakeFirst()
      return numDeletedRows > 0n
    },
  }
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
