/** `GET /v1/events`: what changed, as server-sent events (HTML Living Standard §9.2), resumable by `Last-Event-ID`. */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { AmbitError } from '#lib/errors.ts'
import { eventRange, EVENTS_ADDED, eventsAfter, type StoredEvent } from '#storage/events.ts'
import type { ServerContext } from '../context.ts'

const Query = Type.Object({ after: Type.Optional(Type.Integer({ minimum: 0 })) }, { additionalProperties: false })

/** Events read at once. */
const PAGE = 500
/** Milliseconds between two signs of life, so that proxies keep the connection. */
const BEAT_MS = 15_000
/** Milliseconds that a client may take to read what waits for it. */
const SLOW_MS = 30_000
/** Streams at once; each holds a connection. */
const MOST_STREAMS = 500

export function eventRoutes(app: FastifyInstance, { database, changes, log }: ServerContext): void {
  const streams = new Set<ServerResponse>()
  app.addHook('preClose', (done) => {
    for (const stream of streams) stream.end()
    done()
  })
  app.get<{ Querystring: Static<typeof Query> }>(
    '/v1/events',
    { config: { access: 'read', stream: true }, schema: { querystring: Query } },
    async (request, reply) => {
      if (streams.size >= MOST_STREAMS) throw new AmbitError('overloaded', 'too many streams of events are open')
      const range = await eventRange(database)
      const asked = request.headers['last-event-id'] ?? request.query.after
      const after = asked === undefined ? (range?.last ?? 0) : Number(asked)
      if (!Number.isSafeInteger(after) || after < 0)
        throw new AmbitError('request_invalid', '`Last-Event-ID` is the `id` of an event')
      const missed = range !== null && after + 1 < range.first
      reply.hijack()
      const { raw } = reply
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) raw.setHeader(name, value)
      raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
      streams.add(raw)
      // whoever comes too late for some must know, and read the whole again
      raw.write(missed ? `event: gap\ndata: ${JSON.stringify({ first: range.first })}\n\n` : ': ambit\n\n')

      let cursor = after
      let last: Promise<void> = Promise.resolve()
      const pump = async () => {
        for (;;) {
          const events = await eventsAfter(database, cursor, PAGE)
          for (const event of events) {
            if (raw.destroyed || raw.writableEnded) return
            if (!raw.write(textOf(event))) await drained(raw)
            cursor = event.seq
          }
          if (events.length < PAGE) return
        }
      }
      const soon = () => {
        last = last.then(pump).catch((error: unknown) => {
          // the client comes again with the id of the last event it has
          log.warn({ err: error }, 'a stream of events ended')
          raw.destroy()
        })
      }
      const off = changes.on(EVENTS_ADDED, soon)
      const beat = setInterval(() => void raw.write(': \n\n'), BEAT_MS)
      beat.unref()
      raw.once('close', () => {
        off()
        clearInterval(beat)
        streams.delete(raw)
      })
      soon()
    },
  )
}

function textOf({ seq, type, at, data }: StoredEvent): string {
  return `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ type, timestamp: new Date(at).toISOString(), data })}\n\n`
}

function drained(stream: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the client reads too slowly')), SLOW_MS)
    timer.unref()
    const done = () => {
      clearTimeout(timer)
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.once('drain', done)
    stream.once('close', done)
  })
}
