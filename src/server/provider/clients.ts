/** The clients of the configuration as the provider takes them, and our own pages among them. */
import type { ClientMetadata } from 'oidc-provider'
import type { PeopleConfig } from '#server/config/people.ts'
import { DEVICE_RETURN, OWN_CLIENT, OWN_RETURN } from '#server/sign-in/step-up.ts'

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

export function clientsOf({ brand, clients }: PeopleConfig, origin: string): ClientMetadata[] {
  const own = {
    client_id: OWN_CLIENT,
    client_name: brand,
    token_endpoint_auth_method: 'none',
    redirect_uris: [OWN_RETURN, DEVICE_RETURN].map((path) => `${origin}${path}`),
  } as const
  return [own, ...clients.map(clientOf)]
}

function clientOf(client: PeopleConfig['clients'][number]): ClientMetadata {
  const { id, secret, name, redirectUris, devices, postLogoutRedirectUris, backchannelLogoutUri: told } = client
  // one that is for devices alone has nowhere to be sent back to
  const sendsBack = redirectUris.length > 0
  return {
    client_id: id,
    ...(secret === undefined ? { token_endpoint_auth_method: 'none' as const } : { client_secret: secret }),
    ...(name === undefined ? {} : { client_name: name }),
    redirect_uris: [...redirectUris],
    response_types: sendsBack ? ['code'] : [],
    grant_types: [...(sendsBack ? ['authorization_code'] : []), 'refresh_token', ...(devices ? [DEVICE_GRANT] : [])],
    post_logout_redirect_uris: [...postLogoutRedirectUris],
    ...(told === undefined ? {} : { backchannel_logout_uri: told, backchannel_logout_session_required: true }),
  }
}
