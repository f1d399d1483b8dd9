/** API tokens: `ambit_<id>_<secret>`. A node keeps all of them in memory and reads them again when one comes or goes. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Scope } from '#contract/scopes.ts'
import type { Clock } from '#lib/clock.ts'
import { newSecret } from '#lib/ids.ts'
import type { Database } from '#storage/database.ts'
import { noteTokensUsed, storedTokens, type StoredToken } from '#storage/tokens.ts'

/** Who asks. */
export interface Caller {
  readonly tokenId: string
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
}

export interface Tokens {
  /** the caller that a token stands for; null for one that is unknown, revoked or expired */
  readonly caller: (token: string) => Caller | null
  /** the caller of a token by its id, while it is in force; for those who showed the token before */
  readonly byId: (id: string) => Caller | null
  /** whether a token of this name with this scope is in force */
  readonly stands: (name: string, scope: Scope) => boolean
  readonly reload: () => Promise<void>
  /** writes down which tokens were used since the last time */
  readonly noteUse: () => Promise<void>
}

const SHAPE = /^ambit_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/

const hashOf = (secret: string): Buffer => hash('sha256', secret, 'buffer')

/** A new token and what is stored of it. The token itself is told once and kept nowhere. */
export function newToken(
  of: { readonly name: string; readonly scopes: readonly Scope[]; readonly expiresAt: number | null },
  now: number,
): { readonly token: string; readonly stored: StoredToken } {
  const [id, secret] = [randomBytes(8).toString('hex'), newSecret()]
  const stored = { ...of, id, hash: hashOf(secret).toString('hex'), createdAt: now, lastUsedAt: null }
  return { token: `ambit_${id}_${secret}`, stored }
}

/** Hash that an unknown id is held against, so that it takes as long as a known one. */
const NOBODY = Buffer.alloc(32)

export async function loadTokens(database: Database, clock: Clock): Promise<Tokens> {
  let known: ReadonlyMap<string, { hash: Buffer; expiresAt: number | null; caller: Caller }> = new Map()
  /** seen to have ended: a clock that is set back does not bring them to life */
  const ended = new Set<string>()
  let used = new Map<string, number>()

  async function reload(): Promise<void> {
    const rows = await storedTokens(database)
    known = new Map(
      rows.map(({ id, name, hash, scopes, expiresAt }) => {
        const caller = { tokenId: id, name, scopes: new Set(scopes) }
        return [id, { hash: Buffer.from(hash, 'hex'), expiresAt, caller }]
      }),
    )
  }

  function inForce(id: string): Caller | null {
    const entry = known.get(id)
    if (entry === undefined || ended.has(id)) return null
    if (entry.expiresAt !== null && entry.expiresAt <= clock()) {
      ended.add(id)
      return null
    }
    return entry.caller
  }

  function byId(id: string): Caller | null {
    const caller = inForce(id)
    if (caller !== null) used.set(id, clock())
    return caller
  }

  await reload()
  return {
    reload,
    byId,
    stands: (name, scope) =>
      [...known].some(([id, { caller }]) => caller.name === name && caller.scopes.has(scope) && inForce(id) !== null),
    caller(token) {
      const [, id = '', secret = ''] = SHAPE.exec(token) ?? []
      const fits = timingSafeEqual(hashOf(secret), known.get(id)?.hash ?? NOBODY)
      return fits ? byId(id) : null
    },
    async noteUse() {
      if (used.size === 0) return
      const noted = used
      used = new Map()
      await noteTokensUsed(database, noted)
    },
  }
}
