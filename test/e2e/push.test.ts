/** Push through a whole server: the backend of a phone app on loopback, and people at the pages. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import * as client from 'openid-client'
import { systemClock } from '#lib/clock.ts'
import { until } from '#lib/until.fixture.ts'
import { openApp } from './app.fixture.ts'
import { looked, newPerson, noBrowser, openBrowser } from './browser.fixture.ts'
import { PASSWORD, startPeople } from './people.fixture.ts'
import { Person } from './person.fixture.ts'

const TOKEN = 'the-app-sends-this-token-0123456789'
const KEY = Buffer.from('the key of the signature, 32 long!').toString('base64')
const DEVICE = '3f0c2e9a-7e0b-4b6e-9d3e-0f6d2f9a1b2c'

interface Asked {
  readonly id: string
  readonly to: string
  readonly text: string
  readonly client: string
  readonly purpose: string
  readonly network: string
  readonly agent: string
  readonly expiresAt: string
}

/** The app: takes what is signed, once for each id. */
async function startApp(context: TestContext) {
  const asked: Asked[] = []
  const bodies: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = request.headers
      const mac = createHmac('sha256', Buffer.from(KEY, 'base64')).update(`${String(id)}.${String(at)}.${body}`)
      const { data } = JSON.parse(body) as { data: Asked }
      if (signature !== `v1,${mac.digest('base64')}` || data.id !== id) return response.writeHead(401).end()
      bodies.push(body)
      if (!asked.some((each) => each.id === data.id)) asked.push(data)
      return response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))))
  return { asked, bodies, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ask` }
}

async function started(context: TestContext) {
  const app = await startApp(context)
  const time = { ahead: 0 }
  const people = await startPeople(context, {
    clock: () => systemClock() + time.ahead,
    factors: '[passkey, password, push, email_code, recovery_code]',
    more: `  push: {url: '${app.url}', secret: whsec_${KEY}, token: ${TOKEN}, networks: [127.0.0.0/8]}\n`,
  })
  const { config, authorize } = await openApp(people.origin)
  const post = (body: unknown, authorization: string) =>
    fetch(`${people.origin}/delivery/push/answers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization === '' ? {} : { authorization }) },
      body: JSON.stringify(body),
    })
  const answer = async (it: { id: string; number?: string; answer?: string; device?: string }) => {
    const response = await post({ device: DEVICE, answer: 'approved', ...it }, `Bearer ${TOKEN}`)
    return ((await response.json()) as { outcome: string }).outcome
  }
  /** the question of this count, once it came */
  const question = async (count: number) => {
    await until(() => app.asked.length === count)
    return app.asked[count - 1]!
  }
  return { ...people, app, time, config, authorize, post, answer, question }
}
type Shop = Awaited<ReturnType<typeof started>>

const numberOn = ({ html }: Person) =>
  /<code class="secret">([0-9 ]+)<\/code>/.exec(html)?.[1]?.replaceAll(' ', '') ?? ''

/** Ben has put the app on his phone. */
async function withApp(shop: Shop): Promise<Person> {
  const ben = new Person(shop.origin)
  await ben.go('/account')
  await ben.submit('identify', { identifier: 'ben@example.org' })
  await ben.submit('password', { password: PASSWORD })
  await ben.submit('app', { device: 'no device' })
  assert.match(ben.html, /This is no device code/)
  await ben.submit('app', { device: DEVICE })
  const number = numberOn(ben)
  assert.match(number, /^[0-9]{6}$/)
  await ben.submit('app-confirm')
  assert.match(ben.html, /has not answered yet/)
  assert.equal(numberOn(ben), number)
  const { id, purpose } = await shop.question(1)
  assert.equal(purpose, 'enrol')
  assert.equal(await shop.answer({ id, number }), 'approved')
  await ben.submit('app-confirm')
  assert.match(ben.html, /Push message/)
  return ben
}

/** Somebody with Ben's password is at the page that asks for more. */
async function recognised(shop: Shop): Promise<{ person: Person; checks: Awaited<ReturnType<Shop['authorize']>> }> {
  const person = new Person(shop.origin)
  const checks = await shop.authorize(person)
  await person.submit('identify', { identifier: 'ben@example.org' })
  await person.submit('password', { password: PASSWORD })
  return { person, checks }
}

test('somebody binds the app on his phone, and signs in with a number that he types there', async (context) => {
  const shop = await started(context)
  await withApp(shop)
  const { person, checks } = await recognised(shop)
  await person.submit('push')
  const number = numberOn(person)
  const asked = await shop.question(2)
  assert.deepEqual([asked.to, asked.client, asked.purpose], [DEVICE, 'The shop', 'sign_in'])
  assert.match(asked.text, /signing in to The shop/)
  assert.ok(asked.network !== '' && asked.agent !== '', JSON.stringify(asked))
  assert.ok(Date.parse(asked.expiresAt) <= systemClock() + 300_000)
  // the app is not told the number, and the page asks for none
  assert.ok(shop.app.bodies.every((body) => !body.includes(number)))
  assert.doesNotMatch(person.html, /<input (?!type="hidden")/)
  await person.submit('push-done')
  assert.match(person.html, /has not answered yet/)
  assert.equal(await shop.answer({ id: asked.id, number: number === '000000' ? '000001' : '000000' }), 'refused')
  assert.equal(await shop.answer({ id: asked.id }), 'refused')
  assert.equal(await shop.answer({ id: asked.id, number, device: 'another-device' }), 'refused')
  assert.equal(await shop.answer({ id: asked.id, number }), 'approved')
  assert.equal(await shop.answer({ id: asked.id, number }), 'refused')
  await person.submit('push-done')
  await person.submit('consent')
  const tokens = await client.authorizationCodeGrant(shop.config, person.left!, checks)
  const { sub, amr } = tokens.claims() as unknown as Record<string, unknown>
  assert.deepEqual([sub, amr], ['shop:ben', ['pwd']])
})

test('whoever is not the app answers nothing', async (context) => {
  const shop = await started(context)
  await withApp(shop)
  const { person } = await recognised(shop)
  await person.submit('push')
  const { id } = await shop.question(2)
  const right = { id, device: DEVICE, answer: 'approved', number: numberOn(person) }
  for (const authorization of [
    '',
    'Bearer',
    `Bearer ${TOKEN}x`,
    `Bearer ${KEY}`,
    `Bearer ${shop.token}`,
    `Token ${TOKEN}`,
  ]) {
    assert.equal((await shop.post(right, authorization)).status, 401, authorization)
    assert.equal((await shop.post({ nothing: 1 }, authorization)).status, 401, authorization)
  }
  const bearer = `Bearer ${TOKEN}`
  for (const bad of [{}, { ...right, answer: 'yes' }, [right]])
    assert.equal((await shop.post(bad, bearer)).status, 400, JSON.stringify(bad))
  await person.submit('push-done')
  assert.match(person.html, /has not answered yet/)
  assert.equal(await shop.answer({ id, number: right.number }), 'approved')
})

test('a stranger makes no telephone ring, and somebody with the password not for long', async (context) => {
  const shop = await started(context)
  await withApp(shop)
  const stranger = new Person(shop.origin)
  await shop.authorize(stranger)
  await stranger.submit('identify', { identifier: 'ben@example.org' })
  assert.doesNotMatch(stranger.html, /\/push"/)
  const [, at = '', form = ''] =
    /action="([^"]+)\/restart"[^>]*>\s*<input type="hidden" name="form" value="([^"]+)"/.exec(stranger.html) ?? []
  const init = { method: 'POST', body: new URLSearchParams({ form }), headers: { origin: shop.origin } }
  await stranger.go(`${at}/push`, init)
  assert.match(stranger.html, /did not work/)
  const { person: thief } = await recognised(shop)
  for (let i = 0; i < 6; i++) {
    await thief.submit('push')
    if (/Too many/.test(thief.html)) break
    await thief.submit('back')
  }
  assert.match(thief.html, /Too many/)
  // one at the enrolment and two here, of which the first may have been replaced before it was sent
  await until(() => shop.app.asked.length >= 2)
  await new Promise((resolve) => setTimeout(resolve, 500))
  assert.ok(shop.app.asked.length <= 3, String(shop.app.asked.length))
})

test('who says "it was not me" in the app is asked no more, is told by mail, and the sign-in goes nowhere', async (context) => {
  const shop = await started(context)
  await withApp(shop)
  const { person: thief } = await recognised(shop)
  await thief.submit('push')
  const number = numberOn(thief)
  const { id } = await shop.question(2)
  assert.equal(await shop.answer({ id, answer: 'denied' }), 'denied')
  assert.equal(await shop.answer({ id, number }), 'refused')
  await thief.submit('push-done')
  assert.match(thief.html, /was not confirmed in the app/)
  await thief.submit('push')
  assert.match(thief.html, /somebody else had asked/)
  await until(() => shop.mail.mails.some(({ mail }) => /it was not you/.test(mail.text ?? '')))
  assert.equal(shop.app.asked.length, 2)
  // a number that comes late is worth nothing
  shop.time.ahead += 3_600_000
  const { person } = await recognised(shop)
  await person.submit('push')
  await person.go(person.at.replace(/\/push$/, ''), { headers: { 'accept-language': 'de' } })
  assert.match(person.html, /Ihre App wurde gefragt/)
  const late = await shop.question(3)
  shop.time.ahead += 300_000
  assert.equal(await shop.answer({ id: late.id, number: numberOn(person) }), 'refused')
  await person.submit('push-done')
  assert.match(person.html, /was not confirmed in the app/)
})

suite('Push in a browser', { skip: noBrowser }, () => {
  test('a session is stepped up by the number that goes from its page into the app, and by nothing else', async (context) => {
    const shop = await started(context)
    const { page, complaints } = await newPerson(await openBrowser(context))
    const numberShown = async () => (await page.innerText('code.secret')).replaceAll(' ', '')
    const goOn = () => page.click('text=I have typed it: go on')
    await page.goto(`${shop.origin}/account`)
    await page.fill('#identifier', 'ben@example.org')
    await page.click('button:has-text("Continue")')
    await page.fill('#password', PASSWORD)
    await page.click('button:has-text("Confirm")')
    await page.waitForSelector('h1:has-text("Your account")')
    await page.click('summary:has-text("Add the app on your phone")')
    await page.fill('#new-app', DEVICE)
    await page.click('form[action="/account/app"] button')
    await page.waitForSelector('code.secret')
    await looked(page, 'push-added')
    const first = await shop.question(1)
    assert.match(first.text, /Are you adding this app to your account at Example\?/)
    assert.equal(await shop.answer({ id: first.id, number: await numberShown() }), 'approved')
    await goOn()
    await page.waitForSelector('h1:has-text("Your account")')
    // now that two factors are enrolled, changes ask for both
    const codes = page.locator('form[action="/account/recovery-codes"] button')
    await codes.click()
    await page.waitForSelector('h1:has-text("Confirm that it is you")')
    await page.click('text=Confirm in the app')
    await page.waitForSelector('code.secret')
    await looked(page, 'push-step-up')
    const asked = await shop.question(2)
    assert.deepEqual([asked.to, asked.purpose], [DEVICE, 'step_up'])
    await goOn()
    await page.waitForSelector('text=has not answered yet')
    // a mere yes, or the number of another question, is none
    const old = await numberShown()
    assert.equal(await shop.answer({ id: asked.id }), 'refused')
    assert.equal(await shop.answer({ id: first.id, number: old }), 'refused')
    await goOn()
    await page.waitForSelector('text=has not answered yet')
    assert.equal(await shop.answer({ id: asked.id, number: old }), 'approved')
    await goOn()
    await page.waitForSelector('h1:has-text("Your account")')
    await codes.click()
    await page.waitForSelector('ol.codes')
    assert.deepEqual(complaints, [], 'nothing on these pages is against their policy')
  })
})
