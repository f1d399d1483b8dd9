/** Which clients somebody signed in to with which of our sessions, under the `sid` that they know it by. */
import type { Database } from './database.ts'

export interface ClientSessionTables {
  readonly oidc_client_sessions: {
    readonly session: string
    readonly client: string
    readonly sid: string
    readonly account: string
  }
}

export interface ClientSession {
  readonly client: string
  readonly sid: string
}

export interface ClientSessions {
  /** of the session that stands behind this one of the provider, if any does */
  readonly note: (uid: string, clients: readonly ClientSession[]) => Promise<void>
  readonly of: (session: string, client: string) => Promise<readonly (ClientSession & { readonly account: string })[]>
  /** the client knows that it ended */
  readonly told: (of: ClientSession) => Promise<void>
}

export const clientSessions = ({ sql }: Pick<Database, 'sql'>): ClientSessions => ({
  async note(uid, clients) {
    const behind = await sql
      .selectFrom('oidc_sessions')
      .select(['session', 'account'])
      .where('uid', '=', uid)
      .executeTakeFirst()
    if (behind === undefined || clients.length === 0) return
    await sql
      .insertInto('oidc_client_sessions')
      .values(clients.map((each) => ({ ...each, ...behind })))
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  },
  of: (session, client) =>
    sql
      .selectFrom('oidc_client_sessions')
      .select(['client', 'sid', 'account'])
      .where('session', '=', session)
      .where('client', '=', client)
      .execute(),
  async told({ client, sid }) {
    await sql.deleteFrom('oidc_client_sessions').where('client', '=', client).where('sid', '=', sid).execute()
  },
})
