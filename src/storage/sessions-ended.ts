/** Ends of sessions and tokens of our own provider that others ask for. */
import type { Kysely } from 'kysely'
import { ACCOUNT_CHANGED } from './account-states.ts'
import { announce } from './changes.ts'
import type { Tables } from './tables.ts'

/** Ends the sessions of an account that began before a time; what began later proved anew. */
export async function endSessionsBefore(
  sql: Kysely<Tables>,
  account: string,
  { at, event }: { readonly at: number; readonly event: string },
  now: number,
): Promise<void> {
  await sql
    .updateTable('sessions')
    .set({ ended_at: now, end_reason: event })
    .where('account', '=', account)
    .where('started_at', '<=', at)
    .where('ended_at', 'is', null)
    .execute()
  await announce(sql, { topic: ACCOUNT_CHANGED, key: account }, now)
}

export async function endOwnSession(sql: Kysely<Tables>, id: string, event: string, now: number): Promise<void> {
  await sql
    .updateTable('sessions')
    .set({ ended_at: now, end_reason: event })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .execute()
}

/** Ends a token that the provider keeps; one that it does not keep is cut off by its `jti` wherever it is shown. */
export async function endOwnToken(sql: Kysely<Tables>, jti: string): Promise<void> {
  await sql
    .deleteFrom('oidc_records')
    .where('model', 'in', ['AccessToken', 'RefreshToken', 'ClientCredentials'])
    .where('id', '=', jti)
    .execute()
}
