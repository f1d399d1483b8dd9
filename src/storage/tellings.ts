import type { Kysely } from 'kysely'
import type { Telling, TellingStore } from '#authn/tellings.ts'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

export interface TellingTables {
  readonly tellings: { readonly id: string; readonly body: string; readonly due_at: number }
}

/** Milliseconds for which whoever is to tell something is left to do so; longer than any record or message waits for the store. Ours. */
const LEFT_MS = 60_000
/** Most that are given out by one look. */
const AT_ONCE = 100

/** Keeps what is to be told, in the transaction that makes it so. */
export async function keepTellings(sql: Kysely<Tables>, tellings: readonly Telling[], now: number): Promise<void> {
  if (tellings.length === 0) return
  const rows = tellings.map((it) => ({ id: it.id, body: JSON.stringify(it), due_at: now + LEFT_MS }))
  await sql.insertInto('tellings').values(rows).execute()
}

export function tellingStore({ sql }: Database): TellingStore {
  return {
    async overdue(now) {
      const due = await sql
        .selectFrom('tellings')
        .selectAll()
        .where('due_at', '<=', now)
        .orderBy('due_at')
        .limit(AT_ONCE)
        .execute()
      const mine: Telling[] = []
      for (const { id, body, due_at: was } of due) {
        const { numUpdatedRows } = await sql
          .updateTable('tellings')
          .set({ due_at: now + LEFT_MS })
          .where('id', '=', id)
          .where('due_at', '=', was)
          .executeTakeFirst()
        if (numUpdatedRows > 0n) mine.push(JSON.parse(body) as Telling)
      }
      return mine
    },
    async forget(id) {
      await sql.deleteFrom('tellings').where('id', '=', id).execute()
    },
  }
}
