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
          for (const { key, within, most, weight } of flat(limits)) {
            if (weight > most) throw new NoRoom()
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
                  .then(weight)
                  .else(row('sent', '+', weight))
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
              .where((row) => row.or([row('started_at', '<=', now - within), row('sent', '<=', most - weight)]))
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
    async approval(prefix, now) {
      const sent = await database.sql
        .selectFrom('send_limits')
        .select('sent')
        .where('key', '=', `prefix ${prefix}`)
        .where('within_ms', '=', DAY)
        .where('started_at', '>', now - DAY)
        .executeTakeFirst()
      const told = await database.sql
        .selectFrom('send_answers')
        .select(['answered', 'delivered', 'undelivered', 'unsent'])
        .where('prefix', '=', prefix)
        .where('started_at', '>', now - DAY)
        .executeTakeFirst()
      return { sent: sent?.sent ?? 0, ...(told ?? NOTHING_TOLD) }
    },
    async note(prefix, fate, now) {
      await database.sql
        .insertInto('send_answers')
        .values({ prefix, started_at: now, ...NOTHING_TOLD, [fate]: 1 })
        .onConflict((conflict) =>
          conflict.column('prefix').doUpdateSet((row) => {
            const isOver = row('send_answers.started_at', '<=', now - DAY)
            const counted = (column: keyof typeof NOTHING_TOLD) => {
              const one = column === fate ? 1 : 0
              return row
                .case()
                .when(isOver)
                .then(one)
                .else(row(`send_answers.${column}`, '+', one))
                .end()
            }
            return {
              answered: counted('answered'),
              delivered: counted('delivered'),
              undelivered: counted('undelivered'),
              unsent: counted('unsent'),
              started_at: row.case().when(isOver).then(now).else(row.ref('send_answers.started_at')).end(),
            }
          }),
        )
        .execute()
    },
  }
}

const NOTHING_TOLD = { answered: 0, delivered: 0, undelivered: 0, unsent: 0 }

const flat = (limits: readonly Limit[]) =>
  limits
    .flatMap(({ key, windows, weight = 1 }) => windows.map((window) => ({ key, weight, ...window })))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.within - b.within))
