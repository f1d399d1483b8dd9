/** What browsers are told of sessions that are bound to a key of theirs (W3C Device Bound Session Credentials). */
import type { FastifyReply } from 'fastify'
import { BINDING_ALGORITHMS, boundValueOf, offerOf } from '#authn/session-binding.ts'
import { attributes, BOUND_COOKIE, boundCookie } from '#server/provider/cookies.ts'
import type { PeopleParts } from './parts.ts'

export const BIND_PATH = '/session/bind'
export const RENEW_PATH = '/session/renew'

type Parts = Pick<PeopleParts, 'tools' | 'origin' | 'binding'>

/**
 * Offers a browser that just signed in to bind its session (a browser that knows nothing of it goes on without). `token` is the
 * hash of what the same answer gives it.
 */
export function offerBinding({ tools, binding }: Parts, reply: FastifyReply, session: string, token: string): void {
  if (!binding.isOffered) return
  const offer = offerOf(tools.keyring, session, token, tools.clock())
  const algorithms = BINDING_ALGORITHMS.join(' ')
  reply.header('secure-session-registration', `(${algorithms});path="${BIND_PATH}";challenge="${offer}"`)
}

/** Gives the short cookie, and says what it is for (§ JSON Session Instruction Format). */
export function giveBound(
  { tools, origin, binding: { seconds } }: Parts,
  reply: FastifyReply,
  id: string,
): FastifyReply {
  const value = boundValueOf(tools.keyring, id, tools.clock() + seconds * 1000)
  return reply.header('set-cookie', boundCookie(value, seconds)).send({
    session_identifier: id,
    refresh_url: RENEW_PATH,
    scope: { origin, include_site: false },
    credentials: [{ type: 'cookie', name: BOUND_COOKIE, attributes }],
    // applications send people here, and any of them may
    allowed_refresh_initiators: ['*'],
  })
}
