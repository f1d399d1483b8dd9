import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Review } from '#contract/review.ts'
import { reviewSchemaText } from '#report/schema.ts'
import { columnsOf } from '#report/visible.ts'
import { main } from '../main.ts'
import { quietIo, type Written } from '../../../test/support/quiet-io.ts'

const examples = new URL('../../../examples/', import.meta.url).pathname
const SMALL = join(examples, 'small.yaml')
const TIDEWICKET = join(examples, 'tidewicket')

suite('ambit review', () => {
  let folder = ''
  before(() => (folder = mkdtempSync(join(tmpdir(), 'ambit-review-'))))
  after(() => rmSync(folder, { recursive: true }))

  async function run(...words: string[]): Promise<Written & { code: number }> {
    const written: Written = { out: '', err: '', files: new Map() }
    const code = await main(['review', ...words], quietIo(written))
    return { ...written, code }
  }

  test('tells the few things that matter first, within the width of the terminal', async () => {
    const { out, code } = await run(TIDEWICKET)
    assert.equal(code, 0)
    assert.match(out, /REVOKE {2}Kwame Asante: reset all methods on Finance leads/)
    assert.match(out, /Revoke these 11 of \d+ and no account that signs in with a code\s+reaches\s+high\s+impact/)
    assert.match(out, /Optimal: no set costs\s+less/)
    for (const line of out.split('\n')) assert.ok(columnsOf(line) <= 80, line)
  })

  test('a worksheet is written, filled in, read back, and becomes changes', async () => {
    const sheet = (await run(TIDEWICKET, '--worksheet', 'w.csv')).files.get('w.csv')!
    const kwame = /^(\d+),idp:kwame\.asante → reset.*$/m.exec(sheet)![0]
    const filled = sheet.replace(kwame, kwame.replace(/,,,,([0-9a-f]{12})/, ',revoke,cover ended in 2025,Nadia,$1'))
    assert.notEqual(filled, sheet)
    const path = join(folder, 'filled.csv')
    writeFileSync(path, filled)
    const { out, code, files } = await run(TIDEWICKET, '--read', path, '--changes', 'c.json')
    assert.equal(code, 1, 'what matters is still open')
    assert.match(out, /0 kept, 1 revoked, \d+ undecided/)
    assert.match(out, /unfit 42 → 3\d/)
    const { changes } = JSON.parse(files.get('c.json')!) as { changes: { change: string; holder: string }[] }
    assert.deepEqual(
      changes.map(({ change, holder }) => [change, holder]),
      [['remove_entitlement', 'idp:kwame.asante']],
    )
  })

  test('a worksheet that somebody has begun to fill in is not written anew', async () => {
    const sheet = (await run(SMALL, '-f', 'csv')).out
    const path = join(folder, 'begun.csv')
    for (const cells of [',keep,,', ',,ask Ben,', ',,,Ann']) {
      writeFileSync(path, sheet.replace(/,,,,([0-9a-f]{12})/, `${cells},$1`))
      for (const words of [
        ['--worksheet', path],
        ['-f', 'csv', '-o', path],
      ]) {
        const { err, code, files } = await run(SMALL, ...words)
        assert.match(err, /begun\.csv` is a worksheet with one row filled in, which would be lost; name another file/)
        assert.deepEqual([code, files.size], [2, 0])
      }
    }
    writeFileSync(path, sheet)
    assert.deepEqual([...(await run(SMALL, '--worksheet', path)).files.keys()], [path])
  })

  test('a worksheet with a wrong decision is refused with its line, and nothing is written', async () => {
    const sheet = (await run(SMALL, '-f', 'csv')).out
    const path = join(folder, 'wrong.csv')
    writeFileSync(path, sheet.replace(/,,,,([0-9a-f]{12})/, ',perhaps,,,$1'))
    const { out, err, code, files } = await run(SMALL, '--read', path, '--changes', 'c.json')
    assert.equal(code, 2)
    assert.match(err, /wrong\.csv:2: `perhaps` is no decision/)
    assert.deepEqual([out, files.size], ['', 0])
  })

  test('a worksheet that is not UTF-8, or not there, is refused', async () => {
    const path = join(folder, 'latin.csv')
    writeFileSync(path, Buffer.from('item,decision\n\xe9,keep\n', 'latin1'))
    assert.match((await run(SMALL, '--read', path)).err, /not UTF-8/)
    assert.match((await run(SMALL, '--read', join(folder, 'none.csv'))).err, /cannot read the worksheet/)
  })

  test('changes without decisions are a slip of the pen', async () => {
    const { err, code } = await run(TIDEWICKET, '--changes', 'c.json')
    assert.deepEqual([code, /needs `--read`/.test(err)], [2, true])
  })

  test('the JSON fits the published schema, which is the contract, and is the same each time', async () => {
    const published = readFileSync(new URL('../../../docs/schema/review.schema.json', import.meta.url), 'utf8')
    assert.equal(published, reviewSchemaText(), 'run `npm run docs`')
    const { out } = await run(SMALL, '-f', 'json')
    const validate = new Ajv2020({ strict: true, allErrors: true }).compile(JSON.parse(published))
    const review = JSON.parse(out) as Review
    assert.ok(validate(review), JSON.stringify(validate.errors?.slice(0, 3)))
    assert.equal((await run(SMALL, '-f', 'json')).out, out)
    assert.equal(out, `${JSON.stringify(review, null, 2)}\n`)
    assert.deepEqual(
      review.items.map(({ rank }) => rank),
      review.items.map((_, at) => at + 1),
    )
  })

  test('an inventory in which nobody holds anything is said to be one', async () => {
    const path = join(folder, 'empty.yaml')
    writeFileSync(path, 'ambit: 1\nat: 2026-11-01T00:00:00Z\naccounts: [{id: a:1, kind: human}]\n')
    const { out, code } = await run(path)
    assert.equal(code, 0)
    assert.match(out, /Nothing is held/)
    assert.match(out, /nothing need go/)
  })
})
