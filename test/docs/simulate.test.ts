import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { parse } from 'yaml'
import { main } from '#cli/main.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import { readPatterns } from '#simulation/patterns.ts'
import { quietIo, type Written } from '../support/quiet-io.ts'

const root = new URL('../../', import.meta.url)
const page = (path: string) => readFile(new URL(path, root), 'utf8')

suite('The pages on simulations and breaches', () => {
  test('show what `ambit simulate examples/small.yaml -a phishing_relay` prints', async () => {
    const before = process.cwd()
    const written: Written = { out: '', err: '', files: new Map() }
    process.chdir(new URL('.', root).pathname) // the places in the output are as the command was given them
    try {
      await main(['simulate', 'examples/small.yaml', '-a', 'phishing_relay'], quietIo(written))
    } finally {
      process.chdir(before)
    }
    const body = written.out.slice(written.out.indexOf('\n\n') + 2).trimEnd()
    assert.ok((await page('docs/simulate.md')).includes(body), body)
  })

  test('show a pattern that can be read', async () => {
    const text = await page('docs/breaches.md')
    const example = /```yaml\n([^]*?)```/.exec(text)![1]!
    assert.equal(readPatterns(example, 'docs/breaches.md', await readPolicyFile()).length, 1)
    assert.ok(parse(example))
  })
})
