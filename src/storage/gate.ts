/** What the doors of the decision point keep: their signing keys, sessions of browsers, and who is out to prove more. */
import { announce } from './changes.ts'
import { isDuplicate, type Database } from './database.ts'

/** Topic of the change that is announced when sessions of browsers end. */
export const GATE_SESSIONS_CHANGED = 'gate_sessions'

/** Times are milliseconds since 1970. */
export interface GateTables {
  readonly signing_keys: { readonly kid: string; readonly jwk: string; readonly created_at: number }
  readonly gate_sessions: {
    readonly id: string
    readonly issuer: string
    readonly subject: string
    readonly claims: string
    readonly started_at: number
    readonly used_at: number
    readonly ends_at: number
  }
  readonly gate_returns: {
    readonly state: string
    readonly browser: string
    readonly evaluation: string
    readonly return_to: string
    readonly issuer: string
    readonly nonce: string
    readonly verifier: string
    readonly expires_at: number
  }
  readonly used_proofs: { readonly proof: string; readonly until: number }
}

export interface StoredKey {
  readonly kid: string
  /** private JWK */
  readonly jwk: string
  readonly createdAt: number
}

/** Makes a key unless there is one of this id already; returns all, newest first. */
export async function signingKeys(
  { sql }: Database,
  fresh: { readonly kid: string; readonly make: () => Promise<string>; readonly createdAt: number },
): Promise<StoredKey[]> {
  const known = await sql.selectFrom('signing_keys').select('kid').where('kid', '=', fresh.kid).executeTakeFirst()
  if (known === undefined) {
    const row = { kid: fresh.kid, jwk: await fresh.make(), created_at: fresh.createdAt }
    await sql
      .insertInto('signing_keys')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
  const rows = await sql.selectFrom('signing_keys').selectAll().orderBy('created_at', 'desc').execute()
  return rows.map(({ kid, jwk, created_at: createdAt }) => ({ kid, jwk, createdAt }))
}

export async function dropSigningKeys({ sql }: Database, before: number): Promise<void> {
  await sql.deleteFrom('signing_keys').where('created_at', '<', before).execute()
}

/** A browser that signed in at an issuer; `id` is the hash of what its cookie holds. */
export interface GateSession {
  readonly id: string
  readonly issuer: string
  readonly subject: string
  /** claims of the ID token, as JSON */
  readonly claims: string
  readonly startedAt: number
  readonly usedAt: number
  readonly endsAt: number
}

export async function addGateSession({ sql }: Database, session: GateSession): Promise<void> {
  await sql.deleteFrom('gate_sessions').where('ends_at', '<', session.startedAt).execute()
  await sql
    .insertInto('gate_sessions')
    .values({
      id: session.id,
      issuer: session.issuer,
      subject: session.subject,
      claims: session.claims,
      started_at: session.startedAt,
      used_at: session.usedAt,
      ends_at: session.endsAt,
    })
    .execute()
}

export async function findGateSession({ sql }: Database, id: string, now: number): Promise<GateSession | null> {
  const row = await sql
    .selectFrom('gate_sessions')
    .selectAll()
    .where('id', '=', id)
    .where('ends_at', '>', now)
    .executeTakeFirst()
  if (row === undefined) return null
  const { issuer, subject, claims, started_at: startedAt, used_at: usedAt, ends_at: endsAt } = row
  return { id, issuer, subject, claims, startedAt, usedAt, endsAt }
}

export async function noteGateSessionUse({ sql }: Database, id: string, now: number): Promise<void> {
  await sql.updateTable('gate_sessions').set({ used_at: now }).where('id', '=', id).where('used_at', '<', now).execute()
}

/** Ends one session, or all of a subject; every node hears of it. */
export async function endGateSessions(
  database: Database,
  which: { readonly id: string } | { readonly issuer: string; readonly subject: string },
  now: number,
): Promise<void> {
  await database.transaction(async (sql) => {
    const all = sql.deleteFrom('gate_sessions')
    const some =
      'id' in which
        ? all.where('id', '=', which.id)
        : all.where('issuer', '=', which.issuer).where('subject', '=', which.subject)
    await some.execute()
    await announce(sql, { topic: GATE_SESSIONS_CHANGED, key: 'id' in which ? which.id : '' }, now)
  })
}

/** A browser that was sent to an issuer. `state` and `browser` are hashes. */
export interface GateReturn {
  readonly state: string
  readonly browser: string
  /** id of the evaluation that asked for more */
  readonly evaluation: string
  readonly returnTo: string
  readonly issuer: string
  readonly nonce: string
  /** PKCE verifier (RFC 7636 §4.1) */
  readonly verifier: string
  readonly expiresAt: number
}

export async function addGateReturn(
  { sql }: Database,
  { returnTo, expiresAt, ...rest }: GateReturn,
  now: number,
): Promise<void> {
  await sql.deleteFrom('gate_returns').where('expires_at', '<', now).execute()
  await sql
    .insertInto('gate_returns')
    .values({ ...rest, return_to: returnTo, expires_at: expiresAt })
    .execute()
}

/** Takes what was kept under a state, which can be done once, by the browser that was sent. */
export async function takeGateReturn(
  { sql }: Database,
  state: string,
  browser: string,
  now: number,
): Promise<GateReturn | null> {
  const row = await sql
    .selectFrom('gate_returns')
    .selectAll()
    .where('state', '=', state)
    .where('browser', '=', browser)
    .executeTakeFirst()
  if (row === undefined) return null
  const { numDeletedRows } = await sql.deleteFrom('gate_returns').where('state', '=', state).executeTakeFirst()
  if (numDeletedRows === 0n || row.expires_at <= now) return null
  const { return_to: returnTo, expires_at: expiresAt, evaluation, issuer, nonce, verifier } = row
  return { state, browser, evaluation, returnTo, issuer, nonce, verifier, expiresAt }
}

/** Whether it was taken before. */
export async function isProofTaken({ sql }: Database, proof: string): Promise<boolean> {
  return (
    (await sql.selectFrom('used_proofs').select('proof').where('proof', '=', proof).executeTakeFirst()) !== undefined
  )
}

/** Takes a DPoP proof, which can be done once on all nodes of a store; times are seconds. */
export async function takeProof({ sql }: Database, proof: string, until: number, now: number): Promise<boolean> {
  await sql.deleteFrom('used_proofs').where('until', '<', now).execute()
  try {
    await sql.insertInto('used_proofs').values({ proof, until }).execute()
    return true
  } catch (error) {
    if (isDuplicate(error)) return false
    throw error
  }
}
