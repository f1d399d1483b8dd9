/** Files made to exhaust: long lines, deep nesting, aliases that multiply. Each ends in an error, never in a crash. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { checked, lines } from './reading.ts'

const YAML = 'ambit: 1\nat: 2026-01-01\n'
const NDJSON = '{"ambit":1,"at":"2026-01-01"}\n'
const DEEP = 100_000
const LONG = 10_000_000

const nested = (open: string, close: string, depth = DEEP, inner = '1') =>
  open.repeat(depth) + inner + close.repeat(depth)

suite('Nesting', () => {
  const cases: readonly (readonly [title: string, file: string, content: string, error: RegExp])[] = [
    ['lists in JSON', 'a.json', `{"ambit":1,\n"accounts":${nested('[', ']')}}`, /a\.json:2 /],
    ['objects in JSON', 'a.json', `{"ambit":1,"accounts":${nested('{"a":', '}')}}`, /a\.json:1 /],
    ['lists in JSON that never close', 'a.json', '['.repeat(DEEP), /a\.json:1 /],
    [
      'a condition in NDJSON',
      'a.ndjson',
      `${NDJSON}{"fact":"wayIn","requires":${nested('{"all":[', ']}')}}\n`,
      /a\.ndjson:2 /,
    ],
    ['lists in YAML', 'a.yaml', `${YAML}accounts: ${nested('[', ']')}\n`, /a\.yaml:3 /],
    ['mappings in YAML', 'a.yaml', `${YAML}accounts: ${nested('{a: ', '}', 10_000)}\n`, /a\.yaml:3 /],
    ['dashes in YAML', 'a.yaml', `${YAML}accounts:\n ${'- '.repeat(DEEP)}x\n`, /a\.yaml:4 /],
    [
      'indented YAML',
      'a.yaml',
      `${YAML}x:\n${Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i + 1)}a:\n`).join('')}`,
      /a\.yaml:\d+ /,
    ],
    ['lists in YAML that never close', 'a.yaml', `ambit: ${'['.repeat(DEEP)}`, /a\.yaml:1 /],
  ]
  for (const [title, file, content, place] of cases) {
    test(`${title}: too deep is told, whatever the depth`, async () => {
      const told = lines(await checked({ [file]: content }), 'error')
      assert.equal(told.length, 1)
      assert.match(
        told[0] ?? '',
        /^nesting_too_deep .*deeper than 100 levels.*; no format that Ambit reads nests so deeply/,
      )
      assert.match(told[0] ?? '', place)
    })
  }

  test('a condition nests 32 levels and no more', async () => {
    const inventory = (depth: number) =>
      `${YAML}accounts:\n  - id: a:1\n    kind: human\n    authenticators: [password]\n` +
      `    waysIn: [{purpose: sign_in, requires: ${nested('{all: [', ']}', depth, 'password')}}]\n`
    assert.deepEqual((await checked({ 'a.yaml': inventory(32) })).diagnostics, [])
    const told = lines(await checked({ 'a.yaml': inventory(33) }), 'error')
    assert.match(told.join('\n'), /^fact_invalid a\.yaml:7 .*nested deeper than 32 levels; flatten it/)
  })
})

suite('Size', () => {
  for (const [file, content, place] of [
    ['a.json', `{"ambit":1,"groups":[\n{"id":"g","name":"${'x'.repeat(LONG)}"}]}`, 'a.json:2'],
    ['a.yaml', `${YAML}groups: [{id: g, name: ${'x'.repeat(LONG)}}]\n`, 'a.yaml:3'],
    [
      'a.ndjson',
      `${NDJSON}{"fact":"group","id":"g","name":"${'x'.repeat(LONG)}"}\n{"fact":"group","id":"h"}\n`,
      'a.ndjson:2',
    ],
  ] as const) {
    test(`a line of ten megabytes in ${file} costs a message of one line`, async () => {
      const told = lines(await checked({ [file]: content }), 'error')
      assert.equal(told.length, 1)
      assert.match(told[0] ?? '', /^fact_invalid .*group `g`: `name` is `x+\.\.\.`; .*512 characters/)
      assert.ok(told[0]?.includes(place) && told[0].length < 300)
    })
  }

  test('aliases that multiply are refused before they are followed', async () => {
    const bomb = Array.from('bcdefghij', (c, i) => `${c}: &${c} [${Array(10).fill(`*${'abcdefghij'[i]}`).join(',')}]`)
    const told = lines(await checked({ 'a.yaml': `${YAML}a: &a [x,x,x,x,x,x,x,x,x,x]\n${bomb.join('\n')}\n` }), 'error')
    assert.equal(told.length, 1)
    assert.match(told[0] ?? '', /^alias_invalid a\.yaml:\d+ .*more than a million values; write the value out/)
  })

  test('an id has at most 512 characters, and its message far fewer', async () => {
    const told = lines(
      await checked({ 'a.yaml': `${YAML}groups: [{id: ${'x'.repeat(512)}}, {id: ${'y'.repeat(513)}}]\n` }),
      'error',
    )
    assert.equal(told.length, 1)
    assert.match(told[0] ?? '', /^fact_invalid a\.yaml:3 \/groups\/1\/id .*`y+\.\.\.`.*; use 1 to 512 characters/)
    assert.ok((told[0]?.length ?? 0) < 400)
  })
})
