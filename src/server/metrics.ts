/** What Prometheus is told. Labels take few values: route patterns, never paths; no ids of accounts or tokens. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { FastifyInstance } from 'fastify'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { ServerContext } from './context.ts'

/** Upper bounds of the histogram of answer times, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

declare module 'fastify' {
  interface FastifyRequest {
    /** milliseconds of a clock that never goes back */
    startedAt: number
  }
}

/** Counts and times every request, and writes one line of the log for each. */
export function observeRequests(app: FastifyInstance, { metrics, log }: ServerContext): void {
  const requests = new Counter({
    name: 'ambit_http_requests_total',
    help: 'Requests answered, by route, method and status',
    labelNames: ['route', 'method', 'status'],
    registers: [metrics],
  })
  const seconds = new Histogram({
    name: 'ambit_http_request_seconds',
    help: 'Time until a request was answered, by route',
    labelNames: ['route'],
    buckets: BUCKETS,
    registers: [metrics],
  })
  app.decorateRequest('startedAt', 0)
  app.addHook('onRequest', (request, _reply, done) => {
    request.startedAt = performance.now()
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    const ms = performance.now() - request.startedAt
    const { method } = request
    requests.inc({ route, method: METHODS.has(method) ? method : 'other', status: reply.statusCode })
    seconds.observe({ route }, ms / 1000)
    log.info({
      requestId: request.id,
      method,
      route,
      status: reply.statusCode,
      ms: Math.round(ms * 100) / 100,
      peer: request.ip,
      ...(request.caller === null ? {} : { by: request.caller.tokenId }),
    })
    done()
  })
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])

/** Facts of the node itself, read when they are asked for. */
export function observeNode({ metrics, live, health }: Pick<ServerContext, 'metrics' | 'live' | 'health'>): void {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [metrics],
      collect() {
        this.set(value())
      },
    })
  gauge('ambit_ready', '1 when this node may answer', () => Number(live() !== null && health.storeReachable()))
  gauge('ambit_store_reachable', '1 when the store answers', () => Number(health.storeReachable()))
  gauge('ambit_accounts', 'Accounts of the current snapshot', () => live()?.inventory.byKind.account.length ?? 0)
  gauge('ambit_facts', 'Facts of the current snapshot', () => live()?.inventory.facts.length ?? 0)
  gauge('process_resident_memory_bytes', 'Memory of the process', () => process.memoryUsage.rss())
  gauge('process_cpu_seconds_total', 'CPU time of the process', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
}

export interface LoopWatch {
  /** milliseconds by which the event loop is late at the moment */
  readonly delayMs: () => number
  readonly stop: () => void
}

/** Milliseconds between two looks at the event loop. */
const LOOK_EVERY = 250
const RESOLUTION = 10

/** Watches how late the event loop is: the median of the last quarter second, so that one hiccup is no overload. */
export function watchLoop(metrics: Registry): LoopWatch {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
  histogram.enable()
  let delay = 0
  const timer = setInterval(() => {
    // nanoseconds; without load the timer fires after its resolution
    delay = Math.max(0, histogram.percentile(50) / 1e6 - RESOLUTION)
    histogram.reset()
  }, LOOK_EVERY)
  timer.unref()
  void new Gauge({
    name: 'ambit_event_loop_delay_seconds',
    help: 'How late the event loop is',
    registers: [metrics],
    collect() {
      this.set(delay / 1000)
    },
  })
  return {
    delayMs: () => delay,
    stop() {
      clearInterval(timer)
      histogram.disable()
    },
  }
}
