/** Questions to an app: at most one of an account is outstanding, and every answer is one conditional update. */
import { sql as raw, type Kysely } from 'kysely'
import type { CeremonyPurpose } from '#authn/factors.ts'
import { HEARD_MS, type Push, type PushState, type PushStore } from '#authn/push-port.ts'
import { lockedState } from './account-states.ts'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

export interface PushTables {
  readonly pushes: {
    readonly id: string
    readonly account: string
    readonly device: string
    readonly authenticator: string | null
    readonly purpose: string
    readonly browser: string
    readonly binding: string
    readonly session: string | null
    /** JSON */
    readonly access: string | null
    readonly epoch: number
    readonly mac: string
    readonly state: string
    readonly checks_left: number
    readonly created_at: number
    readonly expires_at: number
    readonly answered_at: number | null
  }
  readonly push_pauses: { readonly key: string; readonly until: number }
}

const OUTSTANDING: readonly PushState[] = ['waiting', 'matched', 'approved']

const keysOf = (account: string, device: string): string[] => [`account ${account}`, `device ${device}`]

/** The epoch of the account now: whatever ended its sessions ended its questions. */
const presentEpoch = raw<number>`coalesce((select epoch from account_states where account_states.account = pushes.account), 0)`

export function pushStore(database: Database): PushStore {
  const { sql } = database
  return {
    begin: (push, now) =>
      database.transaction(async (inside) => {
        // whoever asks or says no for this account at the same time waits here
        await lockedState(inside, push.account, now)
        if (await isPaused(inside, push.account, push.device, now)) return false
        await endOutstanding(inside, push.account)
        await inside
          .insertInto('pushes')
          .values({
            id: push.id,
            account: push.account,
            device: push.device,
            authenticator: push.authenticator,
            purpose: push.purpose,
            browser: push.browser,
            binding: push.binding,
            session: push.session,
            access: push.access === null ? null : JSON.stringify(push.access),
            epoch: push.epoch,
            mac: push.mac,
            state: 'waiting',
            checks_left: push.checksLeft,
            created_at: push.createdAt,
            expires_at: push.expiresAt,
            answered_at: null,
          })
          .execute()
        return true
      }),
    isPaused: (account, device, now) => isPaused(sql, account, device, now),
    async waits(id, now) {
      const row = await sql
        .selectFrom('pushes')
        .select('id')
        .where('id', '=', id)
        .where((row) =>
          // one that is right is on its way to the audit
          row.or([row('state', '=', 'matched'), row.and([row('state', '=', 'waiting'), row('checks_left', '>', 0)])]),
        )
        .where('expires_at', '>', now)
        .where((where) => where('epoch', '=', presentEpoch))
        .executeTakeFirst()
      return row !== undefined
    },
    async find(id) {
      const row = await sql.selectFrom('pushes').selectAll().where('id', '=', id).executeTakeFirst()
      return row === undefined ? null : fromRow(row)
    },
    async match(id, macs, now) {
      if (macs.length === 0) return false
      // One statement counts the check and, if the number is right, takes it. What is compared is the MAC of the number, which its
      // sender cannot steer, so that the time it takes tells him nothing.
      const row = await sql
        .updateTable('pushes')
        .set((at) => ({
          checks_left: at('checks_left', '-', 1),
          state: at.case().when('mac', 'in', macs).then('matched').else(at.ref('state')).end(),
          answered_at: now,
        }))
        .where('id', '=', id)
        .where('state', '=', 'waiting')
        .where('checks_left', '>', 0)
        .where('expires_at', '>', now)
        .where('created_at', '<=', now)
        .where((where) => where('epoch', '=', presentEpoch))
        .returning('state')
        .executeTakeFirst()
      return row?.state === 'matched'
    },
    async approve(id, now) {
      const { numUpdatedRows } = await sql
        .updateTable('pushes')
        .set({ state: 'approved' })
        .where('id', '=', id)
        .where('state', '=', 'matched')
        .where('expires_at', '>', now)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    deny: ({ id, account, device }, until, now) =>
      database.transaction(async (inside) => {
        await lockedState(inside, account, now)
        const { numUpdatedRows } = await inside
          .updateTable('pushes')
          .set({ state: 'denied', answered_at: now })
          .where('id', '=', id)
          .where('state', '<>', 'denied')
          .where('created_at', '>', now - HEARD_MS)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return false
        // it may be an older one that was replaced meanwhile: what was asked since is not the owner's either
        await endOutstanding(inside, account)
        for (const key of keysOf(account, device)) {
          await inside
            .insertInto('push_pauses')
            .values({ key, until })
            .onConflict((conflict) => conflict.column('key').doUpdateSet({ until }))
            .execute()
        }
        return true
      }),
    async collect({ id, account, browser, purpose, binding }, now) {
      const row = await sql
        .updateTable('pushes')
        .set({ state: 'used' })
        .where('id', '=', id)
        .where('account', '=', account)
        .where('browser', '=', browser)
        .where('purpose', '=', purpose)
        .where('binding', '=', binding)
        .where('state', '=', 'approved')
        .where('expires_at', '>', now)
        .where((where) => where('epoch', '=', presentEpoch))
        .returningAll()
        .executeTakeFirst()
      return row === undefined ? null : fromRow(row)
    },
  }
}

async function isPaused(sql: Kysely<Tables>, account: string, device: string, now: number): Promise<boolean> {
  const row = await sql
    .selectFrom('push_pauses')
    .select('key')
    .where('key', 'in', keysOf(account, device))
    .where('until', '>', now)
    .executeTakeFirst()
  return row !== undefined
}

const endOutstanding = (sql: Kysely<Tables>, account: string) =>
  sql
    .updateTable('pushes')
    .set({ state: 'dead' })
    .where('account', '=', account)
    .where('state', 'in', OUTSTANDING)
    .execute()

const fromRow = (row: PushTables['pushes']): Push & { state: PushState; answeredAt: number | null } => ({
  id: row.id,
  account: row.account,
  device: row.device,
  authenticator: row.authenticator,
  purpose: row.purpose as CeremonyPurpose,
  browser: row.browser,
  binding: row.binding,
  session: row.session,
  access: row.access === null ? null : (JSON.parse(row.access) as Push['access']),
  epoch: row.epoch,
  mac: row.mac,
  checksLeft: row.checks_left,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  state: row.state as PushState,
  answeredAt: row.answered_at,
})
