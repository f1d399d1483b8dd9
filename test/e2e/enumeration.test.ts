/** Byte for byte: whoever has no secret learns from no page whether an account is there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as client from 'openid-client'
import { Person } from './person.fixture.ts'
import { REDIRECT, SECRET, startPeople } from './people.fixture.ts'

/**
 * A page without what is drawn for this browser and visit alone: the MAC over browser and place (`form`), the id of the visit in
 * addresses, and the name that was typed.
 */
const plain = (html: string, name: string): string =>
  html
    .replaceAll(/(name="form" value=")[^"]+/g, '$1')
    .replaceAll(/\/interaction\/[\w-]+/g, '/interaction/')
    .replaceAll(`${name}@example.org`, '')

test('known, unknown, disabled and forbidden accounts are shown the same pages', async (context) => {
  const { origin, server, token } = await startPeople(context)
  const off = await server.ask('/v1/people/shop:cleo/disable', { method: 'POST', token })
  assert.equal(off.status, 200)
  const config = await client.discovery(new URL(`${origin}/oidc`), 'app', SECRET, undefined, {
    execute: [client.allowInsecureRequests],
  })
  const challenge = await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier())
  const asked = { redirect_uri: REDIRECT, scope: 'openid', code_challenge: challenge, code_challenge_method: 'S256' }
  const pages = async (name: string): Promise<string[]> => {
    const [person, other] = [new Person(origin), new Person(origin)]
    const seen: string[] = []
    const step = async (who: Person, at: string, fields: Record<string, string> = {}) => {
      await who.submit(at, fields)
      seen.push(`${who.status} ${at} ${plain(who.html, name)}`)
    }
    await person.go(client.buildAuthorizationUrl(config, asked).href)
    await step(person, 'identify', { identifier: `${name}@example.org` })
    // more than the budget of guesses, so that its end is among the pages
    for (let i = 0; i < 7; i++) await step(person, 'password', { password: 'wrong horse battery staple' })
    await step(person, 'recovery-code', { code: 'AAAA-BBBB-CCCC-DDDD' })
    await step(person, 'send')
    for (let i = 0; i < 4; i++) await step(person, 'answer', { code: '00000000' })
    await step(person, 'back')
    await step(person, 'restart')
    await other.go('/recover')
    await step(other, 'begin', { identifier: `${name}@example.org` })
    await step(other, 'send')
    for (let i = 0; i < 4; i++) await step(other, 'answer', { code: '00000000' })
    await step(other, 'saved-code', { code: 'AAAA-BBBB-CCCC-DDDD' })
    await other.go('/enrol')
    await step(other, 'enrol', { identifier: `${name}@example.org`, pass: 'AAAA-BBBB-CCCC-DDDD' })
    return seen
  }
  const unknown = await pages('zoe')
  assert.ok(unknown.length > 20 && unknown.every((page) => page.startsWith('200 ')))
  for (const name of ['ben', 'cleo', 'ada']) assert.deepEqual(await pages(name), unknown, name)
})
