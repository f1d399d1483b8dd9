import type { FastifyInstance } from 'fastify'
import type { ServerContext } from '../context.ts'

/** `GET /healthz` says that the process lives, `GET /readyz` whether it may be sent requests, and if not, why. */
export function healthRoutes(app: FastifyInstance, { live, health, snapshots }: ServerContext): void {
  app.get('/healthz', { config: { access: 'public' }, exposeHeadRoute: true }, () => ({ status: 'ok' }))
  app.get('/readyz', { config: { access: 'public' }, exposeHeadRoute: true }, (_request, reply) => {
    const missing = [
      ...(health.draining() ? ['the server is stopping'] : []),
      ...(health.storeReachable() ? [] : ['the store does not answer']),
      ...(snapshots.trouble() === null ? [] : [snapshots.trouble()]),
      ...(live() === null ? ['no inventory has been taken yet'] : []),
    ]
    return reply
      .code(missing.length === 0 ? 200 : 503)
      .send(missing.length === 0 ? { status: 'ready' } : { status: 'not_ready', missing })
  })
}
