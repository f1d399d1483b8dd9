import { sql } from 'kysely'
import type { Budget, Pool } from '#authn/budget.ts'
import type { BudgetStore, Counted } from '#authn/stores.ts'
import { inBatches, rowsOf } from './batches.ts'
import type { Database } from './database.ts'

const HOUR = 3_600_000
const DAY = 86_400_000

interface Guess {
  readonly account: string
  readonly factor: Counted
  readonly browser: string
  readonly budget: Budget
  readonly now: number
}

/** A row: a factor of an account, in one pool. */
interface Place {
  readonly account: string
  /** `factor/pool` */
  readonly factor: string
}
const PLACE = { account: 'text', factor: 'text' } as const

export function budgetStore(database: Database): BudgetStore {
  // a batch is of one budget, and so one statement: of one that fails nothing was counted
  const batches = new Map<string, (guess: Guess) => Promise<Pool | null>>()
  const reserve = (guess: Guess) => {
    const budget = JSON.stringify(guess.budget)
    const batch = batches.get(budget) ?? inBatches((guesses: readonly Guess[]) => reserveAll(database, guesses), nameOf)
    batches.set(budget, batch)
    return batch(guess)
  }
  const giveBack = inBatches((places: readonly Place[]) => giveBackAll(database, places), nameOf)
  return {
    reserve: (account, factor, browser, budget, now) => reserve({ account, factor, browser, budget, now }),
    succeeded: (account, factor, pool) => giveBack({ account, factor: `${factor}/${pool}` }),
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
    async knownSince(browser, account) {
      const row = await database.sql
        .selectFrom('browsers')
        .leftJoin('account_states', 'account_states.account', 'browsers.account')
        .select('known_since')
        .where('browser', '=', browser)
        .where('browsers.account', '=', account)
        .where((of) => of('browsers.epoch', '=', of.fn.coalesce('account_states.epoch', of.lit(0))))
        .executeTakeFirst()
      return row?.known_since ?? null
    },
  }
}

const nameOf = ({ account, factor }: { readonly account: string; readonly factor: string }): string =>
  JSON.stringify([account, factor])

/**
 * Counts each guess, of one budget, where that has it. A window that began in the future, because the clock was set back, goes on: it never
 * gives anything anew.
 */
async function reserveAll(database: Database, guesses: readonly Guess[]): Promise<(Pool | null)[]> {
  const { perHour, perDay, inARow } = guesses[0]!.budget
  if (Math.min(perHour, perDay, inARow) < 1) return guesses.map(() => null)
  const asked = rowsOf(
    database,
    'asked',
    { account: 'text', factor: 'text', browser: 'text', now: 'bigint' },
    guesses.map(({ account, factor, browser, now }) => ({ account, factor, browser, now })),
  )
  const counted = await database.sql
    .insertInto('budgets')
    .columns(['account', 'factor', 'hour_start', 'day_start', 'hour_count', 'day_count', 'run_count'])
    .expression((from) =>
      from
        .selectFrom(asked)
        .leftJoin('browsers', (join) =>
          join.onRef('browsers.browser', '=', 'asked.browser').onRef('browsers.account', '=', 'asked.account'),
        )
        .leftJoin('account_states', 'account_states.account', 'asked.account')
        .select((row) => [
          'asked.account',
          sql<string>`${row.ref('asked.factor')} || case when ${row.ref('browsers.epoch')} = coalesce(${row.ref('account_states.epoch')}, 0) then '/known' else '/strange' end`.as(
            'factor',
          ),
          'asked.now as hour_start',
          'asked.now as day_start',
          row.lit(1).as('hour_count'),
          row.lit(1).as('day_count'),
          row.lit(1).as('run_count'),
        ])
        // SQLite takes no conflict after a selection without a condition
        .where((row) => row.lit(true))
        // in one order, so that two nodes do not wait for each other
        .orderBy('asked.account')
        .orderBy('asked.factor'),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['account', 'factor'])
        .doUpdateSet((row) => {
          const hourOver = row('budgets.hour_start', '<=', row('excluded.hour_start', '-', HOUR))
          const dayOver = row('budgets.day_start', '<=', row('excluded.day_start', '-', DAY))
          return {
            hour_count: row
              .case()
              .when(hourOver)
              .then(1)
              .else(row('budgets.hour_count', '+', 1))
              .end(),
            hour_start: row
              .case()
              .when(hourOver)
              .then(row.ref('excluded.hour_start'))
              .else(row.ref('budgets.hour_start'))
              .end(),
            day_count: row
              .case()
              .when(dayOver)
              .then(1)
              .else(row('budgets.day_count', '+', 1))
              .end(),
            day_start: row
              .case()
              .when(dayOver)
              .then(row.ref('excluded.day_start'))
              .else(row.ref('budgets.day_start'))
              .end(),
            run_count: row('budgets.run_count', '+', 1),
          }
        })
        .where('budgets.run_count', '<', inARow)
        .where((row) =>
          row.or([
            row('budgets.hour_start', '<=', row('excluded.hour_start', '-', HOUR)),
            row('budgets.hour_count', '<', perHour),
          ]),
        )
        .where((row) =>
          row.or([
            row('budgets.day_start', '<=', row('excluded.day_start', '-', DAY)),
            row('budgets.day_count', '<', perDay),
          ]),
        ),
    )
    .returning(['account', 'factor'])
    .execute()
  const granted = new Map(
    counted.map(({ account, factor: place }) => {
      const [factor = '', pool] = place.split('/')
      return [nameOf({ account, factor }), pool as Pool]
    }),
  )
  return guesses.map((guess) => granted.get(nameOf(guess)) ?? null)
}

async function giveBackAll(database: Database, places: readonly Place[]): Promise<void[]> {
  await database.sql
    .updateTable('budgets')
    .from(rowsOf(database, 'asked', PLACE, places))
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
    .whereRef('budgets.account', '=', 'asked.account')
    .whereRef('budgets.factor', '=', 'asked.factor')
    .execute()
  return places.map(() => {})
}
