/** Codes by SMS through a whole server: an SMS centre, an HTTP gateway and an operator on loopback, and people at the pages. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { sql as rawSql } from 'kysely'
import * as client from 'openid-client'
import { startCentre } from '#delivery/smsc.fixture.ts'
import { systemClock } from '#lib/clock.ts'
import { until } from '#lib/until.fixture.ts'
import { openApp } from './app.fixture.ts'
import { PASSWORD, startPeople } from './people.fixture.ts'
import { Person } from './person.fixture.ts'

const PHONE = '+4915112345678'
const TOKEN = 'the-gateway-sends-this-token'

async function listening(context: TestContext, answer: (body: string, request: IncomingMessage) => [number, unknown]) {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      const [status, value] = answer(body, request)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A shop whose codes go through a centre and, where that does not take them, through a gateway. */
async function started(context: TestContext, inventory: (text: string) => string = (text) => text) {
  const centre = await startCentre()
  context.after(() => centre.close())
  const texts: string[] = []
  const gateway = await listening(context, (body) => {
    texts.push((JSON.parse(body) as { text: string }).text)
    return [200, { messages: [{ id: `g${texts.length}` }] }]
  })
  const card = { swapped: false as boolean | null, asked: 0 }
  const operator = await listening(context, (body) => {
    card.asked++
    assert.equal((JSON.parse(body) as { phoneNumber: string }).phoneNumber.startsWith('+'), true)
    return card.swapped === null ? [503, {}] : [200, { swapped: card.swapped }]
  })
  const time = { ahead: 0 }
  const people = await startPeople(context, {
    clock: () => systemClock() + time.ahead,
    inventory,
    factors: '[passkey, password, sms_code, email_code]',
    more: `
  delivery:
    - {name: centre, smpp: {host: 127.0.0.1, port: ${centre.port}, security: none, user: ambit, password: secret, from: Shop}}
    - name: gateway
      http:
        url: ${gateway}/send
        headers: {Authorization: Bearer its-key}
        body: {to: '{to}', text: '{text}'}
        reference: /messages/0/id
        networks: [127.0.0.0/8]
        receipts: {token: ${TOKEN}, reference: /id, status: /status, delivered: [DELIVERED], failed: [FAILED]}
  sms: {countries: {DE: 0.075}, costPerDay: 5}
  simSwap: {url: '${operator}/sim-swap/v1', token: its-token, networks: [127.0.0.0/8]}
`,
  })
  const { config, authorize } = await openApp(people.origin)
  const codeIn = (text: string | undefined) => /\b[0-9]{8}\b/.exec(text ?? '')?.[0] ?? ''
  const reader = await people.server.token('read', 'administer')
  /** the newest records, one a line */
  const audit = async () => {
    const answer = await people.server.ask('/v1/audit/records?last=200', { token: reader })
    const { records } = (await answer.json()) as { readonly records: readonly unknown[] }
    return records.map((record) => JSON.stringify(record)).join('\n')
  }
  return { ...people, centre, texts, card, config, authorize, codeIn, audit, time }
}
type Shop = Awaited<ReturnType<typeof started>>

/** Ben is signed in with his password, at his own account. */
async function atAccount({ origin }: Shop): Promise<Person> {
  const ben = new Person(origin)
  await ben.go('/account')
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  assert.match(ben.html, /Signed in as shop:ben/)
  return ben
}

async function withPhone(shop: Shop): Promise<Person> {
  const ben = await atAccount(shop)
  await ben.submit('phone', { phone: '+49 (151) 123-45678' })
  await until(() => shop.centre.submits.length === 1)
  await ben.submit('phone-confirm', { code: shop.codeIn(shop.centre.submits[0]?.text) })
  assert.match(ben.html, /\+49…78/)
  return ben
}

test('somebody adds a number that is his, and signs in with codes that go to it', async (context) => {
  const shop = await started(context)
  const ben = await withPhone(shop)
  assert.equal(shop.centre.submits[0]?.to, '4915112345678')
  assert.equal(await shop.centre.receipt('m1', 'DELIVRD'), 0)
  await until(async () => (await shop.audit()).includes('"confirmed"'))
  // mail tells him of it
  await until(() => shop.mail.mails.some(({ mail }) => /address was added/.test(mail.text ?? '')))
  await ben.submit('sign-out')
  const phone = new Person(shop.origin)
  const checks = await shop.authorize(phone)
  await phone.submit('identify', { identifier: PHONE })
  await phone.submit('send')
  // the notice of the new number went there too
  const codes = () => shop.centre.submits.map(({ text }) => shop.codeIn(text)).filter((code) => code !== '')
  await until(() => codes().length === 2)
  await phone.submit('answer', { code: '00000000' })
  assert.match(phone.html, /role="alert"/)
  await phone.submit('answer', { code: codes()[1]! })
  // whoever has a password and a number shows both, whichever he begins with
  assert.ok(!phone.cookies.has('__Host-ambit-session'))
  await phone.submit('password', { password: PASSWORD })
  await phone.submit('consent')
  const tokens = await client.authorizationCodeGrant(shop.config, phone.left!, checks)
  const { sub, acr, amr } = tokens.claims() as unknown as Record<string, unknown>
  assert.deepEqual([sub, acr, amr], ['shop:ben', 'urn:ambit:loa:1', ['pwd']])
  // the number was added with a password alone, and is worth no more beside it: two factors it does not make
  await shop.authorize(phone, { acr_values: 'urn:ambit:loa:2' })
  assert.match(phone.html, /strong enough/)
  assert.ok(!(await shop.audit()).includes('12345678'), 'the audit has the number')
})

test('a number is not taken without a code that went to it, nor one that costs or that others have', async (context) => {
  const shop = await started(context)
  const ben = await atAccount(shop)
  for (const [phone, said] of [
    ['+19002345678', /mobile numbers only/],
    ['+88216123456', /belongs to no country/],
    ['+41791234567', /numbers of this country/],
    ['0151 12345678', /no telephone number/],
    [`${PHONE}, +4915112345679`, /no telephone number/],
  ] as const) {
    await ben.submit('phone', { phone })
    assert.match(ben.html, said, phone)
  }
  assert.equal(shop.centre.submits.length, 0)
  // a code that went to one number proves no other
  await ben.submit('phone', { phone: PHONE })
  await until(() => shop.centre.submits.length === 1)
  const code = shop.codeIn(shop.centre.submits[0]?.text)
  const { html } = ben
  await ben.submit('phone-confirm', { code, to: '+4915112345679' })
  assert.match(ben.html, /did not work/)
  // Ada has it by now
  const identifiers = [{ kind: 'phone', value: PHONE, verified: true }]
  assert.equal((await shop.json('PUT', '/v1/people/shop:gus', { identifiers })).status, 200)
  ben.html = html
  await ben.submit('phone-confirm', { code })
  assert.match(ben.html, /did not work/)
  const bad = { identifiers: [{ kind: 'phone', value: '+19002345678', verified: true }] }
  assert.equal((await shop.json('PUT', '/v1/people/shop:ben', bad)).status, 400)
})

/** Ben, who has a number beside his mailbox and has shown his password, where two factors are asked for. */
async function askedForMore(shop: Awaited<ReturnType<typeof started>>): Promise<Person> {
  const identifiers = [
    { kind: 'mail', value: 'ben@example.org', verified: true },
    { kind: 'phone', value: PHONE, verified: true },
  ]
  assert.equal((await shop.json('PUT', '/v1/people/shop:ben', { identifiers })).status, 200)
  const ben = new Person(shop.origin)
  await shop.authorize(ben, { acr_values: 'urn:ambit:loa:2' })
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  return ben
}

test('a number beside a password is a second factor: neither signs in alone, nor changes anything', async (context) => {
  const shop = await started(context)
  const ben = await withPhone(shop)
  // the session that added it showed a password, and what it may do has ended with that
  await ben.submit('password', { password: `${PASSWORD} and more` })
  assert.match(ben.html, /Confirm that it is you/)
  const thief = new Person(shop.origin)
  await thief.go('/account')
  await thief.submit('identify', { identifier: 'ben@example.org' })
  await thief.submit('password', { password: PASSWORD })
  assert.match(thief.html, /action="[^"]+\/send"/)
  assert.ok(!thief.cookies.has('__Host-ambit-session'))
})

test('a session that ends while its step-up is finished is not followed by one of the second factor alone', async (context) => {
  const shop = await started(context)
  const ben = new Person(shop.origin)
  await shop.authorize(ben)
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  const identifiers = [
    { kind: 'mail', value: 'ben@example.org', verified: true },
    { kind: 'phone', value: PHONE, verified: true },
  ]
  assert.equal((await shop.json('PUT', '/v1/people/shop:ben', { identifiers })).status, 200)
  await shop.authorize(ben, { acr_values: 'urn:ambit:loa:2' })
  await ben.submit('send', { factor: 'sms_code' })
  await until(() => shop.centre.submits.length === 1)
  const { sql } = shop.server.context.database
  // its owner ends it elsewhere, between the look at it and the raise
  await rawSql`CREATE TRIGGER ended AFTER DELETE ON sign_ins BEGIN UPDATE sessions SET ended_at = 1; END`.execute(sql)
  await ben.submit('answer', { code: shop.codeIn(shop.centre.submits[0]!.text) })
  assert.equal(ben.status, 409)
  const alive = await sql.selectFrom('sessions').selectAll().where('ended_at', 'is', null).execute()
  assert.deepEqual(alive, [])
})

test('a number whose card was changed gets no code; he is told why, and other ways stay', async (context) => {
  const shop = await started(context)
  const ben = await askedForMore(shop)
  for (const swapped of [true, null]) {
    shop.card.swapped = swapped
    await ben.submit('send', { factor: 'sms_code' })
    assert.match(ben.html, /card was changed lately, or its operator cannot say/)
    assert.match(ben.html, /\/send"/)
  }
  assert.equal(shop.centre.submits.length, 0)
  const records = (await shop.audit()).split('\n').filter((line) => line.includes('number_changed'))
  assert.equal(records.length, 2)
  assert.ok(records.every((line) => line.includes('"refused"') && line.includes('sms_code')))
  // a stranger with the number is told nothing, and gets nothing
  const stranger = new Person(shop.origin)
  await shop.authorize(stranger)
  await stranger.submit('identify', { identifier: PHONE })
  await stranger.submit('send')
  assert.match(stranger.html, /If an account fits, a code is on its way/)
  await until(() => shop.card.asked === 3)
  assert.equal(shop.centre.submits.length, 0)
  shop.card.swapped = false
  await ben.submit('send', { factor: 'sms_code' })
  await until(() => shop.centre.submits.length === 1)
  await ben.submit('answer', { code: shop.codeIn(shop.centre.submits[0]?.text) })
  await ben.submit('consent')
  assert.ok(ben.left?.searchParams.get('code'), ben.html)
})

test('what the centre does not take goes through the gateway, whose receipts count if it shows who it is', async (context) => {
  const shop = await started(context)
  shop.centre.answers.push(0x14)
  const ben = await atAccount(shop)
  await ben.submit('phone', { phone: PHONE })
  await until(() => shop.texts.length === 1)
  await ben.submit('phone-confirm', { code: shop.codeIn(shop.texts[0]) })
  assert.match(ben.html, /\+49…78/)
  const tell = async (name: string, authorization: string, body: string, type = 'application/json') => {
    const headers = { 'content-type': type, ...(authorization === '' ? {} : { authorization }) }
    return (await fetch(`${shop.origin}/delivery/receipts/${name}`, { method: 'POST', headers, body })).status
  }
  const body = JSON.stringify({ id: 'g1', status: 'DELIVERED' })
  const basic = `Basic ${Buffer.from(`x:${TOKEN}`).toString('base64')}`
  assert.equal(await tell('gateway', '', body), 401)
  assert.equal(await tell('gateway', `Bearer ${TOKEN}x`, body), 401)
  assert.equal(await tell('centre', `Bearer ${TOKEN}`, body), 401)
  assert.equal(await tell('nobody', `Bearer ${TOKEN}`, body), 401)
  assert.equal(await tell('gateway', `Bearer ${TOKEN}`, '{"id": ["g1"]}'), 400)
  assert.equal(await tell('gateway', `Bearer ${TOKEN}`, JSON.stringify({ id: 'g1', status: 'QUEUED' })), 204)
  assert.equal(await tell('gateway', basic, 'id=g1&status=DELIVERED', 'application/x-www-form-urlencoded'), 204)
  // once
  assert.equal(await tell('gateway', `Bearer ${TOKEN}`, JSON.stringify({ id: 'g1', status: 'FAILED' })), 404)
  assert.equal((await shop.audit()).split('"confirmed"').length, 2)
})

test('an account whose reach forbids codes is sent none, whatever number it has', async (context) => {
  const shop = await started(context)
  const identifiers = [
    { kind: 'mail', value: 'ada@example.org', verified: true },
    { kind: 'phone', value: PHONE, verified: true },
  ]
  assert.equal((await shop.json('PUT', '/v1/people/shop:ada', { identifiers })).status, 200)
  const ada = new Person(shop.origin)
  await shop.authorize(ada)
  await ada.submit('identify', { identifier: PHONE })
  await ada.submit('send')
  await ada.submit('back')
  await ada.submit('password', { password: PASSWORD })
  assert.match(ada.html, /A code is not enough for this account/)
  assert.equal(shop.centre.submits.length + shop.texts.length + shop.card.asked, 0)
})

test('a number that also gives the password back is no second factor beside it', async (context) => {
  const shop = await started(context, (text) =>
    text
      .replace(
        `    authenticators: [password, totp, email_code]
    waysIn: [`,
        `    authenticators: [password, totp, email_code, {kind: sms_code, on: [sim:ben]}]
    waysIn: [{purpose: recovery, requires: sms_code}, `,
      )
      .concat(`channels: [{id: 'sim:ben', kind: phone_number, name: '${PHONE}'}]\n`),
  )
  const ben = await askedForMore(shop)
  assert.match(ben.html, /None of the ways to sign in/)
})
