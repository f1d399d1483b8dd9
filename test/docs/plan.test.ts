import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { main } from '#cli/main.ts'
import { changeSchemaText, readChanges } from '#planning/change-file.ts'
import { quietIo, type Written } from '../support/quiet-io.ts'

const root = new URL('../../', import.meta.url)
const page = await readFile(new URL('docs/plan.md', root), 'utf8')

test('docs/plan.md shows what `ambit plan examples/small.yaml` prints after its heading', async () => {
  const written: Written = { out: '', err: '', files: new Map() }
  await main(['plan', new URL('examples/small.yaml', root).pathname], quietIo(written))
  const body = written.out.slice(written.out.indexOf('1 step')).trimEnd()
  assert.ok(page.includes(body), body)
})

test('the changes in docs/plan.md are a file of changes', () => {
  const yaml = /```yaml\n(ambit: 1[^]*?)```/.exec(page)![1]!
  assert.equal(readChanges(yaml, 'docs/plan.md').length, 1)
})

test('docs/schema/change.schema.json is up to date', async () => {
  assert.equal(
    await readFile(new URL('docs/schema/change.schema.json', root), 'utf8'),
    changeSchemaText(),
    'run `npm run docs`',
  )
})
