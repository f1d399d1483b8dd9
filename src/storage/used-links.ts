import type { Kysely } from 'kysely'
import type { UsedLink, UsedLinkStore } from '#authn/not-me.ts'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

export function usedLinkStore({ sql }: Database): UsedLinkStore {
  return {
    async use(id, expiresAt, now) {
      await sql.deleteFrom('used_links').where('expires_at', '<=', now).execute()
      return useLink(sql, { id, expiresAt })
    },
  }
}

/** {@link UsedLinkStore.use} inside a transaction; whoever else uses it waits for the end of that. */
export async function useLink(sql: Kysely<Tables>, { id, expiresAt }: UsedLink): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await sql
    .insertInto('used_links')
    .values({ id, expires_at: expiresAt })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** Takes back {@link useLink}, where what it was for is not done in this transaction after all. */
export async function unuseLink(sql: Kysely<Tables>, { id }: UsedLink): Promise<void> {
  await sql.deleteFrom('used_links').where('id', '=', id).execute()
}
