import type { Kysely } from 'kysely'
import type { RecoveryCase } from '#authn/recovery.ts'
import type { Alongside, Changed, HeldCase, RecoveryStore } from '#authn/recover.ts'
import { endEverythingIn, lockedState } from './account-states.ts'
import { isDuplicate, type Database } from './database.ts'
import type { Tables } from './tables.ts'
import { keepTellings } from './tellings.ts'
import { unuseLink, useLink } from './used-links.ts'

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

const OPEN = ['requested', 'held', 'ready']

export function recoveryStore(database: Database): RecoveryStore {
  const { sql } = database
  const read = (row: RecoveryTables['recoveries'] | undefined): HeldCase | null =>
    row === undefined ? null : { case: JSON.parse(row.body) as RecoveryCase, revision: row.revision }
  const dueOf = ({ state, heldUntil, expiresAt }: RecoveryCase): number =>
    state === 'held' ? (heldUntil ?? expiresAt) : expiresAt
  return {
    async open(it, tellings) {
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
          await keepTellings(transaction, tellings, it.openedAt)
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
      return read(await rows.where('state', 'in', OPEN).executeTakeFirst())
    },
    async frozenOf(account) {
      const rows = sql.selectFrom('recoveries').selectAll().where('account', '=', account)
      return read(await rows.where('state', '=', 'frozen').orderBy('due_at', 'desc').executeTakeFirst())
    },
    change: (it, revision, alongside, now) =>
      alongsideOf(database, it.account, alongside, now, async (transaction) => {
        const { numUpdatedRows } = await transaction
          .updateTable('recoveries')
          .set({ state: it.state, body: JSON.stringify(it), revision: revision + 1, due_at: dueOf(it) })
          .where('id', '=', it.id)
          .where('revision', '=', revision)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return false
        const { vetoedBy: channel } = alongside
        if (channel !== undefined)
          await transaction
            .insertInto('recovery_vetoes')
            .values({ account: it.account, channel, at: now, recovery: it.id })
            .onConflict((conflict) => conflict.columns(['recovery', 'channel']).doNothing())
            .execute()
        return true
      }),
    endWithout: (account, alongside, now) =>
      alongsideOf(database, account, alongside, now, async (transaction) => {
        // held, so that nobody opens one between the look and the end of this
        await lockedState(transaction, account, now)
        const open = transaction.selectFrom('recoveries').select('id').where('account', '=', account)
        return (await open.where('state', 'in', OPEN).executeTakeFirst()) === undefined
      }),
    async due(now) {
      const rows = await sql
        .selectFrom('recoveries')
        .selectAll()
        .where('state', 'in', OPEN)
        .where('due_at', '<=', now)
        .orderBy('due_at')
        .limit(100)
        .execute()
      return rows.flatMap((row) => read(row) ?? [])
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

/** One step, for which a link is used up first, so that of two that use one the second waits, and finds it used. */
const alongsideOf = (
  database: Database,
  account: string,
  { link, ending, tellings }: Alongside,
  now: number,
  change: (sql: Kysely<Tables>) => Promise<boolean>,
): Promise<Changed> =>
  database.transaction(async (sql) => {
    if (link !== undefined && !(await useLink(sql, link))) return 'used'
    if (!(await change(sql))) {
      if (link !== undefined) await unuseLink(sql, link)
      return 'stale'
    }
    if (ending !== undefined) await endEverythingIn(sql, account, ending, now)
    await keepTellings(sql, tellings, now)
    return 'changed'
  })
