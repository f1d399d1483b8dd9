import { sql as raw } from 'kysely'
import type { Challenge, ChallengeStore } from '#authn/challenge.ts'
import type { CeremonyPurpose, FactorName } from '#authn/factors.ts'
import type { Database } from './database.ts'

export function challengeStore(database: Database): ChallengeStore {
  return {
    async begin(challenge) {
      await database.sql.insertInto('challenges').values(rowOf(challenge)).execute()
    },
    async beginAnew(challenge) {
      const { account, factor, purpose, browser, binding } = challenge
      await database.transaction(async (sql) => {
        await sql
          .updateTable('challenges')
          .set({ state: 'dead' })
          .where('account', '=', account)
          .where('state', '=', 'open')
          .where('factor', '=', factor)
          .where('purpose', '=', purpose)
          .where('browser', '=', browser)
          .where('binding', '=', binding)
          .execute()
        await sql.insertInto('challenges').values(rowOf(challenge)).execute()
      })
    },
    async waits(id, now) {
      const row = await database.sql
        .selectFrom('challenges')
        .select('id')
        .where('id', '=', id)
        .where('state', '=', 'open')
        .where('checks_left', '>', 0)
        .where('expires_at', '>', now)
        .where((where) =>
          where(
            'epoch',
            '=',
            raw<number>`coalesce((select epoch from account_states where account_states.account = challenges.account), 0)`,
          ),
        )
        .executeTakeFirst()
      return row !== undefined
    },
    async answer(answer, now) {
      if (answer.macs.length === 0) return 'refused'
      // One statement counts the check and, if the answer is right, uses the challenge up. What is compared is the MAC
      // of the answer, which its sender cannot steer, so that the time it takes tells him nothing.
      const rows = await database.sql
        .updateTable('challenges')
        .set((row) => ({
          checks_left: row('checks_left', '-', 1),
          state: row.case().when('mac', 'in', answer.macs).then('used').else(row.ref('state')).end(),
        }))
        .where('id', '=', answer.id)
        .where('state', '=', 'open')
        .where('checks_left', '>', 0)
        .where('expires_at', '>', now)
        .where('created_at', '<=', now)
        .where('account', '=', answer.account)
        .where('factor', '=', answer.factor)
        .where('purpose', '=', answer.purpose)
        .where('browser', '=', answer.browser)
        .where('binding', '=', answer.binding)
        .where((row) =>
          row(
            'epoch',
            '=',
            raw<number>`coalesce((select epoch from account_states where account_states.account = ${answer.account}), 0)`,
          ),
        )
        .returning('state')
        .execute()
      return rows[0]?.state === 'used' ? 'accepted' : 'refused'
    },
    async find(id) {
      const row = await database.sql.selectFrom('challenges').selectAll().where('id', '=', id).executeTakeFirst()
      if (row === undefined) return null
      return {
        id: row.id,
        account: row.account,
        factor: row.factor as FactorName,
        purpose: row.purpose as CeremonyPurpose,
        browser: row.browser,
        binding: row.binding,
        epoch: row.epoch,
        mac: row.mac,
        state: row.state,
        checksLeft: row.checks_left,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
      } satisfies Challenge & { state: string }
    },
    async endAll(account) {
      await database.sql
        .updateTable('challenges')
        .set({ state: 'dead' })
        .where('account', '=', account)
        .where('state', '=', 'open')
        .execute()
    },
  }
}

const rowOf = (challenge: Challenge) => ({
  id: challenge.id,
  account: challenge.account,
  factor: challenge.factor,
  purpose: challenge.purpose,
  browser: challenge.browser,
  binding: challenge.binding,
  epoch: challenge.epoch,
  mac: challenge.mac,
  state: 'open',
  checks_left: challenge.checksLeft,
  created_at: challenge.createdAt,
  expires_at: challenge.expiresAt,
})
