import assert from 'node:assert/strict'
import type { EnrolledAuthenticator } from '#authn/stores.ts'
import { accountStateStore } from './account-states.ts'
import { authenticatorStore } from './authenticators.ts'
import type { Database } from './database.ts'
import { eventsAfter } from './events.ts'
import { endSessions, endTimedOut } from './session-ends.ts'
import { sessionStore } from './sessions.ts'
import { onEveryStore } from './stores.fixture.ts'

async function begin(database: Database, ...ids: string[]): Promise<void> {
  const times = { usedAt: 1, endsAt: 1000, idleMs: null }
  for (const [i, id] of ids.entries()) {
    const session = { id, account: 'ada', epoch: 0, browser: 'b', proofs: [], startedAt: i, ...times }
    await sessionStore(database).begin(session, id)
  }
}
const REST = {
  account: 'ada',
  name: '',
  channel: null,
  boundAtAal: 1,
  material: '',
  lookup: null,
  counter: 0,
  addedAt: 1,
  expiresAt: null,
  usedAt: null,
}
const told = async (database: Database) =>
  (await eventsAfter(database, 0, 100)).map(({ type, data }) => [type, ...Object.values(data)])

onEveryStore('A session that ends is told of once, however it ends', async ({ open }) => {
  const database = await open()
  await begin(database, 'a', 'b', 'c', 'd')
  assert.equal(await sessionStore(database).end('a', 'signed_out', 10), true)
  assert.equal(await sessionStore(database).end('a', 'signed_out', 10), false)
  assert.equal(await endSessions(database.sql, { account: 'ada', startedBy: 1 }, 'session-revoked', 11), 1)
  await accountStateStore(database).endEverything('ada', { reason: 'not_me' }, 12)
  await accountStateStore(database).endEverything('ada', { reason: 'not_me' }, 13)
  const events = await told(database)
  assert.deepEqual(events.slice(0, 2), [
    ['session.ended', 'ada', 'a', 'signed_out'],
    ['session.ended', 'ada', 'b', 'session-revoked'],
  ])
  assert.deepEqual(
    events.slice(2).toSorted(),
    ['c', 'd'].map((id) => ['session.ended', 'ada', id, 'not_me']),
  )
})

onEveryStore('How somebody signs in is told as it changes', async ({ open }) => {
  const database = await open()
  const store = authenticatorStore(database, () => 5)
  const enrol = (id: string, kind: EnrolledAuthenticator['kind'], state: 'active' | 'pending') =>
    store.enrol({ id, kind, state, ...REST })
  await enrol('p', 'passkey', 'active')
  await enrol('t', 'totp', 'pending')
  await enrol('r', 'recovery_code', 'active')
  assert.equal(await store.setState('t', 'ada', ['pending'], 'active'), true)
  assert.equal(await store.setState('p', 'eve', ['active'], 'removed'), false)
  await store.setState('p', 'ada', ['active'], 'suspended')
  await store.setState('p', 'ada', ['suspended'], 'removed')
  assert.deepEqual(await told(database), [
    ['credential.changed', 'ada', 'passkey', 'create'],
    ['credential.changed', 'ada', 'totp', 'create'],
    ['credential.changed', 'ada', 'passkey', 'revoke'],
    ['credential.changed', 'ada', 'passkey', 'delete'],
  ])
})

onEveryStore(
  'a session whose time is over ends once, by one node, and is told of where a client knows it',
  async ({ open }) => {
    const nodes = [await open(), await open()]
    const [database] = nodes
    const { sql } = database!
    const times = { startedAt: 0, usedAt: 0, endsAt: 1000, idleMs: null }
    const rows = {
      over: times,
      idle: { ...times, endsAt: 9000, idleMs: 1000 },
      used: { ...times, endsAt: 9000, idleMs: 1000, usedAt: 1 },
      open: { ...times, endsAt: 9000 },
      unknown: times,
      gone: times,
    }
    for (const [id, row] of Object.entries(rows)) {
      await sessionStore(database!).begin({ id, account: 'ada', epoch: 0, browser: 'b', proofs: [], ...row }, id)
      if (id !== 'unknown')
        await sql
          .insertInto('oidc_client_sessions')
          .values({ session: id, client: 'shop', sid: id, account: 'ada' })
          .execute()
    }
    await endSessions(sql, { id: 'gone' }, 'signed_out', 500)
    assert.equal(await endTimedOut(database!, 999), 0)
    const counts = await Promise.all(Array.from({ length: 10 }, (_, i) => endTimedOut(nodes[i % 2]!, 1000)))
    assert.equal(
      counts.reduce((sum, each) => sum + each, 0),
      3,
    )
    assert.deepEqual(
      (await told(database!)).slice(1).toSorted((a, b) => String(a[2]).localeCompare(String(b[2]))),
      [
        ['session.timed_out', 'ada', 'idle', 'idle'],
        ['session.timed_out', 'ada', 'over', 'timed_out'],
      ],
    )
    const left = await sql.selectFrom('sessions').select('id').where('ended_at', 'is', null).orderBy('id').execute()
    assert.deepEqual(
      left.map(({ id }) => id),
      ['open', 'used'],
    )
  },
)
