/** Letting a device in that shows a code (RFC 8628), and everything that was tried against such pages elsewhere. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { decodeJwt } from 'jose'
import type { Proof } from '#authn/session.ts'
import { systemClock } from '#lib/clock.ts'
import { hashOf } from '#server/provider/cookies.ts'
import { sessionStore } from '#storage/sessions.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { looked, newPerson, noBrowser, openBrowser } from './browser.fixture.ts'
import { Person } from './person.fixture.ts'
import { PASSWORD, startPeople, type PeopleOptions } from './people.fixture.ts'

const API = 'https://shop.example'
const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
/** Everything in the shop is asked for at each use, so sessions for its pages may be weaker than what all of it is worth. */
const GATED = 'decisions: {gated: [shop]}'

async function started(context: TestContext, options: PeopleOptions = {}) {
  const people = await startPeople(context, options)
  const { origin } = people
  const post = async (path: string, fields: Record<string, string>) => {
    const body = new URLSearchParams({ client_id: 'tv', ...fields })
    const headers = { 'user-agent': 'TV <b>5</b>' }
    const response = await fetch(`${origin}/oidc/${path}`, { method: 'POST', body, headers })
    return (await response.json()) as Record<string, string>
  }
  const begin = (scope = 'openid shop') => post('device/auth', { scope, resource: API })
  const poll = (device: Record<string, string>) =>
    post('token', { grant_type: GRANT, device_code: device['device_code'] ?? '' })
  const refresh = (refreshToken = '') =>
    post('token', { grant_type: 'refresh_token', refresh_token: refreshToken, resource: API })
  return { ...people, begin, poll, refresh }
}

/** Ben, signed in with his password, at the page where codes are typed. */
async function atThePage(origin: string): Promise<Person> {
  const ben = new Person(origin)
  await ben.go('/oidc/device')
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  assert.match(ben.html, /id="user-code"/)
  return ben
}

/** The code among the mails, once it has come. */
async function codeIn(mails: (count: number) => Promise<readonly { mail: { text?: string | undefined } }[]>) {
  for (let count = 1; count < 10; count++) {
    for (const { mail } of await mails(count)) {
      const code = /\b[0-9]{8}\b/.exec(mail.text ?? '')?.[0]
      if (code !== undefined) return code
    }
  }
  throw new Error('no code came')
}

const xsrfOf = (person: Person): string => /name="xsrf" value="([^"]+)"/.exec(person.html)?.[1] ?? ''
const cookiesOf = (person: Person): string => [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ')

const passkeyAt = (at: number): Proof => ({
  factor: 'passkey',
  authenticator: 'key',
  channel: null,
  purpose: 'step_up',
  binding: '',
  at,
  userVerified: true,
  keyClass: 'synced',
  fips140Level: null,
  boundAtAal: 3,
})

/** What the page answers to a post as it stands, redirects and all. */
async function posted(person: Person, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const init = { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' } as const
  const own = { cookie: cookiesOf(person), origin: person.origin }
  const response = await fetch(`${person.origin}/oidc/device`, { ...init, headers: { ...own, ...headers } })
  return { status: response.status, html: await response.text() }
}

onEveryStore(
  'a device is let in once its code was typed, shown and agreed to, and once only',
  async (store, context) => {
    let ahead = 0
    const clock = () => systemClock() + ahead
    const { origin, begin, poll, server } = await started(context, { store: store.url, clock })
    const device = await begin()
    const userCode = device['user_code']!
    assert.match(userCode, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    assert.equal((await poll(device))['error'], 'authorization_pending')
    const ben = await atThePage(origin)
    await ben.submit('device', { user_code: userCode.toLowerCase().replace('-', ' ') })
    // what it would let in, from where, and a word of warning
    assert.match(ben.html, /Let “The shop on television” on that device act for you\?/)
    assert.ok(ben.html.includes(userCode) && ben.html.includes('network address 127.0.0.1'), ben.html)
    assert.ok(ben.html.includes('It calls itself “TV &lt;b&gt;5&lt;/b&gt;”.') && ben.html.includes('Then stop'))
    ahead += 5000
    assert.equal((await poll(device))['error'], 'authorization_pending')
    await ben.submit('device', { confirm: 'yes' })
    assert.match(ben.html, /You can go back to the device/)
    const dump = JSON.stringify(await server.context.database.sql.selectFrom('oidc_records').selectAll().execute())
    assert.ok(
      !dump.includes(device['device_code']!) && !dump.includes(userCode.replace('-', '')),
      'the store holds a code',
    )
    const claims = decodeJwt((await poll(device))['access_token']!)
    assert.deepEqual([claims.sub, claims['client_id'], claims['acr']], ['shop:ben', 'tv', 'urn:ambit:loa:1'])
    assert.equal((await poll(device))['error'], 'invalid_grant')
    // the code is of no more use to anybody
    await ben.go('/oidc/device')
    await ben.submit('device', { user_code: userCode })
    assert.match(ben.html, /role="alert"/)
  },
)

onEveryStore(
  'a client that asks too often waits five seconds longer each time, and loses nothing',
  async (store, context) => {
    let now = systemClock()
    const { origin, begin, poll } = await started(context, { store: store.url, clock: () => now })
    const [device, other] = [await begin(), await begin()]
    const after = async (seconds: number) => {
      now += seconds * 1000
      return (await poll(device))['error']
    }
    assert.equal(await after(0), 'authorization_pending')
    assert.equal(await after(5), 'authorization_pending')
    assert.equal(await after(1), 'slow_down')
    // five seconds are too soon from now on; ten were not, but they count from the last question
    assert.equal(await after(5), 'slow_down')
    assert.equal(await after(15), 'authorization_pending')
    assert.equal(await after(10), 'slow_down')
    assert.equal(await after(20), 'authorization_pending')
    // of many at once one is heard; another device of the same client is none the slower for it
    now += 20_000
    const answers = (await Promise.all(Array.from({ length: 8 }, () => poll(device)))).map(({ error }) => error)
    assert.equal(answers.filter((error) => error === 'authorization_pending').length, 1)
    assert.equal(answers.filter((error) => error === 'slow_down').length, 7)
    assert.equal((await poll(other))['error'], 'authorization_pending')
    // whoever was let in hears of it at once
    const ben = await atThePage(origin)
    await ben.submit('device', { user_code: device['user_code']! })
    await ben.submit('device', { confirm: 'yes' })
    assert.ok((await poll(device))['access_token'])
  },
)

onEveryStore('codes are not to be guessed: tries are counted before they are looked at', async (store, context) => {
  const { origin, begin, poll } = await started(context, { store: store.url })
  const device = await begin()
  const ben = await atThePage(origin)
  const xsrf = xsrfOf(ben)
  const guesses = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      posted(ben, { xsrf, user_code: `BCDF-GHJ${'KLMNPQRSTVWXZ'[i % 13]}`, confirm: 'yes' }),
    ),
  )
  assert.equal(guesses.filter(({ status }) => status !== 429).length, 10)
  assert.ok(guesses.every(({ html }) => !html.includes('go back to the device')))
  // the right one is no exception, nor is another browser of the same account
  const other = await atThePage(origin)
  for (const person of [ben, other])
    assert.equal((await posted(person, { xsrf: xsrfOf(person), user_code: device['user_code']! })).status, 429)
  // nobody guesses without an account
  const stranger = new Person(origin)
  assert.equal((await posted(stranger, { xsrf, user_code: device['user_code']!, confirm: 'yes' })).status, 303)
  assert.equal((await poll(device))['error'], 'authorization_pending')
})

onEveryStore(
  'the pages have one address: no other way of writing it goes past the counting',
  async (store, context) => {
    const { origin, begin, poll } = await started(context, { store: store.url })
    const device = await begin()
    const ben = await atThePage(origin)
    const stranger = new Person(origin)
    for (const path of ['DEVICE', 'Device', 'device/', 'devic%65', '/device', './device', 'device%2f', 'deviceſ']) {
      const body = new URLSearchParams({ xsrf: xsrfOf(ben), user_code: device['user_code']!, confirm: 'yes' })
      for (const person of [ben, stranger]) {
        const headers = { cookie: cookiesOf(person), origin: 'https://evil.test' }
        const init = { method: 'POST', body, headers, redirect: 'manual' } as const
        const { status } = await fetch(`${origin}/oidc/${path}`, init)
        assert.ok(status === 400 || status === 403 || status === 404, `${path} ${status}`)
      }
    }
    assert.equal((await poll(device))['error'], 'authorization_pending')
  },
)

onEveryStore('nobody approves by a link, a form from elsewhere, or for somebody else', async (store, context) => {
  const { origin, begin, poll } = await started(context, { store: store.url })
  const device = await begin()
  const user_code = device['user_code']!
  const victim = await atThePage(origin)
  const thief = await atThePage(origin)
  const confirm = 'yes'
  // an address with the code in it shows it to be compared, and does nothing
  await victim.go(device['verification_uri_complete']!)
  assert.ok(victim.html.includes(`value="${user_code}"`) && !victim.html.includes('go back to the device'))
  const xsrf = xsrfOf(victim)
  const fields = { xsrf, user_code, confirm }
  assert.equal((await posted(victim, fields, { origin: 'https://evil.test' })).status, 403)
  assert.equal((await posted(victim, fields, { 'sec-fetch-site': 'cross-site' })).status, 403)
  for (const bad of [
    { user_code, confirm },
    { ...fields, xsrf: xsrfOf(thief) },
    { ...fields, xsrf: 'x' },
  ]) {
    const { status, html } = await posted(victim, bad as Record<string, string>)
    assert.ok(status === 400 && html.includes('role="alert"'), `${status} ${html}`)
  }
  assert.equal((await poll(device))['error'], 'authorization_pending')
  // whoever says no ends it, for everybody
  await victim.go('/oidc/device')
  await victim.submit('device', { user_code })
  await victim.submit('device', { abort: 'yes' })
  assert.match(victim.html, /The device was not connected\./)
  await thief.go('/oidc/device')
  await thief.submit('device', { user_code, confirm })
  assert.match(thief.html, /role="alert"/)
  assert.equal((await poll(device))['error'], 'access_denied')
})

onEveryStore('of many who approve one device at once, one does', async (store, context) => {
  const { origin, begin, poll } = await started(context, { store: store.url })
  const device = await begin()
  const people = [await atThePage(origin), await atThePage(origin), await atThePage(origin), await atThePage(origin)]
  const answers = await Promise.all(
    people.map((person) => posted(person, { xsrf: xsrfOf(person), user_code: device['user_code']!, confirm: 'yes' })),
  )
  // the others are told that they are too late
  const isIn = ({ html }: { html: string }) => html.includes('You can go back to the device')
  assert.equal(answers.filter(isIn).length, 1, JSON.stringify(answers))
  assert.ok((await poll(device))['access_token'])
  // and of many who ask for the tokens of a device at once, one has them, or none where another was quicker to end it all
  const next = await begin()
  const ben = await atThePage(origin)
  await ben.submit('device', { user_code: next['user_code']! })
  await ben.submit('device', { confirm: 'yes' })
  const polls = await Promise.all(Array.from({ length: 16 }, () => poll(next)))
  assert.ok(polls.filter((each) => each['access_token'] !== undefined).length <= 1, JSON.stringify(polls))
  assert.ok(polls.every((each) => each['error'] !== 'authorization_pending'))
})

onEveryStore(
  'the decision point is asked, and a code is not enough for a device where it asks for more',
  async (store, context) => {
    const { origin, begin, poll, mails, server } = await started(context, { store: store.url, more: GATED })
    const device = await begin()
    const cleo = new Person(origin)
    await cleo.go('/oidc/device')
    await cleo.submit('identify', { identifier: 'cleo@example.org' })
    await cleo.submit('send')
    await cleo.submit('answer', { code: await codeIn(mails) })
    await cleo.submit('device', { user_code: device['user_code']! })
    await cleo.submit('device', { confirm: 'yes' })
    assert.match(cleo.html, /None of the ways to sign in that this account has is strong enough for this/)
    await cleo.submit('abort')
    assert.match(cleo.html, /The device was not connected\./)
    assert.equal((await poll(device))['error'], 'access_denied')
    const reader = await server.token('administer')
    const log = await (await server.ask('/v1/audit/export?format=ndjson', { token: reader })).text()
    assert.ok(log.includes('approve_device') && log.includes('code_beyond_reach'), 'the question is on record')
  },
)

onEveryStore('what a device is given is what was shown when it was let in', async (store, context) => {
  const time = { ahead: 0 }
  const clock = () => systemClock() + time.ahead
  const { origin, begin, poll, refresh, server } = await started(context, { store: store.url, clock })
  const device = await begin('openid shop offline_access')
  const ben = await atThePage(origin)
  await ben.submit('device', { user_code: device['user_code']! })
  await ben.submit('device', { confirm: 'yes' })
  assert.match(ben.html, /You can go back to the device/)
  // before the device asks again, its owner proves more, for something else
  time.ahead += 60_000
  const sessions = sessionStore(server.context.database)
  const [session] = await sessions.listOf('shop:ben', clock())
  const held = hashOf(ben.cookies.get('__Host-ambit-session')!)
  assert.ok(await sessions.elevate(session!.id, { from: held, to: held }, passkeyAt(clock()), clock()))
  const first = await poll(device)
  const next = await refresh(first['refresh_token'])
  for (const { access_token: text = '' } of [first, next, await refresh(next['refresh_token'])]) {
    const { acr, amr } = decodeJwt(text)
    assert.deepEqual([acr, amr], ['urn:ambit:loa:1', ['pwd']])
  }
  // a device that is let in now has what was shown by now
  const other = await begin()
  await ben.go('/oidc/device')
  await ben.submit('device', { user_code: other['user_code']! })
  await ben.submit('device', { confirm: 'yes' })
  assert.equal(decodeJwt((await poll(other))['access_token']!)['acr'], 'phr')
})

suite('A device in a browser', { skip: noBrowser }, () => {
  test('is let in with a passkey where a code is not enough, in two languages', async (context) => {
    const { origin, begin, poll, json, mails } = await started(context, { more: GATED })
    const browser = await openBrowser(context)
    const { page, cdp, authenticatorId, complaints } = await newPerson(browser)
    const pass = await json('POST', '/v1/people/shop:cleo/passes', { by: 'shop:ada' })
    await page.goto(`${origin}/enrol`)
    await page.fill('#identifier', 'cleo@example.org')
    await page.fill('#pass', pass.body['code']!)
    await page.click('text=Continue')
    await page.click('button:has-text("Add a passkey")')
    await page.waitForSelector('text=Every address of this account is told')
    const touch = (enabled: boolean) =>
      cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
    await touch(false)
    const device = await begin()
    await page.goto(device['verification_uri_complete']!)
    await page.fill('#identifier', 'cleo@example.org')
    await page.click('button:has-text("Continue")')
    await page.click('text=Send a code by e-mail')
    await page.fill('#code-answer', await codeIn(mails))
    await page.click('button:has-text("Confirm")')
    await page.waitForSelector('#user-code')
    assert.equal(await page.inputValue('#user-code'), device['user_code'])
    await looked(page, 'device-code')
    await page.click('button')
    await page.waitForSelector('code.user-code')
    await looked(page, 'device-confirm')
    await page.click('text=Connect this device')
    await page.waitForSelector('h1:has-text("Confirm that it is you")')
    await looked(page, 'device-step-up')
    await touch(true)
    await page.click('button:has-text("Use a passkey")')
    // what the device is let have was shown and agreed to before
    await page.waitForSelector('[role=status]')
    await looked(page, 'device-done')
    assert.equal(decodeJwt((await poll(device))['access_token']!)['acr'], 'phr')
    assert.deepEqual(complaints, [])
    const german = await newPerson(browser, 'de-DE')
    await german.context.addCookies(await page.context().cookies())
    await german.page.goto(`${origin}/oidc/device`)
    assert.match(await german.page.innerText('main'), /Code, den das Gerät anzeigt/)
    await looked(german.page, 'device-german')
  })
})
