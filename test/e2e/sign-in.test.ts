/** People at the pages of a whole server, with a mail server on loopback and an independent OpenID client as the application. */
import assert from 'node:assert/strict'
import { sql as rawSql } from 'kysely'
import { test, type TestContext } from 'node:test'
import { decodeJwt } from 'jose'
import { generateSync } from 'otplib'
import * as client from 'openid-client'
import { systemClock } from '#lib/clock.ts'
import { until } from '#lib/until.fixture.ts'
import { Person } from './person.fixture.ts'
import { PASSWORD, REDIRECT, SECRET, startPeople } from './people.fixture.ts'

async function started(context: TestContext) {
  const people = await startPeople(context)
  const options = { execute: [client.allowInsecureRequests] }
  const config = await client.discovery(new URL(`${people.origin}/oidc`), 'app', SECRET, undefined, options)
  return { ...people, config }
}

async function authorize(config: client.Configuration, person: Person, more: Record<string, string> = {}) {
  const verifier = client.randomPKCECodeVerifier()
  const challenge = await client.calculatePKCECodeChallenge(verifier)
  const parameters = {
    redirect_uri: REDIRECT,
    scope: 'openid',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 's',
    ...more,
  }
  await person.go((await client.buildAuthorizationUrlWithPAR(config, parameters)).href)
  return { pkceCodeVerifier: verifier, expectedState: 's' }
}

test('a customer of a shop signs in with a code that was sent, and the application is told so', async (context) => {
  const { mail, origin, config } = await started(context)
  const ben = new Person(origin)
  const checks = await authorize(config, ben)
  assert.match(ben.html, /<html lang="en">/)
  await ben.submit('identify', { identifier: 'Ben@Example.org' })
  await ben.submit('send')
  await until(() => mail.mails.length > 0, 'no mail comes')
  const [message] = mail.mails
  assert.deepEqual(message?.to, ['ben@example.org'])
  const [code = ''] = /\b[0-9]{8}\b/.exec(message.mail.text ?? '') ?? []
  assert.ok(!ben.html.includes(code) || code === '')
  await ben.submit('answer', { code: '00000000' })
  assert.match(ben.html, /role="alert"/)
  await ben.submit('answer', { code })
  await ben.submit('consent')
  const tokens = await client.authorizationCodeGrant(config, ben.left!, checks)
  assert.deepEqual([tokens.claims()?.sub, tokens.claims()?.['acr']], ['shop:ben', 'urn:ambit:loa:1'])
  assert.ok(decodeJwt(tokens.id_token!)['auth_time'])
  // nothing more is asked of him, until the application wants what he does not have
  await authorize(config, ben)
  assert.ok(ben.left?.searchParams.get('code'))
  ben.left = null
  await authorize(config, ben, { acr_values: 'phr' })
  assert.match(ben.html, /<a href="\/enrol">I have an enrolment pass</)
  await ben.submit('abort')
  assert.equal(ben.left!.searchParams.get('error'), 'unmet_authentication_requirements')
})

test('an administrator is sent no code, and a password alone does not do', async (context) => {
  const { mail, origin, config, server, token } = await started(context)
  const ada = new Person(origin)
  await authorize(config, ada)
  await ada.submit('identify', { identifier: 'ada@example.org' })
  const known = ada.html
  await ada.submit('send')
  await ada.submit('back')
  await ada.submit('password', { password: PASSWORD })
  assert.match(ada.html, /A code is not enough for this account/)
  assert.ok(!ada.cookies.has('__Host-ambit-session'))
  assert.equal(mail.mails.length, 0)
  // a stranger sees the same page whatever name he types
  const stranger = new Person(origin)
  await authorize(config, stranger)
  await stranger.submit('identify', { identifier: 'zoe@example.org' })
  const plain = (html: string) => html.replaceAll(/interaction\/[\w-]+|value="[^"]*"|[a-z]+@example\.org/g, '')
  assert.equal(plain(stranger.html), plain(known))
  await stranger.submit('password', { password: PASSWORD })
  assert.match(stranger.html, /role="alert"/)
  // one who is disabled gets no further than a stranger
  const off = await server.ask('/v1/people/shop:ben/disable', { method: 'POST', token })
  assert.equal(off.status, 200)
  const ben = new Person(origin)
  await authorize(config, ben)
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  assert.match(ben.html, /role="alert"/)
})

test('what a stranger types is not kept, and whoever calls the provider by another name is told its own', async (context) => {
  const { origin, config, server } = await started(context)
  const stranger = new Person(origin)
  await authorize(config, stranger)
  await stranger.submit('identify', { identifier: 'hunter2hunter2' })
  await stranger.submit('password', { password: PASSWORD })
  const reader = await server.token('read', 'administer')
  const log = await (await server.ask('/v1/audit/export?format=ndjson', { token: reader })).text()
  const records = await (await server.ask('/v1/audit/records', { token: reader })).text()
  assert.ok(records.includes('authentication') && records.includes('"person"'), records.slice(0, 500))
  assert.ok(!log.includes('hunter2') && !records.includes('hunter2'))
  const { port } = new URL(origin)
  const headers = { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https', forwarded: 'host=evil.test' }
  const found = await (
    await fetch(`http://127.0.0.1:${port}/oidc/.well-known/openid-configuration`, { headers })
  ).text()
  assert.ok(!found.includes('evil.test') && !found.includes('127.0.0.1'), found)
  assert.ok(found.includes(`${origin}/oidc/token`), found)
})

test('what was shown before an account was changed lets nobody in after it', async (context) => {
  const { origin, config, server, token, json } = await started(context)
  const ben = new Person(origin)
  await authorize(config, ben)
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  await ben.go('/account')
  await ben.submit('totp')
  const [, secret = ''] = /<code class="secret">([^<]+)</.exec(ben.html) ?? []
  const code = (steps: number) =>
    generateSync({ secret: secret.replaceAll(' ', ''), epoch: Math.floor(systemClock() / 1000) + 30 * steps })
  await ben.submit('totp-confirm', { code: code(-1) })
  // somebody knows his password, and has one of two factors
  const thief = new Person(origin)
  await authorize(config, thief)
  await thief.submit('identify', { identifier: 'ben@example.org' })
  await thief.submit('password', { password: PASSWORD })
  for (const to of ['disable', 'enable'])
    assert.equal((await server.ask(`/v1/people/shop:ben/${to}`, { method: 'POST', token })).status, 200)
  // the code is right, and the password counts no longer
  await thief.submit('totp', { code: code(0) })
  assert.ok(!thief.cookies.has('__Host-ambit-session'), thief.html)
  assert.equal(thief.left, null)
  await thief.submit('password', { password: PASSWORD })
  assert.ok(thief.cookies.has('__Host-ambit-session'))
  // the password that an administrator replaces ends what was opened with it
  const replaced = await json('PUT', '/v1/people/shop:ben', { identifiers: [], password: `${PASSWORD} again` })
  assert.equal(replaced.status, 200)
  thief.left = null
  await authorize(config, thief, { prompt: 'none' })
  assert.equal(thief.left!.searchParams.get('error'), 'login_required')
})

test('a session that ends while the sign-in that rests on it is finished is followed by none that shows nothing', async (context) => {
  const { server, origin, config } = await started(context)
  const ben = new Person(origin)
  await authorize(config, ben)
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  // the provider has forgotten him, our session has not: nothing more is asked of him
  for (const name of ben.cookies.keys()) if (/ambit-op/.test(name)) ben.cookies.delete(name)
  const { sql } = server.context.database
  await rawSql`CREATE TRIGGER changed AFTER DELETE ON sign_ins BEGIN UPDATE account_states SET epoch = epoch + 1; END`.execute(
    sql,
  )
  await authorize(config, ben)
  assert.equal(ben.status, 409)
  const alive = await sql.selectFrom('sessions').select('proofs').where('ended_at', 'is', null).execute()
  assert.ok(alive.every(({ proofs }) => proofs !== '[]'))
})

test('a stranger cannot use up the guesses of an app that is asked for later', async (context) => {
  const { origin, config, server } = await started(context)
  const stranger = new Person(origin)
  await authorize(config, stranger)
  await stranger.submit('identify', { identifier: 'ben@example.org' })
  const [, form = ''] = /name="form" value="([^"]+)"/.exec(stranger.html) ?? []
  const body = new URLSearchParams({ form, code: '123456' })
  for (const factor of ['totp', 'hotp'])
    await stranger.go(`${stranger.at.replace(/\/identify$/, '')}/${factor}`, {
      method: 'POST',
      body,
      headers: { origin },
    })
  const budgets = await server.context.database.sql.selectFrom('budgets').selectAll().execute()
  assert.deepEqual(budgets, [])
})

test('a form from elsewhere, from another browser or without its token does nothing', async (context) => {
  const { origin, config } = await started(context)
  const ben = new Person(origin)
  await authorize(config, ben)
  const { at } = ben
  const [, form = ''] = /name="form" value="([^"]+)"/.exec(ben.html) ?? []
  const cookie = [...ben.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const post = async (headers: Record<string, string>, fields: Record<string, string>) =>
    (await fetch(`${origin}${at}/identify`, { method: 'POST', body: new URLSearchParams(fields), headers })).status
  const fields = { form, identifier: 'ben@example.org' }
  assert.equal(await post({ cookie, origin: 'https://evil.test' }, fields), 403)
  assert.equal(await post({ cookie, origin, 'sec-fetch-site': 'cross-site' }, fields), 403)
  assert.equal(await post({ origin }, fields), 403)
  assert.equal(await post({ cookie, origin }, { ...fields, form: 'x' }), 403)
  const other = new Person(origin)
  await authorize(config, other)
  const theirs = [...other.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  assert.equal(await post({ cookie: theirs, origin }, fields), 403)
  assert.equal(await post({ cookie, origin }, fields), 200)
})
