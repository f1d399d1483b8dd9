import assert from 'node:assert/strict'
import { sessionStore } from './sessions.ts'
import { onEveryStore } from './stores.fixture.ts'
import { sweepPeople } from './sweep.ts'

const NOW = 1_800_000_000_000
const DAY = 86_400_000

onEveryStore('rows go when their time is over, with what belongs to them, and none before', async ({ open }) => {
  const database = await open()
  const { sql } = database
  for (const days of [-8, -7, -6, -1, 0, 1]) {
    const [id, at] = [`${days}`, NOW + days * DAY]
    await sql.insertInto('push_pauses').values({ key: id, until: at }).execute()
    await sql.insertInto('failures').values({ id, account: 'ada', network: '', at }).execute()
    const session = { id, account: 'ada', epoch: 0, browser: 'b', proofs: [], idleMs: null }
    await sessionStore(database).begin({ ...session, startedAt: 0, usedAt: 0, endsAt: at }, id)
    await sql
      .insertInto('oidc_client_sessions')
      .values({ session: id, client: 'shop', sid: id, account: 'ada' })
      .execute()
    const upstream = { session: id, link: 'l', sid: id, issued_at: at / 1000 }
    await sql.insertInto('upstream_sessions').values(upstream).execute()
  }
  // noted before the session that is about to begin
  await sql
    .insertInto('upstream_sessions')
    .values({ session: 'next', link: 'l', sid: '', issued_at: NOW / 1000 })
    .execute()
  await sweepPeople(database, NOW)
  const left = async (table: 'sessions' | 'failures') =>
    (await sql.selectFrom(table).select('id').execute()).map(({ id }) => id).toSorted()
  const linked = async (table: 'oidc_client_sessions' | 'upstream_sessions') =>
    (await sql.selectFrom(table).select('session').execute()).map(({ session }) => session).toSorted()
  const pauses = await sql.selectFrom('push_pauses').select('key').execute()
  assert.deepEqual(
    pauses.map(({ key }) => key),
    ['1'],
  )
  assert.deepEqual(await left('failures'), ['0', '1'])
  assert.deepEqual(await left('sessions'), ['-1', '-6', '0', '1'])
  assert.deepEqual(await linked('oidc_client_sessions'), ['-1', '-6', '0', '1'])
  assert.deepEqual(await linked('upstream_sessions'), ['-1', '-6', '0', '1', 'next'])
})
