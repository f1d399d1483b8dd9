import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { newLog, withoutSecrets } from './log.ts'

const SECRET = 'sEcReT0123456789abcdefghijklmnopqrstuvwxyzABCDE'

test('a secret is kept out of the log wherever it stands', () => {
  const shapes: readonly ((secret: string) => unknown)[] = [
    (s) => ({ authorization: s }),
    (s) => ({ a: { b: { Cookie: [s] } } }),
    (s) => ({ headers: { x: s } }),
    (s) => new Error(`cannot use ambit_0123456789abcdef_${s}`),
    (s) => ({ err: new Error('x', { cause: new Error(`Bearer ${s}`) }) }),
    (s) => `postgres://ambit:${s}@db/ambit`,
    (s) => `GET /v1/x?code=${s}`,
    (s) => `whsec_${s}`,
    (s) => `eyJhbGciOi.${s}.${s}`,
    (s) => ({ one: { two: { three: { four: { five: { six: s } } } } } }),
  ]
  for (const shape of shapes) assert.ok(!JSON.stringify(withoutSecrets(shape(SECRET))).includes(SECRET))
})

test('anything that is logged is one line of JSON', () => {
  fc.assert(
    fc.property(fc.object({ withBigInt: true, withDate: true }), fc.string(), (fields, message) => {
      const lines: string[] = []
      newLog(
        'debug',
        () => 0,
        (line) => void lines.push(line),
      ).info(fields, message)
      assert.equal(lines.length, 1)
      assert.match(lines[0]!, /^[^\n]*\n$/)
      JSON.parse(lines[0]!)
    }),
  )
})
