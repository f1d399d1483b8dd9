import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { release } from './release.ts'

suite('memory given back', () => {
  test('arrays are empty afterwards, but for those that threads share', () => {
    const own = new Uint32Array(1000)
    const shared = new Uint8Array(new SharedArrayBuffer(8))
    release(own, shared)
    assert.equal(own.length, 0)
    assert.equal(shared.length, 8)
  })
})
