import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { testServer, type TestServer } from './server.fixture.ts'

const ada = { id: 'a:ada', kind: 'human', population: 'workforce' }
const inventory = (accounts: readonly object[] = [ada], more: object = {}) =>
  JSON.stringify({ ambit: 1, at: '2026-11-01', accounts, ...more })
const json = { 'content-type': 'application/json' }

interface Taken {
  snapshot: string
  facts: number
  accounts: number
  verdictsChanged: number
}

onEveryStore(
  'an inventory that is sent is what is answered from, here and on other nodes within a second',
  async (store, context) => {
    const [one, other] = [
      await testServer(context, { store: store.url }),
      await testServer(context, { store: store.url }),
    ]
    const token = await one.token('ingest', 'read')
    const sent = await one.ask('/v1/inventory', { method: 'PUT', body: inventory(), headers: json, token })
    assert.equal(sent.status, 200, await sent.clone().text())
    const taken = (await sent.json()) as Taken
    assert.deepEqual(taken, { snapshot: taken.snapshot, facts: 1, accounts: 1, verdictsChanged: 0 })
    assert.equal(sent.headers.get('etag'), `"${taken.snapshot}"`)
    assert.equal((await one.ask('/readyz')).status, 200)

    await other.caughtUp()
    const read = await other.ask('/v1/snapshot', { token })
    assert.equal(read.status, 200)
    assert.equal(((await read.json()) as Taken).snapshot, taken.snapshot)
    const account = await other.ask('/v1/accounts/a:ada', { token })
    assert.equal(((await account.json()) as { account: { id: string } }).account.id, 'a:ada')
  },
)

onEveryStore(
  'an inventory without most of the accounts there are is taken only where that is confirmed',
  async (store, context) => {
    const server = await testServer(context, { store: store.url, config: 'inventory: { maxLoss: 0.25 }' })
    const token = await server.token('ingest', 'read')
    const accounts = ['a:ada', 'a:bob', 'a:cyd', 'a:dov'].map((id) => ({ ...ada, id }))
    const put = (body: string, query = '') =>
      server.ask(`/v1/inventory${query}`, { method: 'PUT', body, headers: json, token })
    const ids = () => [...(server.context.live()?.accountIds() ?? [])].join(' ')
    assert.equal((await put(inventory(accounts))).status, 200)
    // other accounts in their place are a loss likewise
    const others = accounts.map(({ id }) => ({ ...ada, id: `b:${id}` }))
    for (const broken of [inventory([]), inventory(accounts.slice(2)), inventory(others)]) {
      const refused = await put(broken)
      assert.equal(refused.status, 409)
      const { error, message } = (await refused.json()) as { error: string; message: string }
      assert.equal(error, 'accounts_lost')
      assert.match(message, /^[24] of the 4 accounts .*\?maxLoss=1/)
      assert.equal(ids(), 'a:ada a:bob a:cyd a:dov')
    }
    assert.equal((await put(inventory(accounts.slice(1)))).status, 200, 'a quarter may go')
    assert.equal((await put(inventory([]), '?maxLoss=0.5')).status, 409)
    assert.equal((await put(inventory([]), '?maxLoss=2')).status, 400)
    assert.equal((await put(inventory([]), '?force=true')).status, 400)
    assert.equal((await put(inventory([]), '?maxLoss=1')).status, 200)
    assert.equal(ids(), '')
  },
)

onEveryStore('what is lost is told where the snapshot there is cannot be read, too', async (store, context) => {
  const one = await testServer(context, { store: store.url })
  const token = await one.token('ingest', 'read')
  const accounts = ['a:ada', 'a:bob', 'a:cyd', 'a:dov'].map((id) => ({ ...ada, id }))
  const put = (server: TestServer, body: string) =>
    server.ask('/v1/inventory', { method: 'PUT', body, headers: json, token })
  assert.equal((await put(one, inventory(accounts))).status, 200)
  await one.context.database.sql
    .updateTable('snapshot_chunks')
    .set({ bytes: Buffer.from('no body') })
    .execute()
  const other = await testServer(context, { store: store.url })
  assert.equal(other.context.live(), null)
  const refused = await put(other, inventory(accounts.slice(3)))
  assert.equal(refused.status, 409, await refused.clone().text())
  assert.equal(((await refused.json()) as { error: string }).error, 'accounts_lost')
  assert.equal((await put(other, inventory(accounts.slice(1)))).status, 200)
})

onEveryStore('a change is applied to the snapshot that it names, and to no other', async (store, context) => {
  const [one, other] = [
    await testServer(context, { store: store.url }),
    await testServer(context, { store: store.url }),
  ]
  const token = await one.token('ingest', 'read')
  const first = (await (
    await one.ask('/v1/inventory', { method: 'PUT', body: inventory(), headers: json, token })
  ).json()) as Taken
  const change = (base: string, body: object) =>
    one.ask('/v1/inventory/changes', {
      method: 'POST',
      body: JSON.stringify({ ambit: 1, ...body }),
      headers: { ...json, 'if-match': `"${base}"` },
      token,
    })
  const come = await change(first.snapshot, { accounts: [{ ...ada, id: 'a:grace' }] })
  assert.equal(come.status, 200, await come.clone().text())
  const second = (await come.json()) as Taken
  assert.equal(second.accounts, 2)
  const late = await change(first.snapshot, { remove: ['a:ada'] })
  assert.equal(late.status, 412)
  const gone = await change(second.snapshot, { remove: ['a:ada'] })
  const third = (await gone.json()) as Taken
  assert.equal(third.accounts, 1)
  await other.caughtUp()
  assert.equal(other.context.live()?.snapshotId, third.snapshot)

  // a node that starts later reads the same, and the same facts have the same name however they came
  const later = await testServer(context, { store: store.url })
  assert.deepEqual([...(later.context.live()?.accountIds() ?? [])], ['a:grace'])
  const whole = await later.ask('/v1/inventory', {
    method: 'PUT',
    body: inventory([{ ...ada, id: 'a:grace' }]),
    headers: json,
    token,
  })
  assert.equal(((await whole.json()) as Taken).snapshot, third.snapshot)
})

suite('Inventories that are sent', () => {
  test('are refused whole, with place and remedy, and leave the one before in use', async (context) => {
    const { ask, token: newToken } = await testServer(context)
    const token = await newToken('ingest', 'read')
    const put = (body: string, type = 'application/json') =>
      ask('/v1/inventory', { method: 'PUT', body, headers: { 'content-type': type }, token })
    const before = (await (await put(inventory())).json()) as Taken
    const bad = await put(inventory([ada, { id: 'a:bad', kind: 'robot' }]))
    assert.equal(bad.status, 422)
    const said = (await bad.json()) as { error: string; problems: { place: object; remedy: string }[] }
    assert.equal(said.error, 'input_invalid')
    assert.deepEqual(said.problems[0]?.place, { file: 'inventory.json', pointer: '/accounts/1/kind', line: 1 })
    assert.equal((await put('{"ambit":1')).status, 422)
    assert.equal((await put('')).status, 422)
    assert.equal((await put('x', 'text/plain')).status, 415)
    const now = (await (await ask('/v1/snapshot', { token })).json()) as Taken
    assert.equal(now.snapshot, before.snapshot)
  })

  test('are taken once for one idempotency key', async (context) => {
    const { ask, token: newToken } = await testServer(context)
    const token = await newToken('ingest', 'read')
    const put = (body: string, key: string) =>
      ask('/v1/inventory', { method: 'PUT', body, headers: { ...json, 'idempotency-key': key }, token })
    const first = await (await put(inventory(), 'k1')).text()
    await put(inventory([ada, { ...ada, id: 'a:grace' }]), 'k2')
    const again = await put(inventory(), 'k1')
    assert.equal(again.headers.get('idempotent-replayed'), 'true')
    assert.equal(await again.text(), first)
    // the repeat changed nothing
    const now = (await (await ask('/v1/snapshot', { token })).json()) as Taken
    assert.equal(now.accounts, 2)
    assert.equal((await put(inventory([]), 'k1')).status, 409)
  })

  test('come as NDJSON, JSON or YAML', async (context) => {
    const { ask, token: newToken } = await testServer(context)
    const token = await newToken('ingest')
    const ids: string[] = []
    for (const [type, body] of [
      ['application/json', inventory()],
      [
        'application/yaml',
        'ambit: 1\nat: 2026-11-01\naccounts:\n  - { id: a:ada, kind: human, population: workforce }\n',
      ],
      ['application/x-ndjson', `{"ambit":1,"at":"2026-11-01"}\n${JSON.stringify({ fact: 'account', ...ada })}\n`],
    ] as const) {
      const answer = await ask('/v1/inventory', { method: 'PUT', body, headers: { 'content-type': type }, token })
      assert.equal(answer.status, 200, await answer.clone().text())
      ids.push(((await answer.json()) as Taken).snapshot)
    }
    assert.equal(new Set(ids).size, 1)
  })

  test('are refused above the size that is configured', async (context) => {
    const { ask, token: newToken } = await testServer(context, { config: 'inventory: { maxBytes: 1000 }' })
    const token = await newToken('ingest')
    const body = inventory([{ ...ada, id: `a:${'x'.repeat(400)}` }], { name: 'y'.repeat(600) })
    const known = await ask('/v1/inventory', { method: 'PUT', body, headers: json, token })
    assert.equal(known.status, 413)
    const stream = new Blob([body]).stream()
    const streamed = await ask('/v1/inventory', {
      method: 'PUT',
      body: stream,
      headers: json,
      token,
      duplex: 'half',
    } as RequestInit & { token: string })
    assert.equal(streamed.status, 413)
  })
})
