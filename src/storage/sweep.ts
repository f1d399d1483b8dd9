/** Rows whose time is over. Nothing relies on their going: whoever reads looks at the time himself. */
import type { Database } from './database.ts'

const DAY = 86_400_000

/** Columns that say when a row is over, in milliseconds since 1970, and how long after that it is kept; ours. */
const KEPT = [
  { table: 'sign_ins', column: 'expires_at', forMs: 0 },
  { table: 'challenges', column: 'expires_at', forMs: DAY },
  // a day longer than somebody may say of one that it was not his
  { table: 'pushes', column: 'expires_at', forMs: 2 * DAY },
  { table: 'push_pauses', column: 'until', forMs: 0 },
  { table: 'oidc_records', column: 'expires_at', forMs: 0 },
  { table: 'oidc_device_polls', column: 'expires_at', forMs: 0 },
  { table: 'failures', column: 'at', forMs: DAY },
  { table: 'sessions', column: 'ends_at', forMs: 7 * DAY },
] as const

/** Deletes what is of no use to anybody any more; to be called now and then by any node. */
export async function sweepPeople({ sql }: Database, now: number): Promise<void> {
  for (const { table, column, forMs } of KEPT)
    await sql
      .deleteFrom(table)
      .where(sql.dynamic.ref(column), '<=', now - forMs)
      .execute()
  await sql
    .deleteFrom('upstream_sessions')
    .where((row) =>
      row.not(
        row.exists(
          row.selectFrom('sessions').select('sessions.id').whereRef('sessions.id', '=', 'upstream_sessions.session'),
        ),
      ),
    )
    // one that is about to begin is noted before it does
    .where('issued_at', '<=', Math.floor((now - DAY) / 1000))
    .execute()
  await sql
    .deleteFrom('oidc_client_sessions')
    .where((row) =>
      row.not(
        row.exists(
          row.selectFrom('sessions').select('sessions.id').whereRef('sessions.id', '=', 'oidc_client_sessions.session'),
        ),
      ),
    )
    .execute()
  await sql
    .deleteFrom('upstream_ends')
    .where('at', '<=', Math.floor((now - 2 * DAY) / 1000))
    .execute()
  // guesses at names that nobody has, and of sessions that are over, once no window counts them any more
  await sql
    .deleteFrom('budgets')
    .where((row) => row.or([row('account', 'like', '? %'), row('account', 'like', 'session %')]))
    .where('day_start', '<=', now - 2 * DAY)
    .execute()
}
