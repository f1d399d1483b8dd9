/** Input that nobody thought of: keys that poison, bytes that changed on the way, pieces of any size. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { readInventory } from '#importers/read.ts'
import { AmbitError } from '#lib/errors.ts'
import { checkInventory, refuseErrors } from '#model/inventory.ts'
import { bytesOf, checked, lines } from './reading.ts'

const YAML = 'ambit: 1\nat: 2026-01-01\n'

/** One inventory in each form, each with a little of everything. */
const VALID: Readonly<Record<string, string>> = {
  'a.yaml':
    `# héllo\n${YAML}defaults: {account: {kind: human}}\nsystems: &s [{id: s:1}]\ngroups:\n  - {id: g:1, memberOf: [g:1]}\n` +
    'accounts:\n  - id: a:1\n    name: "Ünal 🦉"\n    memberOf: [g:1]\n    authenticators: [password, totp]\n' +
    '    waysIn: [{purpose: sign_in, requires: {all: [password, {any: [totp, a:1]}]}}]\n',
  'a.json': JSON.stringify(
    {
      ambit: 1,
      at: '2026-01-01',
      accounts: [{ id: 'a:1', kind: 'human', name: '\u00DC "\\🦉', createdAt: '2025-02-28' }],
    },
    null,
    1,
  ),
  'a.ndjson':
    '\uFEFF{"ambit":1,"at":"2026-01-01","facts":2}\r\n\n{"fact":"group","id":"g:🦉"}\n' +
    '{"fact":"wayIn","id":"w","account":"a","purpose":"sign_in","requires":{"atLeast":1,"of":["x","é"]}}\n',
}

suite('Keys that poison', () => {
  const cases: readonly (readonly [title: string, file: string, content: string])[] = [
    ['a document', 'a.json', '{"ambit":1,"__proto__":{"polluted":1}}'],
    ['a fact', 'a.json', '{"ambit":1,"accounts":[{"id":"a","kind":"human","__proto__":{"polluted":1}}]}'],
    [
      'the constructor of a fact',
      'a.json',
      '{"ambit":1,"groups":[{"id":"a","constructor":{"prototype":{"polluted":1}}}]}',
    ],
    ['the defaults', 'a.json', '{"ambit":1,"defaults":{"__proto__":{"polluted":1}}}'],
    ['the defaults of a kind', 'a.json', '{"ambit":1,"defaults":{"account":{"__proto__":{"polluted":1}}}}'],
    [
      'an inline fact',
      'a.yaml',
      `${YAML}accounts: [{id: a, kind: human, authenticators: [{kind: totp, __proto__: {polluted: 1}}]}]\n`,
    ],
    ['a YAML merge key', 'a.yaml', `${YAML}groups: [{<<: {__proto__: {polluted: 1}}, id: g}]\n`],
    ['the kind of a line', 'a.ndjson', '{"ambit":1}\n{"fact":"__proto__","id":"a"}\n{"fact":"toString","id":"b"}\n'],
  ]
  for (const [title, file, content] of cases) {
    test(`in ${title} are told as any other unknown word, and change nothing`, async () => {
      const before = Reflect.ownKeys(Object.prototype)
      const told = lines(await checked({ [file]: content }), 'error')
      assert.ok(told.length > 0 && told.every((each) => /__proto__|constructor|toString/.test(each)), told.join('\n'))
      assert.deepEqual(Reflect.ownKeys(Object.prototype), before)
      assert.equal(Reflect.get({}, 'polluted'), undefined)
    })
  }
})

/** Changes of a byte sequence, at places given as fractions of its length. */
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat(6),
  put: fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc
      .constantFrom('{', '}', '[', ']', '"', ':', ',', '\n', '\0', '&a ', '*a', '<<: ', '!!x ', '- ', '1e999', 'null')
      .map(bytesOf),
  ),
})

function mutated(bytes: Uint8Array, { at, cut, put }: { at: number; cut: number; put: Uint8Array }): Uint8Array {
  const from = Math.floor(at * bytes.length)
  return Uint8Array.of(...bytes.subarray(0, from), ...put, ...bytes.subarray(from + cut))
}

suite('Arbitrary input', () => {
  for (const [file, text] of Object.entries(VALID)) {
    test(`${file}, changed anywhere, is read or refused, and every error says where and what to do`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
          const result = await checked({ [file]: mutations.reduce(mutated, bytesOf(text)) })
          for (const { message, place, remedy } of result.diagnostics) {
            assert.ok(message.length > 0 && remedy.length > 0)
            if (place) assert.equal(place.file, file)
          }
          try {
            refuseErrors(result.diagnostics)
          } catch (error) {
            assert.ok(error instanceof AmbitError)
          }
        }),
        { numRuns: 500 },
      )
    })

    test(`${file} means the same in pieces of any size`, async () => {
      const bytes = bytesOf(text)
      const whole = checkInventory(await readInventory([{ name: file, bytes }], () => []))
      assert.deepEqual(lines(whole, 'error'), [])
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), async (sizes) => {
          const chunks: Uint8Array[] = []
          for (let from = 0, i = 0; from < bytes.length; i++) {
            const size = sizes[i % sizes.length] ?? 1
            chunks.push(bytes.slice(from, from + size))
            from += size
          }
          const { facts, diagnostics } = checkInventory(await readInventory([{ name: file, chunks }], () => []))
          assert.deepEqual([facts, diagnostics], [whole.facts, whole.diagnostics])
        }),
        { numRuns: 60 },
      )
    })
  }
})
