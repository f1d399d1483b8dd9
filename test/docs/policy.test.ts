import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { failuresOf } from '#policy/cases.ts'
import { lintPolicy } from '#policy/lint.ts'
import { readPolicy } from '#policy/parse.ts'
import { POLICY_PAGES } from '../../scripts/write-policy-docs.ts'

const root = new URL('../../', import.meta.url)
const textOf = (path: string) => readFileSync(new URL(path, root), 'utf8')
const DEFAULT = 'src/policy/default.yaml'
const FILES = [
  DEFAULT,
  ...readdirSync(new URL('examples/policies', root))
    .filter((name) => /\.yaml$/.test(name))
    .map((name) => `examples/policies/${name}`),
]

suite('What is published about policies', () => {
  for (const [path, text] of Object.entries(POLICY_PAGES)) {
    test(`${path} says what the code says`, () => {
      assert.equal(textOf(path), text(), 'run `node scripts/write-policy-docs.ts`')
    })
  }

  test('every judgement that the default policy names is explained', () => {
    const page = textOf('docs/policy.md')
    const named = new Set([...textOf(DEFAULT).matchAll(/'Ambit §([^']+)'/gu)].map(([, section]) => section))
    const explained = new Set([...page.matchAll(/^### (.+)$/gmu)].map(([, section]) => section))
    assert.deepEqual([...named].toSorted(), [...explained].toSorted())
  })

  test('the page names the reason codes that a verdict can have', () => {
    const page = textOf('docs/policy.md')
    const codes = [...textOf('src/policy/judge.ts').matchAll(/said\(\s*'(?:unfit|unknown)',\s*'(\w+)'/gu)].map(
      ([, each]) => each!,
    )
    assert.ok(codes.length > 5)
    for (const each of codes) assert.ok(page.includes(`\`${each}\``), each)
  })
})

suite('Every policy that is published', () => {
  const validate = new Ajv2020({ strict: false }).compile(
    JSON.parse(textOf('docs/schema/policy.schema.json')) as object,
  )

  for (const path of FILES) {
    test(`${path} is valid, has nothing odd in it, and says what its cases say`, () => {
      const { policy, file } = readPolicy(textOf(path), { file: path, base: textOf(DEFAULT) })
      assert.deepEqual(lintPolicy(policy), [])
      assert.ok((file.cases ?? []).length > 0)
      assert.deepEqual(
        (file.cases ?? []).flatMap((each) => failuresOf(policy, each).map((failure) => [each.name, failure])),
        [],
      )
    })
    test(`${path} fits the schema that editors use`, () => {
      assert.ok(validate(parse(textOf(path))), JSON.stringify(validate.errors))
    })
  }

  test('the schema that editors use refuses what the reader refuses', () => {
    assert.equal(validate({ policy: 1, name: 'x', version: '1' }), false)
    assert.equal(validate({ policy: 1, name: 'x', version: '1', extends: 'default' }), true)
    assert.equal(validate({ policy: 1, name: 'x', version: '1', extends: 'default', rule: [] }), false)
  })
})
