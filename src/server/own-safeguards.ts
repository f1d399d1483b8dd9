/** What this server sees of the safeguards of its own sign-ins, at any moment: out of its configuration, and of what it does. */
import type { OwnSafeguards, Word } from '#decision/own-safeguards.ts'
import type { Clock } from '#lib/clock.ts'
import { authenticatorStore } from '#storage/authenticators.ts'
import type { Database } from '#storage/database.ts'
import { identifierStore } from '#storage/identifiers.ts'
import { sessionStore } from '#storage/sessions.ts'
import { channelsOfConfig } from './config/delivery.ts'
import type { Config } from './config/schema.ts'
import { ownIssuerName } from './provider/own-issuer.ts'

export interface OwnDoor {
  /** as it is now */
  readonly seen: () => OwnSafeguards
  /** whether a session that began here is bound to a key of its browser; false for one that is over */
  readonly isBound: (session: string, account: string) => Promise<boolean>
  readonly signsInHere: (account: string) => Promise<boolean>
  /** hears that all recoveries were looked at */
  readonly recoveriesMoved: () => void
}

/** Milliseconds for which recoveries may go unattended, ten times as long as they do: longer than a store is restarted in. Ours. */
const UNATTENDED_MS = 300_000

/** Null where nobody signs in here. */
export function ownDoor(
  config: Pick<Config, 'people' | 'publicUrl'>,
  { database, clock }: { readonly database: Database; readonly clock: Clock },
): OwnDoor | null {
  const issuer = ownIssuerName(config)
  const { people } = config
  if (issuer === null || people === undefined) return null
  const [authenticators, identifiers] = [authenticatorStore(database, clock), identifierStore(database, clock)]
  const sessions = sessionStore(database)
  const isHeard = channelsOfConfig(people).length > 0
  let movedAt = clock()
  // both are in the way of every sign-in: where one cannot be had, nobody gets in
  const words = {
    anomaly_detection: { holds: true, evidence: 'each sign-in here is weighed by the habits of its account' },
    rate_limiting: { holds: true, evidence: 'each try here is counted before it is compared' },
  } as const
  const recovery = (): Word => {
    if (!isHeard) return { holds: false, evidence: 'nobody can be told of a recovery: nothing delivers here' }
    if (Math.abs(clock() - movedAt) > UNATTENDED_MS)
      return { holds: null, evidence: `recoveries were not looked at for ${UNATTENDED_MS / 60_000} minutes` }
    return { holds: true, evidence: 'recoveries here wait, and are told to everybody who may object' }
  }
  return {
    seen: () => ({ issuer, words: { ...words, monitored_recovery: recovery() } }),
    async isBound(id, account) {
      const session = await sessions.find(id, clock())
      return session?.account === account && session.binding !== undefined
    },
    signsInHere: async (account) =>
      (await authenticators.listOf(account)).length > 0 ||
      (await identifiers.listOf(account)).some(({ verifiedAt }) => verifiedAt !== null),
    recoveriesMoved: () => void (movedAt = clock()),
  }
}
