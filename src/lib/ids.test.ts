import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from './ids.ts'

test('ids never come twice, however many are drawn, and use all of their 128 bits', () => {
  const ids = Array.from({ length: 10_000 }, () => newId('x'))
  assert.equal(new Set(ids).size, ids.length)
  const bits = new Uint32Array(128)
  for (const id of ids) {
    assert.match(id, /^x_[A-Za-z0-9_-]{22}$/)
    const bytes = Buffer.from(id.slice(2), 'base64url')
    assert.equal(bytes.length, 16)
    for (let bit = 0; bit < 128; bit++) bits[bit]! += (bytes[bit >> 3]! >> (bit & 7)) & 1
  }
  // ten standard deviations (50) from the half of 10,000 fair draws
  for (const ones of bits) assert.ok(Math.abs(ones - 5000) < 500, String(ones))
})
