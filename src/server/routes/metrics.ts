import type { FastifyInstance } from 'fastify'
import type { ServerContext } from '../context.ts'

/** `GET /metrics` in the text format of Prometheus. */
export function metricsRoutes(app: FastifyInstance, { metrics }: ServerContext): void {
  app.get('/metrics', { config: { access: 'metrics' } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics()),
  )
}
