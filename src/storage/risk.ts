import type { RiskLevel } from '#contract/decision.ts'
import type { Habits } from '#risk/habits.ts'
import type { HabitStore, SignalStore, StoredSignal } from '#risk/watch.ts'
import { announce } from './changes.ts'
import type { Database } from './database.ts'

export interface RiskTables {
  readonly risk_signals: {
    readonly id: string
    readonly account: string
    readonly kind: string
    readonly level: string
    readonly source: string
    readonly session: string | null
    readonly device: string | null
    readonly evidence: string
    readonly at: number
    readonly ends_at: number
  }
  readonly habits: { readonly account: string; readonly body: string; readonly revision: number }
  readonly failures: { readonly id: string; readonly account: string; readonly network: string; readonly at: number }
}

/** Topic under which other nodes learn that the risk of an account changed. */
export const RISK_CHANGED = 'risk'

export function signalStore(database: Database): SignalStore {
  return {
    put: (it) =>
      database.transaction(async (sql) => {
        const { numInsertedOrUpdatedRows } = await sql
          .insertInto('risk_signals')
          .values({
            id: it.id,
            account: it.account,
            kind: it.kind,
            level: it.level,
            source: it.source,
            session: it.session,
            device: it.device,
            evidence: JSON.stringify(it.evidence),
            at: it.at,
            ends_at: it.endsAt,
          })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst()
        if ((numInsertedOrUpdatedRows ?? 0n) === 0n) return false
        await announce(sql, { topic: RISK_CHANGED, key: it.account }, it.at)
        return true
      }),
    async standing(account, now) {
      const rows = await database.sql
        .selectFrom('risk_signals')
        .selectAll()
        .where('account', '=', account)
        .where('ends_at', '>', now)
        .orderBy('at')
        .orderBy('id')
        .execute()
      return rows.map(fromRow)
    },
    end: (account, { kind, source }, now) =>
      database.transaction(async (sql) => {
        const { numUpdatedRows } = await sql
          .updateTable('risk_signals')
          .set({ ends_at: now })
          .where('account', '=', account)
          .where('kind', '=', kind)
          .where('source', '=', source)
          .where('ends_at', '>', now)
          .executeTakeFirst()
        if (numUpdatedRows > 0n) await announce(sql, { topic: RISK_CHANGED, key: account }, now)
        return Number(numUpdatedRows)
      }),
  }
}

function fromRow(row: RiskTables['risk_signals']): StoredSignal {
  return {
    id: row.id,
    account: row.account,
    kind: row.kind,
    level: row.level as RiskLevel,
    source: row.source,
    session: row.session,
    device: row.device,
    evidence: JSON.parse(row.evidence) as Record<string, unknown>,
    at: row.at,
    endsAt: row.ends_at,
  }
}

export function habitStore({ sql }: Database): HabitStore {
  return {
    async find(account) {
      const row = await sql.selectFrom('habits').selectAll().where('account', '=', account).executeTakeFirst()
      return row === undefined ? null : { habits: JSON.parse(row.body) as Habits, revision: row.revision }
    },
    async save(habits, revision) {
      const body = JSON.stringify(habits)
      if (revision === null) {
        const { numInsertedOrUpdatedRows } = await sql
          .insertInto('habits')
          .values({ account: habits.account, body, revision: 0 })
          .onConflict((conflict) => conflict.column('account').doNothing())
          .executeTakeFirst()
        return (numInsertedOrUpdatedRows ?? 0n) > 0n
      }
      const { numUpdatedRows } = await sql
        .updateTable('habits')
        .set({ body, revision: revision + 1 })
        .where('account', '=', habits.account)
        .where('revision', '=', revision)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async noteFailure(id, account, network, now) {
      await sql.insertInto('failures').values({ id, account, network, at: now }).execute()
    },
    async failures(account, since) {
      const row = await sql
        .selectFrom('failures')
        .select((column) => column.fn.countAll<number>().as('count'))
        .where('account', '=', account)
        .where('at', '>=', since)
        .executeTakeFirst()
      return Number(row?.count ?? 0)
    },
    async accountsTried(network, since) {
      const row = await sql
        .selectFrom('failures')
        .select((column) => column.fn.count<number>('account').distinct().as('count'))
        .where('network', '=', network)
        .where('at', '>=', since)
        .executeTakeFirst()
      return Number(row?.count ?? 0)
    },
  }
}
