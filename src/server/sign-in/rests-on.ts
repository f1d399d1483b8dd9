/** Sessions that rest on a sign-in at another provider: noted before they are there, and over where that one is. */
import type { Proof } from '#authn/session.ts'
import type { PeopleParts } from './parts.ts'

/** Notes what a session rests on; to be called before it begins, or is raised. */
export async function noteRestsOn(
  { upstreams }: PeopleParts,
  session: string,
  proofs: readonly Proof[],
): Promise<void> {
  for (const { upstream } of proofs) if (upstream !== undefined) await upstreams.sessions.note(session, upstream)
}

/**
 * Ends a session that has begun, where what it rests on ended meanwhile, or its link was taken away; true then. Whoever takes a link away
 * ends the sessions that have begun after that, so that one of the two sees the other.
 */
export async function endedMeanwhile(
  { tools, upstreams, identifiers }: PeopleParts,
  session: string,
  proofs: readonly Proof[],
): Promise<boolean> {
  for (const { upstream } of proofs) {
    if (upstream === undefined) continue
    const isLinked = (await identifiers.find('upstream', upstream.link)) !== null
    if (isLinked && !(await upstreams.sessions.isOver(upstream))) continue
    await tools.sessions.end(session, 'upstream_signed_out', tools.clock())
    return true
  }
  return false
}
