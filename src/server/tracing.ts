/** OpenTelemetry traces, where they are configured; nothing of it is loaded otherwise. */
import type { FastifyInstance } from 'fastify'
import type { Span, SpanContext } from '@opentelemetry/api'
import type { Config } from './config/schema.ts'

export interface Tracing {
  readonly observe: (app: FastifyInstance) => void
  /** sends what waits */
  readonly stop: () => Promise<void>
}

/** One span for each request, named by its route, as the semantic conventions for HTTP servers (1.23) call its attributes. */
export async function startTracing(config: Config['tracing']): Promise<Tracing | null> {
  if (config === undefined) return null
  const [api, sdk, exporter] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ])
  const provider = new sdk.NodeTracerProvider({
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(config.ratio) }),
    spanProcessors: [new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter({ url: config.endpoint }))],
  })
  const tracer = provider.getTracer('ambit')
  const spans = new WeakMap<object, Span>()
  return {
    observe(app) {
      app.addHook('onRequest', (request, _reply, done) => {
        const caller = callerOf(request.headers['traceparent'])
        const valid = caller !== null && api.isSpanContextValid(caller)
        const parent = valid ? api.trace.setSpanContext(api.ROOT_CONTEXT, caller) : api.ROOT_CONTEXT
        const route = request.routeOptions.url ?? 'none'
        // no path and no query: they may hold what must not leave
        const attributes = {
          'http.request.method': request.method,
          'http.route': route,
          'ambit.request_id': request.id,
        }
        const kind = api.SpanKind.SERVER
        spans.set(request, tracer.startSpan(`${request.method} ${route}`, { kind, attributes }, parent))
        done()
      })
      app.addHook('onResponse', (request, reply, done) => {
        const span = spans.get(request)
        span?.setAttribute('http.response.status_code', reply.statusCode)
        if (reply.statusCode >= 500) span?.setStatus({ code: api.SpanStatusCode.ERROR })
        span?.end()
        done()
      })
    },
    stop: () => provider.shutdown(),
  }
}

/** What a caller says of its own span: W3C Trace Context §3.2, version 00. */
function callerOf(header: unknown): SpanContext | null {
  if (typeof header !== 'string') return null
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}
