/** Which sessions and tokens were cut off, held in memory on every node: asked at every use of a token or session. */
import type { JWTPayload } from 'jose'
import type { Clock } from '#lib/clock.ts'
import type { Database } from '#storage/database.ts'
import { cutId, REVOKED, storedCuts } from '#storage/revocations.ts'
import type { ChangeFeed } from '../context.ts'

export interface Revocations {
  /** whether the session of these claims (`sid`), or the token itself (`jti`), was cut off */
  readonly isCut: (issuer: string, claims: JWTPayload) => boolean
}

/** Milliseconds after which all are read again, so that those whose time is over are let go. Ours. */
const READ_EVERY = 3_600_000

export async function followRevocations(
  database: Database,
  changes: Pick<ChangeFeed, 'on'>,
  clock: Clock,
): Promise<Revocations & { readonly stop: () => void }> {
  const cuts = new Set<string>()
  // first the news, then what there is, so that none falls between
  const off = changes.on(REVOKED, ({ key }) => void cuts.add(key))
  for (const id of await storedCuts(database, clock())) cuts.add(id)
  const timer = setInterval(() => {
    // what comes in while the store is read stays
    const before = [...cuts]
    storedCuts(database, clock()).then(
      (ids) => {
        const stored = new Set(ids)
        for (const id of before) if (!stored.has(id)) cuts.delete(id)
        for (const id of ids) cuts.add(id)
      },
      // what is known stays known
      () => {},
    )
  }, READ_EVERY)
  timer.unref()
  return {
    isCut(issuer, { sid, jti }) {
      if (cuts.size === 0) return false
      return (
        (typeof sid === 'string' && cuts.has(cutId({ issuer, sid }))) ||
        (typeof jti === 'string' && cuts.has(cutId({ issuer, jti })))
      )
    },
    stop() {
      off()
      clearInterval(timer)
    },
  }
}
