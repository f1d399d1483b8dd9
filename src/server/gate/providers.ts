/** What OpenID providers publish of themselves: their endpoints and their keys. */
import type { Clock } from '#lib/clock.ts'
import type { GuardedFetch } from '../guarded-fetch.ts'
import { fetchDocument, followIssuers, type FollowedIssuers, type IssuerAddress } from '../issuer-metadata.ts'

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
  /** `authorization_response_iss_parameter_supported`: its answers name it (RFC 9207 §3) */
  readonly saysIssuer: boolean
}

export type Providers = FollowedIssuers<ProviderMetadata>

export const followProviders = (
  addresses: readonly IssuerAddress[],
  fetch: GuardedFetch,
  parts: { readonly clock: Clock; readonly onTrouble: (issuer: string, error: unknown) => void },
): Providers => followIssuers(addresses, fetch, { ...parts, metadataOf: fetchMetadata })

async function fetchMetadata(issuer: string, fetch: GuardedFetch): Promise<ProviderMetadata> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const { read, endpoint } = await fetchDocument(url, issuer, fetch)
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
    saysIssuer: read('authorization_response_iss_parameter_supported') === true,
  }
}
