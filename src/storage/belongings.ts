import type { Kysely } from 'kysely'
import type { Belongings, BelongingsStore } from '#authn/stores.ts'
import { systemClock, type Clock } from '#lib/clock.ts'
import { mayChange } from './account-states.ts'
import { authenticatorsOf, moveAuthenticator } from './authenticators.ts'
import type { Database } from './database.ts'
import { identifiersOf, removeIdentifier } from './identifiers.ts'
import type { Tables } from './tables.ts'

export function belongingsStore(database: Database, clock: Clock = systemClock): BelongingsStore {
  return {
    of: (account) => belongingsOf(database.sql, account),
    takeAway: (account, session, what, may) =>
      database.transaction(async (sql) => {
        const now = clock()
        if (!(await mayChange(sql, account, session, now))) return 'gone'
        const before = await belongingsOf(sql, account)
        const after =
          'authenticator' in what
            ? { ...before, enrolled: before.enrolled.filter(({ id }) => id !== what.authenticator) }
            : {
                ...before,
                identifiers: before.identifiers.filter(
                  ({ kind, canonical }) => kind !== what.kind || canonical !== what.canonical,
                ),
              }
        if (!may(before, after)) return 'kept'
        const taken =
          'authenticator' in what
            ? await moveAuthenticator(
                sql,
                { id: what.authenticator, account },
                ['active', 'suspended', 'pending'],
                'removed',
                now,
              )
            : await removeIdentifier(sql, what, account)
        return taken ? 'taken' : 'gone'
      }),
  }
}

async function belongingsOf(sql: Kysely<Tables>, account: string): Promise<Belongings> {
  const [enrolled = []] = await authenticatorsOf(sql, [account])
  return { enrolled, identifiers: await identifiersOf(sql, account) }
}
