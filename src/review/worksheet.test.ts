import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { AmbitError } from '#lib/errors.ts'
import { BYTE_ORDER_MARK, csvCell } from '#report/csv.ts'
import { renderWorksheet } from '#report/review-csv.ts'
import { itemIn, reviewedOf } from '../../test/support/review-of.ts'
import { parseCsv } from './csv.ts'
import { changesOf, decide } from './outcome.ts'
import { readWorksheet } from './worksheet.ts'

const TEXT = `
ambit: 1
at: 2026-11-01T00:00:00Z
resources: [{id: s:1, sensitivity: high}, {id: s:2, sensitivity: low}]
groups: [{id: g:1, name: '=HYPERLINK("http://x";"y")', entitlements: [{id: e:read, on: s:2, capabilities: [read_sensitive_data]}]}]
accounts:
  - id: =a:1
    name: "@SUM(1,1), the \\"first\\""
    kind: human
    subject: person:one
    memberOf: [g:1]
    authenticators: [password, totp]
    waysIn: [{purpose: sign_in, requires: {all: [password, totp]}, session: {overallSeconds: 3600, idleSeconds: 600}}]
    entitlements: [{on: s:1, capabilities: [use_secrets], right: "+sign\\tnow", lastUsed: 2026-01-01}]
  - {id: a:2, name: Second, kind: human, entitlements: [{id: e:2, on: s:1, capabilities: [use_secrets]}]}
`
const reviewed = await reviewedOf(TEXT)
const { review } = reviewed
const FIRST = '=a:1 → +sign\tnow use_secrets @ s:1'
const sheet = renderWorksheet(review)

/** The worksheet with cells filled in, as a spreadsheet would save it. */
function filled(
  cells: Readonly<Record<string, Readonly<Record<string, string>>>>,
  separator = ',',
  end = '\r\n',
): string {
  const { header, rows } = parseCsv(sheet)
  const item = header.indexOf('item')
  const lines = rows.map(({ cells: row }) => {
    const changes = cells[row[item]!.replace(/^'/, '')] ?? {}
    return row.map((cell, at) => changes[header[at]!] ?? cell)
  })
  const quotedCell = (cell: string) => `"${cell.replaceAll('"', '""')}"`
  return [header, ...lines].map((row) => row.map(quotedCell).join(separator)).join(end) + end
}

const problemsOf = (text: string): string[] => {
  try {
    readWorksheet(text, 'w.csv', review.items)
    return []
  } catch (error) {
    assert.ok(error instanceof AmbitError && error.code === 'worksheet_invalid', String(error))
    const diagnostics = error.detail['diagnostics'] as { message: string; place: { line: number } }[]
    return diagnostics.map(({ message, place }) => `${place.line}: ${message}`)
  }
}

suite('The worksheet', () => {
  test('is read back as it was written: every item, nothing decided', () => {
    const rows = readWorksheet(sheet, 'w.csv', review.items)
    assert.deepEqual(
      rows.map(({ item, decision }) => [item.id, decision]),
      review.items.map(({ id }) => [id, null]),
    )
    assert.ok(rows.some(({ item }) => item.id === FIRST))
  })

  test('has no cell that a spreadsheet would run', () => {
    for (const { cells } of parseCsv(sheet).rows) for (const cell of cells) assert.doesNotMatch(cell, /^[=+\-@\t\r]/)
  })

  test('is read whatever the spreadsheet separates cells and ends lines with', () => {
    for (const separator of [',', ';', '\t']) {
      for (const end of ['\n', '\r\n']) {
        const text = filled(
          { 'e:2': { decision: ' Revoke ', reviewer: 'Ann', comment: 'two\nlines; "quoted"' } },
          separator,
          end,
        )
        const row = readWorksheet(text, 'w.csv', review.items).find(({ item }) => item.id === 'e:2')
        assert.deepEqual([row?.decision, row?.reviewer, row?.comment], ['revoke', 'Ann', 'two\nlines; "quoted"'])
      }
    }
  })

  test('any cells are read back as they were, with the line on which their row begins', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\n', ' ', '=', '-') })
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 5 }), (table) => {
        const lines = [['a', 'b', 'c'], ...table].map((row) => row.map(csvCell).join(','))
        const { rows, broken } = parseCsv(`${BYTE_ORDER_MARK}${lines.join('\r\n')}\r\n`)
        assert.equal(broken, null)
        const guarded = table.map((row) => row.map((each) => (/^[\s"'`]*[=-]|^\n/.test(each) ? `'${each}` : each)))
        assert.deepEqual(
          rows.map(({ cells }) => cells),
          guarded,
        )
        let line = 2
        rows.forEach((row, at) => {
          assert.equal(row.line, line)
          line += lines[at + 1]!.split('\n').length
        })
      }),
    )
  })

  test('a wrong decision, an unknown row, a second row, an altered row and a decision by nobody are errors with their lines', () => {
    const lineOf = (id: string) => 2 + review.items.findIndex((item) => item.id === id)
    const at = lineOf('e:2')
    assert.match(
      problemsOf(filled({ 'e:2': { decision: 'maybe', reviewer: 'Ann' } }))[0]!,
      new RegExp(`^${at}: .maybe. is no decision`),
    )
    assert.match(
      problemsOf(filled({ 'e:2': { item: 'e:3', check: 'x' } }))[0]!,
      new RegExp(`^${at}: .e:3. is not in this inventory`),
    )
    assert.match(problemsOf(filled({ 'e:2': { item: 'e:3' } }))[0]!, /is called .e:3. here and .e:2. in the inventory/)
    assert.match(
      problemsOf(filled({ 'e:2': { item: 'e:read', check: itemIn(reviewed, 'e:read').check } })).join(),
      /has a row already/,
    )
    assert.match(problemsOf(filled({ 'e:2': { check: '0' } }))[0]!, /no longer what the worksheet was written about/)
    assert.match(problemsOf(filled({ 'e:2': { decision: 'keep' } }))[0]!, /nobody answers/)
  })

  test('a lost column, a short row and an open quote are errors', () => {
    assert.match(problemsOf('item,decision\n')[0]!, /^1: there is no column/)
    assert.match(problemsOf(`${sheet}a,b\r\n`)[0]!, /2 cells, where the first line has/)
    assert.match(problemsOf(`${sheet}"a,b\r\n`)[0]!, /has no end/)
  })

  test('all that is wrong is told at once, and nothing is decided', () => {
    assert.equal(problemsOf(filled({ 'e:2': { decision: 'x' }, 'e:read': { decision: 'y' } })).length, 2)
  })

  test('a right that grew since the worksheet was written is not decided by it', async () => {
    const grown = await reviewedOf(
      TEXT.replace(
        '{id: e:2, on: s:1, capabilities: [use_secrets]}',
        '{id: e:2, on: s:1, capabilities: [use_secrets, rotate_secrets]}',
      ),
    )
    assert.throws(() => readWorksheet(sheet, 'w.csv', grown.review.items), /cannot be taken as written/)
  })
})

suite('Decisions', () => {
  const outcomeOf = (cells: Parameters<typeof filled>[0]) => {
    const decided = decide(reviewed, readWorksheet(filled(cells), 'w.csv', review.items), 'w.csv')
    return { decided, outcome: decided.outcome! }
  }
  const codes = (flags: readonly { code: string; item: string }[]) => flags.map(({ code, item }) => `${code} ${item}`)

  test('say what they would change by a full analysis, and what is open', () => {
    const { decided, outcome } = outcomeOf({ [FIRST]: { decision: 'revoke', reviewer: 'Ann' } })
    assert.deepEqual([outcome.revoke, outcome.keep, outcome.undecided], [1, 0, review.items.length - 1])
    const [first] = outcome.change.accounts
    assert.deepEqual(
      [first?.id, first?.impact, first?.verdict],
      ['=a:1', { from: 'high', to: 'low' }, { from: 'unfit', to: 'fit' }],
    )
    assert.deepEqual([outcome.change.before.codesAtHighImpact, outcome.change.after.codesAtHighImpact], [1, 0])
    assert.deepEqual(outcome.undecidedThatMatter, ['e:2'])
    const changes = changesOf(decided) as { changes: { change: string; holder: string; on: string }[] }
    assert.deepEqual(
      changes.changes.map(({ change, holder, on }) => [change, holder, on]),
      [['remove_entitlement', '=a:1', 's:1']],
    )
  })

  test('to keep against the evidence need a comment', () => {
    const kept = (comment: string) =>
      codes(outcomeOf({ [FIRST]: { decision: 'keep', reviewer: 'Ann', comment } }).outcome.flags)
    assert.deepEqual(kept(''), [`against_evidence ${FIRST}`])
    assert.deepEqual(kept('quarterly, see ticket 7'), [])
  })

  test('by the holder, under any of the names there are, are flagged', () => {
    for (const reviewer of ['a:2', ' SECOND ']) {
      assert.deepEqual(codes(outcomeOf({ 'e:2': { decision: 'keep', reviewer, comment: 'mine' } }).outcome.flags), [
        'self_review e:2',
      ])
    }
  })

  test('made in bulk are flagged where they matter, with no comment or with the same', async () => {
    const many = await reviewedOf(`
ambit: 1
at: 2026-11-01T00:00:00Z
resources: [{id: s:1, sensitivity: high}, {id: s:2, sensitivity: low}]
accounts: [${Array.from({ length: 6 }, (_, i) => `{id: a:${i}, kind: human}`).join(', ')}]
entitlements: [${Array.from({ length: 6 }, (_, i) => `{id: e:${i}, holder: a:${i}, on: s:${i === 0 ? 1 : 2}, capabilities: [use_secrets]}`).join(', ')}]`)
    const flagsOf = (count: number, comment: (at: number) => string) => {
      const rows = many.review.items.map((item, at) => ({
        line: at + 2,
        item,
        decision: Number(item.id.slice(2)) < count ? ('keep' as const) : null,
        comment: comment(at),
        reviewer: 'Ann',
      }))
      return codes(decide(many, rows, 'w.csv').outcome!.flags)
    }
    assert.deepEqual(
      flagsOf(6, () => ''),
      ['bulk_approval e:0'],
    )
    assert.deepEqual(
      flagsOf(6, (at) => (at % 2 ? 'Looks good' : ' looks  GOOD')),
      ['bulk_approval e:0'],
    )
    assert.deepEqual(
      flagsOf(6, (at) => `reason ${at}`),
      [],
    )
    assert.deepEqual(
      flagsOf(4, () => ''),
      [],
      'a few are no bulk',
    )
  })
})
