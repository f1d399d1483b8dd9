import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Report } from '#contract/report.ts'
import { documentPieces, jsonPieces } from './json.ts'
import { ndjsonLines } from './ndjson.ts'
import { syntheticReport } from './report.fixture.ts'
import { reportSchemaText } from './schema.ts'

suite('the report as JSON', () => {
  const published = readFileSync(new URL('../../docs/schema/report.schema.json', import.meta.url), 'utf8')
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(JSON.parse(published))

  test('the published schema is the contract; `node scripts/write-report-schema.ts` writes it', () => {
    assert.equal(published, reportSchemaText())
  })

  test('a rendered report is valid under the published schema', () => {
    assert.ok(
      validate(JSON.parse([...jsonPieces(syntheticReport())].join(''))),
      JSON.stringify(validate.errors?.slice(0, 3)),
    )
  })

  test('a report without a verdict, or with an invented one, is not valid', () => {
    const report = JSON.parse([...jsonPieces(syntheticReport({ accounts: 1 }))].join('')) as {
      accounts: { verdict?: string }[]
    }
    report.accounts[0]!.verdict = 'fine'
    assert.equal(validate(report), false)
    delete report.accounts[0]!.verdict
    assert.equal(validate(report), false)
  })

  test('it is read back as it was, and the same report gives the same bytes', () => {
    assert.deepEqual(JSON.parse([...jsonPieces(syntheticReport())].join('')), syntheticReport())
    assert.equal([...jsonPieces(syntheticReport())].join(''), [...jsonPieces(syntheticReport())].join(''))
  })
})

test('a document in pieces is, put together, what JSON.stringify writes, however deep it is taken apart', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat({ max: 5 }), (value, depth) => {
      assert.equal([...documentPieces(value, depth)].join(''), `${JSON.stringify(value, null, 2)}\n`)
    }),
  )
  const absent = { a: undefined, b: [undefined, 1], c: {}, d: [] }
  assert.equal([...documentPieces(absent, 3)].join(''), `${JSON.stringify(absent, null, 2)}\n`)
})

test('no piece of a report holds more than one of its accounts or findings', () => {
  const report = syntheticReport()
  const longest = Math.max(
    ...[...report.accounts, ...report.findings].map((each) => JSON.stringify(each, null, 2).length),
  )
  const pieces = [...jsonPieces(report)]
  assert.ok(pieces.length > report.accounts.length + report.findings.length)
  assert.ok(pieces.every((piece) => piece.length < 2 * longest))
})

function withoutLine(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== 'line'))
}

suite('the report as lines of JSON', () => {
  const lines = [...ndjsonLines(syntheticReport())]
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

  test('the header comes first, the summary last, and every line says what it is', () => {
    assert.equal(lines[0]!['line'], 'header')
    assert.equal(lines.at(-1)!['line'], 'summary')
    const kinds = [...new Set(lines.map(({ line }) => line))]
    assert.deepEqual(kinds, ['header', 'diagnostic', 'account', 'finding', 'summary'])
  })

  test('the lines together are the report', () => {
    const of = (kind: string) => lines.filter(({ line }) => line === kind).map(withoutLine)
    const rebuilt = {
      ...of('header')[0],
      diagnostics: of('diagnostic'),
      accounts: of('account'),
      findings: of('finding'),
      summary: of('summary')[0],
    }
    assert.deepEqual(rebuilt as unknown as Report, syntheticReport())
  })
})
