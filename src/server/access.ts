/** Who may call what: every route names its access when it is declared, and nothing is served without. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { SCOPES, type Scope } from '#contract/scopes.ts'
import { AmbitError } from '#lib/errors.ts'
import { isLoopback } from './config/networks.ts'
import type { ServerContext } from './context.ts'
import type { Caller } from './tokens.ts'

/**
 * A scope that the token must have; `public` for what anybody may see; `own` for a route that checks its callers itself, by a
 * signature or otherwise, and says in its docs how.
 */
export type Access = Scope | 'public' | 'own' | 'metrics'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** required on every route */
    access?: Access
    /** the path goes on with that of another request, which the route judges itself */
    originalPath?: boolean
  }
  interface FastifyRequest {
    /** who asks; null on routes that are `public` or `own` */
    caller: Caller | null
  }
}

/** A route as it is declared, for docs and for tests that try them all. */
export interface DeclaredRoute {
  readonly method: string
  readonly path: string
  readonly access: Access
}

const ACCESS: readonly string[] = [...SCOPES, 'public', 'own', 'metrics']

/** Holds every route to its access, and lists them. To be called before any route is declared. */
export function guardRoutes(app: FastifyInstance, context: ServerContext): readonly DeclaredRoute[] {
  const routes: DeclaredRoute[] = []
  app.addHook('onRoute', ({ method, url, config }) => {
    const access = config?.access
    if (access === undefined || !ACCESS.includes(access)) {
      throw new TypeError(`the route ${String(method)} ${url} does not say who may call it: set config.access`)
    }
    for (const each of [method].flat()) routes.push({ method: each, path: url, access })
  })
  app.decorateRequest('caller', null)
  app.addHook('onRequest', (request, reply, done) => {
    const { access } = request.routeOptions.config
    // no access: nothing is there, which is what the answer will say
    if (access === undefined || access === 'public' || access === 'own') return done()
    if (access === 'metrics' && context.config.metrics.access === 'loopback') {
      // the peer itself, whatever a proxy says of others
      if (isLoopback(request.socket.remoteAddress ?? '')) return done()
      return done(
        new AmbitError('forbidden', 'metrics are for this machine only; see `metrics.access` in the configuration'),
      )
    }
    let refusal: Error | undefined
    try {
      request.caller = callerOf(request, reply, context, access === 'metrics' ? 'read' : access)
    } catch (error) {
      refusal = error as Error
    }
    done(refusal)
  })
  return routes
}

function callerOf(request: FastifyRequest, reply: FastifyReply, { tokens }: ServerContext, scope: Scope): Caller {
  const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  if (token === undefined) {
    reply.header('www-authenticate', `Bearer realm="ambit", scope="${scope}"`)
    throw new AmbitError('unauthenticated', 'send `Authorization: Bearer` with a token of `ambit token create`')
  }
  const caller = tokens.caller(token)
  if (caller === null) {
    reply.header('www-authenticate', 'Bearer realm="ambit", error="invalid_token"')
    throw new AmbitError('unauthenticated', 'the token is unknown, revoked or expired; see `ambit token list`')
  }
  if (!caller.scopes.has(scope)) {
    reply.header('www-authenticate', `Bearer realm="ambit", error="insufficient_scope", scope="${scope}"`)
    throw new AmbitError('forbidden', `the token lacks the scope \`${scope}\``, { scope })
  }
  return caller
}
