import type { Limit, SendLimitStore } from '#authn/send-limits.ts'
import type { Database } from './database.ts'

const DAY = 86_400_000

/** Thrown to undo what was counted when one limit has no room. */
class NoRoom extends Error {}

export function sendLimitStore(database: Database): SendLimitStore {
  return {
    async take(limits, now) {
      try {
        await database.transaction(async (sql) => {
          // always in the same order, so that two that count at once cannot wait for each other
          for (const { key, within, most } of flat(limits)) {
            await sql
              .insertInto('send_limits')
              .values({ key, within_ms: within, started_at: now, sent: 0 })
              .onConflict((conflict) => conflict.columns(['key', 'within_ms']).doNothing())
              .execute()
            const { numUpdatedRows } = await sql
              .updateTable('send_limits')
              .set((row) => ({
                sent: row
                  .case()
                  .when('started_at', '<=', now - within)
                  .then(1)
                  .else(row('sent', '+', 1))
                  .end(),
                started_at: row
                  .case()
                  .when('started_at', '<=', now - within)
                  .then(now)
                  .else(row.ref('started_at'))
                  .end(),
              }))
              .where('key', '=', key)
              .where('within_ms', '=', within)
              .where((row) => row.or([row('started_at', '<=', now - within), row('sent', '<', most)]))
              .executeTakeFirst()
            if (numUpdatedRows === 0n) throw new NoRoom()
          }
        })
        return true
      } catch (error) {
        if (error instanceof NoRoom) return false
        throw error
      }
    },
    async answered(prefix, now) {
      const sent = await database.sql
        .selectFrom('send_limits')
        .select('sent')
        .where('key', '=', `prefix ${prefix}`)
        .where('within_ms', '=', DAY)
        .where('started_at', '>', now - DAY)
        .executeTakeFirst()
      const answers = await database.sql
        .selectFrom('send_answers')
        .select('answered')
        .where('prefix', '=', prefix)
        .where('started_at', '>', now - DAY)
        .executeTakeFirst()
      return { sent: sent?.sent ?? 0, answered: answers?.answered ?? 0 }
    },
    async noteAnswer(prefix, now) {
      await database.sql
        .insertInto('send_answers')
        .values({ prefix, started_at: now, answered: 1 })
        .onConflict((conflict) =>
          conflict.column('prefix').doUpdateSet((row) => ({
            answered: row
              .case()
              .when('send_answers.started_at', '<=', now - DAY)
              .then(1)
              .else(row('send_answers.answered', '+', 1))
              .end(),
            started_at: row
              .case()
              .when('send_answers.started_at', '<=', now - DAY)
              .then(now)
              .else(row.ref('send_answers.started_at'))
              .end(),
          })),
        )
        .execute()
    },
  }
}

const flat = (limits: readonly Limit[]) =>
  limits
    .flatMap(({ key, windows }) => windows.map((window) => ({ key, ...window })))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.within - b.within))
