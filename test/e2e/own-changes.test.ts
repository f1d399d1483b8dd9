/** What somebody may change of his own account, and what comes of changes at once, through a whole server. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { hash } from '@node-rs/argon2'
import { generateSync } from 'otplib'
import { systemClock } from '#lib/clock.ts'
import { until } from '#lib/until.fixture.ts'
import { accountStateStore } from '#storage/account-states.ts'
import { onEveryStore, type Store } from '#storage/stores.fixture.ts'
import { PASSWORD, startPeople, type PeopleOptions } from './people.fixture.ts'
import { Person } from './person.fixture.ts'

const SESSION = '__Host-ambit-session'

async function started(context: TestContext, store: Store, options: PeopleOptions = {}) {
  // a mailbox would be another way in for Ben
  const people = await startPeople(context, {
    factors: '[passkey, password, totp, recovery_code]',
    ...options,
    store: store.url,
  })
  const { sql } = people.server.context.database
  const atAccount = async () => {
    const ben = new Person(people.origin)
    await ben.go('/account')
    await ben.submit('identify', { identifier: 'ben@example.org' })
    await ben.submit('password', { password: PASSWORD })
    assert.match(ben.html, /Signed in as shop:ben/)
    return ben
  }
  /** What Ben has, by kind. */
  const kinds = async () =>
    (
      await people.server.context.database.sql
        .selectFrom('authenticators')
        .select('kind')
        .where('account', '=', 'shop:ben')
        .where('state', '=', 'active')
        .orderBy('kind')
        .execute()
    ).map(({ kind }) => kind)
  const open = () =>
    sql.selectFrom('sessions').selectAll().where('account', '=', 'shop:ben').where('ended_at', 'is', null).execute()
  return { ...people, sql, atAccount, kinds, open }
}

/** Posts the form of an act as it stands on the page, and nothing follows. */
async function post(person: Person, act: string, fields: Record<string, string>) {
  const form = /name="form" value="([^"]+)"/.exec(person.html)?.[1] ?? ''
  const answer = await fetch(`${person.origin}/account/${act}`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ form, ...fields }),
    headers: {
      origin: person.origin,
      cookie: [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    },
  })
  const cookie = answer.headers.getSetCookie().find((line) => line.startsWith(`${SESSION}=`))
  return { status: answer.status, token: cookie?.split(';')[0]?.slice(SESSION.length + 1), html: await answer.text() }
}

/** Others hash their passwords, so that whoever comes now waits for a thread, until they are let go. */
function othersHash(): () => Promise<void> {
  let over = false
  const others = Array.from({ length: 12 }, async () => {
    while (!over) await hash('another', { memoryCost: 65_536, timeCost: 4 })
  })
  return async () => {
    over = true
    await Promise.all(others)
  }
}

const idOf = (person: Person, kind: string): string =>
  new RegExp(`<strong>${kind}</strong>[\\s\\S]*?name="id" value="([^"]+)"`).exec(person.html)?.[1] ?? ''

onEveryStore(
  'the last way to sign in stays, and is told with what to add first; an administrator may',
  async (store, context) => {
    const { atAccount, kinds, open, json, server, mails } = await started(context, store)
    const ben = await atAccount()
    assert.match(ben.html, /whoever loses “Password” is locked out here/)
    await ben.submit('recovery-codes')
    await ben.go('/account')
    await ben.submit('remove', { id: idOf(ben, 'Password') })
    assert.match(
      ben.html,
      /role="alert"[^>]*>[^<]*without it you could no longer sign in[^<]*Passkey, Authenticator app/,
    )
    assert.ok((await kinds()).includes('password'))
    // it is still he who is signed in, with nothing told to anybody but of the codes
    assert.match(ben.html, /Signed in as shop:ben/)
    assert.equal((await mails(1)).length, 1)
    // with another beside it, it goes
    await ben.submit('totp')
    const secret = (/<code class="secret">([^<]+)</.exec(ben.html)?.[1] ?? '').replaceAll(' ', '')
    await ben.submit('totp-confirm', { code: generateSync({ secret, epoch: Math.floor(systemClock() / 1000) }) })
    // one more proof is asked now that there are two
    const soon = generateSync({ secret, epoch: Math.floor(systemClock() / 1000) + 30 })
    await ben.submit('remove', { id: idOf(ben, 'Password') })
    await ben.submit('totp', { code: soon })
    await ben.go('/account')
    await ben.submit('remove', { id: idOf(ben, 'Password') })
    assert.match(ben.html, /role="status"/)
    assert.deepEqual([...new Set(await kinds())], ['recovery_code', 'totp'])
    await ben.submit('remove', { id: idOf(ben, 'Authenticator app') })
    assert.match(ben.html, /without it you could no longer sign in/)
    // whoever administers takes away what he wants to, and that is on record
    const path = `/v1/people/shop:ben/authenticators/${idOf(ben, 'Authenticator app')}`
    const reader = await server.token('administer')
    assert.equal((await json('DELETE', path, {}, await server.token('read'))).status, 403)
    assert.equal((await json('DELETE', path.replace('shop:ben', 'shop:ada'), {})).status, 404)
    assert.equal((await json('DELETE', path, {})).status, 200)
    assert.equal((await json('DELETE', path, {})).status, 404)
    assert.deepEqual([...new Set(await kinds())], ['recovery_code'])
    assert.deepEqual(await open(), [])
    const log = await (await server.ask('/v1/audit/export?format=records', { token: reader })).text()
    assert.match(log, /"kind":"authenticator"[^\n]*"did":"removed"|"did":"removed"[^\n]*"kind":"authenticator"/)
  },
)

onEveryStore('removals at once leave one way to sign in', async (store, context) => {
  const factors = '[passkey, password, totp, hotp, recovery_code]'
  const { atAccount, kinds, sql } = await started(context, store, { factors })
  const row = await sql
    .selectFrom('authenticators')
    .selectAll()
    .where('account', '=', 'shop:ben')
    .executeTakeFirstOrThrow()
  const more = ['a', 'b', 'c'].map((id) => ({ ...row, id, name: id, kind: 'hotp', lookup: null }))
  const ben = await atAccount()
  await sql.insertInto('authenticators').values(more).execute()
  // his session shows both from here on
  const [session] = await sql.selectFrom('sessions').selectAll().where('account', '=', 'shop:ben').execute()
  const proofs = JSON.parse(session!.proofs) as Record<string, unknown>[]
  const both = [...proofs, { ...proofs[0], factor: 'totp', authenticator: 'x' }]
  await sql
    .updateTable('sessions')
    .set({ proofs: JSON.stringify(both) })
    .where('id', '=', session!.id)
    .execute()
  const ids = [row.id, 'a', 'b', 'c']
  await Promise.all(ids.map((id) => post(ben, 'remove', { id })))
  assert.ok((await kinds()).length > 0, 'all of them are gone')
})

onEveryStore(
  'a change that is posted twice is made, and leaves its person signed in, whichever answer comes last',
  async (store, context) => {
    const { atAccount, open } = await started(context, store)
    for (const turn of ['first', 'last']) {
      const ben = await atAccount()
      const twice = await Promise.all([
        post(ben, 'password', { password: `${PASSWORD} ${turn}` }),
        post(ben, 'password', { password: `${PASSWORD} ${turn}` }),
      ])
      const tokens = twice.flatMap(({ token }) => token ?? [])
      // one that came when all was over may be told to sign in; nobody is told another token
      assert.ok(tokens.length > 0 && new Set(tokens).size === 1, JSON.stringify(twice.map(({ status }) => status)))
      assert.equal((await open()).length, 1)
      ben.cookies.set(SESSION, tokens.at(turn === 'first' ? 0 : -1)!)
      await ben.go('/account')
      assert.match(ben.html, /Signed in as shop:ben/)
      // whoever has the token of before has nothing
      await post(ben, 'password', { password: PASSWORD })
    }
  },
)

onEveryStore('a token that was followed by another tells nobody that other', async (store, context) => {
  const { atAccount, open } = await started(context, store)
  const ben = await atAccount()
  const old = ben.cookies.get(SESSION)!
  const html = ben.html
  await ben.submit('password', { password: `${PASSWORD} and more` })
  const mine = ben.cookies.get(SESSION)!
  assert.notEqual(mine, old)
  ben.html = html
  ben.cookies.set(SESSION, old)
  for (const act of ['password', 'end-others', 'rename', 'remove']) {
    const { status, token } = await post(ben, act, { password: PASSWORD, id: 'x' })
    assert.deepEqual([status, token], [303, undefined], act)
  }
  assert.equal((await open()).length, 1)
})

onEveryStore('a change is refused whose session was ended while it was made', async (store, context) => {
  const { atAccount, server, sql, open } = await started(context, store)
  const accounts = accountStateStore(server.context.database)
  const rows = () => sql.selectFrom('authenticators').selectAll().where('account', '=', 'shop:ben').execute()
  const ben = await atAccount()
  const before = await rows()
  await sql.updateTable('sessions').set({ used_at: 1 }).execute()
  const letGo = othersHash()
  const answered = post(ben, 'password', { password: 'one that a thief would set' })
  // it has seen the session alive, and hashes the password, which takes longer than to end it
  await until(async () => (await open())[0]!.used_at !== 1)
  await accounts.endEverything('shop:ben', { reason: 'changed_by_administrator' }, systemClock())
  await letGo()
  const { token, status } = await answered
  assert.deepEqual([token, status, (await open()).length], [undefined, 303, 0])
  assert.deepEqual(await rows(), before)
})

onEveryStore(
  'whoever has the cookies too, and is at a change of his own when its owner ends all other sessions, is not told the next token',
  async (store, context) => {
    const { atAccount, sql, open } = await started(context, store)
    const ben = await atAccount()
    const thief = new Person(ben.origin)
    for (const [name, value] of ben.cookies) thief.cookies.set(name, value)
    await thief.go('/account')
    assert.match(thief.html, /Signed in as shop:ben/)
    await sql.updateTable('sessions').set({ used_at: 1 }).execute()
    const letGo = othersHash()
    const answered = post(thief, 'password', { password: 'one that a thief would set' })
    // it has seen the session alive, and hashes the password
    await until(async () => (await open())[0]!.used_at !== 1)
    const { token } = await post(ben, 'end-others', {})
    await letGo()
    assert.notEqual(token, undefined)
    const { status, token: told } = await answered
    assert.deepEqual([status, told], [303, undefined])
    assert.equal((await open()).length, 1)
    ben.cookies.set(SESSION, token!)
    await ben.go('/account')
    assert.match(ben.html, /Signed in as shop:ben/)
  },
)
