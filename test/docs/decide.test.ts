import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { ACCESS_FIELDS, ALLOWED_FUNCTIONS } from '#policy/cel.ts'
import { DECISION_SCHEMAS } from '../../scripts/write-decision-schemas.ts'

const root = new URL('../../', import.meta.url)
const textOf = (path: string) => readFileSync(new URL(path, root), 'utf8')
const fits = (schema: string, path: string) => {
  const validate = new Ajv2020({ strict: false }).compile(
    JSON.parse(textOf(`docs/schema/${schema}.schema.json`)) as object,
  )
  return [validate(parse(textOf(path))), validate.errors]
}

suite('What is published about decisions', () => {
  for (const [path, text] of Object.entries(DECISION_SCHEMAS)) {
    test(`${path} says what the code says`, () => {
      assert.equal(textOf(path), text(), 'run `node scripts/write-decision-schemas.ts`')
    })
  }

  test('the examples fit their schemas', () => {
    assert.deepEqual(fits('access-policy', 'examples/authzen/access.yaml'), [true, null])
    assert.deepEqual(fits('decision', 'examples/authzen/settings.yaml'), [true, null])
  })

  test('the page names every field and function that a condition may use', () => {
    const page = textOf('docs/decide.md')
    for (const [of, fields] of Object.entries(ACCESS_FIELDS)) {
      for (const field of Object.keys(fields)) assert.ok(page.includes(`\`${of}.${field}\``), `${of}.${field}`)
    }
    for (const name of ALLOWED_FUNCTIONS) assert.ok(page.includes(`\`${name}\``), name)
  })

  test('the page names every reason that a decision can have', () => {
    const page = textOf('docs/decide.md')
    const sources = ['grounds', 'decide'].map((name) => textOf(`src/decision/${name}.ts`)).join('\n')
    const codes = [...sources.matchAll(/(?:refuse|prove)\(\s*'(\w+)'/gu), ...sources.matchAll(/code: '(\w+)'/gu)].map(
      ([, code]) => code!,
    )
    assert.ok(codes.length > 20)
    for (const code of codes) assert.ok(page.includes(`\`${code}\``), code)
  })
})
