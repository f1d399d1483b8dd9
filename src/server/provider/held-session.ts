/** The session that a browser holds, and its end. Nothing else reads a session by its cookie: a bound one needs two. */
import type { Keyring } from '#authn/keyring.ts'
import type { Session } from '#authn/session.ts'
import { isHeld } from '#authn/session-binding.ts'
import type { SessionStore } from '#authn/stores.ts'
import type { Clock } from '#lib/clock.ts'
import { boundOf, sessionTokenOf } from './cookies.ts'

export interface HoldParts {
  readonly sessions: Pick<SessionStore, 'resume'>
  readonly keyring: Pick<Keyring, 'holds'>
  readonly clock: Clock
}

/** The session of a `Cookie` header, alive, with the hash of its token; null for none, and for a bound one whose key was not proved of late. */
export async function sessionIn(
  { sessions, keyring, clock }: HoldParts,
  cookies: string | undefined,
  isVisit = true,
): Promise<{ readonly session: Session; readonly token: string } | null> {
  const token = sessionTokenOf(cookies)
  if (token === null) return null
  const now = clock()
  const session = await sessions.resume(token, now, (it) => isHeld(keyring, it, boundOf(cookies), now), isVisit)
  return session === null ? null : { session, token }
}

/**
 * Signs out: ends the session of a `Cookie` header, also a bound one without a proof, since nobody is to stay signed in for want of one, and
 * a browser that signs in anew would go on to renew the short cookie of the old one, over that of the new.
 */
export async function signOutOf(
  { sessions, clock }: { readonly sessions: Pick<SessionStore, 'resume' | 'end'>; readonly clock: Clock },
  cookies: string | undefined,
  reason: 'signed_out' | 'signed_in_anew' = 'signed_out',
): Promise<void> {
  const token = sessionTokenOf(cookies)
  const session = token === null ? null : await sessions.resume(token, clock())
  if (session !== null) await sessions.end(session.id, reason, clock())
}
