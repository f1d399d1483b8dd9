/** What the OpenID provider keeps. Using something up, and marking something as seen, are one conditional statement each. */
import { createHash } from 'node:crypto'
import { isDuplicate, type Database } from './database.ts'

export interface OidcTables {
  readonly oidc_records: {
    readonly model: string
    readonly id: string
    readonly payload: string
    readonly grant_id: string | null
    readonly user_code: string | null
    readonly uid: string | null
    readonly consumed_at: number | null
    readonly expires_at: number | null
  }
  readonly oidc_device_polls: {
    readonly id: string
    readonly polled_at: number
    readonly interval_ms: number
    readonly expires_at: number
  }
  readonly oidc_sessions: {
    readonly uid: string
    readonly session: string
    readonly account: string
    readonly linked_at: number
  }
}

/** A record as the provider gives and takes it; times in seconds since 1970. */
export interface OidcPayload {
  readonly jti?: string
  readonly grantId?: string
  readonly userCode?: string
  readonly uid?: string
  readonly consumed?: number
  readonly [field: string]: unknown
}

export interface OidcRecords {
  readonly save: (model: string, id: string, payload: OidcPayload, expiresAt: number | null) => Promise<void>
  /** false where it is there already, expired or not */
  readonly saveNew: (model: string, id: string, payload: OidcPayload, expiresAt: number | null) => Promise<boolean>
  readonly find: (model: string, id: string, now: number) => Promise<OidcPayload | undefined>
  readonly findBy: (
    model: string,
    by: { readonly uid: string } | { readonly userCode: string },
    now: number,
  ) => Promise<OidcPayload | undefined>
  /** true exactly once */
  readonly consume: (model: string, id: string, now: number) => Promise<boolean>
  /**
   * Notes that a client asks what became of a device code; false where it asks sooner than it may, after which it may ask less often
   * still (RFC 8628 §3.5). `expiresAt` is when the code is over, in milliseconds since 1970.
   */
  readonly poll: (code: string, now: number, expiresAt: number) => Promise<boolean>
  readonly destroy: (model: string, id: string) => Promise<void>
  /** everything that was issued under a grant, of every model, and the grant */
  readonly revokeGrant: (grantId: string) => Promise<void>
  readonly removeExpired: (now: number) => Promise<void>
  /** which of our sessions stands behind a session of the provider */
  readonly link: (uid: string, session: string, account: string, now: number) => Promise<void>
  readonly linked: (uid: string) => Promise<{ readonly session: string; readonly account: string } | undefined>
}

/** Milliseconds between two questions about a device code where the client was told nothing else, and those that each too early one adds (RFC 8628 §3.5). */
const POLL_EVERY_MS = 5000
const SLOWER_BY_MS = 5000
/** What the way from client to node may take off the time between two questions; ours. */
const JITTER_MS = 500

export const hashed = (id: string): string => createHash('sha256').update(id).digest('base64url')

export function oidcRecords({ sql }: Database): OidcRecords {
  const row = (model: string, id: string, payload: OidcPayload, expiresAt: number | null) => {
    // the id of a code or token is that code or token: it comes back with whoever shows it. A session of the provider keeps
    // its own, which opens nothing without the cookie of our session beside it
    const { jti: _, userCode: __, ...rest } = payload
    return {
      model,
      id: hashed(id),
      payload: JSON.stringify(model === 'Session' || model === 'Interaction' ? payload : rest),
      grant_id: payload.grantId ?? (model === 'Grant' ? id : null),
      user_code: payload.userCode === undefined ? null : hashed(payload.userCode),
      uid: payload.uid ?? null,
      consumed_at: null,
      expires_at: expiresAt,
    }
  }
  const alive = (now: number) =>
    sql
      .selectFrom('oidc_records')
      .selectAll()
      .where((column) => column.or([column('expires_at', 'is', null), column('expires_at', '>', now)]))
  return {
    async save(model, id, payload, expiresAt) {
      const { consumed_at: _, ...values } = row(model, id, payload, expiresAt)
      await sql
        .insertInto('oidc_records')
        .values({ ...values, consumed_at: null })
        .onConflict((conflict) => conflict.columns(['model', 'id']).doUpdateSet(values))
        .execute()
    },
    async saveNew(model, id, payload, expiresAt) {
      try {
        await sql
          .insertInto('oidc_records')
          .values(row(model, id, payload, expiresAt))
          .execute()
        return true
      } catch (error) {
        if (isDuplicate(error)) return false
        throw error
      }
    },
    async find(model, id, now) {
      const found = await alive(now).where('model', '=', model).where('id', '=', hashed(id)).executeTakeFirst()
      return found === undefined ? undefined : { ...payloadOf(found), jti: id }
    },
    async findBy(model, by, now) {
      const query = alive(now).where('model', '=', model)
      const found = await (
        'uid' in by ? query.where('uid', '=', by.uid) : query.where('user_code', '=', hashed(by.userCode))
      ).executeTakeFirst()
      return found === undefined ? undefined : { ...payloadOf(found), ...('userCode' in by ? by : {}) }
    },
    async consume(model, id, now) {
      const { numUpdatedRows } = await sql
        .updateTable('oidc_records')
        .set({ consumed_at: now })
        .where('model', '=', model)
        .where('id', '=', hashed(id))
        .where('consumed_at', 'is', null)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async poll(code, now, expiresAt) {
      const id = hashed(code)
      const { numInsertedOrUpdatedRows } = await sql
        .insertInto('oidc_device_polls')
        .values({ id, polled_at: now, interval_ms: POLL_EVERY_MS, expires_at: expiresAt })
        .onConflict((conflict) =>
          conflict
            .column('id')
            .doUpdateSet({ polled_at: now })
            .where(
              (row) => row('oidc_device_polls.polled_at', '+', row.ref('oidc_device_polls.interval_ms')),
              '<=',
              now + JITTER_MS,
            ),
        )
        .executeTakeFirst()
      if ((numInsertedOrUpdatedRows ?? 0n) > 0n) return true
      await sql
        .updateTable('oidc_device_polls')
        .set((row) => ({ polled_at: now, interval_ms: row('interval_ms', '+', SLOWER_BY_MS) }))
        .where('id', '=', id)
        .execute()
      return false
    },
    async destroy(model, id) {
      await sql.deleteFrom('oidc_records').where('model', '=', model).where('id', '=', hashed(id)).execute()
    },
    async revokeGrant(grantId) {
      await sql.deleteFrom('oidc_records').where('grant_id', '=', grantId).execute()
    },
    async removeExpired(now) {
      await sql.deleteFrom('oidc_records').where('expires_at', '<=', now).execute()
    },
    async link(uid, session, account, now) {
      await sql
        .insertInto('oidc_sessions')
        .values({ uid, session, account, linked_at: now })
        .onConflict((conflict) => conflict.column('uid').doUpdateSet({ session, account, linked_at: now }))
        .execute()
    },
    async linked(uid) {
      return sql.selectFrom('oidc_sessions').select(['session', 'account']).where('uid', '=', uid).executeTakeFirst()
    },
  }
}

function payloadOf({ payload, consumed_at }: OidcTables['oidc_records']): OidcPayload {
  const read = JSON.parse(payload) as OidcPayload
  return consumed_at === null ? read : { ...read, consumed: Math.floor(consumed_at / 1000) }
}
