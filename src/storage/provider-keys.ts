/** The signing keys of the provider, sealed. All nodes read the same rows, so they agree on which key signs when. */
import type { Kysely } from 'kysely'
import { announce } from './changes.ts'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

/** Times are milliseconds since 1970. */
export interface ProviderKeyTables {
  readonly provider_keys: {
    readonly kid: string
    readonly sealed: string
    readonly created_at: number
    readonly signs_at: number
  }
}

/** Topic under which every node learns of other keys. */
export const PROVIDER_KEYS_CHANGED = 'provider_keys'

export interface StoredProviderKey {
  readonly kid: string
  /** a private JWK, sealed */
  readonly sealed: string
  readonly signsAt: number
}

/** All of them, in the order in which they sign. */
export async function providerKeys({ sql }: Pick<Database, 'sql'>): Promise<StoredProviderKey[]> {
  const rows = await sql.selectFrom('provider_keys').selectAll().orderBy('signs_at').orderBy('kid').execute()
  return rows.map(({ kid, sealed, signs_at: signsAt }) => ({ kid, sealed, signsAt }))
}

async function add(sql: Kysely<Tables>, { kid, sealed, signsAt }: StoredProviderKey, now: number): Promise<void> {
  await sql
    .insertInto('provider_keys')
    .values({ kid, sealed, created_at: now, signs_at: signsAt })
    .onConflict((conflict) => conflict.column('kid').doNothing())
    .execute()
  await announce(sql, { topic: PROVIDER_KEYS_CHANGED, key: kid }, now)
}

/** Adds a key, unless another node was quicker to add one of this id. */
export const addProviderKey = (database: Database, key: StoredProviderKey, now: number): Promise<void> =>
  database.transaction((sql) => add(sql, key, now))

/** Puts a key in place of all others, at once. */
export const replaceProviderKeys = (database: Database, key: StoredProviderKey, now: number): Promise<void> =>
  database.transaction(async (sql) => {
    await add(sql, key, now)
    await sql.deleteFrom('provider_keys').where('kid', '!=', key.kid).execute()
  })

/** Has a key sign earlier than it was to. */
export const hastenProviderKey = (database: Database, kid: string, signsAt: number, now: number): Promise<void> =>
  database.transaction(async (sql) => {
    await sql
      .updateTable('provider_keys')
      .set({ signs_at: signsAt })
      .where('kid', '=', kid)
      .where('signs_at', '>', signsAt)
      .execute()
    await announce(sql, { topic: PROVIDER_KEYS_CHANGED, key: kid }, now)
  })

export async function dropProviderKeys({ sql }: Database, kids: readonly string[]): Promise<void> {
  if (kids.length > 0)
    await sql
      .deleteFrom('provider_keys')
      .where('kid', 'in', [...kids])
      .execute()
}
