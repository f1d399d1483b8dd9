import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { addValue, dropValue, valuesOf, type ManyValues } from './many-values.ts'

suite('Several values under one key', () => {
  test('are what a set for each key would hold, in its order, and a key without any is gone', () => {
    const word = fc.constantFrom('a', 'b', 'c')
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('add', 'drop'), word, word), { maxLength: 30 }), (steps) => {
        const values: ManyValues = new Map()
        const plain = new Map<string, Set<string>>()
        for (const [what, key, value] of steps) {
          const set = plain.get(key) ?? new Set()
          if (what === 'add') {
            addValue(values, key, value)
            set.add(value)
          } else {
            dropValue(values, key, value)
            set.delete(value)
          }
          if (set.size > 0) plain.set(key, set)
          else plain.delete(key)
          assert.deepEqual(new Set(values.keys()), new Set(plain.keys()))
          for (const each of ['a', 'b', 'c'])
            assert.deepEqual([...valuesOf(values, each)], [...(plain.get(each) ?? [])])
        }
      }),
      { numRuns: 2000 },
    )
  })
})
