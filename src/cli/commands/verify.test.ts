import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Report } from '#contract/report.ts'
import { quietIo, type Written } from '../../../test/support/quiet-io.ts'
import { main } from '../main.ts'
import { reportOf } from './analyze.ts'

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
