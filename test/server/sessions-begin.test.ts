import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'

const root = fileURLToPath(new URL('../../', import.meta.url))

test('a session begins where a sign-in is complete or a change renews it, and nowhere else', () => {
  const files = globSync('src/**/*.ts', { cwd: root }).filter((path) => !/\.(test|fixture)\.ts$/.test(path))
  const begin = files.filter((path) => /\bsessions\s*\.(?:begin|renew)\(/.test(readFileSync(root + path, 'utf8')))
  assert.deepEqual(begin.toSorted(), ['src/authn/changes.ts', 'src/server/sign-in/interaction.ts'])
})
