/** Passwords that thieves know are not taken, from whomever they come. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { testFolder } from '#server/server.fixture.ts'
import { startPeople } from './people.fixture.ts'

test('a password on the list of breached ones is not taken', async (context) => {
  const path = join(testFolder(context), 'list.txt')
  const known = 'trust no one but me 1'
  writeFileSync(path, `${createHash('sha1').update(known).digest('hex').toUpperCase()}:12\n`)
  const { json } = await startPeople(context, { more: `  breachedPasswords: ${path}` })
  const identifiers = [{ kind: 'mail', value: 'ben@example.org', verified: true }]
  const refused = await json('PUT', '/v1/people/shop:ben', { identifiers, password: known })
  assert.equal(refused.status, 400)
  assert.match(String(refused.body['message']), /breach/)
  assert.equal((await json('PUT', '/v1/people/shop:ben', { identifiers, password: `${known}2` })).status, 200)
})
