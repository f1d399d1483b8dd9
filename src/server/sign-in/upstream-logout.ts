/** Ends what rests on a sign-in at another provider when that provider says that it is over. */
import { createHash } from 'node:crypto'
import { verifyLogoutToken } from '#authn/logout-token.ts'
import { upstreamName } from '#authn/upstream.ts'
import type { Refusal } from '#authn/refusal.ts'
import { cutOff } from '#storage/revocations.ts'
import { isProofTaken, takeProof } from '#storage/gate.ts'
import type { UpstreamProvider, Upstreams } from './upstream.ts'

/** Milliseconds for which a session there stays cut off at the doors: as long as a browser stays signed in at most. */
const CUT_MS = 86_400_000

/** Why it was not taken; null where everything that it names has ended. Rejects where that failed: it may come again. */
export async function endedUpstream(
  { flow, sessions }: Upstreams,
  { issuer: { trusted } }: UpstreamProvider,
  token: unknown,
  now: number,
): Promise<Refusal | 'proof_replayed' | null> {
  if (typeof token !== 'string') return 'malformed'
  const verifier = { issuers: [trusted], keys: flow.gate.providers }
  const verified = await verifyLogoutToken(token, verifier, now)
  if (!verified.ok) return verified.why
  const { issuer, subject, session, id, issuedAt, until } = verified.value
  const used = createHash('sha256')
    .update(JSON.stringify(['logout', issuer, id]))
    .digest('base64url')
  if (await isProofTaken(flow.database, used)) return 'proof_replayed'
  const link = subject === null ? null : upstreamName(issuer, subject)
  await sessions.end({ issuer, link, session, at: issuedAt }, now)
  // whoever came through the proxies with the same session is out, too
  if (session !== null) await cutOff(flow.database.sql, { issuer, sid: session }, now + CUT_MS, now)
  // marked once it is done: one that comes again after a failure is still taken
  await takeProof(flow.database, used, until, Math.floor(now / 1000))
  return null
}
