/**
 * What the session behind a token or an authorization shows now, read anew from our own records, and what access tokens say of it.
 */
import type { KoaContextWithOIDC } from 'oidc-provider'
import { VOUCHED_CLAIMS } from '#authn/issuer.ts'
import { shown, type Session, type Shown } from '#authn/session.ts'
import type { SessionStore } from '#authn/stores.ts'
import type { Worths } from '#assurance/authenticator.ts'
import type { Channel } from '#assurance/shared-channel.ts'
import type { Clock } from '#lib/clock.ts'
import type { OidcRecords } from '#storage/oidc-records.ts'

export interface StandingParts {
  readonly records: OidcRecords
  readonly sessions: SessionStore
  readonly clock: Clock
  /** what authenticators are worth, of the policy in force */
  readonly worths: () => Worths
  readonly channelsOf: (account: string) => readonly Channel[]
}

/** Milliseconds by which the node that saw a proof and the one that gives tokens may differ; ours. `iat` is in whole seconds. */
const NODES_DIFFER_MS = 5000

export const sessionUidOf = (token: object): string | undefined =>
  'sessionUid' in token && typeof token.sessionUid === 'string' ? token.sessionUid : undefined

/** Our session behind a session of the provider; null if it ended, or is another account's by now. */
export async function sessionBehind(parts: StandingParts, uid: string | undefined): Promise<Session | null> {
  const linked = uid === undefined ? undefined : await parts.records.linked(uid)
  if (linked === undefined) return null
  const session = await parts.sessions.find(linked.session, parts.clock())
  return session?.account === linked.account ? session : null
}

/**
 * What that session shows now; null if it ended, or is not this account's. With `givenAt` (seconds since 1970), only what was proved
 * by then: whoever holds what was given had no part in what the person proved to others later (OpenID Connect Core §12.2).
 */
export async function standingOf(
  parts: StandingParts,
  uid: string | undefined,
  account: string | undefined,
  givenAt?: number,
): Promise<Standing | null> {
  const session = await sessionBehind(parts, uid)
  if (session === null || session.account !== account) return null
  const until = givenAt === undefined ? Infinity : givenAt * 1000 + NODES_DIFFER_MS
  const proofs = session.proofs.filter(({ at, upstream }) => Math.max(at, (upstream?.issuedAt ?? 0) * 1000) < until)
  return { ...shownOf(parts, { ...session, proofs }), session }
}

/**
 * When the person let the client have what it shows at the token endpoint, in seconds since 1970: a code counts from the answer to its
 * authorization, a refresh token from that of the code that its family came from.
 */
export function givenAtOf({ entities }: Pick<KoaContextWithOIDC['oidc'], 'entities'>): number | undefined {
  const { AuthorizationCode, DeviceCode, RefreshToken } = entities
  // a code that is changed for its first refresh token stands beside that
  return (AuthorizationCode ?? DeviceCode)?.iat ?? RefreshToken?.iiat
}

export interface Standing extends Shown {
  readonly session: Session
}

export const shownOf = (parts: StandingParts, session: Session): Shown =>
  shown(session.proofs, parts.worths(), { channels: parts.channelsOf(session.account) })

/** What an access token says of the session behind it; our decision point reads the same words (see own-issuer.ts). */
export function sessionClaims({ acr, amr, authTime, keyClass, upstream, session }: Standing): Record<string, unknown> {
  return {
    ...(acr === null ? {} : { acr }),
    amr: [...amr],
    ...(authTime === null ? {} : { auth_time: authTime }),
    ...(keyClass === null ? {} : { [VOUCHED_CLAIMS.keyClass]: keyClass }),
    [VOUCHED_CLAIMS.startedAt]: Math.floor(session.startedAt / 1000),
    ...(upstream === null ? {} : { [UPSTREAM_CLAIM]: saidElsewhere(upstream) }),
    sid: session.id,
  }
}

/** Where somebody signed in who did not do so here, in the words of that provider. */
const UPSTREAM_CLAIM = 'urn:ambit:upstream'
const saidElsewhere = ({ issuer, acr, amr, authTime }: NonNullable<Shown['upstream']>) => ({
  iss: issuer,
  ...(acr === null ? {} : { acr }),
  amr,
  auth_time: authTime,
})
