/** What Prometheus is told. Labels take few values: route patterns, never paths; no ids of accounts or tokens. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { FastifyInstance } from 'fastify'
import { Gauge, type Registry } from 'prom-client'
import type { ServerContext } from './context.ts'
import { requestTally } from './request-tally.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** milliseconds of a clock that never goes back */
    startedAt: number
  }
}

/** Counts and times every request, and writes one line of the log for each. */
export function observeRequests(app: FastifyInstance, { metrics, log }: ServerContext): void {
  const tally = requestTally(metrics)
  app.decorateRequest('startedAt', 0)
  app.addHook('onRequest', (request, _reply, done) => {
    request.startedAt = performance.now()
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    const ms = performance.now() - request.startedAt
    const { method } = request
    tally.count(route, METHODS.has(method) ? method : 'other', reply.statusCode, ms / 1000)
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
  gauge('ambit_accounts', 'Accounts of the current snapshot', () => live()?.counts.accounts ?? 0)
  gauge('ambit_facts', 'Facts of the current snapshot', () => live()?.counts.facts ?? 0)
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
