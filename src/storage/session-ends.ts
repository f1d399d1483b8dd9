/**
 * The one way in which sessions of people end before their time: the row is ended, and those who follow the events are told, in one step.
 * Tokens that name the session ask after it at every use.
 */
import type { Kysely } from 'kysely'
import { addEvents } from './events.ts'
import { hashed } from './oidc-records.ts'
import type { Tables } from './tables.ts'

/** Which sessions: one, or those of an account that began by a time (milliseconds since 1970). */
export type Which = { readonly id: string } | { readonly account: string; readonly startedBy?: number }

/** Ends sessions; returns how many there were. `reason` is a word of ours. */
export async function endSessions(sql: Kysely<Tables>, which: Which, reason: string, now: number): Promise<number> {
  let update = sql.updateTable('sessions').set({ ended_at: now, end_reason: reason }).where('ended_at', 'is', null)
  if ('id' in which) update = update.where('id', '=', which.id)
  else {
    update = update.where('account', '=', which.account)
    if (which.startedBy !== undefined) update = update.where('started_at', '<=', which.startedBy)
  }
  const ended = await update.returning(['id', 'account', 'ends_at']).execute()
  const inForce = ended.filter(({ ends_at: endsAt }) => endsAt > now)
  const data = inForce.map(({ id: session, account }) => ({ account, session, reason }))
  await addEvents(
    sql,
    data.map((each) => ({ type: 'session.ended', data: each })),
    now,
  )
  return ended.length
}

/** Ends a token that the provider keeps; one that it does not keep is cut off by its `jti` wherever it is shown. */
export async function endOwnToken(sql: Kysely<Tables>, jti: string): Promise<void> {
  await sql
    .deleteFrom('oidc_records')
    .where('model', 'in', ['AccessToken', 'RefreshToken', 'ClientCredentials'])
    .where('id', '=', hashed(jti))
    .execute()
}
