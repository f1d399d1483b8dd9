import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, suite, test } from 'node:test'
import { loadImporters, readFiles } from './read-files.ts'

suite('Paths to read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-read-'))
  after(() => rmSync(folder, { recursive: true }))
  const write = (path: string, text = 'ambit: 1\n') => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  write('estate/b.yaml', 'ambit: 1\ngroups: [{id: b}]\n')
  write('estate/a/z.ndjson', '{"ambit":1}\n{"fact":"group","id":"z"}\n')
  write('estate/a/c.json', '{"ambit":1,"groups":[{"id":"c"}]}')
  write('estate/D.YML')
  write('estate/notes.md', 'not read')
  write('estate/.hidden.yaml', 'not read')
  write('estate/.git/x.yaml', 'not read')
  write('estate/node_modules/x.yaml', 'not read')
  write('odd.name', 'ambit: 1\ngroups: [{id: odd}]\n')
  symlinkSync(join(folder, 'estate'), join(folder, 'estate/a/loop'))

  const namesOf = async (...paths: string[]) => {
    const { sources, diagnostics } = await readFiles(paths.map((path) => join(folder, path)))
    assert.deepEqual(diagnostics, [])
    return sources.map(({ file }) => relative(folder, file))
  }

  test('may be a folder: its inventories, sorted, with those of folders in it; no hidden ones, no loops', async () => {
    assert.deepEqual(await namesOf('estate'), ['estate/D.YML', 'estate/a/c.json', 'estate/a/z.ndjson', 'estate/b.yaml'])
  })

  test('may be files of any name, in the order given, each once', async () => {
    assert.deepEqual(await namesOf('odd.name', 'estate/a', 'estate/a/c.json', 'odd.name'), [
      'odd.name',
      'estate/a/c.json',
      'estate/a/z.ndjson',
    ])
  })

  test('that lead nowhere are told of together, with what to do, and with what is wrong in the others', async () => {
    write('empty/notes.md')
    write('broken/a.yaml', 'ambit: 1\ngroups: 7\n')
    write('broken/c.yaml', 'ambit: 1\ngroups: [{id: c}]\n')
    symlinkSync(join(folder, 'nowhere.yaml'), join(folder, 'broken/b.yaml'))
    const paths = ['gone.yaml', 'empty', 'broken'].map((path) => join(folder, path))
    const { diagnostics, facts } = await readFiles(paths)
    assert.deepEqual(
      diagnostics.map(({ level, code, message, remedy, place }) => [
        `${level} ${code} ${relative(folder, place!.file)}`,
        ...(code.startsWith('f') ? [message, remedy] : []),
      ]),
      [
        ['error file_unreadable gone.yaml', 'it does not exist', 'check the spelling and the current folder'],
        [
          'error folder_empty empty',
          'the folder holds no .yaml, .yml, .json, .ndjson or .jsonl file',
          'name the files themselves',
        ],
        ['error list_invalid broken/a.yaml'],
        ['error file_unreadable broken/b.yaml', 'it does not exist', 'check the spelling and the current folder'],
      ],
    )
    assert.deepEqual(
      facts.map(({ fact }) => fact.id),
      ['c'],
    )
  })
})

suite('The importers', () => {
  test('are all that the folder holds, by source, found without a list of them', async () => {
    const importers = await loadImporters()
    const fixtures = readdirSync(new URL('../importers/', import.meta.url)).filter((name) =>
      name.endsWith('.fixture.json'),
    )
    assert.deepEqual(
      importers.map(({ source }) => source),
      fixtures.map((name) => name.replace('.fixture.json', '')).toSorted(),
    )
  })
})
