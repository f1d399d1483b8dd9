/** Rows whose time is over. Nothing relies on their going: whoever reads looks at the time himself. */
import type { Database } from './database.ts'

const DAY = 86_400_000

/** Deletes what is of no use to anybody any more; to be called now and then by any node. */
export async function sweepPeople({ sql }: Database, now: number): Promise<void> {
  await sql.deleteFrom('sign_ins').where('expires_at', '<=', now).execute()
  await sql
    .deleteFrom('challenges')
    .where('expires_at', '<=', now - DAY)
    .execute()
  // a day longer than somebody may say of one that it was not his
  await sql
    .deleteFrom('pushes')
    .where('expires_at', '<=', now - 2 * DAY)
    .execute()
  await sql.deleteFrom('push_pauses').where('until', '<=', now).execute()
  await sql.deleteFrom('oidc_records').where('expires_at', '<=', now).execute()
  await sql
    .deleteFrom('failures')
    .where('at', '<=', now - DAY)
    .execute()
  await sql
    .deleteFrom('sessions')
    .where('ends_at', '<=', now - 7 * DAY)
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
