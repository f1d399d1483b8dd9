/** Sessions of browsers at the proxies: a cookie that means nothing but the row it leads to. */
import { createHash } from 'node:crypto'
import type { JWTPayload } from 'jose'
import { evidenceOf } from '#authn/evidence.ts'
import type { TrustedIssuer } from '#authn/issuer.ts'
import type { VerifiedToken } from '#authn/token.ts'
import type { SessionEvidence } from '#contract/decision.ts'
import type { Clock } from '#lib/clock.ts'
import { newSecret } from '#lib/ids.ts'
import type { Database } from '#storage/database.ts'
import {
  addGateSession,
  endGateSessions,
  findGateSession,
  noteGateSessionUse,
  type GateSession,
} from '#storage/gate.ts'
import type { Gate } from './gate.ts'

export interface BrowserSession {
  readonly id: string
  readonly evidence: SessionEvidence
  readonly claims: JWTPayload
}

export interface BrowserSessions {
  /**
   * the session that a cookie leads to. Where its person opened a page (`isVisit`), the session of ours that it came from is in use,
   * too; what scripts fetch and frames load says of nobody that he is there. Null for none, one that ended, and one of an issuer that no
   * longer counts
   */
  readonly find: (cookie: string, how?: { readonly isVisit: boolean }) => Promise<BrowserSession | null>
  /** begins a session on a verified ID token; returns the value of its cookie */
  readonly begin: (token: VerifiedToken) => Promise<string>
  readonly end: (cookie: string) => Promise<void>
  /** forgets what is kept in memory; to be called when sessions ended, here or on another node */
  readonly ended: (id: string) => void
}

/** Milliseconds for which a session that was found is taken again without asking the store. Ours; ends are told at once. */
const KEPT_MS = 5000
/** Milliseconds between two notes that a session is used. Ours. */
const NOTED_EVERY_MS = 30_000
/** Sessions kept in memory. */
const KEPT = 10_000

export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

export function browserSessions(
  database: Database,
  issuers: readonly TrustedIssuer[],
  {
    clock,
    minutes,
    isOver,
    visited,
  }: {
    readonly clock: Clock
    readonly minutes: number
    readonly isOver: Gate['isOver']
    readonly visited: (issuer: string, claims: JWTPayload) => Promise<void>
  },
): BrowserSessions {
  const kept = new Map<string, { readonly session: GateSession; readonly until: number }>()

  async function load(id: string, now: number): Promise<GateSession | null> {
    const known = kept.get(id)
    if (known !== undefined && known.until > now && known.session.endsAt > now) return known.session
    kept.delete(id)
    const session = await findGateSession(database, id, now)
    if (session === null) return null
    kept.set(id, { session, until: now + KEPT_MS })
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!)
    return session
  }

  return {
    async find(cookie, { isVisit } = { isVisit: false }) {
      const [id, now] = [hashOf(cookie), clock()]
      const session = await load(id, now)
      if (session === null) return null
      const issuer = issuers.find(({ issuer: name }) => name === session.issuer)
      if (issuer === undefined) return null
      const claims = JSON.parse(session.claims) as JWTPayload
      if (await isOver(issuer.issuer, claims)) return null
      if (isVisit) await visited(issuer.issuer, claims)
      const token = {
        use: 'id',
        issuer,
        claims,
        expiresAt: session.endsAt / 1000,
        binding: { jkt: null, x5t: null },
      } as const
      const shown = evidenceOf(token, null, Math.floor(now / 1000))
      if (shown === null) return null
      if (now - session.usedAt >= NOTED_EVERY_MS) {
        await noteGateSessionUse(database, id, now)
        kept.delete(id)
      }
      const [startedAt, lastUsedAt] = [session.startedAt, session.usedAt].map((at) => Math.floor(at / 1000))
      return { id, claims, evidence: { ...shown, startedAt: startedAt!, lastUsedAt: lastUsedAt! } }
    },
    async begin({ issuer, claims }) {
      const [secret, now] = [newSecret(), clock()]
      await addGateSession(database, {
        id: hashOf(secret),
        issuer: issuer.issuer,
        subject: String(claims.sub),
        claims: JSON.stringify(claims),
        startedAt: now,
        usedAt: now,
        endsAt: now + minutes * 60_000,
      })
      return secret
    },
    async end(cookie) {
      const id = hashOf(cookie)
      kept.delete(id)
      await endGateSessions(database, { id }, clock())
    },
    ended: (id) => void (id === '' ? kept.clear() : kept.delete(id)),
  }
}
