/** `POST /v1/exceptions` asks for one, `/approve` and `/revoke` decide, `GET` lists them and says what an attacker gains. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { EXCEPTION_STATES, type ExceptionState } from '#contract/exception.ts'
import { CAPABILITIES, type Capability } from '#contract/vocabulary.ts'
import { exceptionGain } from '#decision/exception-gain.ts'
import { AmbitError } from '#lib/errors.ts'
import { DATE_PATTERN } from '#model/facts.ts'
import { storedException, storedExceptions } from '#storage/exceptions.ts'
import type { ServerContext } from '../context.ts'
import type { ExceptionActor } from '../exceptions.ts'

const Closed = { additionalProperties: false } as const
const Account = Type.String({ minLength: 1, maxLength: 512 })
const Text = Type.String({ minLength: 1, maxLength: 4000 })
const Time = Type.String({ pattern: DATE_PATTERN, description: 'RFC 3339' })

const Draft = Type.Object(
  {
    requester: Type.String({ minLength: 1, maxLength: 512, description: 'account of whoever asks' }),
    subjects: Type.Array(Account, { minItems: 1, maxItems: 1000, uniqueItems: true }),
    waysIn: Type.Optional(Type.Array(Account, { minItems: 1, maxItems: 1000, uniqueItems: true })),
    capabilities: Type.Array(Type.Unsafe<Capability>({ type: 'string', enum: [...CAPABILITIES] }), {
      uniqueItems: true,
    }),
    reason: Text,
    owner: Account,
    start: Time,
    end: Time,
    review: Time,
    rationale: Text,
    comparability: Text,
    residualRisk: Text,
    migrationPlan: Text,
  },
  Closed,
)
const ByAccount = Type.Object({ account: Account }, Closed)
const Query = Type.Object(
  { state: Type.Optional(Type.Unsafe<ExceptionState>({ type: 'string', enum: [...EXCEPTION_STATES] })) },
  Closed,
)
interface Named {
  Params: { id: string }
}

export function exceptionRoutes(app: FastifyInstance, { exceptions, database, live }: ServerContext): void {
  app.post<{ Body: Static<typeof Draft> }>(
    '/v1/exceptions',
    { config: { access: 'administer' }, schema: { body: Draft } },
    async (request, reply) => {
      const { requester, waysIn = null, ...rest } = request.body
      const [start, end, review] = [rest.start, rest.end, rest.review].map(timeOf) as [number, number, number]
      const draft = { ...rest, waysIn, start, end, review }
      return reply.code(201).send(await exceptions.request(draft, actorOf(request, requester)))
    },
  )
  app.post<Named & { Body: Static<typeof ByAccount> }>(
    '/v1/exceptions/:id/approve',
    { config: { access: 'administer' }, schema: { body: ByAccount } },
    async (request) => await exceptions.approve(request.params.id, actorOf(request, request.body.account)),
  )
  app.post<Named & { Body: Static<typeof ByAccount> }>(
    '/v1/exceptions/:id/revoke',
    { config: { access: 'administer' }, schema: { body: ByAccount } },
    async (request) => await exceptions.revoke(request.params.id, actorOf(request, request.body.account)),
  )
  app.get<{ Querystring: Static<typeof Query> }>(
    '/v1/exceptions',
    { config: { access: 'read' }, schema: { querystring: Query } },
    async ({ query: { state } }) => ({
      exceptions: await storedExceptions(database, state === undefined ? EXCEPTION_STATES : [state]),
    }),
  )
  app.get<Named>('/v1/exceptions/:id', { config: { access: 'read' } }, async ({ params: { id } }) => {
    const exception = await storedException(database, id)
    if (exception === null)
      throw new AmbitError('not_found', 'no exception has this id; `GET /v1/exceptions` lists them')
    const now = live()
    const safeguards = await exceptions.safeguards(exception)
    return { exception, safeguards, gain: now === null ? null : exceptionGain(now, exception) }
  })
}

function timeOf(text: string): number {
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new AmbitError('request_invalid', `\`${text}\` is no day of the calendar`)
  return time
}

const actorOf = (request: FastifyRequest, account: string): ExceptionActor => ({
  account,
  token: request.caller!.tokenId,
  requestId: request.id,
})
