/**
 * Our own provider as an issuer whose access tokens are taken. Nothing of it is configured twice: its keys are at hand, what its
 * words mean is known, and the session behind a token is asked after at every use, so that a token dies with it.
 */
import type { JWTPayload } from 'jose'
import { keySetOf, type KeySet } from '#authn/key-set.ts'
import type { TrustedIssuer } from '#authn/issuer.ts'
import { sessionStore } from '#storage/sessions.ts'
import { PROVIDER_PATH } from '#server/routes/provider.ts'
import type { Config } from '#server/config/schema.ts'
import type { ServerContext } from '#server/context.ts'
import { keyringFrom, openSigningKeys, type SigningKeys } from './signing-keys.ts'

export interface OwnIssuer {
  readonly trusted: TrustedIssuer
  /** as they are now */
  readonly keys: () => KeySet
  readonly signing: SigningKeys
  /** whether the session behind a token still stands */
  readonly isAlive: (session: string) => Promise<boolean>
  /** notes that the person of a session was there */
  readonly visited: (session: string) => Promise<void>
}

/** Our session in our ID tokens, whose `sid` is that of the provider, for back-channel logout. Access tokens have ours as `sid`. */
export const SESSION_CLAIM = 'urn:ambit:session'

/** Our session that a token of ours was issued from; null for a token that names none. */
export function sessionIn(claims: JWTPayload): string | null {
  const session = claims[SESSION_CLAIM] ?? claims['sid']
  return typeof session === 'string' ? session : null
}

/** `iss` of our own tokens; null where nobody signs in here. */
export const ownIssuerName = ({ people, publicUrl }: Pick<Config, 'people' | 'publicUrl'>): string | null =>
  people === undefined || publicUrl === undefined ? null : `${publicUrl}${PROVIDER_PATH}`

export async function ownIssuer({
  config,
  database,
  clock,
}: Pick<ServerContext, 'config' | 'database' | 'clock'>): Promise<OwnIssuer | null> {
  const issuer = ownIssuerName(config)
  const { people } = config
  if (issuer === null || people === undefined) return null
  const signing = await openSigningKeys(database, keyringFrom(people), clock)
  const publicKeys = (): KeySet => {
    const keys = keySetOf({ keys: signing.current().map(({ jwk: { d: _private, ...key } }) => key) })
    if (keys === null) throw new Error('the signing keys of the provider cannot be used')
    return keys
  }
  let keys = publicKeys()
  signing.onChange(() => (keys = publicKeys()))
  const sessions = sessionStore(database)
  return {
    trusted: {
      issuer,
      algorithms: ['ES256'],
      audiences: Object.keys(people.resources),
      clientIds: [],
      accessTokens: 'typ',
      subject: { claim: 'sub', prefix: '' },
      contexts: [],
      vouches: true,
      skew: 0,
    },
    keys: () => keys,
    signing,
    // a session that cannot be found, for whatever reason, is none
    isAlive: (session) =>
      sessions.find(session, clock()).then(
        (found) => found !== null,
        () => false,
      ),
    visited: (session) => sessions.visit(session, clock()),
  }
}
