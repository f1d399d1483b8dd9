/** What gets people around a demand elsewhere: addresses, networks and parameters that count for more than a proof. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateSync } from 'otplib'
import * as client from 'openid-client'
import { systemClock } from '#lib/clock.ts'
import { Person } from './person.fixture.ts'
import { PASSWORD, REDIRECT, SECRET, startPeople } from './people.fixture.ts'

/** Addresses of the caller are believed, as behind a proxy: whoever attacks has as many as he likes. */
const BEHIND_PROXY = { more: "proxies: [127.0.0.1, '::1']" }
const SESSION = '__Host-ambit-session'

async function asking(origin: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const execute = [client.allowInsecureRequests]
  const config = await client.discovery(new URL(`${origin}/oidc`), 'app', SECRET, undefined, { execute })
  const challenge = await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier())
  const asked = { redirect_uri: REDIRECT, scope: 'openid', code_challenge: challenge, code_challenge_method: 'S256' }
  return client.buildAuthorizationUrl(config, { ...asked, ...more }).href
}

test('whoever comes from ever other addresses of one network has no more guesses', async (context) => {
  const { origin } = await startPeople(context, BEHIND_PROXY)
  const url = await asking(origin)
  const from = async (address: string, password: string): Promise<Person> => {
    const stranger = new Person(origin, { 'x-forwarded-for': address })
    await stranger.go(url)
    await stranger.submit('identify', { identifier: 'ben@example.org' })
    await stranger.submit('password', { password })
    return stranger
  }
  // five an hour are compared, whether they come from a /64, a /48, or from anywhere
  for (const address of ['2001:db8:1:1::1', '2001:db8:1:1::2', '2001:db8:1:2::1', '2001:db8:2::1', '192.0.2.7'])
    assert.match((await from(address, 'wrong horse battery staple')).html, /role="alert"/)
  for (const address of ['2001:db8:1:1:ffff::', '2001:db8:ffff::1', '198.51.100.1', '::ffff:203.0.113.9']) {
    const late = await from(address, PASSWORD)
    assert.match(late.html, /role="alert"/)
    assert.ok(!late.cookies.has(SESSION), `let in from ${address}`)
  }
})

/** What others take as leave to go on: CVE-2025-3910 and its like. */
const PARAMETERS = {
  prompt: 'none',
  acr_values: 'urn:ambit:loa:1',
  max_age: '99999',
  claims: '{"id_token":{"acr":null}}',
  kc_action_status: 'cancelled',
  execution: '',
  skip: 'true',
  step: 'consent',
  strength: 'hardware',
  account: 'shop:ben',
  accountId: 'shop:ben',
  acr: 'phrh',
  amr: 'hwk',
  enough: 'true',
  purpose: 'recover',
  result: '{"login":{"accountId":"shop:ben"}}',
}

test('no parameter of a page stands for what has to be shown or enrolled', async (context) => {
  const { origin, mails } = await startPeople(context)
  const ben = new Person(origin)
  await ben.go('/account')
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  await ben.submit('totp')
  const [, secret = ''] = /<code class="secret">([^<]+)</.exec(ben.html) ?? []
  const epoch = Math.floor(systemClock() / 1000)
  await ben.submit('totp-confirm', { code: generateSync({ secret: secret.replaceAll(' ', ''), epoch }) })
  await mails(1)
  // Ben has two factors, and Ada would need a key that nobody gave her
  for (const name of ['ben', 'ada']) {
    const thief = new Person(origin)
    await thief.go(await asking(origin))
    await thief.submit('identify', { identifier: `${name}@example.org` })
    await thief.submit('password', { password: PASSWORD })
    const uid = /\/interaction\/([\w-]+)/.exec(thief.html)?.[1]
    const form = /name="form" value="([^"]+)"/.exec(thief.html)?.[1] ?? ''
    assert.ok(uid !== undefined && form !== '', thief.html)
    const all = new URLSearchParams(PARAMETERS).toString()
    const queries = [all, ...Object.entries(PARAMETERS).map((each) => new URLSearchParams([each]).toString())]
    for (const query of queries) {
      await thief.go(`/interaction/${uid}?${query}`)
      await thief.go(`/oidc/auth/${uid}?${query}`)
      const acts = query === all ? ['identify', 'back', 'passkey', 'totp', 'answer', 'push-done'] : ['consent']
      for (const act of acts) {
        const body = new URLSearchParams(`${query}&form=${form}`)
        if (act === 'identify') body.set('identifier', `${name}@example.org`)
        await thief.go(`/interaction/${uid}/${act}?${query}`, { method: 'POST', body, headers: { origin } })
        assert.ok(thief.status < 500, `${act} ${query}: ${thief.status}`)
        assert.ok(!thief.cookies.has(SESSION), `${act} ${query} opened a session`)
        assert.equal(thief.left?.searchParams.get('code') ?? null, null, `${act} ${query} gave a code`)
      }
      await thief.go(`/account?${query}`)
      await thief.go(`/enrol?${query}`)
      assert.ok(!/leave" value/.test(thief.html) && !thief.cookies.has(SESSION), query)
    }
  }
})

test('no network is trusted: who comes from the house itself enrols and shows what everybody does', async (context) => {
  const { origin, json, mail } = await startPeople(context, BEHIND_PROXY)
  const networks = ['127.0.0.1', '::1', '10.0.0.1', '192.168.0.1', 'unix', '127.0.0.1, 203.0.113.9', '']
  for (const address of networks) {
    const headers = { 'x-forwarded-for': address, 'x-real-ip': '127.0.0.1', 'x-forwarded-host': 'localhost' }
    // nobody gave her anything, so that only a pass lets her enrol
    const cleo = new Person(origin, headers)
    await cleo.go('/enrol')
    await cleo.submit('enrol', { identifier: 'cleo@example.org', pass: '' })
    assert.match(cleo.html, /role="alert"/, address)
    const body = new URLSearchParams({ form: /name="form" value="([^"]+)"/.exec(cleo.html)?.[1] ?? '', leave: '' })
    await cleo.go('/enrol/passkey-options', { method: 'POST', body, headers: { origin } })
    assert.equal(cleo.status, 403, address)
    // and a password alone opens nothing that is worth more
    const ada = new Person(origin, headers)
    await ada.go(await asking(origin))
    await ada.submit('identify', { identifier: 'ada@example.org' })
    await ada.submit('password', { password: PASSWORD })
    assert.ok(!ada.cookies.has(SESSION) && ada.left === null, address)
  }
  assert.equal(mail.mails.length, 0)
  const { body } = await json('GET', '/v1/people/shop:cleo', undefined)
  assert.deepEqual(body['authenticators'] ?? [], [])
})

test('nobody changes what belongs to somebody else by naming it', async (context) => {
  const { origin, server } = await startPeople(context)
  const ben = new Person(origin)
  await ben.go('/account')
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  const { sql } = server.context.database
  const hers = () => sql.selectFrom('authenticators').selectAll().where('account', '=', 'shop:ada').execute()
  const [own] = await hers()
  assert.ok(own !== undefined)
  const form = /name="form" value="([^"]+)"/.exec(ben.html)?.[1] ?? ''
  for (const [act, fields] of [
    ['remove', { id: own.id }],
    ['rename', { id: own.id, name: 'mine' }],
    ['remove-phone', { to: '+4915112345678', id: own.id }],
    ['unlink', { link: own.id }],
    ['end-session', { session: own.id }],
    ['totp-confirm', { id: own.id, code: '000000' }],
  ] as const) {
    await ben.go(`/account/${act}`, {
      method: 'POST',
      body: new URLSearchParams({ form, ...fields }),
      headers: { origin },
    })
    assert.match(ben.html, /role="alert"/, act)
    assert.deepEqual(await hers(), [own], act)
  }
})

test('links lead to the configured origin, and codes to the addresses of the client alone, whatever a request says', async (context) => {
  const { origin, mails } = await startPeople(context, BEHIND_PROXY)
  const poisoned = {
    'x-forwarded-host': 'evil.test',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '666',
    forwarded: 'host=evil.test;proto=https',
    'x-original-url': 'https://evil.test/',
    'x-host': 'evil.test',
  }
  const ben = new Person(origin, poisoned)
  await ben.go('/account')
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  await ben.submit('password', { password: `${PASSWORD} and more` })
  const [mail] = await mails(1)
  const links = [...(mail?.mail.text ?? '').matchAll(/https?:\/\/[^\s]+/g)].map(([link]) => new URL(link).origin)
  assert.deepEqual([...new Set(links)], [origin])
  assert.ok(!ben.html.includes('evil.test'))
  for (const redirect of [
    'https://evil.test/cb',
    `${REDIRECT}/`,
    `${REDIRECT}/../x`,
    `${REDIRECT}?x=1`,
    `${REDIRECT}#x`,
    REDIRECT.replace('https', 'http'),
    REDIRECT.replace('app.', 'app.evil.'),
    REDIRECT.replace('https://', 'https://evil.test@'),
    REDIRECT.replace('/cb', ':444/cb'),
    REDIRECT.replace('app', 'APP'),
    `${REDIRECT}%00`,
    'javascript:alert(1)',
  ]) {
    const victim = new Person(origin)
    await victim.go(await asking(origin, { redirect_uri: redirect }))
    assert.equal(victim.left, null, redirect)
    assert.equal(victim.status, 400, redirect)
  }
})

test('a browser that is known is no factor: a copy of what it is known by lets nobody in', async (context) => {
  const { origin } = await startPeople(context)
  const ben = new Person(origin)
  await ben.go('/account')
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  await ben.submit('totp')
  const [, secret = ''] = /<code class="secret">([^<]+)</.exec(ben.html) ?? []
  const code = (steps: number) =>
    generateSync({ secret: secret.replaceAll(' ', ''), epoch: Math.floor(systemClock() / 1000) + 30 * steps })
  await ben.submit('totp-confirm', { code: code(-1) })
  assert.ok(ben.cookies.has(SESSION))
  for (const change of [
    (value: string) => value, // a copy
    (value: string) => value.slice(0, -1),
    (value: string) => `${value}x`,
    () => '',
  ]) {
    const thief = new Person(origin)
    for (const [name, value] of ben.cookies) if (name !== SESSION) thief.cookies.set(name, change(value))
    await thief.go(await asking(origin))
    await thief.submit('identify', { identifier: 'ben@example.org' })
    await thief.submit('password', { password: PASSWORD })
    assert.match(thief.html, /action="[^"]+\/totp"/)
    assert.ok(!thief.cookies.has(SESSION) && thief.left === null)
  }
})
