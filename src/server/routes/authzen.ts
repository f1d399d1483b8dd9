/** OpenID AuthZEN Authorization API 1.0: evaluation, evaluations, searches and metadata. docs/authzen.md is its reference. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AccessRequest } from '#contract/access-request.ts'
import type { Decision } from '#contract/decision.ts'
import { answerOf, type AuthzenAnswer } from '#decision/authzen.ts'
import {
  searchActions,
  searchResources,
  searchSubjects,
  type Found,
  type Page,
  type Template,
} from '#decision/search.ts'
import { stepUpKey } from '#decision/step-up-tries.ts'
import type { World } from '#decision/world.ts'
import { AmbitError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import { batchOf, bodyOf, pageOf, questionOf, type Open, type Semantic } from '#server/authzen/reading.ts'
import { sessionTold } from '#server/authzen/session.ts'
import type { ServerContext } from '../context.ts'
import { errorOf } from '../errors.ts'
import { decided, NO_CIRCUMSTANCES, recorded, type Asking, type Decided } from '../evaluate.ts'

export const AUTHZEN_PATHS = {
  access_evaluation_endpoint: '/access/v1/evaluation',
  access_evaluations_endpoint: '/access/v1/evaluations',
  search_subject_endpoint: '/access/v1/search/subject',
  search_resource_endpoint: '/access/v1/search/resource',
  search_action_endpoint: '/access/v1/search/action',
} as const

/** Longest `X-Request-ID` that is sent back; a longer one would be an attack on whoever logs it. */
const MAX_REQUEST_ID = 1024

export function authzenRoutes(app: FastifyInstance, context: ServerContext): void {
  // AuthZEN §10.1.4: whatever id the request has, the answer has, errors too
  app.addHook('onSend', async ({ headers }, reply) => {
    const given = headers['x-request-id']
    if (typeof given === 'string' && given.length <= MAX_REQUEST_ID) reply.header('x-request-id', given)
  })
  takeJson(app)
  const config = { access: 'decide' } as const
  app.post(AUTHZEN_PATHS.access_evaluation_endpoint, { config }, (request) => single(context, request))
  app.post(AUTHZEN_PATHS.access_evaluations_endpoint, { config }, async (request) => {
    const batch = batchOf(bodyOf(request.body))
    if (batch === null) return await single(context, request)
    return { evaluations: await several(context, request, batch.items, batch.semantic) }
  })
  const search = (path: string, open: NonNullable<Open>, find: Find) =>
    app.post(path, { config }, (request) => searched(context, request, open, find))
  search(AUTHZEN_PATHS.search_subject_endpoint, 'subject', searchSubjects)
  search(AUTHZEN_PATHS.search_resource_endpoint, 'resource', searchResources)
  search(AUTHZEN_PATHS.search_action_endpoint, 'action', searchActions)
}

/** A body that is no JSON, or not said to be, is a bad request like any other: 400, never 415 (AuthZEN §10.1.2). */
function takeJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, ({ headers }, body, done) => {
    if (!/^application\/json(?:;|$)/i.test((headers['content-type'] ?? '').trim())) {
      return done(new AmbitError('request_invalid', 'the body must be of the type `application/json`'))
    }
    try {
      done(null, JSON.parse(String(body)))
    } catch {
      done(new AmbitError('request_invalid', 'the body is not valid JSON'))
    }
  })
}

async function single(context: ServerContext, request: FastifyRequest): Promise<AuthzenAnswer> {
  const asking = await askingOf(context, request, questionOf(bodyOf(request.body)))
  const decision = await recorded(context, await decided(context, asking.asking))
  return asking.answer(decision)
}

interface Put {
  readonly asking: Asking
  /** takes note of how it ended, and says it */
  readonly answer: (decision: Decision) => AuthzenAnswer
}

/** A question as it is put: with the session that the enforcement point tells of, and how often it was sent back. */
async function askingOf(context: ServerContext, request: FastifyRequest, question: AccessRequest): Promise<Put> {
  const { gate, clock } = context
  const told = await sessionTold(gate, context.world(), question)
  const seconds = Math.floor(clock() / 1000)
  const key = told.session === null ? null : stepUpKey(told.session, told.request)
  return {
    asking: {
      request: told.request,
      session: told.session,
      stepUpsTried: key === null ? 0 : gate.tries.before(key, told.shown, seconds),
      by: { type: 'client', id: request.caller?.tokenId ?? 'unknown' },
      requestId: request.id,
    },
    answer(decision) {
      if (key !== null) gate.tries.after(key, told.shown, decision.outcome, seconds)
      return answerOf(decision, told.request.context)
    },
  }
}

/** An answer to an item, or what was wrong with the item. */
type ItemAnswer =
  | AuthzenAnswer
  | {
      readonly decision: false
      readonly context: { readonly error: { readonly status: number; readonly message: string } }
    }

/** Whether an answer ends the rest (AuthZEN §7.1.2.1). */
const ENDS: Readonly<Record<Semantic, (decision: boolean) => boolean>> = {
  execute_all: () => false,
  deny_on_first_deny: (decision) => !decision,
  permit_on_first_permit: (decision) => decision,
}

/** Decides in order until one ends it, then waits for all to be on record together. */
async function several(
  context: ServerContext,
  request: FastifyRequest,
  items: readonly (() => AccessRequest)[],
  semantic: Semantic,
): Promise<ItemAnswer[]> {
  const looked: (ItemAnswer | { readonly put: Put; readonly decided: Decided })[] = []
  for (const item of items) {
    const question = itemOf(item)
    if ('decision' in question) looked.push(question)
    else {
      const put = await askingOf(context, request, question)
      looked.push({ put, decided: await decided(context, put.asking) })
    }
    const last = looked.at(-1)!
    if (ENDS[semantic]('put' in last && last.decided.decision.outcome === 'permit')) break
  }
  return await Promise.all(
    looked.map(async (each) => ('put' in each ? each.put.answer(await recorded(context, each.decided)) : each)),
  )
}

function itemOf(item: () => AccessRequest): AccessRequest | Extract<ItemAnswer, { context: { error: unknown } }> {
  try {
    return item()
  } catch (error) {
    return { decision: false, context: { error: { status: 400, message: errorOf(error).message } } }
  }
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
      : await context.circumstances({ subject: told.request.subject, session: told.session })
  const template: Template = {
    id: newId('eval'),
    at,
    request: told.request,
    session: told.session,
    stepUpsTried: 0,
    ...found,
  }
  const { results, nextToken } = find(world, template, page)
  return { results, page: { next_token: nextToken, count: results.length } }
}
