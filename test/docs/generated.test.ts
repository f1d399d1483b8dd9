import assert from 'node:assert/strict'
import { readFile, readdir } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { analyzeCommand } from '#cli/commands/analyze.ts'
import { quietIo } from '../support/quiet-io.ts'
import { PAGES } from '../../scripts/write-docs.ts'

const root = new URL('../../', import.meta.url)

suite('Documentation', () => {
  for (const [path, page] of Object.entries(PAGES)) {
    test(`${path} says what the code says`, async () => {
      assert.equal(await readFile(new URL(path, root), 'utf8'), page(), 'run `npm run docs`')
    })
  }

  test('links only to files that exist', async () => {
    const names = (await readdir(new URL('docs/', root), { recursive: true }))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`)
    const missing: string[] = []
    for (const name of [...names, 'README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']) {
      const text = await readFile(new URL(name, root), 'utf8')
      for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target!)) continue
        await readFile(new URL(target!, new URL(name, root))).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EISDIR') missing.push(`${name} → ${target}`)
        })
      }
    }
    assert.deepEqual(missing, [])
  })
})

suite('The README', () => {
  test('shows what `ambit analyze examples/small.yaml` prints', async () => {
    const written = { out: '', err: '', files: new Map<string, string>() }
    const path = new URL('examples/small.yaml', root).pathname
    await analyzeCommand({ paths: [path], format: 'text', failOn: 'never' }, quietIo(written))
    assert.ok((await readFile(new URL('README.md', root), 'utf8')).includes(written.out.trimEnd()), written.out)
  })
})
