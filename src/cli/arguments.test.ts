import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countFrom, timeArgument } from './arguments.ts'

test('a count is a whole number, written as one, and no less than the least', () => {
  assert.equal(countFrom(0)('0'), 0)
  assert.equal(countFrom(1)('20'), 20)
  for (const word of ['', ' ', '-1', '1.5', '1e3', '0x10', 'ten', '9007199254740993']) {
    assert.throws(() => countFrom(0)(word), { message: 'write a whole number of 0 or more.' }, word)
  }
  assert.throws(() => countFrom(1)('0'), { message: 'write a whole number of 1 or more.' })
})

test('a time is one of RFC 3339, and one that exists', () => {
  for (const word of ['2026-11-01', '2026-11-01T00:00:00Z']) assert.equal(timeArgument(word), word)
  for (const word of ['', 'yesterday', '2026', '2026-13-01', '1.11.2026']) {
    assert.throws(() => timeArgument(word), /write it like/u, word)
  }
})
