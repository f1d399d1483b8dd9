/** docs/inventory.md and the published schema say what the reader does. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parseAllDocuments } from 'yaml'
import {
  ACCOUNT_KINDS,
  AUTHENTICATOR_KINDS,
  CAPABILITIES,
  CHANNEL_KINDS,
  CONTROLS,
  POPULATIONS,
  PURPOSES,
  SECRET_KINDS,
  SENSITIVITIES,
} from '#contract/vocabulary.ts'
import { inventorySchemaText, withFieldTables } from '#importers/native-schema.ts'
import { LISTS } from '#importers/native.ts'
import { FACT_KINDS } from '#importers/read-fact.ts'
import { FACT_SCHEMAS } from '#model/facts.ts'
import { checked, lines } from '../hostile/reading.ts'

const root = new URL('../../', import.meta.url)
const page = await readFile(new URL('docs/inventory.md', root), 'utf8')
const published = await readFile(new URL('docs/schema/inventory.schema.json', root), 'utf8')

/** The inventories on the page, in its order: YAML, or NDJSON under `json`. */
const examples = Array.from(page.matchAll(/^```(yaml|json)\n([^]*?)^```$/gm), ([, language, text]) => ({
  file: language === 'yaml' ? 'page.yaml' : 'page.ndjson',
  text: text ?? '',
}))

suite('docs/inventory.md', () => {
  test('has the field tables of the schemas', () => {
    assert.equal(withFieldTables(page), page, 'run scripts/write-schemas.ts')
  })

  for (const kind of FACT_KINDS) {
    test(`explains every field of a ${kind}, and no other`, () => {
      const table = page.split(`<!-- fields of ${kind} -->`)[1]?.split('<!-- end -->')[0] ?? ''
      const rows = Array.from(table.matchAll(/^\| \**`([\w.]+)`\** \| (.*) \| (.*) \|$/gm), ([, ...cells]) => cells)
      const documented = rows.map(([field]) => field).filter((field) => !field?.includes('.'))
      const fields = Object.keys(FACT_SCHEMAS[kind].properties).filter((field) => field !== 'fact')
      const inline = kind === 'account' ? ['authenticators', 'waysIn', 'entitlements'] : []
      if (kind === 'group' || kind === 'role') inline.push('entitlements')
      assert.deepEqual(documented, [...fields, ...inline])
      for (const [field, holds, meaning] of rows) assert.ok(holds && meaning, `${field} is not explained`)
    })
  }

  test('knows every word of the vocabularies', () => {
    const words = [ACCOUNT_KINDS, AUTHENTICATOR_KINDS, CAPABILITIES, CHANNEL_KINDS, CONTROLS, POPULATIONS, PURPOSES]
    const all = [...words, SECRET_KINDS, SENSITIVITIES].flat()
    assert.deepEqual(
      all.filter((word) => !page.includes(`\`${word}\``)),
      [],
    )
  })

  for (const [index, { file, text }] of examples.entries()) {
    test(`example ${index + 1} is read without errors and warnings`, async () => {
      const result = await checked({ [file]: text })
      assert.deepEqual([...lines(result, 'error'), ...lines(result, 'warning')], [])
    })
  }

  test('ends with an example of every kind of fact and of every field', async () => {
    const result = await checked({ 'page.yaml': examples.at(-1)?.text ?? '' })
    assert.deepEqual(result.diagnostics, [])
    const unused = FACT_KINDS.flatMap((kind) => {
      const used = new Set(result.byKind[kind].flatMap(({ fact }) => Object.keys(fact)))
      return Object.keys(FACT_SCHEMAS[kind].properties)
        .filter((field) => !used.has(field))
        .map((field) => `${kind}.${field}`)
    })
    assert.deepEqual(unused, [])
  })

  test('shows inline forms that mean what the text beside them says', async () => {
    const { byKind } = await checked({ 'page.yaml': examples[1]?.text ?? '' })
    assert.deepEqual(
      byKind.authenticator.map(({ fact }) => fact.id),
      ['idp:ben/password', 'idp:ben/phone', 'idp:ben/laptop'],
    )
    assert.deepEqual(
      byKind.wayIn.map(({ fact }) => [fact.id, fact.account, fact.requires]),
      [
        ['idp:ben/sign_in', 'idp:ben', { any: ['idp:ben/phone', 'idp:ben/laptop'] }],
        ['idp:ben/second', 'idp:ben', { all: ['idp:ben/password', 'idp:ben/phone'] }],
      ],
    )
    assert.deepEqual(
      byKind.entitlement.map(({ fact }) => fact.holder),
      ['idp:ben'],
    )
  })
})

suite('The inventory schema', () => {
  const validate = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true }).compile(
    JSON.parse(published),
  )
  const misfits = (document: unknown) =>
    validate(document) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  const documentsOf = (text: string) => parseAllDocuments(text, { merge: true }).map((each): unknown => each.toJS())

  test('is published as the code has it', () => {
    assert.equal(published, inventorySchemaText(), 'run scripts/write-schemas.ts')
  })

  test('accepts every example inventory', async () => {
    const names = await readdir(new URL('examples/', root), { recursive: true })
    let inventories = 0
    for (const name of names.filter((each) => /\.ya?ml$/.test(each) && !each.endsWith('.expected.yaml'))) {
      for (const document of documentsOf(await readFile(new URL(`examples/${name}`, root), 'utf8'))) {
        if (typeof document !== 'object' || document === null || !('ambit' in document)) continue // a policy
        inventories++
        assert.deepEqual(misfits(document), [], name)
      }
    }
    assert.ok(inventories >= 3)
  })

  test('accepts the inventories on the page', () => {
    for (const { file, text } of examples) {
      if (file === 'page.yaml') assert.deepEqual(documentsOf(text).flatMap(misfits), [])
    }
  })

  const refused: readonly (readonly [title: string, document: object])[] = [
    ['no version', { accounts: [] }],
    ['another version', { ambit: 2 }],
    ['a list that does not exist', { ambit: 1, acounts: [] }],
    ['a misspelt field', { ambit: 1, accounts: [{ id: 'a', kind: 'human', nmae: 'x' }] }],
    ['a misspelt word', { ambit: 1, accounts: [{ id: 'a', kind: 'humann' }] }],
    [
      'a misspelt field in an inline form',
      { ambit: 1, accounts: [{ id: 'a', waysIn: [{ purpose: 'sign_in', require: 'x' }] }] },
    ],
    ['a misspelt kind in an inline form', { ambit: 1, accounts: [{ id: 'a', authenticators: ['pasword'] }] }],
    ['a default of what is no field', { ambit: 1, defaults: { account: { knd: 'human' } } }],
    ['a fact without what no default says', { ambit: 1, defaults: { group: { name: 'x' } }, accounts: [{ id: 'a' }] }],
    [
      'an inline way in without a condition',
      { ambit: 1, accounts: [{ id: 'a', kind: 'human', waysIn: [{ purpose: 'sign_in' }] }] },
    ],
    ['a fact without its id', { ambit: 1, groups: [{ name: 'x' }] }],
    ['an id of a reserved prefix', { ambit: 1, groups: [{ id: 'right:administer:x' }] }],
    ['an empty condition', { ambit: 1, rules: [{ id: 'r', then: 'a', when: { all: [] }, reason: 'x' }] }],
    ['a date in words', { ambit: 1, at: 'yesterday' }],
    ['a text where a list belongs', { ambit: 1, groups: [{ id: 'g', memberOf: 'h' }] }],
  ]
  for (const [title, document] of refused) {
    test(`refuses ${title}, as the reader does`, async () => {
      assert.notDeepEqual(misfits(document), [])
      assert.notDeepEqual(lines(await checked({ 'a.json': JSON.stringify(document) }), 'error'), [])
    })
  }

  test('names each list as the reader does', () => {
    const { properties } = JSON.parse(published) as { properties: Record<string, unknown> }
    for (const list of Object.values(LISTS)) assert.ok(list in properties, list)
  })
})
