/** How long a client may take: slow ones must not hold connections that others need. */
import { performance } from 'node:perf_hooks'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServerOptions } from 'node:http'
import { AmbitError } from '#lib/errors.ts'
import type { ServerContext } from './context.ts'
import { bodyOf } from './errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** seconds in which the whole request must have come, where not `limits.requestSeconds` */
    requestSeconds?: number
  }
}

/** Milliseconds between two looks at requests and connections whose time is up. */
const LOOK_MS = 500

/** Limits that Node itself keeps, before anything of ours is called. */
export function transportLimits({ config: { limits } }: ServerContext): ServerOptions {
  return {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headerSeconds * 1000,
    // the longest of all routes; shorter ones are kept by {@link limitBodies}
    requestTimeout: Math.max(limits.inventorySeconds, limits.requestSeconds) * 1000,
    connectionsCheckingInterval: LOOK_MS,
    insecureHTTPParser: false,
    requireHostHeader: true,
    joinDuplicateHeaders: false,
  }
}

/**
 * Ends requests whose body does not come within the time of their route, give or take {@link LOOK_MS}: those that were answered
 * before it was read, too, which would otherwise keep their connection as long as they please.
 */
export function limitBodies(app: FastifyInstance, { config: { limits } }: ServerContext): void {
  // in one place, since a timer for each request is what a decision costs
  const coming = new Map<FastifyRequest, { readonly reply: FastifyReply; readonly until: number }>()
  app.addHook('onRequest', (request, reply, done) => {
    const { headers } = request.raw
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
      const seconds = request.routeOptions.config.requestSeconds ?? limits.requestSeconds
      coming.set(request, { reply, until: performance.now() + seconds * 1000 })
    }
    done()
  })
  let closing = false
  app.addHook('onResponse', (request, _reply, done) => {
    if (request.raw.complete) coming.delete(request)
    else if (closing) request.raw.destroy()
    done()
  })
  const timer = setInterval(() => {
    const now = performance.now()
    for (const [request, { reply, until }] of coming) {
      const { raw } = request
      if (raw.complete || raw.destroyed) coming.delete(request)
      else if (until <= now) {
        coming.delete(request)
        if (reply.sent) raw.destroy()
        else endLate(request, reply)
      }
    }
  }, LOOK_MS)
  timer.unref()
  app.addHook('preClose', (done) => {
    closing = true
    // what was answered waits for nothing more
    for (const [{ raw }, { reply }] of coming) if (reply.raw.writableFinished) raw.destroy()
    done()
  })
  app.addHook('onClose', (_app, done) => {
    clearInterval(timer)
    done()
  })
}

function endLate({ id, raw }: FastifyRequest, reply: FastifyReply): void {
  const body = JSON.stringify(bodyOf(new AmbitError('request_invalid', 'the request took too long to come'), id))
  reply.hijack()
  reply.raw.writeHead(408, { 'content-type': 'application/json; charset=utf-8', connection: 'close' })
  reply.raw.end(body, () => raw.destroy())
}
