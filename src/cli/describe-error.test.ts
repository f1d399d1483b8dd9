import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { describeError, isOutOfMemory } from './describe-error.ts'

const thrownBy = (length: number): unknown => {
  try {
    return new Uint8Array(length)
  } catch (error) {
    return error
  }
}

suite('An error that is no error of the input', () => {
  test('is the want of memory where a table finds no room', () => {
    const error = thrownBy(2 ** 45)
    assert.ok(isOutOfMemory(error))
    assert.match(describeError(error), /^ambit: the memory is not enough for this input/)
  })

  test('is a fault of Ambit where a table has a length that cannot be', () => {
    for (const length of [-1, 2 ** 53]) {
      const error = thrownBy(length)
      assert.ok(!isOutOfMemory(error))
      assert.match(describeError(error), /^ambit: this is a fault of Ambit.*\nRangeError: Invalid typed array length/)
    }
  })
})
