import type { Budget } from '#authn/budget.ts'
import type { BudgetStore } from '#authn/stores.ts'
import type { Database } from './database.ts'

const HOUR = 3_600_000
const DAY = 86_400_000

export function budgetStore(database: Database): BudgetStore {
  return {
    async reserve(account, factor, pool, budget, now) {
      const key = `${factor}/${pool}`
      if (await counted(database, account, key, budget, now)) return { granted: true }
      await database.sql
        .insertInto('budgets')
        .values({ account, factor: key, hour_start: now, hour_count: 0, day_start: now, day_count: 0, run_count: 0 })
        .onConflict((conflict) => conflict.columns(['account', 'factor']).doNothing())
        .execute()
      if (await counted(database, account, key, budget, now)) return { granted: true }
      const row = await database.sql
        .selectFrom('budgets')
        .selectAll()
        .where('account', '=', account)
        .where('factor', '=', key)
        .executeTakeFirst()
      if (row === undefined || row.run_count >= budget.inARow) return { granted: false, until: null }
      const until = Math.max(
        row.hour_count >= budget.perHour ? row.hour_start + HOUR : 0,
        row.day_count >= budget.perDay ? row.day_start + DAY : 0,
      )
      return { granted: false, until }
    },
    async succeeded(account, factor, pool) {
      await database.sql
        .updateTable('budgets')
        // its own guess is given back to the day, whose failures stay
        .set((row) => ({
          hour_count: 0,
          day_count: row
            .case()
            .when('day_count', '>', 0)
            .then(row('day_count', '-', 1))
            .else(0)
            .end(),
          run_count: 0,
        }))
        .where('account', '=', account)
        .where('factor', '=', `${factor}/${pool}`)
        .execute()
    },
    async poolOf(browser, account) {
      const row = await database.sql
        .selectFrom('browsers')
        .leftJoin('account_states', 'account_states.account', 'browsers.account')
        .select(['browsers.epoch', 'account_states.epoch as current'])
        .where('browser', '=', browser)
        .where('browsers.account', '=', account)
        .executeTakeFirst()
      return row !== undefined && row.epoch === (row.current ?? 0) ? 'known' : 'strange'
    },
    async remember(browser, account, now) {
      const state = await database.sql
        .selectFrom('account_states')
        .select('epoch')
        .where('account', '=', account)
        .executeTakeFirst()
      const epoch = state?.epoch ?? 0
      await database.sql
        .insertInto('browsers')
        .values({ browser, account, epoch, known_since: now })
        .onConflict((conflict) => conflict.columns(['browser', 'account']).doUpdateSet({ epoch }))
        .execute()
    },
  }
}

/** A window that began in the future, because the clock was set back, goes on: it never gives anything anew. */
async function counted(
  database: Database,
  account: string,
  key: string,
  budget: Budget,
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await database.sql
    .updateTable('budgets')
    .set((row) => ({
      hour_count: row
        .case()
        .when('hour_start', '<=', now - HOUR)
        .then(1)
        .else(row('hour_count', '+', 1))
        .end(),
      hour_start: row
        .case()
        .when('hour_start', '<=', now - HOUR)
        .then(now)
        .else(row.ref('hour_start'))
        .end(),
      day_count: row
        .case()
        .when('day_start', '<=', now - DAY)
        .then(1)
        .else(row('day_count', '+', 1))
        .end(),
      day_start: row
        .case()
        .when('day_start', '<=', now - DAY)
        .then(now)
        .else(row.ref('day_start'))
        .end(),
      run_count: row('run_count', '+', 1),
    }))
    .where('account', '=', account)
    .where('factor', '=', key)
    .where('run_count', '<', budget.inARow)
    .where((row) => row.or([row('hour_start', '<=', now - HOUR), row('hour_count', '<', budget.perHour)]))
    .where((row) => row.or([row('day_start', '<=', now - DAY), row('day_count', '<', budget.perDay)]))
    .executeTakeFirst()
  return numUpdatedRows > 0n
}
