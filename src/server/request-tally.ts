/**
 * Requests counted and timed in plain numbers; the metrics of them are made when they are asked for. Observing each with labels, which
 * are checked and hashed every time, takes longer than many a decision.
 */
import { Counter, type Histogram, type Registry } from 'prom-client'

/** Upper bounds of the histogram of answer times, in seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

export interface RequestTally {
  readonly count: (route: string, method: string, status: number, seconds: number) => void
}

interface OfRoute {
  /** how many were answered, by method and by status */
  readonly answers: Map<string, Map<number, number>>
  /** how many took at most a bound and more than the one below */
  readonly within: number[]
  total: number
  seconds: number
}

const HISTOGRAM = { name: 'ambit_http_request_seconds', help: 'Time until a request was answered, by route' }

export function requestTally(metrics: Registry): RequestTally {
  const routes = new Map<string, OfRoute>()
  void new Counter({
    name: 'ambit_http_requests_total',
    help: 'Requests answered, by route, method and status',
    labelNames: ['route', 'method', 'status'],
    registers: [metrics],
    collect() {
      this.reset()
      for (const [route, { answers }] of routes)
        for (const [method, statuses] of answers)
          for (const [status, count] of statuses) this.inc({ route, method, status }, count)
    },
  })
  const { name } = HISTOGRAM
  const valuesOf = ([route, { within, total, seconds }]: [string, OfRoute]) => {
    let upTo = 0
    const buckets = BOUNDS.map((le, i) => ({
      metricName: `${name}_bucket`,
      labels: { le, route },
      value: (upTo += within[i]!),
    }))
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { le: '+Inf', route }, value: total },
      { metricName: `${name}_sum`, labels: { route }, value: seconds },
      { metricName: `${name}_count`, labels: { route }, value: total },
    ]
  }
  const get = async () => ({
    ...HISTOGRAM,
    type: 'histogram',
    values: [...routes].flatMap(valuesOf),
    aggregator: 'sum',
  })
  // of a metric, a registry asks for no more; the library's own can only be told of one value after another
  metrics.registerMetric({ ...HISTOGRAM, get } as unknown as Histogram)
  return {
    count(route, method, status, seconds) {
      let tally = routes.get(route)
      if (tally === undefined) {
        tally = { answers: new Map(), within: BOUNDS.map(() => 0), total: 0, seconds: 0 }
        routes.set(route, tally)
      }
      let statuses = tally.answers.get(method)
      if (statuses === undefined) tally.answers.set(method, (statuses = new Map()))
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      const bound = BOUNDS.findIndex((each) => seconds <= each)
      if (bound !== -1) tally.within[bound]!++
      tally.total++
      tally.seconds += seconds
    },
  }
}
