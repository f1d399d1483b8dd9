/** Where browsers are sent to prove more and come back from, and the keys that Ambit signs with. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { AmbitError } from '#lib/errors.ts'
import type { ServerContext } from '../context.ts'
import { LOST, pageOf } from '#server/forward-auth/answers.ts'
import { cookieOf } from '#server/cookies.ts'
import { attemptCookie, cookieNames, sessionCookie } from '#server/gate/cookies.ts'
import {
  CALLBACK_PATH,
  finishSignIn,
  hasLost,
  SIGN_IN_PROBLEMS,
  START_PATH,
  startSignIn,
  type SignInParts,
  type SignInProblem,
} from '#server/gate/sign-in.ts'
import { cookiePlace } from './forward-auth.ts'

export function gateRoutes(app: FastifyInstance, context: ServerContext): void {
  const { config, gate, database, clock, log } = context
  const place = cookiePlace(config)
  const names = cookieNames(place)

  app.get(
    '/.well-known/jwks.json',
    { config: { access: 'public' }, exposeHeadRoute: true },
    async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=300')
      return await gate.signer.jwks()
    },
  )

  const parts = (): SignInParts => {
    if (config.publicUrl === undefined) throw new AmbitError('not_found', 'this server has no `publicUrl`')
    return { gate, database, clock, publicUrl: config.publicUrl }
  }

  app.get<{ Querystring: Record<string, unknown> }>(
    START_PATH,
    { config: { access: 'public' } },
    async (request, reply) => {
      const { ticket: given, told } = request.query
      const ticket = typeof given === 'string' ? given : ''
      if (told === undefined && (await hasLost(parts(), ticket))) {
        return reply.type('text/html; charset=utf-8').send(pageOf(LOST, `${START_PATH}?told=1&ticket=${ticket}`))
      }
      const started = await startSignIn(parts(), ticket)
      if (!started.ok) return problem(reply, started.why)
      const { location, attempt } = started.value
      return reply.header('set-cookie', attemptCookie(names.attempt, attempt, place.secure)).redirect(location, 302)
    },
  )

  app.get<{ Querystring: Record<string, unknown> }>(
    CALLBACK_PATH,
    { config: { access: 'public' } },
    async (request, reply) => {
      const { cookie } = request.headers
      const finished = await finishSignIn(parts(), request.query, {
        attempt: cookieOf(cookie, names.attempt),
        session: cookieOf(cookie, names.session),
      })
      if (!finished.ok) {
        log.info({ requestId: request.id, why: finished.why }, 'a sign-in at the gate did not come about')
        return problem(reply, finished.why)
      }
      const { location, session, evaluation } = finished.value
      log.info({ requestId: request.id, evaluation }, 'a browser signed in at the gate')
      const gone = `${names.attempt}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax${place.secure ? '; Secure' : ''}`
      return reply.header('set-cookie', [sessionCookie(names.session, session, place), gone]).redirect(location, 302)
    },
  )

  app.post('/gate/sign-out', { config: { access: 'public' } }, async (request, reply) => {
    const session = cookieOf(request.headers.cookie, names.session)
    if (session !== null) await gate.browsers.end(session)
    const domain = place.domain === null ? '' : `; Domain=${place.domain}`
    const gone = `${names.session}=; Path=/${domain}; Max-Age=0; HttpOnly; SameSite=Lax${place.secure ? '; Secure' : ''}`
    return reply.header('set-cookie', gone).code(204).send()
  })
}

const problem = (reply: FastifyReply, why: SignInProblem) =>
  reply
    .code(403)
    .header('x-ambit-reason', why)
    .type('text/html; charset=utf-8')
    .send(pageOf(SIGN_IN_PROBLEMS[why], null))
