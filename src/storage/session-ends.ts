/**
 * The one way in which sessions of people end before their time: the row is ended, and those who follow the events are told, in one step.
 * Tokens that name the session ask after it at every use.
 */
import type { ExpressionBuilder, Kysely } from 'kysely'
import type { Database } from './database.ts'
import { addEvents } from './events.ts'
import { hashed } from './oidc-records.ts'
import type { Tables } from './tables.ts'

/** A session whose time was over, of which clients are told and nobody else: nothing that it gave is in force. */
export const SESSION_TIMED_OUT = 'session.timed_out'

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

/** Sessions that one step ends, so that it is short. */
const AT_ONCE = 500

/**
 * Ends what nobody used for as long as it may be idle, and what lasted as long as it may; returns how many there were, which may not be all.
 * It proves nothing since then, whether or not this was called: it is for those clients that know of it. Each is ended by one node.
 */
export async function endTimedOut(database: Pick<Database, 'sql' | 'transaction'>, now: number): Promise<number> {
  const isOver = (row: ExpressionBuilder<Tables, 'sessions'>) =>
    row.or([
      row('ends_at', '<=', now),
      row.and([row('idle_ms', 'is not', null), row(row('used_at', '+', row.ref('idle_ms')), '<=', now)]),
    ])
  return database.transaction(async (sql) => {
    const due = sql
      .selectFrom('sessions')
      .select('id')
      .where('ended_at', 'is', null)
      .where(isOver)
      .orderBy('ends_at')
      .limit(AT_ONCE)
    // asked again where it is changed: whoever used one in the meantime, or was quicker to end it, has been heard
    const ended = await sql
      .updateTable('sessions')
      .set((row) => ({
        ended_at: now,
        end_reason: row.case().when('ends_at', '<=', now).then('timed_out').else('idle').end(),
      }))
      .where('id', 'in', due)
      .where('ended_at', 'is', null)
      .where(isOver)
      .returning(['id', 'account', 'end_reason'])
      .execute()
    const known = await clientsKnow(
      sql,
      ended.map(({ id }) => id),
    )
    const data = ended
      .filter(({ id }) => known.has(id))
      .map(({ id: session, account, end_reason: reason }) => ({ account, session, reason }))
    await addEvents(
      sql,
      data.map((each) => ({ type: SESSION_TIMED_OUT, data: each })),
      now,
    )
    return ended.length
  })
}

/** Which of these sessions any client was signed in to with. */
async function clientsKnow(sql: Kysely<Tables>, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const rows = await sql
    .selectFrom('oidc_client_sessions')
    .select('session')
    .distinct()
    .where('session', 'in', [...ids])
    .execute()
  return new Set(rows.map(({ session }) => session))
}

/** Ends a token that the provider keeps; one that it does not keep is cut off by its `jti` wherever it is shown. */
export async function endOwnToken(sql: Kysely<Tables>, jti: string): Promise<void> {
  await sql
    .deleteFrom('oidc_records')
    .where('model', 'in', ['AccessToken', 'RefreshToken', 'ClientCredentials'])
    .where('id', '=', hashed(jti))
    .execute()
}
