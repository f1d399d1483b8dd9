/** `POST /delivery/push/answers`: what people did in the phone app, told by its backend, which is known by its token. */
import { Type } from 'typebox'
import type { FastifyInstance } from 'fastify'
import { answerPush, type PushAnswer } from '#authn/push.ts'
import { AmbitError } from '#lib/errors.ts'
import { isSharedToken } from '#server/shared-token.ts'
import type { PeopleParts } from '#server/sign-in/parts.ts'

const LIMIT = 4096
const Text = (longest: number) => Type.String({ maxLength: longest })

const Answer = Type.Object(
  {
    id: Text(64),
    device: Text(128),
    answer: Type.Union([Type.Literal('approved'), Type.Literal('denied')]),
    number: Type.Optional(Text(64)),
  },
  { additionalProperties: false },
)

export function pushRoutes({ tools, pushes, appToken }: PeopleParts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.post(
      '/delivery/push/answers',
      {
        config: { access: 'own' },
        bodyLimit: LIMIT,
        schema: { body: Answer },
        // whoever has no token does not learn what an answer looks like
        onRequest: async (request, reply) => {
          if (isSharedToken(request.headers.authorization, appToken ?? undefined)) return
          reply.header('www-authenticate', 'Bearer realm="ambit-push"')
          throw new AmbitError('unauthenticated', 'send the token of `people.push` in the configuration')
        },
      },
      async (request, reply) =>
        reply.send({ outcome: await answerPush({ ...tools, pushes }, request.body as PushAnswer) }),
    )
  }
}
