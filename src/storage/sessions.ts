import type { Insertable, Selectable } from 'kysely'
import type { Proof, Session } from '#authn/session.ts'
import type { SessionBinding } from '#authn/session-binding.ts'
import type { SessionStore } from '#authn/stores.ts'
import { KNOWN_SIGNALS } from '#contract/decision.ts'
import { endEverythingIn, lockedState, mayChange } from './account-states.ts'
import type { AuthnTables } from './authn-tables.ts'
import type { Database } from './database.ts'
import { endSessions } from './session-ends.ts'

/** A use is noted when the last note is this old, so that reading stays reading. */
const NOTED_EVERY = 10_000

export function sessionStore(database: Database): SessionStore {
  const { sql } = database
  const alive = (now: number) =>
    sql
      .selectFrom('sessions')
      .leftJoin('account_states', 'account_states.account', 'sessions.account')
      .selectAll('sessions')
      .where('ended_at', 'is', null)
      .where('ends_at', '>', now)
      .where((row) => row.or([row('account_states.status', 'is', null), row('account_states.status', '=', 'active')]))
      .where((row) => row('sessions.epoch', '=', row.fn.coalesce('account_states.epoch', row.lit(0))))
      // nor disabled by a sender of security events, see account-states.ts
      .where((row) =>
        row.not(
          row.exists(
            row
              .selectFrom('risk_signals')
              .select('risk_signals.id')
              .whereRef('risk_signals.account', '=', 'sessions.account')
              .where('risk_signals.ends_at', '=', Number.MAX_SAFE_INTEGER)
              .where('risk_signals.kind', '=', KNOWN_SIGNALS.disabled),
          ),
        ),
      )
  return {
    async begin(session, token) {
      await sql.insertInto('sessions').values(rowOf(session, token)).execute()
    },
    async resume(token, now, counts = () => true, isVisit = true) {
      const row = await alive(now).where('token', '=', token).executeTakeFirst()
      if (row === undefined || isIdle(row, now) || !counts(fromRow(row))) return null
      if (!isVisit) return fromRow(row)
      if (now - row.used_at >= NOTED_EVERY) {
        await sql.updateTable('sessions').set({ used_at: now }).where('id', '=', row.id).execute()
      }
      return { ...fromRow(row), usedAt: Math.max(row.used_at, now) }
    },
    async bind(id, token, binding, now) {
      const row = await alive(now).where('sessions.id', '=', id).where('token', '=', token).executeTakeFirst()
      if (row === undefined || isIdle(row, now)) return false
      const { numUpdatedRows } = await sql
        .updateTable('sessions')
        .set(bindingColumns(binding))
        .where('id', '=', id)
        .where('token', '=', token)
        .where('binding', 'is', null)
        .where('ended_at', 'is', null)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async findBound(binding, now) {
      const row = await alive(now).where('binding', '=', binding).executeTakeFirst()
      return row === undefined || isIdle(row, now) ? null : fromRow(row)
    },
    async countProof({ id, uses }, now) {
      const { numUpdatedRows } = await sql
        .updateTable('sessions')
        .set({ binding_uses: uses + 1 })
        .where('binding', '=', id)
        .where('binding_uses', '=', uses)
        .where('ended_at', 'is', null)
        .where('ends_at', '>', now)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async visit(id, now) {
      await sql
        .updateTable('sessions')
        .set({ used_at: now })
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .where('ends_at', '>', now)
        .where('used_at', '<=', now - NOTED_EVERY)
        .where((row) => row.or([row('idle_ms', 'is', null), row(row('used_at', '+', row.ref('idle_ms')), '>', now)]))
        .execute()
    },
    async elevate(id, { from, to }, proof, now) {
      const row = await alive(now).where('sessions.id', '=', id).where('token', '=', from).executeTakeFirst()
      if (row === undefined || isIdle(row, now)) return null
      const proofs = [...(JSON.parse(row.proofs) as Proof[]), proof]
      const { numUpdatedRows } = await sql
        .updateTable('sessions')
        .set({ token: to, proofs: JSON.stringify(proofs), used_at: now })
        .where('id', '=', id)
        .where('token', '=', from)
        .where('ended_at', 'is', null)
        .executeTakeFirst()
      return numUpdatedRows > 0n ? { ...fromRow(row), proofs, usedAt: now } : null
    },
    async find(id, now) {
      const row = await alive(now).where('sessions.id', '=', id).executeTakeFirst()
      return row === undefined || isIdle(row, now) ? null : fromRow(row)
    },
    renew: (session, renewed, token, reason, now) =>
      database.transaction(async (inside) => {
        const { account, id } = session
        const { epoch } = await lockedState(inside, account, now)
        if (epoch !== session.epoch) return null
        const stood = await mayChange(inside, account, id, now)
        const after = await endEverythingIn(inside, account, { reason }, now)
        if (!stood) return null
        const begun = { ...renewed, epoch: after.epoch }
        await inside.insertInto('sessions').values(rowOf(begun, token)).execute()
        return begun
      }),
    end: (id, reason, now) =>
      database.transaction(async (inside) => (await endSessions(inside, { id }, reason, now)) > 0),
    endResting: (account, isOn, reason, now) =>
      database.transaction(async (inside) => {
        await lockedState(inside, account, now)
        const rows = await inside
          .selectFrom('sessions')
          .select(['id', 'proofs'])
          .where('account', '=', account)
          .where('ended_at', 'is', null)
          .execute()
        const ids = rows.filter(({ proofs }) => (JSON.parse(proofs) as Proof[]).some(isOn)).map(({ id }) => id)
        for (const id of ids) await endSessions(inside, { id }, reason, now)
        return ids
      }),
    async listOf(account, now) {
      const rows = await alive(now).where('sessions.account', '=', account).orderBy('started_at').execute()
      return rows.filter((row) => !isIdle(row, now)).map(fromRow)
    },
  }
}

const isIdle = ({ idle_ms, used_at }: { idle_ms: number | null; used_at: number }, now: number): boolean =>
  idle_ms !== null && now - used_at >= idle_ms

const rowOf = (session: Session, token: string): Insertable<AuthnTables['sessions']> => ({
  id: session.id,
  token,
  account: session.account,
  epoch: session.epoch,
  browser: session.browser,
  proofs: JSON.stringify(session.proofs),
  started_at: session.startedAt,
  used_at: session.usedAt,
  ends_at: session.endsAt,
  idle_ms: session.idleMs,
  ended_at: null,
  end_reason: null,
  ...bindingColumns(session.binding),
})

const bindingColumns = (binding: SessionBinding | undefined) => ({
  binding: binding?.id ?? null,
  binding_key: binding === undefined ? null : JSON.stringify(binding.key),
  binding_since: binding?.since ?? null,
  binding_uses: binding?.uses ?? null,
})

function bindingOf(row: Selectable<AuthnTables['sessions']>): SessionBinding | undefined {
  if (row.binding === null) return undefined
  return {
    id: row.binding,
    key: JSON.parse(row.binding_key!) as SessionBinding['key'],
    since: row.binding_since!,
    uses: row.binding_uses!,
  }
}

function fromRow(row: Selectable<AuthnTables['sessions']>): Session {
  const binding = bindingOf(row)
  return {
    id: row.id,
    account: row.account,
    epoch: row.epoch,
    browser: row.browser,
    proofs: JSON.parse(row.proofs) as Proof[],
    startedAt: row.started_at,
    usedAt: row.used_at,
    endsAt: row.ends_at,
    idleMs: row.idle_ms,
    ...(binding === undefined ? {} : { binding }),
  }
}
