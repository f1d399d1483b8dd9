/** What senders of events publish of themselves (SSF 1.0 §7): their keys, and where a verification is asked for. */
import { keySetOf, type KeySource } from '#authn/key-set.ts'
import type { Clock } from '#lib/clock.ts'
import { keep } from '#server/gate/providers.ts'
import { jsonOf, type GuardedFetch } from '../guarded-fetch.ts'

export interface TransmitterMetadata {
  readonly jwks: string | null
  readonly verification: string | null
}

export interface Transmitters extends KeySource {
  /** null when it cannot be had */
  readonly metadata: (issuer: string) => Promise<TransmitterMetadata | null>
}

const WELL_KNOWN = '/.well-known/ssf-configuration'

/** Where a transmitter describes itself: the well-known part goes between the host and the path of its issuer (SSF 1.0 §7.2.1). */
export function metadataUrl(issuer: string): string {
  const { origin, pathname } = new URL(issuer)
  return `${origin}${WELL_KNOWN}${pathname.replace(/\/$/, '')}`
}

export function followTransmitters(
  addresses: readonly { readonly issuer: string; readonly jwks: string | null }[],
  fetch: GuardedFetch,
  { clock, onTrouble }: { clock: Clock; onTrouble: (issuer: string, error: unknown) => void },
): Transmitters {
  const kept = new Map(
    addresses.map(({ issuer, jwks }) => {
      const trouble = (error: unknown) => onTrouble(issuer, error)
      const metadata = keep(() => fetchMetadata(issuer, fetch), clock, trouble)
      const keys = keep(
        async () => {
          const url = jwks ?? (await metadata.current())?.jwks
          if (url == null) throw new Error('its metadata cannot be had, or names no keys')
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

async function fetchMetadata(issuer: string, fetch: GuardedFetch): Promise<TransmitterMetadata> {
  const url = metadataUrl(issuer)
  const found = jsonOf(await fetch(url))
  if (typeof found !== 'object' || found === null) throw new Error(`\`${url}\` is no object`)
  const read = (key: string): unknown => Reflect.get(found, key)
  // SSF 1.0 §7.2.3: otherwise one transmitter could speak for another
  if (read('issuer') !== issuer) throw new Error(`\`${url}\` is of another issuer`)
  const endpoint = (key: string): string | null => {
    const value = read(key)
    return typeof value === 'string' && URL.canParse(value) ? value : null
  }
  return { jwks: endpoint('jwks_uri'), verification: endpoint('verification_endpoint') }
}
