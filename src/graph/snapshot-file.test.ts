import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { AmbitError } from '#lib/errors.ts'
import { buildProgram } from './program.ts'
import { decodeSnapshot, encodeSnapshot, withDirectRules } from './snapshot-file.ts'
import type { SnapshotContents } from './snapshot-file.ts'
import { hashOfWords } from './snapshot-hash.ts'

/** Node 2 needs both 0 and 1; node 3 leads to 2; node 4 holds from the start. */
function smallSnapshot(): SnapshotContents {
  const program = buildProgram({
    nodeCount: 5,
    heads: Uint32Array.of(2, 2, 4, 0),
    needs: Uint16Array.of(2, 1, 0, 1),
    bodyOffsets: Uint32Array.of(0, 2, 3, 3, 5),
    bodies: Uint32Array.of(0, 1, 3, 1, 4),
  })
  return {
    program,
    accountBit: Uint8Array.of(1, 0, 1, 0, 1),
    capabilityMasks: Uint32Array.of(0, 1, 2, 0x80000000, 0xffffffff),
    attackerSeeds: Uint32Array.of(1, 2, 3, 4, 5),
    ownerSeeds: Uint32Array.of(9, 8, 7, 6, 5),
    directNodes: Uint32Array.of(1, 3),
    ruleTiers: Uint8Array.of(0, 0, 0, 0, 2, 3),
    ruleEfforts: Uint8Array.of(1, 1, 1, 1, 20, 30),
  }
}

function isRefused(buffer: ArrayBufferLike, section?: string): void {
  assert.throws(
    () => decodeSnapshot(buffer),
    (error) => {
      assert.ok(error instanceof AmbitError && error.code === 'snapshot_invalid')
      assert.equal(typeof error.detail['section'], 'string')
      if (section !== undefined) assert.equal(error.detail['section'], section)
      return true
    },
  )
}

suite('snapshot file', () => {
  test('what is written is what is read, also from shared memory', () => {
    const contents = smallSnapshot()
    const file = encodeSnapshot(contents)
    assert.deepEqual(decodeSnapshot(file), contents)
    const shared = new SharedArrayBuffer(file.byteLength)
    new Uint8Array(shared).set(new Uint8Array(file))
    assert.deepEqual(decodeSnapshot(shared).program.outHeads, contents.program.outHeads)
  })

  test('the same contents give the same bytes', () => {
    assert.deepEqual(encodeSnapshot(smallSnapshot()), encodeSnapshot(smallSnapshot()))
  })

  test('a snapshot of nothing can be written and read', () => {
    const none = new Uint32Array(0)
    const system = {
      nodeCount: 0,
      heads: none,
      needs: new Uint16Array(0),
      bodyOffsets: Uint32Array.of(0),
      bodies: none,
    }
    const contents: SnapshotContents = {
      program: buildProgram(system),
      accountBit: new Uint8Array(0),
      capabilityMasks: none,
      attackerSeeds: none,
      ownerSeeds: none,
      directNodes: none,
      ruleTiers: new Uint8Array(0),
      ruleEfforts: new Uint8Array(0),
    }
    assert.deepEqual(decodeSnapshot(encodeSnapshot(contents)), contents)
  })

  test('nodes that are defeated outright become rules without a body, numbered after the others', () => {
    const { axioms, axiomRules, ruleCount } = withDirectRules(smallSnapshot())
    assert.deepEqual([...axioms], [4, 1, 3])
    assert.deepEqual([...axiomRules], [2, 4, 5])
    assert.equal(ruleCount, 6)
  })

  test('every flipped bit is noticed, wherever it is', () => {
    const file = encodeSnapshot(smallSnapshot())
    const bytes = new Uint8Array(file)
    const clean = decodeSnapshot(file.slice(0))
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >>> 3]! ^= 1 << (bit & 7)
      // The header ends in one word of padding, which carries nothing.
      if (bit >>> 5 === headerPadding) assert.deepEqual(decodeSnapshot(file), clean)
      else isRefused(file)
      bytes[bit >>> 3]! ^= 1 << (bit & 7)
    }
  })

  test('every truncation and every extension is noticed', () => {
    const file = encodeSnapshot(smallSnapshot())
    for (let length = 0; length < file.byteLength; length++) isRefused(file.slice(0, length))
    const longer = new ArrayBuffer(file.byteLength + 8)
    new Uint8Array(longer).set(new Uint8Array(file))
    isRefused(longer, 'header')
  })

  test('arbitrary damage is refused, or there was none', () => {
    const file = encodeSnapshot(smallSnapshot())
    const place = fc.nat(file.byteLength - 1)
    const damage = fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = new Uint8Array(file.slice(0))
        for (const [at, change] of changes) bytes[at]! ^= change
        const same = bytes.every((byte, i) => i >>> 2 === headerPadding || byte === new Uint8Array(file)[i])
        if (same) decodeSnapshot(bytes.buffer)
        else isRefused(bytes.buffer)
      }),
      { numRuns: 2_000 },
    )
  })

  test('the refusal names the section that was changed', () => {
    const contents = smallSnapshot()
    const file = encodeSnapshot(contents)
    const bytes = new Uint8Array(file)
    bytes[bytes.length - 8]! ^= 1
    isRefused(file, 'ruleEfforts')
  })

  test('another version is refused', () => {
    const file = encodeSnapshot(smallSnapshot())
    new Uint32Array(file)[2] = 2
    isRefused(file, 'header')
    assert.throws(() => decodeSnapshot(file), /version 2/)
  })

  test('arrays whose lengths do not fit together are refused even under right digests', () => {
    const contents = smallSnapshot()
    isRefused(encodeSnapshot({ ...contents, accountBit: new Uint8Array(4) }), 'accountBit')
    isRefused(encodeSnapshot({ ...contents, ruleTiers: new Uint8Array(5) }), 'ruleTiers')
    isRefused(
      encodeSnapshot({ ...contents, program: { ...contents.program, outRules: new Uint32Array(9) } }),
      'outRules',
    )
  })

  test('the digest is XXH32', () => {
    assert.equal(hashOfWords(new Uint32Array(0)), 0x02cc5d05)
    // By a second implementation, which gives the published 0xe2293b2f for the sentence without its last character.
    assert.equal(hashOfWords(wordsOf('Nobody inspects the spammish repetition!')), 0x6ad6f5d9)
  })
})

/** Word that fills the header up to a multiple of 8 bytes. */
const headerPadding = 8 + 2 * 21 + 1

function wordsOf(text: string): Uint32Array {
  return new Uint32Array(new TextEncoder().encode(text).buffer)
}
