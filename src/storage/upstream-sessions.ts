/** Which sessions rest on a sign-in at another provider, and what was ended there. Times are seconds since 1970, of its clock. */
import type { UpstreamProof } from '#authn/upstream.ts'
import { upstreamSession } from '#authn/upstream.ts'
import type { Database } from './database.ts'
import { endSessions } from './session-ends.ts'

export interface UpstreamTables {
  readonly upstream_sessions: {
    readonly session: string
    readonly link: string
    readonly sid: string
    readonly issued_at: number
  }
  /** `id` is a link, or a session there */
  readonly upstream_ends: { readonly id: string; readonly at: number }
}

/** What ended there: all sessions of a link, or one. A session that no sign-in here names ends those of the link that name none. */
export interface UpstreamEnd {
  readonly issuer: string
  /** null where only the session is named */
  readonly link: string | null
  /** `sid`; null where all of the subject's are meant */
  readonly session: string | null
  readonly at: number
}

export interface UpstreamSessionStore {
  /** to be called before the session begins, or is raised */
  readonly note: (session: string, proof: UpstreamProof) => Promise<void>
  /** whether what this proof rests on has ended; asked after the session began, so that an end at the same moment is seen by one of the two */
  readonly isOver: (proof: UpstreamProof) => Promise<boolean>
  /** ends what began until then; returns how many sessions that were */
  readonly end: (end: UpstreamEnd, now: number) => Promise<number>
}

const sidOf = ({ issuer, link, session }: Pick<UpstreamProof, 'issuer' | 'link' | 'session'>): string =>
  session === null ? unnamed(link) : upstreamSession(issuer, session)
/** Stands for every session of a link that has no name. */
const unnamed = (link: string): string => `- ${link}`

export function upstreamSessionStore(database: Database): UpstreamSessionStore {
  const { sql } = database
  return {
    async note(session, proof) {
      await sql
        .insertInto('upstream_sessions')
        .values({ session, link: proof.link, sid: sidOf(proof), issued_at: proof.issuedAt })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
    async isOver(proof) {
      const found = await sql
        .selectFrom('upstream_ends')
        .select('id')
        .where('id', 'in', [proof.link, sidOf(proof)])
        .where('at', '>=', proof.issuedAt)
        .executeTakeFirst()
      return found !== undefined
    },
    async end({ issuer, link, session, at }, now) {
      const ids =
        session === null
          ? [link].filter((each) => each !== null)
          : [upstreamSession(issuer, session), ...(link === null ? [] : [unnamed(link)])]
      // committed before anything is looked for: a session that begins meanwhile sees it
      for (const id of ids) {
        await sql
          .insertInto('upstream_ends')
          .values({ id, at })
          .onConflict((conflict) => conflict.column('id').doUpdateSet({ at }).where('upstream_ends.at', '<', at))
          .execute()
      }
      if (ids.length === 0) return 0
      const rows = await sql
        .selectFrom('upstream_sessions')
        .select('session')
        .distinct()
        .where(session === null ? 'link' : 'sid', 'in', ids)
        .where('issued_at', '<=', at)
        .execute()
      let ended = 0
      for (const { session: id } of rows)
        ended += await database.transaction((inside) => endSessions(inside, { id }, 'upstream_signed_out', now))
      return ended
    },
  }
}
