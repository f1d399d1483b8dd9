/** What issuers publish of themselves, by whatever standard: metadata and keys, fetched, kept for a while, fetched again. */
import { keySetOf, type KeySource } from '#authn/key-set.ts'
import type { Clock } from '#lib/clock.ts'
import { jsonOf, type GuardedFetch } from './guarded-fetch.ts'

/** What the configuration says of an issuer itself, instead of its metadata. */
export interface IssuerAddress {
  readonly issuer: string
  /** URL of the JWK Set; null to take it from the metadata */
  readonly jwks: string | null
}

/** What issuers say, and their keys. */
export interface FollowedIssuers<M> extends KeySource {
  /** null when it cannot be had */
  readonly metadata: (issuer: string) => Promise<M | null>
}

/** Milliseconds for which what was fetched is taken as it is; ours. */
const FRESH_MS = 600_000
/** Milliseconds after which it is no longer used even if nothing newer can be had: a key may have been withdrawn. Ours. */
const STALE_MS = 3_600_000
/** Milliseconds between two tries that fail, and between two fetches because of an unknown key id. Ours. */
const PAUSE_MS = 30_000

/** Something that is fetched, kept, and used for a limited time while it cannot be fetched. */
interface Kept<T> {
  readonly current: () => Promise<T | null>
  readonly renewed: () => Promise<T | null>
}

function keep<T>(fetch: () => Promise<T>, clock: Clock, onTrouble: (error: unknown) => void): Kept<T> {
  let value: T | null = null
  let fetchedAt = -Infinity
  let triedAt = -Infinity
  let running: Promise<boolean> | null = null
  const renew = (): Promise<boolean> =>
    (running ??= (async () => {
      triedAt = clock()
      try {
        value = await fetch()
        fetchedAt = clock()
        return true
      } catch (error) {
        onTrouble(error)
        return false
      } finally {
        running = null
      }
    })())
  const usable = () => (clock() - fetchedAt < STALE_MS ? value : null)
  return {
    async current() {
      if (clock() - fetchedAt < FRESH_MS) return value
      if (running !== null || clock() - triedAt >= PAUSE_MS) await renew()
      return usable()
    },
    async renewed() {
      if (running !== null) return (await running) ? value : null
      if (clock() - triedAt < PAUSE_MS) return null
      return (await renew()) ? value : null
    },
  }
}

/** Follows the metadata and keys of the issuers given, and of no others. */
export function followIssuers<M extends { readonly jwks: string | null }>(
  addresses: readonly IssuerAddress[],
  fetch: GuardedFetch,
  {
    metadataOf,
    clock,
    onTrouble,
  }: {
    readonly metadataOf: (issuer: string, fetch: GuardedFetch) => Promise<M>
    readonly clock: Clock
    readonly onTrouble: (issuer: string, error: unknown) => void
  },
): FollowedIssuers<M> {
  const kept = new Map(
    addresses.map(({ issuer, jwks }) => {
      const trouble = (error: unknown) => onTrouble(issuer, error)
      const metadata = keep(() => metadataOf(issuer, fetch), clock, trouble)
      const keys = keep(
        async () => {
          const url = jwks ?? (await metadata.current())?.jwks
          if (url == null) throw new Error('its metadata cannot be had or names no keys, so they cannot be found')
          const set = keySetOf(jsonOf(await fetch(url)))
          if (set === null) throw new Error(`\`${url}\` has no usable key`)
          return set
        },
        clock,
        trouble,
      )
      return [issuer, { metadata, keys }] as const
    }),
  )
  return {
    metadata: async (issuer) => (await kept.get(issuer)?.metadata.current()) ?? null,
    current: async (issuer) => (await kept.get(issuer)?.keys.current()) ?? null,
    renewed: async (issuer) => (await kept.get(issuer)?.keys.renewed()) ?? null,
  }
}

/** A metadata document, by member. */
export interface MetadataDocument {
  readonly read: (member: string) => unknown
  /** the URL of a member; null where there is none */
  readonly endpoint: (member: string) => string | null
}

/**
 * Fetches what an issuer says of itself. It must be of that issuer, or one could speak for another (OpenID Connect
 * Discovery §4.3, SSF 1.0 §7.2.3).
 */
export async function fetchDocument(url: string, issuer: string, fetch: GuardedFetch): Promise<MetadataDocument> {
  const found = jsonOf(await fetch(url))
  if (typeof found !== 'object' || found === null) throw new Error(`\`${url}\` is no object`)
  const read = (member: string): unknown => Reflect.get(found, member)
  if (read('issuer') !== issuer) throw new Error(`\`${url}\` is of another issuer`)
  return {
    read,
    endpoint(member) {
      const value = read(member)
      return typeof value === 'string' && URL.canParse(value) ? value : null
    },
  }
}
