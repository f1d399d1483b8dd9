/**
 * Streams of security events to others (SSF 1.0 §7 and §8.1): `/.well-known/ssf-configuration`, streams, their status, subjects and
 * verification, and the events of those that are polled (RFC 8936). A stream belongs to the name of the token that made it.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { AmbitError } from '#lib/errors.ts'
import { newId } from '#lib/ids.ts'
import { SENT_EVENTS } from '#signals/outgoing.ts'
import { STREAM_STATUSES, type StreamStatus } from '#storage/received-signals.ts'
import {
  addStream,
  askVerification,
  changeStream,
  deleteStream,
  excludeSubject,
  setStreamStatus,
  streamsOf,
  type SsfStream,
} from '#storage/ssf-streams.ts'
import type { ServerContext } from '../context.ts'
import { deliveredTo, hashOfSubject } from '#server/ssf/sets.ts'
import type { Transmitter } from '#server/ssf/transmitter.ts'

const PUSH = 'urn:ietf:rfc:8935'
const POLL = 'urn:ietf:rfc:8936'
/** Milliseconds for which a receiver that polls is kept waiting for something to tell. */
const WAIT_MS = 10_000
/** Milliseconds after which it is looked again even if nothing was heard of. */
const LOOK_MS = 1000
/** Events of one poll where the receiver asks for no number, and at most. */
const FEW = 50
const MOST = 200

const Text = Type.String({ minLength: 1, maxLength: 2000 })
const Id = Type.String({ minLength: 1, maxLength: 64 })
// what the transmitter says of a stream may be sent back, and is compared
const Wishes = Type.Object({
  stream_id: Type.Optional(Id),
  delivery: Type.Optional(
    Type.Object({
      method: Type.Unsafe<typeof PUSH | typeof POLL>({ type: 'string', enum: [PUSH, POLL] }),
      endpoint_url: Type.Optional(Text),
      authorization_header: Type.Optional(Type.String({ minLength: 1, maxLength: 4000, pattern: '^[\\x21-\\x7e ]+$' })),
    }),
  ),
  events_requested: Type.Optional(Type.Array(Text, { maxItems: 100 })),
  format: Type.Optional(Text),
  description: Type.Optional(Type.String({ maxLength: 1000 })),
})
type Wishes = Static<typeof Wishes>
const Status = Type.Object({
  stream_id: Id,
  status: Type.Unsafe<StreamStatus>({ type: 'string', enum: [...STREAM_STATUSES] }),
  reason: Type.Optional(Type.String({ maxLength: 1000 })),
})
const Subject = Type.Object({
  stream_id: Id,
  subject: Type.Object({}, { additionalProperties: true }),
  verified: Type.Optional(Type.Boolean()),
})
const Verification = Type.Object({ stream_id: Id, state: Type.Optional(Type.String({ maxLength: 1024 })) })
const Poll = Type.Object({
  maxEvents: Type.Optional(Type.Integer({ minimum: 0 })),
  returnImmediately: Type.Optional(Type.Boolean()),
  ack: Type.Optional(Type.Array(Text, { maxItems: 1000 })),
  setErrs: Type.Optional(Type.Record(Text, Type.Object({ err: Text, description: Type.Optional(Type.String()) }))),
})
const ByStream = Type.Object({ stream_id: Type.Optional(Id) }, { additionalProperties: false })

const manage = { config: { access: 'ssf.manage' } } as const
const read = { config: { access: 'ssf.read' } } as const

export function ssfRoutes(app: FastifyInstance, context: ServerContext): void {
  const { transmitter } = context
  if (transmitter === null) return
  const { database, clock, audit, health } = context
  const { sets, settings, authorizations } = transmitter
  const base = sets.issuer

  app.get('/.well-known/ssf-configuration', { config: { access: 'public' }, exposeHeadRoute: true }, () =>
    metadataOf(base),
  )

  const streamOf = async (request: FastifyRequest, id: string | undefined): Promise<SsfStream> => {
    const found = (await streamsOf(database, request.caller!.name)).find((each) => each.id === id)
    // one of another receiver is not there either
    if (found === undefined) throw new AmbitError('not_found', 'you have no stream of this `stream_id`')
    return found
  }
  const noted = (
    request: FastifyRequest,
    did: 'added' | 'changed' | 'removed',
    id: string,
    why: readonly string[] = [],
  ) =>
    audit.append({
      kind: 'administration',
      at: clock(),
      by: { type: 'client', id: request.caller!.tokenId },
      request: request.id,
      did,
      thing: 'ssf_stream',
      target: id,
      before: null,
      after: null,
      why: [...why],
    })
  const shown = (stream: SsfStream) => configurationOf(stream, transmitter)
  const sealed = async (id: string, header: string | null) =>
    header === null ? null : await authorizations.seal(id, header)

  app.post<{ Body: Wishes }>('/ssf/streams', { ...manage, schema: { body: Wishes } }, async (request, reply) => {
    const { wishes, header } = wishesOf(request.body, settings.networks.length > 0)
    const owner = request.caller!.name
    const id = newId('st')
    const pushSealed = await sealed(id, header)
    const stream: SsfStream = { id, owner, wishes, pushSealed, status: 'enabled', reason: null }
    await noted(request, 'added', stream.id)
    if (!(await addStream(database, stream, { most: settings.mostStreams, now: clock() })))
      throw new AmbitError('conflict', `a receiver has ${settings.mostStreams} streams at most; end one of them`)
    return reply.code(201).send(shown(stream))
  })
  app.get<{ Querystring: Static<typeof ByStream> }>(
    '/ssf/streams',
    { ...read, schema: { querystring: ByStream } },
    async (request) => {
      const { stream_id: id } = request.query
      if (id !== undefined) return shown(await streamOf(request, id))
      return (await streamsOf(database, request.caller!.name)).map(shown)
    },
  )
  app.patch<{ Body: Wishes }>('/ssf/streams', { ...manage, schema: { body: Wishes } }, async (request) => {
    const stream = await streamOf(request, request.body.stream_id)
    mustMatch(request.body, shown(stream))
    const { delivery } = request.body
    const next = await wanted(stream.id, { ...saidOf(stream), ...request.body })
    return await changed(request, stream, delivery === undefined ? { ...next, pushSealed: stream.pushSealed } : next)
  })
  app.put<{ Body: Wishes }>('/ssf/streams', { ...manage, schema: { body: Wishes } }, async (request) => {
    const stream = await streamOf(request, request.body.stream_id)
    mustMatch(request.body, shown(stream))
    return await changed(request, stream, await wanted(stream.id, request.body))
  })
  async function wanted(id: string, body: Wishes): Promise<Pick<SsfStream, 'wishes' | 'pushSealed'>> {
    const { wishes, header } = wishesOf(body, settings.networks.length > 0)
    return { wishes, pushSealed: await sealed(id, header) }
  }
  async function changed(request: FastifyRequest, stream: SsfStream, next: Pick<SsfStream, 'wishes' | 'pushSealed'>) {
    await noted(request, 'changed', stream.id)
    await changeStream(database, stream.id, next)
    return shown({ ...stream, ...next })
  }
  app.delete<{ Querystring: Static<typeof ByStream> }>(
    '/ssf/streams',
    { ...manage, schema: { querystring: ByStream } },
    async (request, reply) => {
      const { id } = await streamOf(request, request.query.stream_id)
      await noted(request, 'removed', id)
      await deleteStream(database, id)
      return reply.code(204).send()
    },
  )

  const statusOf = ({ id, status, reason }: Pick<SsfStream, 'id' | 'status' | 'reason'>) => ({
    stream_id: id,
    status,
    ...(reason === null ? {} : { reason }),
  })
  app.get<{ Querystring: Static<typeof ByStream> }>(
    '/ssf/status',
    { ...read, schema: { querystring: ByStream } },
    async (request) => statusOf(await streamOf(request, request.query.stream_id)),
  )
  app.post<{ Body: Static<typeof Status> }>('/ssf/status', { ...manage, schema: { body: Status } }, async (request) => {
    const { stream_id: id, status, reason = null } = request.body
    await streamOf(request, id)
    await noted(request, 'changed', id, [`stream_${status}`])
    await setStreamStatus(database, id, { status, reason })
    return statusOf({ id, status, reason })
  })

  for (const [path, isExcluded, code] of [
    ['/ssf/subjects/add', false, 200],
    ['/ssf/subjects/remove', true, 204],
  ] as const) {
    app.post<{ Body: Static<typeof Subject> }>(
      path,
      { ...manage, schema: { body: Subject } },
      async (request, reply) => {
        const { id } = await streamOf(request, request.body.stream_id)
        // whether somebody is known here is not told (SSF 1.0 §9.1)
        const subject = hashOfSubject(request.body.subject)
        if (subject === null) throw new AmbitError('request_invalid', 'subjects are named here by `iss_sub`')
        await noted(request, 'changed', id, [isExcluded ? 'subject_removed' : 'subject_added'])
        await excludeSubject(database, id, subject, isExcluded)
        return reply.code(code).send()
      },
    )
  }

  app.post<{ Body: Static<typeof Verification> }>(
    '/ssf/verify',
    { ...manage, schema: { body: Verification } },
    async (request, reply) => {
      const { stream_id: id, state = null } = request.body
      await streamOf(request, id)
      const now = clock()
      const notAfter = now - settings.verificationSeconds * 1000
      if (await askVerification(database, id, state, { now, notAfter })) return reply.code(204).send()
      return reply.code(429).header('retry-after', settings.verificationSeconds).send()
    },
  )

  /** Ends the wait of the poll that waits, by stream: one each, or a receiver could hold all the room that this server has. */
  const waiting = new Map<string, () => void>()

  app.post<{ Params: { id: string }; Body: Static<typeof Poll> }>(
    '/ssf/streams/:id/poll',
    { ...read, schema: { body: Poll } },
    async (request) => {
      const stream = await streamOf(request, request.params.id)
      if (stream.wishes.pushUrl !== null) throw new AmbitError('conflict', 'the events of this stream are pushed')
      const { maxEvents = FEW, returnImmediately = false, ack = [], setErrs = {} } = request.body
      const errors = Object.fromEntries(Object.entries(setErrs).map(([jti, { err }]) => [jti, wordOf(err)]))
      await transmitter.settle(stream, ack, errors)
      if (maxEvents === 0 || stream.status !== 'enabled') return { sets: {}, moreAvailable: false }
      const most = Math.min(maxEvents, MOST)
      let found = await transmitter.poll(stream, most)
      if (found.sets.length === 0 && !returnImmediately) {
        const { promise: replaced, resolve } = Promise.withResolvers<void>()
        let isOver = false
        const end = () => ((isOver = true), resolve())
        waiting.get(stream.id)?.()
        waiting.set(stream.id, end)
        const wait = AbortSignal.timeout(WAIT_MS)
        // what is new may be for others
        while (found.sets.length === 0 && !isOver && !wait.aborted && !health.draining()) {
          await Promise.race([transmitter.news(LOOK_MS), replaced])
          if (!isOver) found = await transmitter.poll(stream, most)
        }
        if (waiting.get(stream.id) === end) waiting.delete(stream.id)
      }
      return { sets: Object.fromEntries(found.sets.map(({ jti, text }) => [jti, text])), moreAvailable: found.more }
    },
  )
}

/** SSF 1.0 §7.1. */
const metadataOf = (base: string) => ({
  spec_version: '1_0',
  issuer: base,
  jwks_uri: `${base}/.well-known/jwks.json`,
  delivery_methods_supported: [PUSH, POLL],
  configuration_endpoint: `${base}/ssf/streams`,
  status_endpoint: `${base}/ssf/status`,
  add_subject_endpoint: `${base}/ssf/subjects/add`,
  remove_subject_endpoint: `${base}/ssf/subjects/remove`,
  verification_endpoint: `${base}/ssf/verify`,
  // what is given at `/ssf/token`, and API tokens as they are
  authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }, { spec_urn: 'urn:ietf:rfc:6750' }],
  default_subjects: 'ALL',
})

function configurationOf({ id, owner, wishes }: SsfStream, { sets, settings }: Transmitter) {
  const { pushUrl, events, description } = wishes
  return {
    stream_id: id,
    iss: sets.issuer,
    aud: sets.audienceOf(owner),
    // what it is pushed with is never told again
    delivery:
      pushUrl === null
        ? { method: POLL, endpoint_url: `${sets.issuer}/ssf/streams/${id}/poll` }
        : { method: PUSH, endpoint_url: pushUrl },
    events_supported: SENT_EVENTS,
    ...(events === null ? {} : { events_requested: events }),
    events_delivered: deliveredTo({ wishes }),
    min_verification_interval: settings.verificationSeconds,
    format: 'iss_sub',
    ...(description === null ? {} : { description }),
  } as const
}

/** What the receiver said of its stream, as it said it, but for what it is pushed with. */
function saidOf({ wishes: { pushUrl, events, description } }: SsfStream): Wishes {
  return {
    delivery: pushUrl === null ? { method: POLL } : { method: PUSH, endpoint_url: pushUrl },
    ...(events === null ? {} : { events_requested: [...events] }),
    ...(description === null ? {} : { description }),
  }
}

/** What a receiver wants, and the header that it wants to be pushed with. */
function wishesOf(
  body: Wishes,
  isPlainAllowed: boolean,
): Pick<SsfStream, 'wishes'> & { readonly header: string | null } {
  const { delivery, format = 'iss_sub' } = body
  const [events, description] = [body.events_requested ?? null, body.description ?? null]
  if (format !== 'iss_sub') throw new AmbitError('request_invalid', 'subjects are named here by `iss_sub`')
  // SSF 1.0 §8.1.1.1: without a delivery it is polled
  if (delivery === undefined || delivery.method === POLL)
    return { wishes: { pushUrl: null, events, description }, header: null }
  const { endpoint_url: pushUrl, authorization_header: header = null } = delivery
  const url = pushUrl !== undefined && URL.canParse(pushUrl) ? new URL(pushUrl) : null
  const isFit =
    url !== null &&
    (url.protocol === 'https:' || (isPlainAllowed && url.protocol === 'http:')) &&
    url.username === '' &&
    url.password === '' &&
    url.hash === ''
  if (!isFit) throw new AmbitError('request_invalid', '`endpoint_url` is an https URL without a password or fragment')
  return { wishes: { pushUrl: url.href, events, description }, header }
}

/** What the transmitter says of a stream may be left out, but not be another (SSF 1.0 §8.1.1.3). */
function mustMatch(body: object, own: Readonly<Record<string, unknown>>): void {
  for (const key of ['iss', 'aud', 'events_supported', 'events_delivered', 'min_verification_interval']) {
    const given: unknown = Reflect.get(body, key)
    if (given !== undefined && JSON.stringify(given) !== JSON.stringify(own[key]))
      throw new AmbitError('request_invalid', `\`${key}\` is this server's to say`)
  }
}

/** An error code of a receiver as a word that may stand in records. */
const wordOf = (err: string): string => (/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(err) ? err : 'other')
