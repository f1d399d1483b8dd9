import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import Type from 'typebox'
import type { Importer } from './importer.ts'
import { readInventory } from './read.ts'

const People = Type.Object({ people: Type.Array(Type.String()) })
const people: Importer<typeof People> = {
  source: 'people',
  title: 'list of people',
  recognises: (root) => typeof root === 'object' && root !== null && 'people' in root,
  schema: People,
  *facts({ people: names }) {
    for (const [index, name] of names.entries()) {
      yield { pointer: `/people/${index}`, fact: { fact: 'account', id: `people:${name}`, kind: 'human' } }
    }
  },
}

const read = (files: Readonly<Record<string, string>>) =>
  readInventory(
    Object.entries(files).map(([name, text]) => ({ name, bytes: new TextEncoder().encode(text) })),
    () => [people],
  )

suite('Reading files', () => {
  test('gives each to the importer that knows it', async () => {
    const { sources, facts, diagnostics } = await read({
      'a.json': '{"people": ["ada"]}',
      'b.yaml': 'people:\n- ben\n',
      'c.yaml': 'ambit: 1\ngroups: [{id: g}]\n---\npeople: [chen]\n',
    })
    assert.deepEqual(diagnostics, [])
    assert.deepEqual(
      sources.map(({ file, importer, facts: count }) => [file, importer, count]),
      [
        ['a.json', 'people', 1],
        ['b.yaml', 'people', 1],
        ['c.yaml', 'ambit, people', 2],
      ],
    )
    assert.deepEqual(
      facts.map(({ fact, place }) => [fact.id, place]),
      [
        ['people:ada', { file: 'a.json', pointer: '/people/0' }],
        ['people:ben', { file: 'b.yaml', pointer: '/people/0', line: 2 }],
        ['g', { file: 'c.yaml', pointer: '/groups/0', line: 2 }],
        ['people:chen', { file: 'c.yaml', pointer: '/people/0', line: 4 }],
      ],
    )
  })

  test('lists what is recognised beside a file that is not', async () => {
    const { diagnostics } = await read({ 'a.json': '{"users": []}' })
    assert.deepEqual(diagnostics, [
      {
        code: 'file_unrecognised',
        level: 'error',
        message: 'the file is in no format that Ambit reads',
        place: { file: 'a.json', pointer: '', line: 1 },
        remedy:
          'give one of: Ambit inventory (`ambit: 1`); list of people (people); an inventory of your own begins with `ambit: 1`',
      },
    ])
  })

  test('does not load importers for inventories of its own', async () => {
    const bytes = new TextEncoder().encode('ambit: 1')
    await readInventory([{ name: 'a', bytes }], () => assert.fail('loaded'))
  })

  test('loads importers once', async () => {
    let loads = 0
    const bytes = new TextEncoder().encode('{"people": []}')
    await readInventory(
      [1, 2, 3].map((n) => ({ name: String(n), bytes })),
      () => (loads++, [people]),
    )
    assert.equal(loads, 1)
  })

  test('tells the line of an error in JSON, or of the nearest thing around it', async () => {
    const { diagnostics } = await read({
      'a.json': '{"ambit": 1,\n"accounts": [\n{"id": "a",\n"kind": "x"},\n{"kind": "human"}]}',
      'b.json': '{"people":\n[1]}',
    })
    assert.deepEqual(
      diagnostics.map(({ place }) => [place?.file, place?.line, place?.pointer]),
      [
        ['a.json', 4, '/accounts/0/kind'],
        ['a.json', 5, '/accounts/1'],
        ['b.json', 2, '/people/0'],
      ],
    )
  })

  test('tells two errors of each of two files together', async () => {
    const broken = 'ambit: 1\naccounts: [{id: a, kind: x}, {id: b}]'
    const { diagnostics } = await read({ 'a.yaml': broken, 'b.yaml': broken })
    assert.deepEqual(
      diagnostics.map(({ place }) => place?.file),
      ['a.yaml', 'a.yaml', 'b.yaml', 'b.yaml'],
    )
  })

  test('takes the first name and the latest time, and says so', async () => {
    const { name, at, diagnostics } = await read({
      'a.yaml': 'ambit: 1\nname: One\nat: 2026-01-31T23:30:00-02:00',
      'b.yaml': 'ambit: 1\nname: Two\nat: 2026-02-01T01:00:00Z',
      'c.yaml': 'ambit: 1\nname: One',
    })
    assert.deepEqual([name, at], ['One', '2026-01-31T23:30:00-02:00'])
    assert.deepEqual(
      diagnostics.map(({ code, level, place }) => [code, level, place?.file]),
      [
        ['name_conflict', 'info', 'b.yaml'],
        ['time_conflict', 'warning', 'b.yaml'],
      ],
    )
  })
})
