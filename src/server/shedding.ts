/** Sheds load: beyond what can be answered in time, a request is told so at once, and never let through. */
import type { FastifyInstance } from 'fastify'
import { Counter, Gauge } from 'prom-client'
import { AmbitError } from '#lib/errors.ts'
import type { ServerContext } from './context.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** stays open: does not count as in flight */
    stream?: boolean
  }
  interface FastifyRequest {
    /** counts as in flight */
    inFlight: boolean
  }
}

export function shedLoad(app: FastifyInstance, { config: { limits }, metrics, loop }: ServerContext): void {
  let inFlight = 0
  const shed = new Counter({
    name: 'ambit_shed_total',
    help: 'Requests refused for want of room',
    registers: [metrics],
  })
  void new Gauge({
    name: 'ambit_in_flight',
    help: 'Requests that are being answered',
    registers: [metrics],
    collect() {
      this.set(inFlight)
    },
  })
  app.decorateRequest('inFlight', false)
  app.addHook('onRequest', (request, _reply, done) => {
    const { access, stream } = request.routeOptions.config
    // whoever watches over the server must get through most of all when it has much to do
    if (access === 'public' || access === 'metrics' || stream === true) return done()
    if (inFlight >= limits.inFlight || loop.delayMs() > limits.loopDelayMs) {
      shed.inc()
      return done(new AmbitError('overloaded', 'the server has more to do than it can; come again a little later'))
    }
    inFlight++
    request.inFlight = true
    done()
  })
  app.addHook('onResponse', (request, _reply, done) => {
    if (request.inFlight) inFlight--
    request.inFlight = false
    done()
  })
}
