import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Report } from '#contract/report.ts'
import { jsonPieces } from '#report/json.ts'
import { ndjsonLines } from '#report/ndjson.ts'
import { quietIo, type Written } from '../../../test/support/quiet-io.ts'
import { main } from '../main.ts'
import { reportOf } from './analyze.ts'

const ORGANISATION = fileURLToPath(new URL('../../../examples/tidewicket', import.meta.url))
const EXAMPLE = fileURLToPath(new URL('../../../examples/small.yaml', import.meta.url))

suite('ambit verify', () => {
  let folder = ''
  let sound: Report
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ambit-verify-'))
    sound = await reportOf({ paths: [EXAMPLE] }, quietIo())
  })
  after(() => rm(folder, { recursive: true }))

  /** Verifies what `text` says of the example; the exit code and everything written. */
  async function verify(text: string, inventory = EXAMPLE): Promise<{ code: number } & Written> {
    const path = join(folder, 'report.json')
    await writeFile(path, text)
    const written: Written = { out: '', err: '', files: new Map() }
    const code = await main(['verify', path, inventory], quietIo(written))
    return { code, ...written }
  }

  test('a report that was just made holds', async () => {
    const { code, out } = await verify(JSON.stringify(sound))
    assert.equal(code, 0, out)
    assert.match(out, /^[1-9]\d* proofs checked, all hold/)
  })
  test('a forged step is named, with the finding it belongs to', async () => {
    const report = structuredClone(sound)
    const finding = report.findings.find(({ proof }) => (proof.reach?.steps.length ?? 0) > 0)!
    finding.proof.reach!.steps[0]!.by = 'opens'
    const { code, out } = await verify(JSON.stringify(report))
    assert.equal(code, 1)
    assert.ok(out.includes(`${finding.id}: reach step 1 (${finding.proof.reach!.steps[0]!.node})`), out)
    assert.match(out, /proofs checked, \d+ things? do(es)? not hold\n$/)
  })
  test('a report cannot steer the terminal', async () => {
    const report = structuredClone(sound)
    report.accounts[0]!.id = '\u001b[2Jx'
    const { code, out } = await verify(JSON.stringify(report))
    assert.equal(code, 1)
    assert.ok(!out.includes('\u001b'))
  })
  test('a report of another inventory does not hold', async () => {
    const other = join(folder, 'other.yaml')
    await writeFile(other, 'ambit: 1\nat: 2026-01-01\naccounts:\n  - { id: "x:1", kind: human }\n')
    const { code, out } = await verify(JSON.stringify(sound), other)
    assert.equal(code, 1, out)
    assert.match(out, /snapshot: record/)
  })
  test('the sample organisation holds in lines as in one piece', async () => {
    const report = await reportOf({ paths: [ORGANISATION] }, quietIo())
    const inPiece = await verify([...jsonPieces(report)].join(''), ORGANISATION)
    const inLines = await verify([...ndjsonLines(report)].join(''), ORGANISATION)
    assert.match(inPiece.out, /^[1-9]\d* proofs checked, all hold/)
    assert.deepEqual(inLines, inPiece)
  })
  test('what is forged is told alike in lines and in one piece, and in lines with its place', async () => {
    const report = structuredClone(sound)
    report.accounts[0]!.kind = report.accounts[0]!.kind === 'human' ? 'service' : 'human'
    report.findings.find(({ proof }) => (proof.reach?.steps.length ?? 0) > 0)!.proof.reach!.steps[0]!.by = 'opens'
    report.summary.findings++
    const inPiece = await verify([...jsonPieces(report)].join(''))
    const inLines = await verify([...ndjsonLines(report)].join(''))
    assert.equal(inPiece.code, 1)
    assert.ok(inPiece.out.split('\n').length > 4, inPiece.out)
    const place = ` (${join(folder, 'report.json')}:`
    assert.ok(inLines.out.includes(`${place}2)`), inLines.out)
    const withoutPlaces = inLines.out.split('\n').map((line) => line.split(place)[0])
    assert.deepEqual({ ...inLines, out: withoutPlaces.join('\n') }, inPiece)
  })
  test('lines that are no report are bad input, with the line at fault', async () => {
    const lines = [...ndjsonLines(sound)]
    const broken: readonly (readonly [string, RegExp])[] = [
      [lines.slice(0, -1).join(''), new RegExp(`report\\.json:${lines.length - 1}: the file ends here`)],
      [lines.join('').slice(0, -10), new RegExp(`report\\.json:${lines.length}: .*cut off`)],
      [lines.slice(1).join(''), /report\.json:1: the first line is a/],
      [lines.toSpliced(2, 0, 'oops\n').join(''), /report\.json:3: /],
      [lines.toSpliced(2, 0, '{"line":"acount"}\n').join(''), /report\.json:3: `line` is `acount`/],
      [lines.toSpliced(1, 0, lines.at(-1)!).join(''), /report\.json:3: a line `\w+` comes after a line `summary`/],
    ]
    for (const [text, message] of broken) {
      const { code, out, err } = await verify(text)
      assert.equal(code, 2, out)
      assert.match(err.replaceAll(/\s+/g, ' '), message)
    }
  })
  test('a document in which a member stands twice is bad input, with the line of it', async () => {
    const { code, err } = await verify(JSON.stringify(sound, null, 2).replace('{', '{\n"ambit": 1,'))
    assert.equal(code, 2)
    assert.match(err, /line 3/)
  })
  test('what is no JSON, or no report, is bad input', async () => {
    for (const text of ['{', '[]', '{"ambit":1}']) {
      const { code, out, err } = await verify(text)
      assert.equal(code, 2, out)
      assert.match(err, /report/)
    }
  })
  test('a report that does not exist is bad input', async () => {
    const written: Written = { out: '', err: '', files: new Map() }
    assert.equal(await main(['verify', join(folder, 'none.json'), EXAMPLE], quietIo(written)), 2)
    assert.match(written.err, /cannot read the report/)
  })
})
