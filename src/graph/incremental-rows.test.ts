import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { noRows, rowAt, setRow } from './incremental-rows.ts'

suite('Rows of numbers', () => {
  test('hold what was put last into each, whatever was put before and elsewhere', () => {
    const put = fc.tuple(fc.nat(20), fc.array(fc.nat(0xffffffff), { maxLength: 12 }))
    fc.assert(
      fc.property(fc.array(put, { maxLength: 60 }), (puts) => {
        const rows = noRows()
        const expected = new Map<number, number[]>()
        for (const [row, numbers] of puts) {
          setRow(rows, row, numbers)
          expected.set(row, numbers)
        }
        for (let row = 0; row <= 21; row++) assert.deepEqual(Array.from(rowAt(rows, row)), expected.get(row) ?? [])
      }),
    )
  })

  test('are moved together when more places lie idle than are in use', () => {
    const rows = noRows()
    for (let length = 1; length <= 1000; length++)
      setRow(
        rows,
        length % 3,
        Array.from({ length }, () => length),
      )
    assert.deepEqual(
      [0, 1, 2].map((row) => [rowAt(rows, row).length, new Set(rowAt(rows, row)).size]),
      [
        [999, 1],
        [1000, 1],
        [998, 1],
      ],
    )
    assert.ok(rows.values.length < 200_000, `${rows.values.length} places for 2997 numbers`)
  })
})
