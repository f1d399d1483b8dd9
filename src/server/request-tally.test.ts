import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { Counter, Histogram, Registry } from 'prom-client'
import { requestTally } from './request-tally.ts'

test('the metrics of requests are those of counters and histograms that are told of each', async () => {
  const request = fc.record({
    route: fc.constantFrom('/a', '/b/:id', 'none'),
    method: fc.constantFrom('GET', 'POST', 'other'),
    status: fc.constantFrom(200, 401, 503),
    // as multiples of a power of two, so that a sum is the same in whatever order
    seconds: fc
      .oneof(fc.constantFrom(0, 0.001, 0.005, 1, 5), fc.nat(6000))
      .map((ms) => Math.round(ms * 1024) / 2 ** 20),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 30 }), async (requests) => {
      const [ours, theirs] = [new Registry(), new Registry()]
      const tally = requestTally(ours)
      const counter = new Counter({
        name: 'ambit_http_requests_total',
        help: 'Requests answered, by route, method and status',
        labelNames: ['route', 'method', 'status'],
        registers: [theirs],
      })
      const histogram = new Histogram({
        name: 'ambit_http_request_seconds',
        help: 'Time until a request was answered, by route',
        labelNames: ['route'],
        buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
        registers: [theirs],
      })
      for (const { route, method, status, seconds } of requests) {
        tally.count(route, method, status, seconds)
        counter.inc({ route, method, status })
        histogram.observe({ route }, seconds)
      }
      const lines = async (registry: Registry) => (await registry.metrics()).split('\n').toSorted()
      // asked for twice, they are the same
      await ours.metrics()
      assert.deepEqual(await lines(ours), await lines(theirs))
    }),
  )
})
