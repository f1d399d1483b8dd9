/**
 * Security events of others: `POST /signals/:stream/push` takes them (RFC 8935), `GET /v1/signals` lists what stands against an account,
 * `POST /v1/signals/end` ends it by hand, `/v1/signals/streams` tells of the streams.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { AmbitError } from '#lib/errors.ts'
import { receivedStreams } from '#storage/received-signals.ts'
import { signalStore } from '#storage/risk.ts'
import type { ServerContext } from '../context.ts'
import { isSharedToken } from '#server/shared-token.ts'
import { bodyOfRefusal, refusal } from '#server/signals/refusals.ts'
import { MAX_SET } from '#server/signals/verify-set.ts'

const Closed = { additionalProperties: false } as const
const Account = Type.String({ minLength: 1, maxLength: 512 })
const Query = Type.Object({ account: Account }, Closed)
const End = Type.Object(
  { account: Account, kind: Type.String({ minLength: 1, maxLength: 64 }), source: Account },
  Closed,
)

export function signalRoutes(app: FastifyInstance, context: ServerContext): void {
  const { config, database, clock, signals, audit } = context
  const store = signalStore(database)
  const streamOf = (name: string) => config.signals.from.find((each) => each.name === name)

  app.addContentTypeParser('application/secevent+jwt', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  )

  app.post<{ Params: { stream: string } }>(
    '/signals/:stream/push',
    { config: { access: 'own' }, bodyLimit: MAX_SET },
    async (request, reply) => {
      const sender = streamOf(request.params.stream)
      if (sender?.pushToken === undefined) throw new AmbitError('not_found', 'no sender pushes here')
      if (!isSharedToken(request.headers.authorization, sender.pushToken)) {
        await signals.receiver.strangerCame(sender)
        reply.header('www-authenticate', 'Bearer realm="ambit-signals", error="invalid_token"')
        return reply.code(401).send(bodyOfRefusal(refusal('not_authenticated')))
      }
      // what has no body has had no parser either
      const { body } = request
      if (typeof body !== 'string' || !/^application\/secevent\+jwt\b/i.test(request.headers['content-type'] ?? '')) {
        throw new AmbitError('media_type_unsupported', 'send the token as `application/secevent+jwt`')
      }
      const outcome = await signals.receiver.take(sender, body.trim())
      if (!outcome.taken) return reply.code(400).send(bodyOfRefusal(outcome))
      return reply.code(202).send()
    },
  )

  app.get<{ Querystring: Static<typeof Query> }>(
    '/v1/signals',
    { config: { access: 'read' }, schema: { querystring: Query } },
    async ({ query: { account } }) => ({ account, signals: await store.standing(account, clock()) }),
  )
  app.post<{ Body: Static<typeof End> }>(
    '/v1/signals/end',
    { config: { access: 'administer' }, schema: { body: End } },
    async (request) => {
      const { account, kind, source } = request.body
      const by = { type: 'client', id: request.caller!.tokenId } as const
      const what = { signal: request.id, event: kind, issuer: source, subject: account, level: null, why: ['by_hand'] }
      await audit.append({ kind: 'signal', did: 'cleared', at: clock(), by, request: request.id, ...what })
      return { account, ended: await store.end(account, { kind, source }, clock()) }
    },
  )

  app.get('/v1/signals/streams', { config: { access: 'read' } }, async () => {
    const known = new Map((await receivedStreams(database)).map((stream) => [stream.name, stream]))
    return {
      streams: config.signals.from.map(({ name, issuer }) => {
        const { status = 'enabled', verifiedAt = null } = known.get(name) ?? {}
        return { name, issuer, status, verifiedAt: verifiedAt === null ? null : new Date(verifiedAt).toISOString() }
      }),
    }
  })
  app.post<{ Params: { stream: string } }>(
    '/v1/signals/streams/:stream/verify',
    { config: { access: 'administer' } },
    async (request, reply) => {
      const sender = streamOf(request.params.stream)
      if (sender === undefined) throw new AmbitError('not_found', 'no sender of the configuration has this name')
      await signals.askForVerification(sender)
      return reply.code(202).send({ stream: sender.name, asked: true })
    },
  )
}
