/** Signing in at another provider: an oidc-provider of its own on loopback, and what was tried against such sign-ins elsewhere. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import { onEveryStore, sqliteUrl } from '#storage/stores.fixture.ts'
import { looked, newPerson, noBrowser, openBrowser } from './browser.fixture.ts'
import { Person } from './person.fixture.ts'
import { startFederation } from './upstream.fixture.ts'

onEveryStore(
  'somebody who linked himself signs in elsewhere, and the session says what was proved there and when',
  async (store, context) => {
    const { atTheApp, thereAndBack, link, boundAt, upstream, mails, server } = await startFederation(context, {
      store: store.url,
    })
    const owner = await link('ben', { sub: 'b-1', acr: 'strong' })
    assert.match(owner.html, /The corp<\/strong> · b-1 there/)
    assert.ok((await mails(1)).some(({ mail }) => /linked to yours/.test(mail.text ?? '')))
    upstream.there = { sub: 'b-1', acr: 'strong', amr: ['hwk'], ago: 1000 }
    // a link is worth no more than the session that made it: Ben's password
    const first = await atTheApp()
    await thereAndBack(first.person)
    assert.equal((await first.tokens()).claims()!['acr'], 'urn:ambit:loa:1')
    await boundAt(3)
    const { person, tokens } = await atTheApp()
    await thereAndBack(person)
    const issued = await tokens()
    const said = issued.claims()!
    assert.deepEqual([said.sub, said['acr'], said['amr']], ['shop:ben', 'phr', ['mfa']])
    const now = Math.floor(new Date().getTime() / 1000)
    assert.ok(Math.abs(now - 1000 - Number(said['auth_time'])) < 20, String(said['auth_time']))
    const { 'urn:ambit:upstream': told } = decodeJwt(issued.access_token)
    assert.deepEqual(told, { iss: upstream.issuer, acr: 'strong', amr: ['hwk'], auth_time: said['auth_time'] })
    const reader = await server.token('administer')
    const log = await (await server.ask('/v1/audit/export?format=records', { token: reader })).text()
    assert.match(log, /"did":"succeeded"[^\n]*"method":"upstream"|"method":"upstream"[^\n]*"did":"succeeded"/)
  },
)

onEveryStore('an address, a name or the same subject elsewhere lets nobody in', async (store, context) => {
  const { atTheApp, thereAndBack, link, upstream } = await startFederation(context, { store: store.url })
  await link('ben', { sub: 'b-1', acr: 'strong' })
  for (const there of [
    // Ben's verified address, somebody else's subject
    { sub: 'thief', acr: 'strong', email: 'ben@example.org' },
    // a subject that is called as an account or a name here, or differs in case or space
    { sub: 'shop:ben', acr: 'strong' },
    { sub: 'ben@example.org', acr: 'strong' },
    { sub: 'B-1', acr: 'strong' },
    { sub: 'b-1 ', acr: 'strong' },
  ]) {
    upstream.there = there
    const { person } = await atTheApp()
    await thereAndBack(person)
    assert.equal(person.status, 403, JSON.stringify(there))
    assert.match(person.html, /Nobody here is linked to that account/)
    await person.go('/account')
    assert.doesNotMatch(person.html, /Signed in as/i)
  }
})

onEveryStore('what nobody mapped, or does not say when, proves nothing', async (store, context) => {
  const { atTheApp, thereAndBack, link, upstream } = await startFederation(context, { store: store.url })
  await link('ben', { sub: 'b-1', acr: 'low' })
  for (const there of [
    { sub: 'b-1' },
    { sub: 'b-1', acr: 'unknown-word' },
    { sub: 'b-1', acr: 'phrh' },
    { sub: 'b-1', acr: '__proto__' },
    { sub: 'b-1', acr: 'STRONG' },
    // older than anything may be here
    { sub: 'b-1', acr: 'strong', ago: 50_000 },
  ]) {
    upstream.there = there
    const { person } = await atTheApp()
    await thereAndBack(person)
    assert.equal(person.status, 403, `${JSON.stringify(there)} ${person.html}`)
    assert.match(person.html, /did not confirm that it is you/)
  }
})

onEveryStore('a link is made by its owner alone, once, and by agreeing to it', async (store, context) => {
  const { atTheApp, thereAndBack, atTheAccount, link, upstream, origin, server } = await startFederation(context, {
    store: store.url,
  })
  await link('ben', { sub: 'b-1', acr: 'strong' })
  // an identity that is somebody's stays that person's: with another account of the same household
  await server.context.database.sql
    .updateTable('identifiers')
    .set({ account: 'shop:cleo' })
    .where('kind', '=', 'upstream')
    .execute()
  const taker = await link('ben', { sub: 'b-1', acr: 'strong' })
  assert.match(taker.html, /belongs to somebody else here/)
  assert.doesNotMatch(taker.html, /b-1 there/)
  // coming back alone links nothing
  upstream.there = { sub: 'b-2', acr: 'strong' }
  const ben = await atTheAccount('ben')
  await thereAndBack(ben, undefined, 'link')
  assert.match(ben.html, /will be able to sign in to this account/)
  const form = ben.html
  const other = await atTheApp()
  await thereAndBack(other.person)
  assert.equal(other.person.status, 403)
  // nor does the form in another browser of the same account, or from elsewhere
  const second = await atTheAccount('ben')
  const page = second.html
  second.html = form
  await second.submit('link-confirm')
  assert.equal(second.status, 403)
  second.html = page
  const found = /name="found" value="([^"]+)"/.exec(form)?.[1] ?? ''
  const own = /name="form" value="([^"]+)"/.exec(page)?.[1] ?? ''
  const body = new URLSearchParams({ form: own, found })
  await second.go('/account/link-confirm', { method: 'POST', body, headers: { origin } })
  assert.match(second.html, /role="alert"/, 'what was found in another browser')
  const token = /name="form" value="([^"]+)"/.exec(form)?.[1] ?? ''
  const cookie = [...ben.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const forged = await fetch(`${origin}/account/link-confirm`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, origin: 'https://evil.test' },
    body: new URLSearchParams({ form: token, found }),
  })
  assert.equal(forged.status, 403)
  ben.html = form
  await ben.submit('link-confirm', { found: `${found.slice(0, -2)}xx` })
  assert.match(ben.html, /role="alert"/)
  await thereAndBack(ben, undefined, 'link')
  await ben.submit('link-confirm')
  assert.match(ben.html, /b-2 there/)
})

onEveryStore('a link that is taken away proves nothing from then on, whoever takes it away', async (store, context) => {
  const federation = await startFederation(context, { store: store.url })
  const { atTheApp, thereAndBack, link, boundAt, upstream, mails, server, token } = federation
  await link('ben', { sub: 'b-1', acr: 'strong' })
  await boundAt(3)
  const sessionsOf = async (account: string) =>
    (
      await server.context.database.sql
        .selectFrom('sessions')
        .selectAll()
        .where('account', '=', account)
        .where('ended_at', 'is', null)
        .execute()
    ).map(({ proofs }) => (JSON.parse(proofs) as { factor: string }[]).map(({ factor }) => factor))
  const inFromThere = async () => {
    const { person } = await atTheApp()
    await thereAndBack(person)
    return person
  }
  // he removes it himself, in a session that showed nothing else: he is signed in no more
  const alone = await inFromThere()
  await alone.go('/account')
  await alone.submit('unlink')
  assert.deepEqual(await sessionsOf('shop:ben'), [])
  assert.notEqual(alone.at, '/account')
  // in one that showed a password too, that is what is left of it
  await link('ben', { sub: 'b-1', acr: 'strong' })
  await boundAt(3)
  const both = await inFromThere()
  const { sql } = server.context.database
  const open = await sql.selectFrom('sessions').selectAll().where('ended_at', 'is', null).execute()
  const own = open.find(({ proofs }) => proofs.includes('"upstream"'))!
  const password = open.find(({ proofs }) => proofs.includes('"password"'))!
  const together = [...(JSON.parse(own.proofs) as unknown[]), ...(JSON.parse(password.proofs) as unknown[])]
  await sql
    .updateTable('sessions')
    .set({ proofs: JSON.stringify(together) })
    .where('id', '=', own.id)
    .execute()
  await both.go('/account')
  await both.submit('unlink')
  assert.equal(both.at, '/account/unlink')
  assert.deepEqual(await sessionsOf('shop:ben'), [['password']])
  // an administrator takes it away, which is told and on record, and ends what rests on it
  await link('ben', { sub: 'b-1', acr: 'strong' })
  await boundAt(3)
  const third = await inFromThere()
  const known = (await (await server.ask('/v1/people/shop:ben', { token })).json()) as {
    identifiers: { kind: string; value: string }[]
  }
  const { value } = known.identifiers.find(({ kind }) => kind === 'upstream')!
  const path = `/v1/people/shop:ben/links/${value}`
  const reader = await server.token('read')
  assert.equal((await server.ask(path, { method: 'DELETE', token: reader })).status, 403)
  assert.equal((await server.ask(`${path}x`, { method: 'DELETE', token })).status, 404)
  assert.equal((await server.ask(path, { method: 'DELETE', token })).status, 200)
  assert.equal((await server.ask(path, { method: 'DELETE', token })).status, 404)
  // of all three links that went; mails of links that came may arrive between them
  const gone = async (count: number) =>
    (await mails(count)).filter(({ mail }) => /no longer linked to yours/.test(mail.text ?? '')).length
  for (let count = 3; count < 12 && (await gone(count)) < 3; count++);
  assert.equal(await gone(0), 3)
  assert.deepEqual(await sessionsOf('shop:ben'), [])
  await third.go('/account')
  assert.match(third.html, /identify/)
  upstream.there = { sub: 'b-1', acr: 'strong' }
  const { person } = await atTheApp()
  await thereAndBack(person)
  assert.equal(person.status, 403)
})

onEveryStore('an answer is for one browser, one provider and one use', async (store, context) => {
  const { atTheApp, link, upstream, origin, server } = await startFederation(context, { store: store.url })
  await link('ben', { sub: 'b-1', acr: 'strong' })
  upstream.there = { sub: 'b-1', acr: 'strong' }
  const { person } = await atTheApp()
  const page = person.html
  await person.submit('upstream')
  const back = await upstream.visit(person.left!, origin)
  // a victim's browser does not take the answer that somebody else began (sign-in CSRF)
  const { person: victim } = await atTheApp()
  await victim.go(back.href)
  assert.equal(victim.status, 403)
  // the state is used up by whoever has its browser, and by nobody else
  const forged = new URL(back)
  forged.searchParams.set('iss', 'https://other.example')
  await person.go(forged.href)
  assert.equal(person.status, 403)
  await person.go(back.href)
  assert.equal(person.status, 403, 'the state was used up')
  person.html = page
  person.left = null
  await person.submit('upstream')
  const next = await upstream.visit(person.left!, origin)
  const silent = new URL(next)
  silent.searchParams.delete('iss') // a provider that names itself always does
  await person.go(silent.href)
  assert.equal(person.status, 403)
  person.html = page
  person.left = null
  await person.submit('upstream')
  const good = await upstream.visit(person.left!, origin)
  await person.go(good.href)
  assert.notEqual(person.status, 403)
  await person.go(good.href)
  assert.equal(person.status, 403)
  const stored = await server.context.database.sql.selectFrom('gate_returns').selectAll().execute()
  assert.equal(stored.length, 0)
})

onEveryStore(
  'a step-up asks the provider for what is needed, and ends in a denial where it cannot be had',
  async (store, context) => {
    const { atTheApp, thereAndBack, link, boundAt, upstream } = await startFederation(context, { store: store.url })
    await link('ben', { sub: 'b-1', acr: 'low' })
    upstream.there = { sub: 'b-1', acr: 'low' }
    const weak = await atTheApp({ acr_values: 'phr' })
    const there = new Person(upstream.issuer)
    await thereAndBack(weak.person, there)
    const params = upstream.asked.at(-1)!
    assert.equal(params['acr_values'], 'strong')
    assert.match(String(params['claims']), /"essential":true,"values":\["strong"\]/)
    // it went back on what it was asked: what came is judged by what it is
    assert.match(weak.person.html, /strong enough/)
    await weak.person.submit('abort')
    assert.equal(weak.person.left?.searchParams.get('error'), 'access_denied')
    upstream.there = null
    const refused = await atTheApp()
    await thereAndBack(refused.person)
    assert.equal(refused.person.status, 403)
    assert.match(refused.person.html, /did not confirm that it is you/)
    upstream.there = { sub: 'b-1', acr: 'strong' }
    const strong = await atTheApp({ acr_values: 'phr', max_age: '100' })
    await thereAndBack(strong.person)
    assert.equal(upstream.asked.at(-1)!['max_age'], '100')
    // the link was made in a session of one factor: asked once more, and told then that nothing else is left
    assert.match(strong.person.html, /strong enough/, strong.person.html)
    await boundAt(2)
    const enough = await atTheApp({ acr_values: 'phr', max_age: '100' })
    await thereAndBack(enough.person)
    assert.equal((await enough.tokens()).claims()!['acr'], 'phr')
  },
)

suite('Signing in elsewhere in a browser', { skip: noBrowser }, () => {
  test('the pages let a browser go there and come back', async (context) => {
    const { link, upstream, origin } = await startFederation(context, { store: sqliteUrl(context) })
    await link('ben', { sub: 'b-1', acr: 'strong' })
    const { page, complaints } = await newPerson(await openBrowser(context))
    await page.goto(`${origin}/account`)
    await looked(page, 'sign-in-elsewhere')
    upstream.there = { sub: 'b-1', acr: 'strong' }
    await page.click('text=Sign in with The corp')
    await page.waitForURL(`${origin}/account`)
    assert.match(await page.innerText('main'), /b-1 there/)
    await looked(page, 'account-elsewhere')
    upstream.there = { sub: 'b-2', acr: 'strong' }
    await page.click('text=Link an account at The corp')
    await page.waitForSelector('text=Is that you?')
    await looked(page, 'link-elsewhere')
    await page.click('button:has-text("Link it")')
    await page.waitForSelector('text=b-2 there')
    assert.deepEqual(complaints, [])
  })
})
