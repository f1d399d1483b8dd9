/** What the server does when what it stands on gives way. It may deny, it may say that it is not ready; it never permits. */
import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import type { Evaluation } from '#contract/decision.ts'
import { systemClock } from '#lib/clock.ts'
import { until } from '#lib/until.fixture.ts'
import { testServer, type TestServer } from '#server/server.fixture.ts'
import { newToken } from '#server/tokens.ts'
import { openDatabase } from '#storage/database.ts'
import { newPostgres, startedCluster } from '#storage/stores.fixture.ts'
import { addToken } from '#storage/tokens.ts'

const inventory = (name: string) =>
  JSON.stringify({
    ambit: 1,
    at: '2026-11-01',
    name,
    accounts: [{ id: 'a:ada', kind: 'human', population: 'workforce' }],
    resources: [{ id: 'r:wiki', sensitivity: 'none' }],
    entitlements: [{ id: 'e:1', holder: 'a:ada', right: 'read', capabilities: [], on: 'r:wiki' }],
  })

const put = (server: TestServer, body: string, token: string) =>
  server.ask('/v1/inventory', { method: 'PUT', body, headers: { 'content-type': 'application/json' }, token })

const question = (): Evaluation => ({
  id: 'eval_1',
  at: Math.floor(systemClock() / 1000),
  request: {
    subject: { type: 'account', id: 'a:ada' },
    action: { name: 'read' },
    resource: { type: 'resource', id: 'r:wiki' },
  },
  session: null,
  device: null,
  risk: [],
  exceptions: [],
  stepUpsTried: 0,
})

suite('When the store gives way', () => {
  test('the node says so, denies, and recovers by itself', async (context) => {
    const cluster = startedCluster()
    if (cluster === null) return context.skip('no PostgreSQL on this machine')
    const url = await newPostgres(await cluster)
    const server = await testServer(context, { store: url })
    const token = await server.token('ingest', 'read')
    assert.equal((await put(server, inventory('a'), token)).status, 200)
    const ready = async () => (await server.ask('/readyz')).status === 200
    assert.ok(await ready())

    const admin = await openDatabase(url.replace(/\/t[0-9a-f]+\?/, '/postgres?'), { migrated: false })
    const name = /\/(t[0-9a-f]+)\?/.exec(url)![1]!
    const { sql } = await import('kysely')
    try {
      await sql.raw(`alter database ${name} with allow_connections false`).execute(admin.sql)
      await sql
        .raw(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`)
        .execute(admin.sql)
      await until(async () => !(await ready()), 'the node stays ready without a store')
      const missing = (await (await server.ask('/readyz')).json()) as { missing: string[] }
      assert.deepEqual(missing.missing, ['the store does not answer'])
      assert.equal((await server.context.decide(question())).outcome, 'deny')
      assert.equal((await server.ask('/healthz')).status, 200)
      // what was loaded before may still be read
      assert.equal((await server.ask('/v1/snapshot', { token })).status, 200)
      assert.ok((await put(server, inventory('b'), token)).status >= 500)
    } finally {
      await sql.raw(`alter database ${name} with allow_connections true`).execute(admin.sql)
      await admin.close()
    }
    await until(ready, 'the node does not recover')
    // the audit log asks for itself
    await until(async () => (await put(server, inventory('b'), token)).status === 200, 'it takes no inventory again')
    // changes made by others meanwhile are known again too
    const { token: later, stored } = newToken({ name: 'later', scopes: ['read'], expiresAt: null }, systemClock())
    await addToken(server.context.database, stored)
    await until(
      async () => (await server.ask('/v1/snapshot', { token: later })).status === 200,
      'changes are not followed',
    )
  })

  test('a full disk refuses what is sent and keeps what there was', async (context) => {
    const server = await testServer(context, { config: 'inventory: { maxLoss: 1 }' })
    const token = await server.token('ingest', 'read')
    const first = (await (await put(server, inventory('a'), token)).json()) as { snapshot: string }
    const { database } = server.context
    const { sql } = await import('kysely')
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(database.sql)
    await sql.raw(`pragma max_page_count = ${rows[0]!.page_count}`).execute(database.sql)
    const noise = Array.from({ length: 400 }, (_, i) => ({
      id: `a:${i}-${newToken({ name: '', scopes: [], expiresAt: null }, 0).token}`,
      kind: 'human',
    }))
    const large = JSON.stringify({ ambit: 1, at: '2026-11-02', accounts: noise })
    const refused = await put(server, large, token)
    assert.ok(refused.status >= 500, String(refused.status))
    assert.doesNotMatch(await refused.text(), /SQLITE|\.ts:/)
    const now = (await (await server.ask('/v1/snapshot', { token })).json()) as { snapshot: string }
    assert.equal(now.snapshot, first.snapshot)
    await sql.raw('pragma max_page_count = 1000000').execute(database.sql)
    assert.equal((await put(server, large, token)).status, 200)
  })

  test('a clock that is set back changes no order and lets nobody in again', async (context) => {
    let now = 2_000_000_000_000
    const server = await testServer(context, { clock: () => now })
    const token = await server.token('ingest', 'read')
    const { token: ended, stored } = newToken({ name: 'short', scopes: ['read'], expiresAt: now + 1000 }, now)
    await addToken(server.context.database, stored)
    await server.context.tokens.reload()
    const first = (await (await put(server, inventory('a'), token)).json()) as { snapshot: string }
    now += 2000
    assert.equal((await server.ask('/v1/snapshot', { token: ended })).status, 401)
    now -= 86_400_000
    const change = await server.ask('/v1/inventory/changes', {
      method: 'POST',
      body: JSON.stringify({ ambit: 1, accounts: [{ id: 'a:bob', kind: 'human' }] }),
      headers: { 'content-type': 'application/json', 'if-match': `"${first.snapshot}"` },
      token,
    })
    const second = (await change.json()) as { snapshot: string }
    const later = await testServer(context, { store: server.context.config.store })
    assert.equal(later.context.live()?.snapshotId, second.snapshot)
    assert.equal((await server.ask('/v1/snapshot', { token: ended })).status, 401)
  })
})
