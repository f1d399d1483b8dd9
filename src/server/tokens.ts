/**
 * API tokens: `ambit_<id>_<secret>`. A node keeps all of them in memory and reads them again when one comes or goes, or when one
 * is shown that it does not know.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Scope } from '#contract/scopes.ts'
import type { Clock } from '#lib/clock.ts'
import { AmbitError } from '#lib/errors.ts'
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
  /**
   * Likewise, of a token that is not taken and may have been made a moment ago: the store is asked.
   *
   * @throws {AmbitError} `store_unavailable` where it cannot be, and nobody knows whether there is such a token
   */
  readonly newCaller: (token: string) => Promise<Caller | null>
  /** the caller of a token by its id, while it is in force; for those who showed the token before */
  readonly byId: (id: string) => Caller | null
  /** as {@link Tokens.newCaller}, by the id */
  readonly newById: (id: string) => Promise<Caller | null>
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

/** Milliseconds between two readings for unknown tokens, of whatever number: whoever makes them up must not wear the store out. */
const READ_EVERY = 50

/** Hash that an unknown id is held against, so that it takes as long as a known one. */
const NOBODY = Buffer.alloc(32)

export async function loadTokens(database: Database, clock: Clock): Promise<Tokens> {
  let known: ReadonlyMap<string, { hash: Buffer; expiresAt: number | null; caller: Caller }> = new Map()
  /** seen to have ended: a clock that is set back does not bring them to life */
  const ended = new Set<string>()
  let used = new Map<string, number>()

  async function read(): Promise<void> {
    const rows = await storedTokens(database)
    known = new Map(
      rows.map(({ id, name, hash, scopes, expiresAt }) => {
        const caller = { tokenId: id, name, scopes: new Set(scopes) }
        return [id, { hash: Buffer.from(hash, 'hex'), expiresAt, caller }]
      }),
    )
  }

  let reading = Promise.resolve()
  // one after another: what was read before a token was revoked must not come in after it
  const reload = () => (reading = reading.then(read, read))
  let soon: Promise<void> | null = null
  /** A reading that begins after now, for whoever asks until it begins. */
  async function readSoon(): Promise<void> {
    await setTimeout(READ_EVERY)
    await reading.catch(() => {})
    soon = null
    await reload()
  }
  /** What is found once the store was read again. What cannot be read is not known to be missing. */
  async function readAgain(find: () => Caller | null): Promise<Caller | null> {
    const failure = await (soon ??= readSoon()).then(
      () => null,
      (error: unknown) => ({ error }),
    )
    const found = find()
    if (failure === null || found !== null) return found
    const why = String(failure.error)
    throw new AmbitError('store_unavailable', 'tokens cannot be read at the moment; come again a little later', { why })
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

  /** The hash of what is shown. One buffer for all: making one takes longer than hashing. */
  const shown = Buffer.alloc(32)
  function caller(token: string): Caller | null {
    const [, id = '', secret = ''] = SHAPE.exec(token) ?? []
    shown.write(hash('sha256', secret, 'binary'), 'latin1')
    return timingSafeEqual(shown, known.get(id)?.hash ?? NOBODY) ? byId(id) : null
  }

  await reload()
  return {
    reload,
    byId,
    stands: (name, scope) =>
      [...known].some(([id, { caller }]) => caller.name === name && caller.scopes.has(scope) && inForce(id) !== null),
    caller,
    async newCaller(token) {
      // a known id with another secret waits likewise: nobody learns which ids there are
      if (!SHAPE.test(token)) return null
      return readAgain(() => caller(token))
    },
    newById: (id) => readAgain(() => byId(id)),
    async noteUse() {
      if (used.size === 0) return
      const noted = used
      used = new Map()
      await noteTokensUsed(database, noted)
    },
  }
}
