import type { Database } from './database.ts'

export interface ProviderKeyTables {
  readonly provider_keys: { readonly kid: string; readonly sealed: string; readonly created_at: number }
}

/** The sealed signing key of this id: the one that is there, or the one given; of nodes that begin together, all get the same. */
export async function providerKey({ sql }: Database, kid: string, sealed: string, now: number): Promise<string> {
  await sql
    .insertInto('provider_keys')
    .values({ kid, sealed, created_at: now })
    .onConflict((conflict) => conflict.column('kid').doNothing())
    .execute()
  const row = await sql.selectFrom('provider_keys').select('sealed').where('kid', '=', kid).executeTakeFirstOrThrow()
  return row.sealed
}
