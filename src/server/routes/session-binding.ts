/**
 * `POST /session/bind` and `/session/renew`: where browsers register and prove the key of a bound session by themselves (W3C
 * DBSC). The proof is the only thing that counts; both are for the browser, not for a page.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Session } from '#authn/session.ts'
import { challengeOf, isChallenge, isOffer, readProof, type SessionBinding } from '#authn/session-binding.ts'
import { newId } from '#lib/ids.ts'
import { sessionIn } from '#server/provider/held-session.ts'
import { BIND_PATH, giveBound, RENEW_PATH } from '#server/sign-in/bind-session.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'

export function bindingRoutes(parts: PeopleParts) {
  return async (app: FastifyInstance): Promise<void> => {
    // nothing is read of a body
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))
    const config = { access: 'own' } as const
    app.addHook('onRequest', async (_request, reply) => {
      reply.headers({ 'cache-control': 'no-store', 'cross-origin-resource-policy': 'same-origin' })
    })
    app.post(BIND_PATH, { config }, async (request, reply) => bind(parts, request, reply))
    app.post(RENEW_PATH, { config }, async (request, reply) => renew(parts, request, reply))
  }
}

/** Registers the key: once for each session, within a minute of its sign-in, by whoever got its token then. */
async function bind(parts: PeopleParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { tools, origin } = parts
  const held = await sessionIn(tools, request.headers.cookie)
  if (held === null || !parts.binding.isOffered) return reply.code(401).send()
  const { session, token } = held
  const asked = { key: null, audience: `${origin}${BIND_PATH}`, binding: null }
  const proof = await readProof(stringOf(request, 'secure-session-response'), asked)
  const now = tools.clock()
  if (proof === null || !isOffer(tools.keyring, proof.challenge, session.id, token, now)) {
    await note(parts, session, 'session_bind_refused')
    return reply.code(401).send()
  }
  const binding: SessionBinding = { id: newId('sb'), key: proof.key, since: now, uses: 0 }
  if (!(await tools.sessions.bind(session.id, token, binding, now))) {
    await note(parts, session, 'session_bind_refused')
    return reply.code(401).send()
  }
  await note(parts, session, 'session_bound')
  return giveBound(parts, reply, binding.id)
}

/** Renews the short cookie for a proof by the key that was registered, each of another challenge; asks for one otherwise (403). */
async function renew(parts: PeopleParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { tools, origin } = parts
  const now = tools.clock()
  const id = stringOf(request, 'sec-secure-session-id')
  const session = id === '' ? null : await tools.sessions.findBound(id, now)
  // where it ended, the browser forgets its key
  if (session?.binding === undefined) return reply.send({ session_identifier: id, continue: false })
  const bound = { id: session.id, binding: session.binding }
  const jwt = stringOf(request, 'secure-session-response')
  if (jwt !== '') {
    const asked = { key: session.binding.key, audience: `${origin}${RENEW_PATH}`, binding: id }
    const proof = await readProof(jwt, asked)
    const isRight = proof !== null && isChallenge(tools.keyring, proof.challenge, bound, now)
    if (isRight && (await tools.sessions.countProof(session.binding, now))) return giveBound(parts, reply, id)
    await note(parts, session, 'session_proof_refused')
  }
  // after another proof was taken, the number of uses is another
  const again = await tools.sessions.findBound(id, now)
  if (again?.binding === undefined) return reply.send({ session_identifier: id, continue: false })
  const challenge = challengeOf(tools.keyring, { id: again.id, binding: again.binding }, now)
  return reply.code(403).header('secure-session-challenge', `"${challenge}";id="${id}"`).send()
}

/** A structured field that is one string (RFC 9651 §3.3.3), or the same without its quotes; `''` for anything else. */
function stringOf({ headers }: FastifyRequest, name: string): string {
  const value = headers[name]
  const [, text = ''] = typeof value === 'string' ? (/^"?([A-Za-z0-9._-]{1,4096})"?$/.exec(value.trim()) ?? []) : []
  return text
}

const note = (
  { tools }: PeopleParts,
  { account, id }: Session,
  event: 'session_bound' | 'session_bind_refused' | 'session_proof_refused',
): Promise<void> =>
  tools.record({
    kind: 'session',
    account,
    event,
    factor: null,
    purpose: null,
    outcome: event === 'session_bound' ? 'accepted' : 'refused',
    reason: event,
    session: id,
    at: tools.clock(),
  })
