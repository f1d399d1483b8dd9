/** OpenID AuthZEN Authorization API 1.0: evaluation, evaluations, searches and metadata. docs/authzen.md is its reference. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  searchActions,
  searchResources,
  searchSubjects,
  type Found,
  type Page,
  type Template,
} from '#decision/search.ts'
import type { World } from '#decision/world.ts'
import { AmbitError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import { answerOne, answerSeveral } from '#server/authzen/asking.ts'
import { batchOf, bodyOf, pageOf, questionOf, type Open } from '#server/authzen/reading.ts'
import { sessionTold, withoutSession } from '#server/authzen/session.ts'
import type { ServerContext } from '../context.ts'
import { NO_CIRCUMSTANCES } from '../evaluate.ts'
import { jsonBody } from '../json-bodies.ts'

export const AUTHZEN_PATHS = {
  access_evaluation_endpoint: '/access/v1/evaluation',
  access_evaluations_endpoint: '/access/v1/evaluations',
  search_subject_endpoint: '/access/v1/search/subject',
  search_resource_endpoint: '/access/v1/search/resource',
  search_action_endpoint: '/access/v1/search/action',
} as const

/** Longest `X-Request-ID` that is sent back; a longer one would be an attack on whoever logs it. */
const MAX_REQUEST_ID = 1024
/** Of answers that are written here, as of those that the framework writes. */
const JSON_TYPE = 'application/json; charset=utf-8'
const BEYOND_ASCII = /[\u0080-\u00ff]/

export function authzenRoutes(app: FastifyInstance, context: ServerContext): void {
  // AuthZEN §10.1.4: whatever id the request has, the answer has, errors too
  app.addHook('onSend', ({ headers }, reply, payload, done) => {
    const given = headers['x-request-id']
    if (typeof given !== 'string' || given.length > MAX_REQUEST_ID) return done(null, payload)
    reply.header('x-request-id', given)
    // Node writes the head in the encoding of a text behind it, which would change an id beyond ASCII
    done(null, typeof payload === 'string' && BEYOND_ASCII.test(given) ? Buffer.from(payload) : payload)
  })
  takeOnlyJson(app)
  const config = { access: 'decide' } as const
  const answering = (path: string, answer: (request: FastifyRequest) => Promise<string>) =>
    app.post(path, { config }, async (request, reply) => {
      const text = await answer(request)
      reply.type(JSON_TYPE)
      return text
    })
  const single = (request: FastifyRequest) => answerOne(context, request, questionOf(bodyOf(request.body)))
  answering(AUTHZEN_PATHS.access_evaluation_endpoint, single)
  answering(AUTHZEN_PATHS.access_evaluations_endpoint, (request) => {
    const batch = batchOf(bodyOf(request.body))
    return batch === null ? single(request) : answerSeveral(context, request, batch.items, batch.semantic)
  })
  const search = (path: string, open: NonNullable<Open>, find: Find) =>
    app.post(path, { config }, (request) => searched(context, request, open, find))
  search(AUTHZEN_PATHS.search_subject_endpoint, 'subject', searchSubjects)
  search(AUTHZEN_PATHS.search_resource_endpoint, 'resource', searchResources)
  search(AUTHZEN_PATHS.search_action_endpoint, 'action', searchActions)
}

/** A body that is no JSON, or not said to be, is a bad request like any other: 400, never 415 (AuthZEN §10.1.2). */
function takeOnlyJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, async ({ headers }: FastifyRequest, body: string) => {
    if (!/^application\/json[ \t]*(?:;|$)/i.test((headers['content-type'] ?? '').trim())) {
      throw new AmbitError('request_invalid', 'the body must be of the type `application/json`')
    }
    return jsonBody(body)
  })
}

type Find = (world: World, template: Template, page: Page) => Found<object>

async function searched(context: ServerContext, request: FastifyRequest, open: NonNullable<Open>, find: Find) {
  const { gate, clock, health } = context
  const body = bodyOf(request.body)
  const [question, page] = [questionOf(body, open), pageOf(body)]
  const world = context.world()
  if (world === null || !health.storeReachable())
    throw new AmbitError('not_ready', 'this server has nothing to search in')
  const told = await sessionTold(gate, world, question)
  const at = Math.floor(clock() / 1000)
  const found =
    open === 'subject'
      ? NO_CIRCUMSTANCES
      : await context.circumstances({ subject: told.subject, session: told.session })
  const template: Template = {
    id: newId('eval'),
    at,
    request: withoutSession(question, told),
    session: told.session,
    stepUpsTried: 0,
    ...found,
  }
  const { results, nextToken } = find(world, template, page)
  return { results, page: { next_token: nextToken, count: results.length } }
}
