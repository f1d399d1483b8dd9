/** The table of attacks names tests that there are, and every class of the catalogue has a row. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const root = new URL('../../', import.meta.url)
const text = readFileSync(new URL('docs/security.md', root), 'utf8')
const sourceOf = (path: string): string | null => {
  const found = [path, `src/${path}`].map((each) => new URL(each, root)).find((each) => existsSync(each))
  return found === undefined ? null : readFileSync(found, 'utf8')
}

test('docs/security.md names tests that there are', () => {
  const named = [...text.matchAll(/`([\w/.-]+\.ts)`(?:: ([^;|`…(]+))?/g)]
  assert.ok(named.length > 50)
  const missing: string[] = []
  for (const [, path = '', title] of named) {
    const source = sourceOf(path)
    if (source === null) missing.push(path)
    // a title stands in the file as it stands here, up to where it is cut
    else if (
      title !== undefined &&
      path.endsWith('.test.ts') &&
      !source.replaceAll("\\'", "'").includes(title.trim())
    ) {
      missing.push(`${path}: ${title.trim()}`)
    }
  }
  assert.deepEqual(missing, [])
})

test('docs/security.md has a row for each of the 97 classes, and for who may administer', () => {
  const classes = { A: 34, B: 26, C: 22, D: 15 }
  const rows = [...text.matchAll(/^\| ((?:[A-E]\d+(?:[,–] ?)?)+)/gm)].map(([, names]) => names!)
  const told = new Set<string>()
  for (const names of rows) {
    for (const part of names.split(/, ?/)) {
      const [, letter = '', from = '0', to = from] = /^([A-D])(\d+)(?:–[A-D]?(\d+))?/.exec(part) ?? []
      for (let n = Number(from); n <= Number(to); n++) told.add(`${letter}${n}`)
    }
  }
  const all = Object.entries(classes).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, i) => `${letter}${i + 1}`),
  )
  assert.equal(all.length, 97)
  assert.deepEqual(
    all.filter((each) => !told.has(each)),
    [],
  )
  assert.match(text, /^E1\b/m)
})

test('every row of docs/security.md names a test, or says why it is not applicable', () => {
  const rows = [...text.matchAll(/^\| (?!class|property|what|wrong|---)(.+?) \| (.+) \|$/gm)]
  const tables = rows.filter(([, name]) => !/^(\d+ |[a-z]+ code$|password$|code that was sent$)/.test(name!))
  assert.ok(tables.length > 70, String(tables.length))
  let above = ''
  const without = tables.filter(([, , told = '']) => {
    // "same" is the row above
    const named = told.startsWith('same') ? above : told
    above = named
    return !/`[\w/.-]+\.test\.ts`/.test(named) && !/^not applicable: \S+ \S+ \S+/.test(named)
  })
  assert.deepEqual(
    without.map(([, name]) => name),
    [],
  )
})
