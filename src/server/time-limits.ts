/** How long a client may take: slow ones must not hold connections that others need. */
import type { FastifyInstance } from 'fastify'
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

/** Milliseconds between two looks of Node at connections whose time is up. */
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

/** Ends requests whose body does not come within the time of their route. */
export function limitBodies(app: FastifyInstance, { config: { limits } }: ServerContext): void {
  app.addHook('onRequest', (request, reply, done) => {
    done()
    const { raw } = request
    if (raw.headers['content-length'] === undefined && raw.headers['transfer-encoding'] === undefined) return
    const seconds = request.routeOptions.config.requestSeconds ?? limits.requestSeconds
    const timer = setTimeout(() => {
      if (raw.complete || reply.sent) return
      const body = JSON.stringify(
        bodyOf(new AmbitError('request_invalid', 'the request took too long to come'), request.id),
      )
      reply.hijack()
      reply.raw.writeHead(408, { 'content-type': 'application/json; charset=utf-8', connection: 'close' })
      reply.raw.end(body, () => raw.destroy())
    }, seconds * 1000)
    timer.unref()
    raw.once('end', () => clearTimeout(timer))
    raw.once('close', () => clearTimeout(timer))
  })
}
