/** What is not there, told before a body is read: no such path, or no such method at it (RFC 9110 §15.5.6). */
import type { FastifyInstance } from 'fastify'
import { AmbitError } from '#lib/errors.ts'
import type { DeclaredRoute } from './access.ts'

/** Answers what no route takes, once all are declared in `routes`. */
export function refuseUnknown(app: FastifyInstance, routes: readonly DeclaredRoute[]): void {
  let known: readonly { readonly shape: RegExp; readonly method: string }[] = []
  app.addHook('onReady', (done) => {
    known = routes.map(({ path, method }) => ({ shape: shapeOf(path), method }))
    done()
  })
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done()
    const [path = ''] = request.raw.url!.split('?')
    const methods = new Set(known.filter(({ shape }) => shape.test(path)).map(({ method }) => method))
    if (methods.size === 0) return done(new AmbitError('not_found', 'there is nothing at this path'))
    const allowed = [...methods].toSorted().join(', ')
    reply.header('allow', allowed)
    done(new AmbitError('method_not_allowed', `this path is for ${allowed}`))
  })
}

/** Every path of a route; a parameter is one segment, and `*` whatever follows. */
function shapeOf(path: string): RegExp {
  const parts = path.split(/(:[A-Za-z]+|\*)/).map((part) => {
    if (part === '*') return '.*'
    return part.startsWith(':') ? '[^/]+' : RegExp.escape(part)
  })
  return new RegExp(`^${parts.join('')}$`)
}
