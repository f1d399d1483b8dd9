import { strict as assert } from 'node:assert'
import { sql } from 'kysely'
import { accountStateStore } from './account-states.ts'
import { openDatabase } from './database.ts'
import { migrate, migrationNames } from './migrate.ts'
import { onEveryStore } from './stores.fixture.ts'

onEveryStore(
  'an account that was shut before locks said why stays shut until all that may be why is lifted',
  async (store) => {
    const database = await openDatabase(store.url, { migrated: false })
    try {
      const names = await migrationNames()
      const before = names.slice(0, names.indexOf('1080-locks.ts'))
      await migrate(database, before)
      const rows = { open: 'active', off: 'disabled', shut: 'frozen', contested: 'frozen', both: 'disabled' }
      for (const [account, status] of Object.entries(rows))
        await sql`insert into account_states (account, status, epoch, withheld_until, changed_at) values (${account}, ${status}, 1, 0, 1)`.execute(
          database.sql,
        )
      for (const account of ['contested', 'both'])
        await sql`insert into recoveries (id, account, state, body, revision, due_at) values (${account}, ${account}, 'frozen', '{}', 0, 1)`.execute(
          database.sql,
        )
      await migrate(database)
      const accounts = accountStateStore(database)
      const states = await Promise.all(Object.keys(rows).map(accounts.stateOf))
      assert.deepEqual(
        states.map(({ account, status, locks }) => [account, status, ...locks]),
        [
          ['open', 'active'],
          ['off', 'disabled', 'administrator'],
          ['shut', 'frozen', 'not_me'],
          ['contested', 'frozen', 'not_me', 'contested_recovery'],
          ['both', 'disabled', 'administrator', 'contested_recovery'],
        ],
      )
    } finally {
      await database.close()
    }
  },
)
