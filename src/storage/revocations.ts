/** Sessions and tokens that were cut off before their time, by the hash of who issued them and how they are called there. */
import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Cut } from '#signals/meant.ts'
import { announce } from './changes.ts'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

export interface RevocationTables {
  readonly revocations: { readonly id: string; readonly until: number }
}

/** Topic under which every node learns of a cut; the key is its id. */
export const REVOKED = 'revoked'

export const cutId = (cut: Cut): string => {
  const [what, id] = 'sid' in cut ? ['sid', cut.sid] : ['jti', cut.jti]
  return createHash('sha256')
    .update(JSON.stringify([cut.issuer, what, id]))
    .digest('base64url')
}

/** Cuts it off until a time by which nothing of it can be in force any more (milliseconds since 1970). */
export async function cutOff(sql: Kysely<Tables>, cut: Cut, until: number, now: number): Promise<void> {
  const id = cutId(cut)
  await sql
    .insertInto('revocations')
    .values({ id, until })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ until }).where('revocations.until', '<', until))
    .execute()
  await announce(sql, { topic: REVOKED, key: id }, now)
}

export async function storedCuts({ sql }: Database, now: number): Promise<string[]> {
  const rows = await sql.selectFrom('revocations').select('id').where('until', '>', now).execute()
  return rows.map(({ id }) => id)
}
