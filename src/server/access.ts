/** Who may call what: every route names its access when it is declared, and nothing is served without. */
import type { FastifyInstance, FastifyReply } from 'fastify'
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

/** `typ` of the short-lived tokens that receivers of security events are given; see routes/ssf-token.ts. */
export const SHORT_LIVED = 'ambit-ssf+jwt'

/** What such a token says. */
export interface ShortLived {
  readonly iss: string
  readonly aud: string
  /** id of the API token that it was given for; it ends with that one */
  readonly token: string
  readonly scope: string
  readonly [claim: string]: unknown
}

/** Whoever was given a short-lived token, with the scopes of it that the API token behind it still has. */
async function shortLivedCaller(text: string, { tokens, gate, config }: ServerContext): Promise<Caller | null> {
  if (!/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return null
  const claims = (await gate.signer.open(SHORT_LIVED, text)) as ShortLived | null
  if (claims === null || claims.aud !== config.publicUrl) return null
  const behind = tokens.byId(claims.token) ?? (await tokens.newById(claims.token))
  if (behind === null) return null
  const scopes = claims.scope.split(' ')
  return { ...behind, scopes: new Set([...behind.scopes].filter((scope) => scopes.includes(scope))) }
}

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
    const scope = access === 'metrics' ? 'read' : access
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const judge = (caller: Caller | null): Error | undefined => {
      try {
        request.caller = judged(token, caller, reply, scope)
        return undefined
      } catch (error) {
        return error as Error
      }
    }
    // whoever is known waits for no promise
    const known = token === undefined ? null : context.tokens.caller(token)
    if (token === undefined || known !== null) return done(judge(known))
    const found =
      scope.startsWith('ssf.') && token.startsWith('eyJ')
        ? shortLivedCaller(token, context)
        : context.tokens.newCaller(token)
    found.then((caller) => done(judge(caller)), done)
  })
  return routes
}

function judged(token: string | undefined, caller: Caller | null, reply: FastifyReply, scope: Scope): Caller {
  if (token === undefined) {
    reply.header('www-authenticate', `Bearer realm="ambit", scope="${scope}"`)
    throw new AmbitError('unauthenticated', 'send `Authorization: Bearer` with a token of `ambit token create`')
  }
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
