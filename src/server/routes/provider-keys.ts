/** The keys that the provider signs with: which there are, and having another sign. */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { AmbitError } from '#lib/errors.ts'
import type { ServerContext } from '../context.ts'

const Rotation = Type.Object(
  {
    /** whether the keys got out: the new one signs now, and nothing that the others signed is worth anything */
    compromised: Type.Boolean({ default: false }),
  },
  { additionalProperties: false },
)

export function providerKeyRoutes(app: FastifyInstance, { gate, audit, clock }: ServerContext): void {
  const keys = () => {
    if (gate.ownKeys === null) throw new AmbitError('not_found', 'nobody signs in here: there is no `people` section')
    return gate.ownKeys
  }
  const told = () => ({
    keys: keys()
      .current()
      .map(({ kid, signsAt, until }, i) => ({ kid, signs: i === 0, signsAt, until })),
  })
  app.get('/v1/provider/keys', { config: { access: 'read' } }, async () => told())
  app.post<{ Body: Static<typeof Rotation> }>(
    '/v1/provider/keys',
    { config: { access: 'administer' }, schema: { body: Rotation } },
    async (request) => {
      const { compromised } = request.body
      const before = keys()
      await audit.append({
        kind: 'administration',
        at: clock(),
        by: { type: 'client', id: request.caller!.tokenId },
        request: request.id,
        did: 'rotated',
        thing: 'provider_keys',
        target: before.current()[0]!.kid,
        before: null,
        after: null,
        why: compromised ? ['compromised'] : [],
      })
      await before.rotate({ compromised })
      return told()
    },
  )
}
