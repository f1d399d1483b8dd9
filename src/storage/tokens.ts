/** API tokens at rest: a token's secret is never kept, only its SHA-256, which is enough for 256 random bits. */
import type { Scope } from '#contract/scopes.ts'
import { announce } from './changes.ts'
import type { Database } from './database.ts'

/** Topic of the change that is announced when a token comes or goes. */
export const TOKENS_CHANGED = 'tokens'

export interface TokenTables {
  readonly tokens: {
    readonly id: string
    readonly name: string
    /** SHA-256 of the secret, hexadecimal */
    readonly hash: string
    /** separated by spaces */
    readonly scopes: string
    readonly created_at: number
    readonly expires_at: number | null
    readonly last_used_at: number | null
  }
}

/** Times are milliseconds since 1970. */
export interface StoredToken {
  readonly id: string
  readonly name: string
  readonly hash: string
  readonly scopes: readonly Scope[]
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly lastUsedAt: number | null
}

export async function addToken(database: Database, token: StoredToken): Promise<void> {
  await database.transaction(async (sql) => {
    await sql
      .insertInto('tokens')
      .values({
        id: token.id,
        name: token.name,
        hash: token.hash,
        scopes: token.scopes.join(' '),
        created_at: token.createdAt,
        expires_at: token.expiresAt,
        last_used_at: token.lastUsedAt,
      })
      .execute()
    await announce(sql, { topic: TOKENS_CHANGED, key: token.id }, token.createdAt)
  })
}

/** Every token, oldest first, those that have expired too. */
export async function storedTokens({ sql }: Database): Promise<StoredToken[]> {
  const rows = await sql.selectFrom('tokens').selectAll().orderBy('created_at').orderBy('id').execute()
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    hash: row.hash,
    scopes: row.scopes.split(' ') as Scope[],
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  }))
}

/** Takes a token away for good; false when there was none with this id. */
export async function removeToken(database: Database, id: string, now: number): Promise<boolean> {
  return database.transaction(async (sql) => {
    const gone = await sql.deleteFrom('tokens').where('id', '=', id).executeTakeFirst()
    if (gone.numDeletedRows === 0n) return false
    await announce(sql, { topic: TOKENS_CHANGED, key: id }, now)
    return true
  })
}

/** Notes that tokens were used; a note that is older than what is there changes nothing. */
export async function noteTokensUsed({ sql }: Database, used: ReadonlyMap<string, number>): Promise<void> {
  for (const [id, at] of used) {
    await sql
      .updateTable('tokens')
      .set({ last_used_at: at })
      .where('id', '=', id)
      .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<', at)]))
      .execute()
  }
}
