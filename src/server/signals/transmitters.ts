/** What senders of events publish of themselves (SSF 1.0 §7): their keys, and where a verification is asked for. */
import type { Clock } from '#lib/clock.ts'
import type { GuardedFetch } from '../guarded-fetch.ts'
import { fetchDocument, followIssuers, type FollowedIssuers, type IssuerAddress } from '../issuer-metadata.ts'

export interface TransmitterMetadata {
  readonly jwks: string | null
  readonly verification: string | null
}

export type Transmitters = FollowedIssuers<TransmitterMetadata>

const WELL_KNOWN = '/.well-known/ssf-configuration'

/** Where a transmitter describes itself: the well-known part goes between the host and the path of its issuer (SSF 1.0 §7.2.1). */
export function metadataUrl(issuer: string): string {
  const { origin, pathname } = new URL(issuer)
  return `${origin}${WELL_KNOWN}${pathname.replace(/\/$/, '')}`
}

export const followTransmitters = (
  addresses: readonly IssuerAddress[],
  fetch: GuardedFetch,
  parts: { readonly clock: Clock; readonly onTrouble: (issuer: string, error: unknown) => void },
): Transmitters => followIssuers(addresses, fetch, { ...parts, metadataOf: fetchMetadata })

async function fetchMetadata(issuer: string, fetch: GuardedFetch): Promise<TransmitterMetadata> {
  const { endpoint } = await fetchDocument(metadataUrl(issuer), issuer, fetch)
  return { jwks: endpoint('jwks_uri'), verification: endpoint('verification_endpoint') }
}
