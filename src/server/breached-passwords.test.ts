import { strict as assert } from 'node:assert'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { AmbitError } from '#lib/errors.ts'
import { openBreachedPasswords } from './breached-passwords.ts'
import { testFolder } from './server.fixture.ts'

const hashOf = (password: string) => createHash('sha1').update(password).digest('hex').toUpperCase()

test('a password is found where it is listed, and only there, however long the lines are', async (context) => {
  const path = join(testFolder(context), 'list.txt')
  const counts = fc.oneof(
    fc.constant(''),
    fc.nat(99_999_999).map((count) => `:${count}`),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(fc.string({ maxLength: 6 }), counts), {
        minLength: 1,
        maxLength: 60,
        selector: ([it]) => it,
      }),
      fc.array(fc.string({ maxLength: 6 }), { maxLength: 5 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      async (listed, others, eol, isEnded) => {
        const lines = listed.map(([password, count]) => hashOf(password) + count).toSorted()
        writeFileSync(path, lines.join(eol) + (isEnded ? eol : ''))
        const list = await openBreachedPasswords(path)
        try {
          const known = new Set(listed.map(([password]) => password))
          for (const password of [...known, ...others])
            assert.equal(await list.isBreached(password), known.has(password), JSON.stringify(password))
        } finally {
          await list.close()
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('a list in another order is refused, even where its first lines are in order', async (context) => {
  const path = join(testFolder(context), 'list.txt')
  const ordered = Array.from({ length: 2000 }, (_, i) => hashOf(String(i))).toSorted()
  // by how often each was seen, as Have I Been Pwned gives it out, too; and one that was put together of two
  const seen = Array.from({ length: 2000 }, (_, i) => hashOf(`seen ${i}`))
  for (const lines of [
    [...ordered.slice(0, 10), ...seen],
    [...ordered, ...ordered],
    [...ordered.slice(1000), ...ordered.slice(0, 1000)],
  ]) {
    writeFileSync(path, `${lines.join('\n')}\n`)
    await assert.rejects(openBreachedPasswords(path), /not in order/)
  }
})

test('what is no list is refused, with what would be one', async (context) => {
  const folder = testFolder(context)
  const path = join(folder, 'list.txt')
  const [low, high] = ['a', 'b', 'c', 'd'].map(hashOf).toSorted() as [string, string]
  for (const text of ['', 'password\n', `${low.toLowerCase()}\n`, `${high}\n${low}\n`, `${low}\nx\n`]) {
    writeFileSync(path, text)
    await assert.rejects(openBreachedPasswords(path), (error) => {
      assert.ok(error instanceof AmbitError)
      assert.deepEqual([error.code, /Have I Been Pwned/.test(error.message)], ['config_invalid', true])
      return true
    })
  }
  await assert.rejects(openBreachedPasswords(join(folder, 'nothing')), /cannot be read \(ENOENT\)/)
})
