/** What issuers publish of themselves: their endpoints and their keys, fetched, kept for a while and fetched again. */
import { keySetOf, type KeySet, type KeySource } from '#authn/key-set.ts'
import type { Clock } from '#lib/clock.ts'
import { jsonOf, type GuardedFetch } from '../guarded-fetch.ts'

/** Endpoints of a provider (OpenID Connect Discovery §3, RFC 8414 §2); null for one that it does not have. */
export interface ProviderMetadata {
  readonly issuer: string
  readonly jwks: string
  readonly authorization: string | null
  readonly token: string | null
  readonly pushed: string | null
  readonly introspection: string | null
  /** `acr_values_supported`; null where it does not say */
  readonly acrValues: readonly string[] | null
  /** `claims_parameter_supported` */
  readonly takesClaims: boolean
}

/** What the configuration says of an issuer itself, instead of its metadata. */
export interface ProviderAddress {
  readonly issuer: string
  /** URL of the JWK Set; null to take it from the metadata */
  readonly jwks: string | null
}

export interface Providers extends KeySource {
  /** null when it cannot be had */
  readonly metadata: (issuer: string) => Promise<ProviderMetadata | null>
}

/** Milliseconds for which what was fetched is taken as it is; ours. */
const FRESH_MS = 600_000
/** Milliseconds after which it is no longer used even if nothing newer can be had: a key may have been withdrawn. Ours. */
const STALE_MS = 3_600_000
/** Milliseconds between two tries that fail, and between two fetches because of an unknown key id. Ours. */
const PAUSE_MS = 30_000

/** Something that is fetched, kept, and used for a limited time while it cannot be fetched. */
export interface Kept<T> {
  readonly current: () => Promise<T | null>
  readonly renewed: () => Promise<T | null>
}

export function keep<T>(fetch: () => Promise<T>, clock: Clock, onTrouble: (error: unknown) => void): Kept<T> {
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
export function followProviders(
  addresses: readonly ProviderAddress[],
  fetch: GuardedFetch,
  { clock, onTrouble }: { clock: Clock; onTrouble: (issuer: string, error: unknown) => void },
): Providers {
  const kept = new Map(
    addresses.map(({ issuer, jwks }) => {
      const trouble = (error: unknown) => onTrouble(issuer, error)
      const metadata = keep(() => fetchMetadata(issuer, fetch), clock, trouble)
      const keys = keep(
        async (): Promise<KeySet> => {
          const url = jwks ?? (await metadata.current())?.jwks
          if (url === undefined) throw new Error('its metadata cannot be had, so its keys cannot be found')
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

async function fetchMetadata(issuer: string, fetch: GuardedFetch): Promise<ProviderMetadata> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const found = jsonOf(await fetch(url))
  if (typeof found !== 'object' || found === null) throw new Error(`\`${url}\` is no object`)
  const read = (key: string): unknown => Reflect.get(found, key)
  // OpenID Connect Discovery §4.3: otherwise one provider could speak for another
  if (read('issuer') !== issuer) throw new Error(`\`${url}\` is of another issuer`)
  const endpoint = (key: string): string | null => {
    const value = read(key)
    return typeof value === 'string' && URL.canParse(value) ? value : null
  }
  const jwks = endpoint('jwks_uri')
  if (jwks === null) throw new Error(`\`${url}\` has no jwks_uri`)
  const acrValues = read('acr_values_supported')
  return {
    issuer,
    jwks,
    authorization: endpoint('authorization_endpoint'),
    token: endpoint('token_endpoint'),
    pushed: endpoint('pushed_authorization_request_endpoint'),
    introspection: endpoint('introspection_endpoint'),
    acrValues: Array.isArray(acrValues) ? acrValues.filter((each) => typeof each === 'string') : null,
    takesClaims: read('claims_parameter_supported') === true,
  }
}
