import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Breaches } from '#contract/breaches.ts'
import { breachesSchemaText } from '#report/schema.ts'
import { quietIo, type Written } from '../../../test/support/quiet-io.ts'
import { main } from '../main.ts'

const root = new URL('../../../', import.meta.url)
const retool = new URL('examples/breaches/retool.yaml', root).pathname
const minimal = new URL('examples/minimal.yaml', root).pathname
const folder = mkdtempSync(join(tmpdir(), 'ambit-breaches-'))

async function ambit(...words: string[]): Promise<Written & { code: number }> {
  const written: Written = { out: '', err: '', files: new Map() }
  const code = await main(words, quietIo(written))
  return { ...written, code }
}

suite('ambit breaches', () => {
  after(() => rmSync(folder, { recursive: true }))

  test('tells a chain that could happen here stage by stage, with its proof and what would cut it', async () => {
    const { out, code } = await ambit('breaches', retool)
    assert.equal(code, 1)
    assert.match(out, /could happen here: A relayed code enrols a new authenticator/)
    assert.match(out, /whose synced store or vault holds more: cloud copy/)
    assert.match(out, /what would cut it: a new authenticator asks for an existing/)
    assert.doesNotMatch(out, /undefined/)
  })

  test('names what stands in the way of a chain that is blocked', async () => {
    const tidewicket = new URL('examples/tidewicket', root).pathname
    const { out, code } = await ambit('breaches', tidewicket, '--only', 'telephone_number_to_public_voice')
    assert.equal(code, 0)
    assert.match(out, /blocked: A telephone number alone/)
    assert.match(out, /what stands in the way: idp:ines.valdez\/password/)
  })

  test('exits with 0 where no chain could happen, and where it is told not to fail', async () => {
    assert.equal((await ambit('breaches', minimal)).code, 0)
    assert.equal((await ambit('breaches', retool, '--fail-on', 'never')).code, 0)
  })

  test('writes JSON that fits its schema and that `ambit verify` accepts, and refuses when it is forged', async () => {
    const { out } = await ambit('breaches', retool, '-f', 'json')
    const published = readFileSync(new URL('docs/schema/breaches.schema.json', root), 'utf8')
    assert.equal(published, breachesSchemaText(), 'run `node scripts/write-report-schema.ts`')
    const validate = new Ajv2020({ strict: true }).compile(JSON.parse(published) as object)
    assert.ok(validate(JSON.parse(out)), JSON.stringify(validate.errors))
    const path = join(folder, 'b.json')
    const verified = async (forge: (chain: Breaches['chains'][number]) => void) => {
      const breaches = JSON.parse(out) as Breaches
      forge(breaches.chains.find(({ status }) => status === 'possible')!)
      writeFileSync(path, JSON.stringify(breaches))
      return ambit('verify', path, retool)
    }
    assert.deepEqual((await verified(() => {})).code, 0)
    for (const [forge, reason] of [
      [(chain) => void (chain.proof = null), /has no proof/],
      [(chain) => void (chain.status = 'unknown'), /makes it possible/],
      [(chain) => void (chain.stages[0]!.node = 'app:funds'), /does not go through the stage/],
      [(chain) => void (chain.proof!.given = ['app:customer']), /neither given nor proved/],
      [(chain) => void chain.proof!.given.push('idp:employee'), /neither supposed nor/],
      [(chain) => void chain.stages.pop(), /not the goal/],
    ] as const satisfies readonly (readonly [(chain: Breaches['chains'][number]) => void, RegExp])[]) {
      const result = await verified(forge)
      assert.equal(result.code, 1)
      assert.match(result.out, reason)
    }
  })

  for (const [what, words, hint] of [
    ['a pattern is misspelt', ['--only', 'help_desk_to_federaton'], /did you mean `help_desk_to_federation`/],
    ['the patterns are not there', ['--patterns', 'nowhere.yaml'], /cannot read the patterns `nowhere.yaml`/],
    ['the patterns are of another kind', ['--patterns', minimal], /patterns/],
  ] as const) {
    test(`exits with 2 and says what to do where ${what}`, async () => {
      const { code, err } = await ambit('breaches', retool, ...words)
      assert.equal(code, 2)
      assert.match(err, hint)
    })
  }
})
