/** Somebody with a pass, and without anything to sign in with, links an account at another provider. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '#lib/clock.ts'
import { until } from '#lib/until.fixture.ts'
import { identifierStore } from '#storage/identifiers.ts'
import { onEveryStore, sqliteUrl } from '#storage/stores.fixture.ts'
import { startPeople } from './people.fixture.ts'
import { Person } from './person.fixture.ts'
import { startFederation, type There } from './upstream.fixture.ts'

async function started(context: TestContext, store = sqliteUrl(context)) {
  let ahead = 0
  const federation = await startFederation(context, { store, clock: () => systemClock() + ahead })
  const { origin, json, server, thereAndBack, upstream } = federation
  const passOf = async (account: string, more: object) => {
    const { status, body } = await json('POST', `/v1/people/shop:${account}/passes`, { by: 'shop:ada', ...more })
    assert.equal(status, 200, JSON.stringify(body))
    return body['code']!
  }
  /** A browser in which a pass was shown. */
  async function withPass(
    { of = 'cleo', enrols = 'upstream', minutes = 60 } = {},
    { typed = of, waits = 0 } = {},
  ): Promise<Person> {
    const pass = await passOf(of, { enrols, minutes })
    ahead += waits
    const person = new Person(origin)
    await person.go('/enrol')
    await person.submit('enrol', { identifier: `${typed}@example.org`, pass })
    return person
  }
  /** As far as the question whether that is who he is. */
  async function found(there: There, person?: Person): Promise<Person> {
    const asked = person ?? (await withPass())
    upstream.there = there
    await thereAndBack(asked, undefined, 'link')
    return asked
  }
  const linksOf = async (account: string) =>
    (await identifierStore(server.context.database).listOf(`shop:${account}`))
      .filter(({ kind }) => kind === 'upstream')
      .map(({ shown }) => shown.replace(/^\S+ (.*) there$/, '$1'))
      .toSorted()
  const wait = (ms: number) => (ahead += ms)
  return { ...federation, withPass, found, linksOf, wait }
}

const fieldOf = (person: Person, name: string): string =>
  new RegExp(`name="${name}" value="([^"]+)"`).exec(person.html)?.[1] ?? ''

/** Posts what somebody else's form, or an older one, has in it. */
const posted = (person: Person, path: string, fields: Record<string, string>) =>
  person.go(path, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: person.origin } })

test('a pass for it links one account elsewhere, which every address is told and which signs in from then on', async (context) => {
  const { found, linksOf, mail, atTheApp, thereAndBack } = await started(context)
  const cleo = await found({ sub: 'c-1', acr: 'strong' })
  assert.match(cleo.html, /c-1 there/)
  assert.deepEqual(await linksOf('cleo'), [], 'nothing is linked before she agrees')
  const agreed = cleo.html
  await cleo.submit('link-confirm')
  assert.match(cleo.html, /Every address of this account is told/)
  assert.deepEqual(await linksOf('cleo'), ['c-1'])
  const told = () => mail.mails.filter(({ mail: { text } }) => /account elsewhere was linked to yours/.test(text ?? ''))
  await until(() => told().length > 0)
  assert.deepEqual(
    told().map(({ mail: { to } }) => JSON.stringify(to).includes('cleo@example.org')),
    [true],
  )
  // the same form a second time
  cleo.html = agreed
  await cleo.submit('link-confirm')
  assert.equal(cleo.status, 403)
  const { person, tokens } = await atTheApp()
  await thereAndBack(person)
  assert.equal((await tokens()).claims()?.sub, 'shop:cleo')
})

onEveryStore('of many that link by one pass at once, one does', async (store, context) => {
  const { withPass, found, linksOf } = await started(context, store.url)
  const cleo = await withPass()
  const choice = cleo.html
  const forms: Record<string, string>[] = []
  for (const sub of ['c-1', 'c-2', 'c-3']) {
    cleo.html = choice
    await found({ sub, acr: 'strong' }, cleo)
    forms.push({ form: fieldOf(cleo, 'form'), found: fieldOf(cleo, 'found'), leave: fieldOf(cleo, 'leave') })
  }
  const at = [...forms, ...forms].map((form) => {
    const browser = new Person(cleo.origin)
    for (const [name, value] of cleo.cookies) browser.cookies.set(name, value)
    return { browser, form }
  })
  await Promise.all(at.map(({ browser, form }) => posted(browser, '/enrol/link-confirm', form)))
  assert.equal(at.filter(({ browser }) => browser.status === 200).length, 1)
  assert.equal((await linksOf('cleo')).length, 1)
})

test('a pass links for its person, in the browser that showed it, and what that browser was shown', async (context) => {
  const { withPass, found, linksOf } = await started(context)
  const ben = await withPass({ of: 'cleo' }, { typed: 'ben' })
  assert.match(ben.html, /role="alert"/)
  assert.doesNotMatch(ben.html, /enrol\/link/)
  const cleo = await found({ sub: 'c-1', acr: 'strong' })
  const of = (person: Person) => ({
    form: fieldOf(person, 'form'),
    leave: fieldOf(person, 'leave'),
    found: fieldOf(person, 'found'),
  })
  // the leave and the find of another, with a form of one's own
  await posted(ben, '/enrol/link', { ...of(cleo), form: fieldOf(ben, 'form'), upstream: 'corp' })
  assert.equal(ben.status, 403)
  await ben.go('/enrol')
  await posted(ben, '/enrol/link-confirm', { ...of(cleo), form: fieldOf(ben, 'form') })
  assert.equal(ben.status, 403)
  // one's own leave, for what somebody else was shown
  const own = await found({ sub: 'b-1', acr: 'strong' }, await withPass({ of: 'ben' }))
  await posted(own, '/enrol/link-confirm', { ...of(own), found: of(cleo).found })
  assert.equal(own.status, 403)
  await posted(own, '/enrol/link-confirm', { ...of(own), leave: `${of(own).leave}x` })
  assert.equal(own.status, 403)
  assert.deepEqual([await linksOf('cleo'), await linksOf('ben')], [[], []])
})

test('a pass enrols what it was issued for, and nothing else', async (context) => {
  const { withPass, linksOf } = await started(context)
  const key = await withPass({ enrols: 'passkey' })
  assert.match(key.html, /data-passkey="create"/)
  await posted(key, '/enrol/link', { form: fieldOf(key, 'form'), leave: fieldOf(key, 'leave'), upstream: 'corp' })
  assert.equal(key.status, 403)
  assert.equal(key.left, null)
  const link = await withPass()
  assert.doesNotMatch(link.html, /data-passkey/)
  await posted(link, '/enrol/passkey-options', { form: fieldOf(link, 'form'), leave: fieldOf(link, 'leave') })
  assert.equal(link.status, 403)
  assert.deepEqual(await linksOf('cleo'), [])
  // where nobody can sign in elsewhere, no pass is issued for it
  const alone = await startPeople(context)
  const pass = { by: 'shop:ada', enrols: 'upstream' }
  assert.equal((await alone.json('POST', '/v1/people/shop:cleo/passes', pass)).status, 422)
})

test('a pass, the leave that it gives, and what was found by it are over in time', async (context) => {
  const { withPass, found, linksOf, wait } = await started(context)
  const late = await withPass({ minutes: 1 }, { waits: 60_001 })
  assert.doesNotMatch(late.html, /enrol\/link/)
  const slow = await withPass()
  wait(600_001)
  await slow.submit('link', { upstream: 'corp' })
  assert.equal(slow.status, 403)
  wait(-660_002)
  const idle = await found({ sub: 'c-1', acr: 'strong' })
  wait(300_001)
  await idle.submit('link-confirm')
  assert.equal(idle.status, 403)
  assert.deepEqual(await linksOf('cleo'), [])
})

test('a sign-in there that is not new, or that did not come about, links nothing, and may be tried again', async (context) => {
  const { withPass, found, linksOf, upstream } = await started(context)
  const cleo = await withPass()
  for (const there of [null, { sub: 'c-1', acr: 'strong', ago: 4000 }]) {
    upstream.there = there
    await found(there as There, cleo)
    assert.equal(cleo.status, 403)
    assert.match(cleo.html, /The corp did not confirm/)
  }
  // whoever was found there is not who she is: she says no, and goes there anew
  await found({ sub: 'd-1', acr: 'strong' }, cleo)
  await cleo.submit('link')
  await found({ sub: 'c-1', acr: 'strong' }, cleo)
  await cleo.submit('link-confirm')
  assert.deepEqual(await linksOf('cleo'), ['c-1'])
})

onEveryStore('what is linked to somebody stays his, whatever pass another has', async (store, context) => {
  const { withPass, found, linksOf, link } = await started(context, store.url)
  await link('ben', { sub: 'b-1', acr: 'strong' })
  assert.deepEqual(await linksOf('ben'), ['b-1'])
  const cleo = await withPass()
  await found({ sub: 'b-1', acr: 'strong' }, cleo)
  assert.equal(cleo.status, 403)
  assert.match(cleo.html, /belongs to somebody else here/)
  // one that was free when she was asked, and is linked by its owner before she agrees
  await found({ sub: 'b-2', acr: 'strong' }, cleo)
  await link('ben', { sub: 'b-2', acr: 'strong' })
  await cleo.submit('link-confirm')
  assert.equal(cleo.status, 403)
  assert.match(cleo.html, /belongs to somebody else here/)
  assert.deepEqual([await linksOf('cleo'), await linksOf('ben')], [[], ['b-1', 'b-2']])
  // what is one's own already is said to be
  const again = await found({ sub: 'b-1', acr: 'strong' }, await withPass({ of: 'ben' }))
  assert.match(again.html, /linked to yours already/)
})

test('whatever ends everything of an account ends what a pass began, also once the account is opened again', async (context) => {
  const { withPass, found, linksOf, json } = await started(context)
  const key = await withPass({ enrols: 'passkey' })
  const cleo = await found({ sub: 'c-1', acr: 'strong' })
  const asked = cleo.html
  const say = async (what: string) => {
    const { status, body } = await json('POST', `/v1/people/shop:cleo/${what}`, { by: 'shop:ada' })
    assert.equal(status, 200, JSON.stringify(body))
  }
  await say('disable')
  await cleo.submit('link-confirm')
  assert.equal(cleo.status, 403)
  await say('enable')
  cleo.html = asked
  await cleo.submit('link-confirm')
  assert.equal(cleo.status, 403)
  assert.match(cleo.html, /ask for a new pass/)
  await posted(key, '/enrol/passkey-options', { form: fieldOf(key, 'form'), leave: fieldOf(key, 'leave') })
  assert.equal(key.status, 403)
  assert.deepEqual(await linksOf('cleo'), [])
})
