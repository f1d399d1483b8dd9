import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import Fastify from 'fastify'
import { AmbitError } from '#lib/errors.ts'
import type { ServerContext } from './context.ts'
import { answerErrors } from './errors.ts'
import { evaluate } from './evaluate.ts'
import { QUIET_MS, tellOverload } from './overload.ts'

const STORE = 'the store has more to do than it can'
const full = (message = STORE) => new AmbitError('overloaded', message)

function logging() {
  const lines: [string, object][] = []
  const said = (level: string) => (fields: object) => void lines.push([level, fields])
  return { lines, log: { debug: said('debug'), info: said('info'), warn: said('warn'), error: said('error') } }
}

suite('That there is more to do than can be done', () => {
  test('is said once when it begins and once when it is over, with how many were refused', (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] })
    const { lines, log } = logging()
    const { note, stop } = tellOverload(log)
    for (let refused = 0; refused < 10_000; refused++) note(full())
    note(full('too many passwords are being checked'))
    assert.deepEqual(lines, [
      ['warn', { what: STORE }],
      ['warn', { what: 'too many passwords are being checked' }],
    ])
    context.mock.timers.tick(QUIET_MS)
    note(full())
    context.mock.timers.tick(QUIET_MS)
    assert.deepEqual(lines.slice(2), [['info', { what: 'too many passwords are being checked', refused: 1 }]])
    context.mock.timers.tick(QUIET_MS)
    assert.deepEqual(lines.slice(3), [['info', { what: STORE, refused: 10_001 }]])
    note(full())
    assert.deepEqual(lines[4], ['warn', { what: STORE }], 'the next time it is said again')
    stop()
    assert.deepEqual(lines[5], ['info', { what: STORE, refused: 1 }])
  })

  test('is not said of each request that is refused, nor of each question that is denied for it', async (context) => {
    const { lines, log } = logging()
    const overload = tellOverload(log)
    context.after(overload.stop)
    const app = Fastify()
    const parts = {
      log,
      overload,
      config: {},
      clock: () => 1000,
      circumstances: () => Promise.reject(full()),
      audit: { append: () => Promise.resolve() },
    } as unknown as ServerContext
    answerErrors(app, parts)
    app.get('/', () => Promise.reject(full()))
    const request = { subject: { type: 'account', id: 'a' }, action: { name: 'b' }, resource: { type: 'c', id: 'd' } }
    for (let asked = 0; asked < 5; asked++) {
      const answer = await app.inject('/')
      assert.deepEqual([answer.statusCode, answer.headers['retry-after']], [503, '2'])
      const by = { type: 'node', id: 'n' } as const
      const decision = await evaluate(parts, { request, session: null, stepUpsTried: 0, by, requestId: 'r' })
      assert.deepEqual([decision.outcome, decision.reasons[0]?.code], ['deny', 'undecidable'])
    }
    assert.deepEqual(lines, [['warn', { what: STORE }]])
    overload.stop()
    assert.deepEqual(lines[1], ['info', { what: STORE, refused: 10 }])
  })
})
