import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import Type from 'typebox'
import type { Fact } from '#model/facts.ts'
import { checkInventory } from '#model/inventory.ts'
import { isImporter, pointerOf, runImporter, type Importer } from './importer.ts'
import { factProblems } from './read-fact.ts'

const folder = new URL('./', import.meta.url)
const found: { name: string; importer: Importer }[] = []
for (const name of readdirSync(folder).filter((each) => each.endsWith('.ts') && !each.endsWith('.test.ts'))) {
  const module: Record<string, unknown> = await import(new URL(name, folder).href)
  for (const exported of Object.values(module)) if (isImporter(exported)) found.push({ name, importer: exported })
}

const fixtureOf = (name: string) => new URL(name.replace(/\.ts$/, '.fixture.json'), folder)
const run = (importer: Importer, root: unknown) => runImporter(importer, root, { file: 'fixture.json' })
const idsOf = (fact: Fact) => (fact.id === undefined ? [] : [fact.id])
const textOf = (fact: unknown) => JSON.stringify(fact)

suite('Every importer', () => {
  test('has a source of its own, in lower case', () => {
    const sources = found.map(({ importer }) => importer.source)
    assert.deepEqual(sources.toSorted(), [...new Set(sources)].toSorted())
    for (const source of sources) assert.match(source, /^[a-z][a-z0-9-]*$/)
  })

  test('recognises its own fixture and no other', () => {
    const fixtures = found.map(({ name }) => JSON.parse(readFileSync(fixtureOf(name), 'utf8')))
    for (const { name, importer } of found) {
      assert.deepEqual(
        fixtures.map((root) => importer.recognises(root)),
        found.map((other) => other.name === name),
        name,
      )
    }
  })

  test('recognises nothing in values that are no documents', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (root) => {
        for (const { importer } of found) assert.equal(importer.recognises(root), false)
      }),
    )
  })
})

for (const { name, importer } of found) {
  suite(`The importer ${importer.source}`, () => {
    const source = existsSync(fixtureOf(name)) ? readFileSync(fixtureOf(name), 'utf8') : 'null'
    const fixture = (): unknown => JSON.parse(source)

    test('has a fixture that yields facts', () => assert.ok(run(importer, fixture()).facts.length > 0))

    test('makes facts that fit their schemas, with ids of its own source', () => {
      for (const imported of importer.facts(fixture(), { file: 'fixture.json' })) {
        if (!('fact' in imported)) continue
        assert.deepEqual(factProblems(imported.fact), [], textOf(imported.fact))
        for (const id of idsOf(imported.fact)) assert.ok(id.startsWith(`${importer.source}:`), id)
      }
    })

    test('says the same when it reads the same again', () => {
      assert.deepEqual(run(importer, fixture()), run(importer, fixture()))
    })

    test('declares what its facts name, or says that it does not', () => {
      const { facts, diagnostics } = run(importer, fixture())
      const checked = checkInventory({ sources: [], facts, diagnostics: [] })
      assert.deepEqual(
        checked.diagnostics.filter(({ level }) => level === 'error'),
        [],
      )
      const told = diagnostics.map(({ message }) => message).join('\n')
      for (const [id, { by, field }] of checked.missing) assert.ok(told.includes(id), `${field} of ${textOf(by)}`)
    })

    test('refuses or leaves out what it cannot read, and never throws, whatever a field is changed to', () => {
      const paths = pathsOf(fixture())
      const change = fc.tuple(
        fc.nat(paths.length - 1),
        fc.constantFrom(undefined, null, 0, '', 'x', [], {}, [[]], true),
      )
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
          const root = fixture()
          for (const [index, value] of changes) setAt(root, paths[index] ?? [], value)
          const { facts, diagnostics } = run(importer, root)
          for (const { fact } of facts) assert.deepEqual(factProblems(fact), [])
          for (const { place } of diagnostics) assert.equal(typeof place?.pointer, 'string')
        }),
        { numRuns: 200 },
      )
    })
  })
}

/** Path of every value in a document, but the document itself. */
function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return path.length > 0 ? [path] : []
  const inner = Object.entries(value).flatMap(([key, part]) => pathsOf(part, [...path, key]))
  return path.length > 0 ? [path, ...inner] : inner
}

/** Sets, or with undefined removes, the value at a path, where that path still leads somewhere. */
function setAt(root: unknown, path: readonly string[], value: unknown): void {
  let target = root
  for (const key of path.slice(0, -1)) {
    if (typeof target !== 'object' || target === null) return
    target = Reflect.get(target, key)
  }
  const key = path.at(-1)
  if (typeof target !== 'object' || target === null || key === undefined) return
  if (value === undefined && Array.isArray(target)) target.splice(Number(key), 1)
  else if (value === undefined) Reflect.deleteProperty(target, key)
  else Reflect.set(target, key, value)
}

suite('Running an importer', () => {
  const Page = Type.Object({ people: Type.Array(Type.Object({ id: Type.String() })) })
  const people: Importer<typeof Page> = {
    source: 'people',
    title: 'list of people',
    recognises: () => true,
    schema: Page,
    *facts(page) {
      for (const [index, { id }] of page.people.entries()) {
        const pointer = pointerOf('people', index)
        if (id === 'ghost') {
          yield {
            pointer,
            diagnostic: { code: 'record_skipped', level: 'warning', message: 'a ghost', remedy: 'none' },
          }
        } else yield { pointer, fact: { fact: 'account', id: `people:${id}`, kind: 'human' } }
      }
    },
  }

  test('places each fact and diagnostic in its file', () => {
    assert.deepEqual(runImporter(people, { people: [{ id: 'ada' }, { id: 'ghost' }] }, { file: 'p.json' }), {
      facts: [
        { fact: { fact: 'account', id: 'people:ada', kind: 'human' }, place: { file: 'p.json', pointer: '/people/0' } },
      ],
      diagnostics: [
        {
          code: 'record_skipped',
          level: 'warning',
          message: 'a ghost',
          remedy: 'none',
          place: { file: 'p.json', pointer: '/people/1' },
        },
      ],
    })
  })

  test('names the place in a document that does not fit', () => {
    const { facts, diagnostics } = runImporter(people, { people: [{ id: 'ada' }, { name: 'ben' }] }, { file: 'p.json' })
    assert.deepEqual(facts, [])
    assert.deepEqual(
      diagnostics.map(({ code, place, message }) => [code, place?.pointer, message]),
      [
        [
          'import_record_invalid',
          '/people/1',
          'not a list of people that Ambit can read: `id` is missing in `people/1`',
        ],
      ],
    )
  })

  test('refuses a fact with an impossible id instead of handing it on', () => {
    const { facts, diagnostics } = runImporter(
      people,
      { people: [{ id: 'a\u0000b' }, { id: 'ben' }] },
      { file: 'p.json' },
    )
    assert.equal(facts.length, 1)
    assert.deepEqual(
      diagnostics.map(({ code, place }) => [code, place?.pointer]),
      [['fact_invalid', '/people/0']],
    )
  })
})

suite('A JSON pointer', () => {
  test('escapes what RFC 6901 asks for', () => {
    assert.equal(pointerOf('a/b', 3, 'm~n'), '/a~1b/3/m~0n')
    assert.equal(pointerOf(), '')
  })
})
