/** `GET /v1/shadow`: what would have been answered by what is only tried. */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { CHANGES } from '#decision/shadow.ts'
import type { ServerContext } from '../context.ts'

const Query = Type.Object(
  {
    change: Type.Optional(Type.Unsafe<(typeof CHANGES)[number]>({ type: 'string', enum: [...CHANGES] })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  },
  { additionalProperties: false },
)

export function shadowRoutes(app: FastifyInstance, { shadow }: ServerContext): void {
  app.get<{ Querystring: Static<typeof Query> }>(
    '/v1/shadow',
    { config: { access: 'read' }, schema: { querystring: Query } },
    (request, reply) => {
      const { change, limit = 100 } = request.query
      const { examples, ...seen } = shadow.seen()
      const fitting = examples.filter((example) => change === undefined || example.change === change)
      return reply.send({ ...seen, examples: fitting.slice(0, limit) })
    },
  )
}
