/** Somebody who lost what he signs in with, at the pages of a whole server whose clock the test turns. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { until } from '#lib/until.fixture.ts'
import { recoveryStore } from '#storage/recoveries.ts'
import { Person } from './person.fixture.ts'
import { PASSWORD, startPeople } from './people.fixture.ts'

const DAY = 86_400_000

async function started(context: TestContext) {
  const time = { now: Date.UTC(2026, 10, 24, 9) }
  const people = await startPeople(context, { clock: () => time.now })
  const codeTo = async (count: number) => {
    const all = await people.mails(count)
    return (
      /\b[0-9]{8}\b/.exec(
        all.filter(({ mail }) => /\b[0-9]{8}\b/.test(mail.text ?? '')).at(-1)?.mail.text ?? '',
      )?.[0] ?? ''
    )
  }
  return { ...people, time, codeTo, store: recoveryStore(people.server.context.database) }
}

async function begin(person: Person, name: string): Promise<void> {
  await person.go('/recover')
  await person.submit('begin', { identifier: name })
}

test('for low reach a code and a day give access back, every address is told, and sessions end', async (context) => {
  const { origin, time, codeTo, mails, store, json } = await started(context)
  const ben = new Person(origin)
  await begin(ben, 'ben@example.org')
  await ben.submit('send')
  const code = await codeTo(1)
  await ben.submit('answer', { code: '00000000' })
  assert.match(ben.html, /role="alert"/)
  await ben.submit('answer', { code })
  assert.match(ben.html, /it waits until 2026-11-25 09:00 UTC/)
  // told at once: that it was asked for, and that it waits
  const notices = (await mails(3)).slice(1)
  assert.ok(notices.every(({ to }) => to.includes('ben@example.org')))
  const { case: it } = (await store.openOf('shop:ben'))!
  // nothing makes the wait shorter: neither the address of the form nor another browser
  const impatient = await fetch(`${origin}/recover/complete`, { method: 'POST' })
  assert.equal(impatient.status, 403)
  time.now += DAY - 1
  await ben.go('/recover')
  assert.ok(!ben.html.includes('/recover/complete'))
  time.now += 1
  await ben.go('/recover')
  await ben.submit('complete')
  assert.match(ben.html, /data-passkey="create"/)
  const [, leave = ''] = /name="leave" value="([^"]+)"/.exec(ben.html) ?? []
  assert.ok(leave.length > 100)
  assert.equal((await store.find(it.id))?.case.state, 'completed')
  // the leave is good in this browser alone
  const thief = new Person(origin)
  await thief.go('/enrol')
  const [, form = ''] = /name="form" value="([^"]+)"/.exec(thief.html) ?? []
  const cookie = [...thief.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const body = new URLSearchParams({ form, leave })
  const stolen = await fetch(`${origin}/enrol/passkey-options`, { method: 'POST', body, headers: { cookie, origin } })
  assert.equal(stolen.status, 403)
  assert.equal((await json('GET', '/v1/people/shop:ben', undefined)).body['status'], 'active')
})

test('the wait is shorter where the account has been at home for a week, and nowhere else', async (context) => {
  const { origin, time, codeTo, store, json } = await started(context)
  const signIn = async (person: Person) => {
    await person.go('/account')
    if (!person.html.includes('/identify"')) return
    await person.submit('identify', { identifier: 'ben@example.org' })
    await person.submit('password', { password: PASSWORD })
    assert.match(person.html, /Signed in as shop:ben/)
  }
  const [home, young, asker] = [new Person(origin), new Person(origin), new Person(origin)]
  await signIn(home)
  time.now += 8 * DAY
  await signIn(home)
  await signIn(young)
  const may = async (person: Person) => (await person.go('/recover')).includes('/recover/shorten"')
  // there is nothing to shorten yet
  assert.equal(await may(home), false)
  await begin(asker, 'ben@example.org')
  await asker.submit('send')
  await asker.submit('answer', { code: await codeTo(1) })
  assert.match(asker.html, /it waits until 2026-12-03 09:00 UTC/)
  assert.match(asker.html, /open this page in another browser/)
  assert.deepEqual([await may(young), await may(asker), await may(new Person(origin))], [false, false, false])
  // nor does a form that nobody was shown
  for (const person of [young, asker]) {
    const form = /name="form" value="([^"]+)"/.exec(await person.go('/recover'))?.[1]
    if (form !== undefined) {
      const body = new URLSearchParams({ form })
      await person.go('/recover/shorten', { method: 'POST', body, headers: { origin } })
      assert.match(person.html, /role="alert"/)
    }
  }
  const heldUntil = async () => (await store.openOf('shop:ben'))?.case.heldUntil
  assert.equal(await heldUntil(), time.now + DAY)
  assert.equal(await may(home), true)
  await home.submit('shorten')
  assert.match(home.html, /now waits until 2026-12-02 10:00 UTC/)
  assert.equal(await heldUntil(), time.now + 3_600_000)
  assert.equal(await may(home), false)
  time.now += 3_600_000
  await asker.go('/recover')
  await asker.submit('complete')
  assert.match(asker.html, /data-passkey="create"/)
  assert.equal((await json('GET', '/v1/people/shop:ben', undefined)).body['status'], 'active')
})

test('a stranger who types a name opens nothing, tells nobody and freezes nobody', async (context) => {
  const { origin, store, mail, json } = await started(context)
  const [one, other, nobody] = [new Person(origin), new Person(origin), new Person(origin)]
  for (const person of [one, other]) await begin(person, 'ben@example.org')
  await begin(nobody, 'zoe@example.org')
  const plain = (html: string) => html.replaceAll(/value="[^"]*"/g, '')
  assert.equal(plain(one.html), plain(nobody.html))
  for (const person of [one, other, nobody]) await person.submit('saved-code', { code: 'AAAA-BBBB-CCCC-DDDD' })
  assert.equal(plain(one.html), plain(nobody.html))
  assert.equal(await store.openOf('shop:ben'), null)
  assert.equal(mail.mails.length, 0)
  assert.equal((await json('GET', '/v1/people/shop:ben', undefined)).body['status'], 'active')
})

test('no code recovers an account whose reach forbids codes; people who outrank it let it in', async (context) => {
  const { origin, store, mail, json, server } = await started(context)
  const ada = new Person(origin)
  await begin(ada, 'ada@example.org')
  await ada.submit('send')
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.equal(mail.mails.length, 0)
  assert.equal(await store.openOf('shop:ada'), null)
  // one person of high impact is let in by two others, by different hands
  const pass = (by: string) => json('POST', '/v1/people/shop:ada/passes', { by })
  assert.equal((await pass('shop:ada')).status, 403)
  assert.equal((await pass('shop:ben')).status, 403)
  assert.equal((await pass('shop:nobody')).status, 403)
  const issued = await pass('shop:gus')
  assert.deepEqual([issued.status, issued.body['state']], [200, 'pending'])
  await ada.go('/enrol')
  await ada.submit('enrol', { identifier: 'ada@example.org', pass: issued.body['code']! })
  assert.match(ada.html, /role="alert"/)
  const approve = async (by: string, token?: string) =>
    (await json('POST', `/v1/people/shop:ada/passes/${issued.body['id']}/approve`, { by }, token)).status
  assert.equal(await approve('shop:gus'), 403)
  const second = await server.token('administer')
  assert.equal(await approve('shop:gus', second), 403) // the issuer by another token
  assert.equal(await approve('shop:ben', second), 403)
})

test('it was not me: an address that is known stops a recovery; for a new one people decide before the account is opened', async (context) => {
  const { origin, time, mail, json } = await started(context)
  const [thief, ben] = [new Person(origin), new Person(origin)]
  const texts = (like: RegExp) => mail.mails.flatMap((each) => like.exec(each.mail.text ?? '')?.[1] ?? [])
  const CODE = /\b([0-9]{8})\b/
  const LINK = /is waiting[^]*(http\S+not-me\?t=\S+)/
  /** somebody reads the mailbox, and recovers with what he finds there; the link in the notice of it */
  const stolen = async () => {
    const [codes, links] = [texts(CODE).length, texts(LINK).length]
    await begin(thief, 'ben@example.org')
    await thief.submit('send')
    await until(() => texts(CODE).length > codes)
    await thief.submit('answer', { code: texts(CODE).at(-1)! })
    assert.match(thief.html, /it waits until/)
    await until(() => texts(LINK).length > links)
    return texts(LINK).at(-1)!
  }
  const status = async () => (await json('GET', '/v1/people/shop:ben', undefined)).body['status']
  const notMe = async (link: string) => {
    await ben.go(link)
    assert.match(ben.html, /asked to recover this account/)
    await ben.submit('not-me')
  }
  const first = await stolen()
  await notMe(first)
  assert.match(ben.html, /The account is locked/)
  assert.equal(await status(), 'frozen')
  await thief.go('/recover')
  assert.match(thief.html, /locked until people have decided/)
  assert.equal((await json('POST', '/v1/people/shop:ben/unfreeze', { by: 'shop:ada' })).status, 409)
  assert.equal((await json('POST', '/v1/people/shop:ben/recovery', { by: 'shop:ada', does: 'refuse' })).status, 200)
  assert.equal(await status(), 'active')
  time.now += 8 * DAY
  await thief.go('/recover')
  assert.ok(!thief.html.includes('/recover/complete'))
  // by now the address is known for a week
  await ben.go(first)
  assert.match(ben.html, /used already, or is too old/)
  await thief.submit('restart')
  await notMe(await stolen())
  assert.match(ben.html, /The recovery is stopped/)
  assert.equal(await status(), 'active')
})

test('it was not me: a recovery stops no lock of an account that something else happened to before', async (context) => {
  const { origin, time, mail, json } = await started(context)
  const [thief, ben] = [new Person(origin), new Person(origin)]
  const texts = (like: RegExp) => mail.mails.flatMap((each) => like.exec(each.mail.text ?? '')?.[1] ?? [])
  const CODE = /\b([0-9]{8})\b/
  const asks = async (person: Person) => {
    const codes = texts(CODE).length
    await begin(person, 'ben@example.org')
    await person.submit('send')
    await until(() => texts(CODE).length > codes)
    await person.submit('answer', { code: texts(CODE).at(-1)! })
    assert.match(person.html, /it waits until/)
  }
  const linkIn = async (text: string) => {
    const like = new RegExp(`${text}[^]*(http\\S+not-me\\?t=\\S+)`)
    await until(() => texts(like).length > 0)
    return texts(like)[0]!
  }
  // the address is known for long enough to stop what is asked for now
  time.now += 8 * DAY
  await asks(thief)
  time.now += DAY
  await thief.go('/recover')
  await thief.submit('complete')
  assert.match(thief.html, /data-passkey="create"/)
  for (const link of [await linkIn('was recovered'), await linkIn('asked to recover')]) {
    // whoever has the account asks for it once more, so that there is something to stop
    await asks(new Person(origin))
    await ben.go(link)
    await ben.submit('not-me')
    assert.match(ben.html, /The account is locked/)
    const locks = async () => (await json('GET', '/v1/people/shop:ben', undefined)).body['locks']
    const post = (to: string, body: object) => json('POST', `/v1/people/shop:ben/${to}`, body)
    assert.deepEqual(await locks(), ['not_me', 'contested_recovery'])
    assert.equal((await post('recovery', { by: 'shop:ada', does: 'refuse' })).status, 200)
    // what happened before is not settled by that
    assert.deepEqual(await locks(), ['not_me'])
    assert.equal((await post('enable', {})).status, 409)
    assert.deepEqual((await post('disable', {})).body['locks'], ['administrator', 'not_me'])
    assert.equal((await post('enable', {})).body['status'], 'frozen')
    assert.equal((await post('unfreeze', { by: 'shop:ada' })).body['status'], 'active')
    time.now += DAY
  }
})
