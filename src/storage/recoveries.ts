import type { RecoveryCase } from '#authn/recovery.ts'
import type { HeldCase, RecoveryStore } from '#authn/recover.ts'
import { endEverythingIn, lockedState } from './account-states.ts'
import { isDuplicate, type Database } from './database.ts'

export interface RecoveryTables {
  readonly recoveries: {
    readonly id: string
    readonly account: string
    readonly state: string
    readonly body: string
    readonly revision: number
    readonly due_at: number
  }
  readonly recovery_vetoes: {
    readonly account: string
    readonly channel: string
    readonly at: number
    readonly recovery: string
  }
}

export function recoveryStore(database: Database): RecoveryStore {
  const { sql } = database
  const read = (row: RecoveryTables['recoveries'] | undefined): HeldCase | null =>
    row === undefined ? null : { case: JSON.parse(row.body) as RecoveryCase, revision: row.revision }
  const dueOf = ({ state, heldUntil, expiresAt }: RecoveryCase): number =>
    state === 'held' ? (heldUntil ?? expiresAt) : expiresAt
  return {
    async open(it) {
      try {
        return await database.transaction(async (transaction) => {
          // the row of the account is held, so that nobody freezes it between the look and the case
          if ((await lockedState(transaction, it.account, it.openedAt)).status !== 'active') return false
          const row = {
            id: it.id,
            account: it.account,
            state: it.state,
            body: JSON.stringify(it),
            revision: 0,
            due_at: dueOf(it),
          }
          await transaction.insertInto('recoveries').values(row).execute()
          return true
        })
      } catch (error) {
        if (isDuplicate(error)) return false
        throw error
      }
    },
    async find(id) {
      return read(await sql.selectFrom('recoveries').selectAll().where('id', '=', id).executeTakeFirst())
    },
    async openOf(account) {
      const rows = sql.selectFrom('recoveries').selectAll().where('account', '=', account)
      return read(await rows.where('state', 'in', ['requested', 'held', 'ready']).executeTakeFirst())
    },
    async frozenOf(account) {
      const rows = sql.selectFrom('recoveries').selectAll().where('account', '=', account)
      return read(await rows.where('state', '=', 'frozen').orderBy('due_at', 'desc').executeTakeFirst())
    },
    change: (it, revision, ending, now) =>
      database.transaction(async (transaction) => {
        const { numUpdatedRows } = await transaction
          .updateTable('recoveries')
          .set({ state: it.state, body: JSON.stringify(it), revision: revision + 1, due_at: dueOf(it) })
          .where('id', '=', it.id)
          .where('revision', '=', revision)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return false
        if (ending !== null) await endEverythingIn(transaction, it.account, ending, now)
        return true
      }),
    async due(now) {
      const rows = await sql
        .selectFrom('recoveries')
        .selectAll()
        .where('state', 'in', ['requested', 'held', 'ready'])
        .where('due_at', '<=', now)
        .orderBy('due_at')
        .limit(100)
        .execute()
      return rows.flatMap((row) => read(row) ?? [])
    },
    async noteVeto(account, channel, recovery, now) {
      await sql
        .insertInto('recovery_vetoes')
        .values({ account, channel, at: now, recovery })
        .onConflict((conflict) => conflict.columns(['recovery', 'channel']).doNothing())
        .execute()
    },
    async vetoesOf(account, channel, since) {
      const row = await sql
        .selectFrom('recovery_vetoes')
        .select((column) => column.fn.countAll<number>().as('count'))
        .where('account', '=', account)
        .where('channel', '=', channel)
        .where('at', '>=', since)
        .executeTakeFirst()
      return Number(row?.count ?? 0)
    },
  }
}
