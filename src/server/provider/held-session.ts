/** The session that a browser holds, and its end. Nothing else reads a session by its cookie: a bound one needs two. */
import type { Keyring } from '#authn/keyring.ts'
import type { Session } from '#authn/session.ts'
import { isHeld } from '#authn/session-binding.ts'
import type { SessionStore } from '#authn/stores.ts'
import type { Clock } from '#lib/clock.ts'
import { boundOf, hashOf, sessionTokenOf } from './cookies.ts'

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
 * The token of the session that comes after a change in the one with this token (a hash), and those that other keys would have made. It
 * follows from the one before and from the page that the change was posted from (its form's token), so that a form that is posted twice
 * leaves the browser with the same, whichever post opened the session and whichever answer comes last. Whoever has the token before is told
 * none: not if he came too late to change anything with it, nor if he was in time with a page of his own.
 */
export const successorsOf = (
  keyring: Pick<Keyring, 'macs'>,
  { token, form }: { readonly token: string; readonly form: string },
): readonly string[] => keyring.macs('session', 'successor', token, form).map((mac) => mac.slice(mac.indexOf('.') + 1))

/** The session, if any, that another post of the page left at the same time in place of the one with this token, and its own token. */
export async function succeeded(
  { sessions, keyring, clock }: HoldParts & { readonly keyring: Pick<Keyring, 'macs' | 'holds'> },
  before: Parameters<typeof successorsOf>[1],
  cookies: string | undefined,
): Promise<{ readonly session: Session; readonly token: string } | null> {
  const now = clock()
  for (const next of successorsOf(keyring, before)) {
    const session = await sessions.resume(hashOf(next), now, (it) => isHeld(keyring, it, boundOf(cookies), now))
    if (session !== null) return { session, token: next }
  }
  return null
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
