import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { systemOf } from './arbitrary.ts'
import { buildProgram } from './program.ts'

suite('programs', () => {
  const program = buildProgram(
    systemOf(6, [
      { head: 3, needs: 1, body: [2, 0, 2] }, // 1 of n: two plain edges
      { head: 1, needs: 0, body: [4] }, // needs nothing, whatever its body
      { head: 3, needs: 1, body: [0] }, // parallel to the first
      { head: 4, needs: 2, body: [5, 1, 5, 3] }, // 2 of 3 distinct
      { head: 4, needs: 2, body: [1, 1] }, // needs more than it has
      { head: 2, needs: 2, body: [2, 0] }, // needs its own head
      { head: 5, needs: 1, body: [5] }, // a loop
      { head: 0, needs: 1, body: [] }, // needs more than it has
      { head: 0, needs: 3, body: [1, 2, 3] },
      { head: 4, needs: 2, body: [4, 0, 1] }, // its own head apart, two are left
    ]),
  )

  test('plain edges are indexed from both ends, with the rule of each, parallel ones kept', () => {
    assert.deepEqual([...program.outOffsets], [0, 2, 2, 3, 3, 3, 3])
    assert.deepEqual([...program.outHeads], [3, 3, 3])
    assert.deepEqual([...program.outRules], [0, 2, 0])
    assert.deepEqual([...program.inOffsets], [0, 0, 0, 0, 3, 3, 3])
    assert.deepEqual([...program.inBodies], [0, 0, 2])
  })

  test('gates are in order of head, with distinct bodies and without rules that can never fire', () => {
    assert.deepEqual([...program.gateHeads], [0, 4, 4])
    assert.deepEqual([...program.gateRules], [8, 3, 9])
    assert.deepEqual([...program.gateNeeds], [3, 2, 2])
    assert.deepEqual([...program.gateBodyOffsets], [0, 3, 6, 8])
    assert.deepEqual([...program.gateBodies], [1, 2, 3, 5, 1, 3, 0, 1])
    assert.deepEqual([...program.nodeGateOffsets], [0, 1, 4, 5, 7, 7, 8])
    assert.deepEqual([...program.nodeGates], [2, 0, 1, 2, 0, 0, 1, 1])
  })

  test('rules that need nothing are listed', () => {
    assert.deepEqual([...program.axioms], [1])
    assert.deepEqual([...program.axiomRules], [1])
  })

  test('arrays that do not fit together are refused', () => {
    const system = systemOf(2, [{ head: 0, needs: 1, body: [1] }])
    assert.throws(() => buildProgram({ ...system, nodeCount: 1 }), RangeError)
    assert.throws(() => buildProgram({ ...system, heads: Uint32Array.of(2) }), RangeError)
    assert.throws(() => buildProgram({ ...system, needs: Uint16Array.of(1, 1) }), RangeError)
    assert.throws(() => buildProgram({ ...system, bodyOffsets: Uint32Array.of(0, 2) }), RangeError)
    assert.throws(() => buildProgram({ ...system, bodyOffsets: Uint32Array.of(1, 1) }), RangeError)
  })
})
