import type { UsedLinkStore } from '#authn/not-me.ts'
import type { Database } from './database.ts'

export function usedLinkStore({ sql }: Database): UsedLinkStore {
  return {
    async use(id, expiresAt, now) {
      await sql.deleteFrom('used_links').where('expires_at', '<=', now).execute()
      const { numInsertedOrUpdatedRows } = await sql
        .insertInto('used_links')
        .values({ id, expires_at: expiresAt })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirst()
      return (numInsertedOrUpdatedRows ?? 0n) > 0n
    },
  }
}
