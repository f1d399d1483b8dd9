/** The application of the people's server, as an OpenID client of its own. */
import * as client from 'openid-client'
import { REDIRECT, SECRET } from './people.fixture.ts'
import type { Person } from './person.fixture.ts'

export async function openApp(origin: string) {
  const options = { execute: [client.allowInsecureRequests] }
  const config = await client.discovery(new URL(`${origin}/oidc`), 'app', SECRET, undefined, options)
  /** Sends somebody to be signed in; what the code that comes back is to be redeemed with. */
  const authorize = async (person: Person, more: Record<string, string> = {}) => {
    const verifier = client.randomPKCECodeVerifier()
    const challenge = await client.calculatePKCECodeChallenge(verifier)
    const pkce = { code_challenge: challenge, code_challenge_method: 'S256', state: 's' }
    const parameters = { redirect_uri: REDIRECT, scope: 'openid', ...pkce, ...more }
    await person.go((await client.buildAuthorizationUrlWithPAR(config, parameters)).href)
    return { pkceCodeVerifier: verifier, expectedState: 's' }
  }
  return { config, authorize }
}
