import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { BYTE_ORDER_MARK, csvCell, FORMULA_START, csvPieces } from './csv.ts'
import { HOSTILE_NAMES } from './report.fixture-shapes.ts'
import { syntheticReport } from './report.fixture.ts'

/** RFC 4180 §2, read as it is written. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (let i = 0; i < text.length;) {
    let cell = ''
    if (text[i] === '"') {
      for (i++; text[i] !== '"' || text[i + 1] === '"'; i++) {
        if (text[i] === '"') i++
        cell += text[i]
      }
      i++
    } else {
      while (i < text.length && text[i] !== ',' && text[i] !== '\r') cell += text[i++]
    }
    row.push(cell)
    if (text[i] === ',') i++
    else {
      assert.equal(text.slice(i, i + 2), '\r\n')
      i += 2
      rows.push(row)
      row = []
    }
  }
  return rows
}

/** Takes the apostrophe away that was put before a would-be formula. */
const original = (cell: string) => (cell.startsWith("'") && FORMULA_START.test(cell.slice(1)) ? cell.slice(1) : cell)
const DANGEROUS = /^[\s"'\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u

suite('the report as CSV', () => {
  test('any cell is read back as it was', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...HOSTILE_NAMES),
      fc.stringMatching(/^[ "'\t]{0,3}[=+@-].{0,5}$/),
    )
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (cells) => {
        const [row] = parseCsv(`${cells.map(csvCell).join(',')}\r\n`)
        assert.deepEqual(row!.map(original), cells)
      }),
    )
  })

  test('no cell begins as a formula, even after blanks, quotes or unseen characters', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ "'\t\u200b\ufeff]{0,4}[=+@\uff1d\uff0b\uff0d\uff20-][ -~]{0,5}$/u), (text) => {
        const [[cell]] = parseCsv(`${csvCell(text)}\r\n`) as [[string]]
        assert.equal(cell, `'${text}`)
      }),
    )
    const [, ...rows] = parseCsv([...csvPieces(syntheticReport())].join('').slice(1))
    for (const cell of rows.flat()) assert.ok(cell.startsWith("'") || !DANGEROUS.test(cell), cell)
  })

  test('it opens as UTF-8, with as many cells in every row and every account in it', () => {
    const report = syntheticReport()
    const csv = [...csvPieces(report)].join('')
    assert.ok(csv.startsWith(BYTE_ORDER_MARK))
    const [head, ...rows] = parseCsv(csv.slice(1))
    for (const row of rows) assert.equal(row.length, head!.length)
    assert.equal(
      rows.length,
      report.accounts.reduce((sum, { waysIn }) => sum + Math.max(1, waysIn.length), 0),
    )
    const names = head!.indexOf('name')
    assert.deepEqual(
      new Set(rows.map((row) => original(row[names]!))),
      new Set(report.accounts.map(({ name }) => name ?? '')),
    )
  })

  test('an unknown is an empty cell, and false is not', () => {
    assert.equal(csvCell(null), '')
    assert.equal(csvCell(false), 'false')
    assert.equal(csvCell(0), '0')
  })

  test('an account without a way in still has its row', () => {
    const report = syntheticReport({ accounts: 1 })
    const bare = { ...report, accounts: report.accounts.map((account) => ({ ...account, waysIn: [] })) }
    assert.equal(parseCsv([...csvPieces(bare)].join('').slice(1)).length, 2)
  })
})
