import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { sha256, sha256Base64 } from './sha256.ts'

suite('SHA-256', () => {
  test('the digest of `abc` is that of FIPS 180-4', () => {
    assert.equal(
      Buffer.from(sha256(new TextEncoder().encode('abc'))).toString('hex'),
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })

  test('it agrees with the platform on any bytes, block borders included', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.deepEqual(Buffer.from(sha256(bytes)), createHash('sha256').update(bytes).digest())
      }),
    )
    for (let length = 0; length < 130; length++) {
      const text = 'é'.repeat(length)
      assert.equal(sha256Base64(text), createHash('sha256').update(text).digest('base64'))
    }
  })
})
