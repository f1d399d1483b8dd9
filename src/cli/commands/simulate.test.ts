import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { simulationSchemaText } from '#report/schema.ts'
import type { Simulation } from '#contract/simulation.ts'
import { renderSimulationText } from '#report/simulation-text.ts'
import { quietIo, type Written } from '../../../test/support/quiet-io.ts'
import { main } from '../main.ts'

const root = new URL('../../../', import.meta.url)
const small = new URL('examples/small.yaml', root).pathname
const folder = mkdtempSync(join(tmpdir(), 'ambit-simulate-'))

async function ambit(...words: string[]): Promise<Written & { code: number }> {
  const written: Written = { out: '', err: '', files: new Map() }
  const code = await main(words, quietIo(written))
  return { ...written, code }
}

suite('ambit simulate', () => {
  after(() => rmSync(folder, { recursive: true }))

  test('says wave by wave what falls, by which rule and from what, and what is lost', async () => {
    const { out, code } = await ambit('simulate', small, '-a', 'phishing_relay')
    assert.equal(code, 0)
    assert.match(out, /3 accounts of 5 fall in 4 steps, 2 of high impact/)
    assert.match(out, /2 TOTPs +effort 76, judged/)
    assert.match(out, /Step 2\n[^]*Ada is a member of Administrators/)
    assert.match(out, /high +administer Production \(step 3\)/)
    assert.ok(!out.includes('\u001b'))
  })

  test('starts from one named mailbox', async () => {
    const { out } = await ambit('simulate', small, '-s', 'mail:ada/inbox')
    assert.match(out, /If Ada's mailbox is in other hands/)
    assert.match(out, /The first that matters is Ada \(idp:ada\), at step 2/)
  })

  test('counts of very many accounts do not run together in the table', async () => {
    const { out } = await ambit('simulate', small, '--all', '-f', 'json')
    const simulation = JSON.parse(out) as Simulation
    const table = simulation.table!.map((row) => ({ ...row, given: 1_100_000, accounts: 1_000_000 }))
    const text = renderSimulationText({ ...simulation, table }, { width: 100 })
    assert.match(text, /phishing_relay +2 +1,100,000 +1,000,000 /)
  })

  test('puts every attacker into a table', async () => {
    const { out } = await ambit('simulate', small, '--all')
    assert.match(out, /phishing_relay +2 +5 +3 +2/)
    assert.match(out, /rogue_admin/)
  })

  test('writes JSON that fits its schema and that `ambit verify` accepts, and refuses when it is forged', async () => {
    const { files, err } = await ambit('simulate', small, '-a', 'phishing_relay', '-f', 'json', '-o', 's.json')
    assert.match(err, /wrote s.json/)
    const path = join(folder, 's.json')
    writeFileSync(path, files.get('s.json')!)
    const published = readFileSync(new URL('docs/schema/simulation.schema.json', root), 'utf8')
    assert.equal(published, simulationSchemaText(), 'run `node scripts/write-report-schema.ts`')
    const validate = new Ajv2020({ strict: true }).compile(JSON.parse(published) as object)
    assert.ok(validate(JSON.parse(files.get('s.json')!)), JSON.stringify(validate.errors))
    const { out, code } = await ambit('verify', path, small)
    assert.deepEqual([code, /all hold/.test(out)], [0, true])
    writeFileSync(path, files.get('s.json')!.replaceAll('"by": "member_of"', '"by": "opens"'))
    assert.equal((await ambit('verify', path, small)).code, 1)
  })

  for (const [what, words, hint] of [
    ['nobody attacks', [], /--attacker NAME, --start NODE or --all/],
    ['the attacker is misspelt', ['-a', 'phishing_rely'], /did you mean `phishing_relay`/],
    ['the start is misspelt', ['-s', 'mail:ada/inbx'], /did you mean `mail:ada\/inbox`/],
    ['the start is a part of an id', ['-s', 'inbox'], /did you mean `mail:ada\/inbox`/],
    ['the start is a system', ['-s', 'idp'], /a system, which nobody holds/],
    ['the table is asked for with one attacker', ['--all', '-a', 'sim_swap'], /drop it/],
  ] as const) {
    test(`exits with 2 and says what to do where ${what}`, async () => {
      const { code, err, out } = await ambit('simulate', small, ...words)
      assert.deepEqual([code, out], [2, ''])
      assert.match(err, hint)
    })
  }
})
