import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import type { Report } from '#contract/report.ts'
import { AmbitError } from '#lib/errors.ts'
import { checkLines } from './check-lines.ts'
import { verifyReport, type Verification } from './check-report.ts'
import { linesOf, SMALL_WORLD, soundReport, type Line } from './report.fixture.ts'

const FILE = 'report.ndjson'

function verifyLines(lines: readonly unknown[]): Verification {
  const check = checkLines({ file: FILE, inventory: SMALL_WORLD })
  for (const [at, line] of lines.entries()) check.take(line, at + 1)
  return check.end(lines.length)
}

const withoutLine = (value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([member]) => member !== 'line'))

/** What the same lines say when they are put together to one document. */
function documentOf(lines: readonly Line[]): unknown {
  const of = (kind: string) => lines.filter(({ line }) => line === kind).map(withoutLine)
  return {
    ...of('header').at(-1),
    diagnostics: of('diagnostic'),
    accounts: of('account'),
    findings: of('finding'),
    summary: of('summary').at(-1),
  }
}

/** Failures as they are told, without the lines at which they came out; null for what is no report. */
function outcomeOf(verify: () => Verification): unknown {
  try {
    const { checked, failures } = verify()
    return { checked, failures: failures.map(withoutLine) }
  } catch (error) {
    if (error instanceof AmbitError && error.code === 'report_invalid') return null
    throw error
  }
}

const DIAGNOSED = soundReport()
DIAGNOSED.diagnostics = [{ code: 'x', level: 'info', message: 'something', remedy: 'nothing' }]
DIAGNOSED.summary.diagnostics = 1
const SOUND = linesOf(DIAGNOSED)

/** Every member of a value, by the path to it. */
function pathsIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return path.length === 0 ? [] : [path]
  const inner = Object.entries(value).flatMap(([key, each]) => pathsIn(each, [...path, key]))
  return path.length === 0 ? inner : [path, ...inner]
}

type Members = Record<string, unknown>

function edited(line: Line, path: readonly string[], value: unknown): Line {
  const copy = structuredClone(line)
  const owner = path.slice(0, -1).reduce<Members>((inner, key) => inner[key] as Members, copy as Members)
  const key = path.at(-1) ?? ''
  if (value !== undefined) owner[key] = value
  else if (Array.isArray(owner)) owner.splice(Number(key), 1)
  else delete owner[key]
  return copy
}

const at = fc.nat({ max: SOUND.length - 1 })
const words = ['fit', 'unfit', 'unknown', 'low', 'critical', 'idp:ben', 'ci:bot', 'ben:session', 'thief', '', 'account']
const changed: fc.Arbitrary<readonly Line[]> = fc.oneof(
  at.map((i) => SOUND.toSpliced(i, 1)),
  fc.tuple(at, at).map(([i, to]) => SOUND.toSpliced(to, 0, SOUND[i]!)),
  fc.tuple(at, at).map(([i, j]) => SOUND.with(i, SOUND[j]!).with(j, SOUND[i]!)),
  {
    weight: 12,
    arbitrary: at.chain((i) =>
      fc
        .tuple(
          fc.constantFrom(...pathsIn(SOUND[i])),
          fc.constantFrom<unknown[]>(undefined, null, 0, 1, 2, true, [], {}, ...words),
        )
        .map(([path, value]) => SOUND.with(i, edited(SOUND[i]!, path, value))),
    ),
  },
)

suite('a report in lines', () => {
  test('is found to hold like the report in one piece', () => {
    assert.deepEqual(verifyLines(SOUND), verifyReport(DIAGNOSED, SMALL_WORLD))
    assert.deepEqual(verifyLines(SOUND).failures, [])
  })

  test('with one line dropped, doubled, swapped or edited holds only where the document of it holds, and fails alike', () => {
    const seen = { sound: 0, failing: 0, refused: 0 }
    fc.assert(
      fc.property(changed, (lines) => {
        const document = outcomeOf(() => verifyReport(documentOf(lines), SMALL_WORLD))
        const inLines = outcomeOf(() => verifyLines(lines))
        if (inLines === null) seen.refused++
        else {
          assert.deepEqual(inLines, document)
          if ((inLines as Verification).failures.length > 0) seen.failing++
          else seen.sound++
        }
      }),
      { numRuns: 2000 },
    )
    assert.ok(Math.min(...Object.values(seen)) > 50, JSON.stringify(seen))
  })

  test('names the line of what does not hold', () => {
    const forged: readonly (readonly [RegExp, (report: Report) => void, number])[] = [
      [/made of other facts|rests on 3 facts/, (report) => (report.snapshot.facts = 3), 1],
      [/it is called service/, (report) => (report.accounts[0]!.kind = 'service'), 3],
      [/verdict is fit/, (report) => (report.accounts[1]!.verdict = 'fit'), 4],
      [/no entitlement/, (report) => (report.findings[0]!.proof.reach!.steps[1]!.from = ['idp:ben']), 5],
      [/two findings/, (report) => (report.findings[1]!.id = report.findings[0]!.id), 6],
      [/humans: it says 2/, (report) => (report.summary.humans = 2), 7],
    ]
    for (const [reason, spoil, line] of forged) {
      const report = structuredClone(DIAGNOSED)
      spoil(report)
      const failure = verifyLines(linesOf(report)).failures.find((each) => reason.test(each.reason))
      assert.equal(failure?.line, line, String(reason))
    }
  })

  test('with an account or finding twice says so at the second', () => {
    for (const [first, reason] of [
      [2, /in the report more than once/],
      [4, /two findings have this id/],
    ] as const) {
      const { failures } = verifyLines(SOUND.toSpliced(first, 0, SOUND[first]!))
      const failure = failures.find((each) => reason.test(each.reason))
      assert.equal(failure?.line, first + 2)
    }
  })

  test('with a diagnostic dropped or doubled says so at the summary', () => {
    for (const [lines, counted] of [
      [SOUND.toSpliced(1, 1), 0],
      [SOUND.toSpliced(1, 0, SOUND[1]!), 2],
    ] as const) {
      assert.deepEqual(
        verifyLines(lines).failures.map(({ id, reason, line }) => [id, reason, line]),
        [['summary', `diagnostics: it says 1, and there are ${counted}`, lines.length]],
      )
    }
  })

  const [header, diagnostic, account, , finding, , summary] = SOUND
  const broken: readonly (readonly [string, readonly unknown[], RegExp])[] = [
    ['no line at all', [], /^report\.ndjson:0: the file ends here, without its summary/],
    ['no header', SOUND.slice(1), /^report\.ndjson:1: the first line is a diagnostic/],
    ['a second header', SOUND.toSpliced(1, 0, header!), /^report\.ndjson:2: there is a second header/],
    [
      'a header later on',
      SOUND.toSpliced(3, 0, header!),
      /^report\.ndjson:4: a line `header` comes after .* `account`/,
    ],
    ['no summary', SOUND.slice(0, -1), /^report\.ndjson:6: the file ends here, without its summary/],
    ['a second summary', [...SOUND, summary], /^report\.ndjson:8: there is a second summary/],
    ['a line after the summary', [...SOUND, finding], /^report\.ndjson:8: a line `finding` comes after .* `summary`/],
    ['an account among findings', SOUND.toSpliced(5, 0, account!), /^report\.ndjson:6: a line `account` comes after/],
    ['a diagnostic among accounts', SOUND.toSpliced(3, 0, diagnostic!), /^report\.ndjson:4: a line `diagnostic` comes/],
    ['a kind that nobody knows', SOUND.with(2, { line: 'acount' }), /^report\.ndjson:3: `line` is `acount`/],
    ['a line without a kind', SOUND.with(2, {} as never), /^report\.ndjson:3: `line` is missing/],
    ['a line that is no object', SOUND.with(2, 7 as never), /^report\.ndjson:3: `line` is missing/],
    [
      'a verdict of its own',
      SOUND.with(2, { ...account!, verdict: 'fine' }),
      /^report\.ndjson:3: this is not the account of a report: `\/verdict`/,
    ],
    ['a header of another version', SOUND.with(0, { ...header!, ambit: 2 }), /^report\.ndjson:1: .*`\/ambit`/],
  ]
  for (const [what, lines, message] of broken) {
    test(`with ${what} is refused with file and line`, () => {
      assert.throws(
        () => verifyLines(lines),
        (error) => error instanceof AmbitError && error.code === 'report_invalid' && message.test(error.message),
      )
    })
  }
})
