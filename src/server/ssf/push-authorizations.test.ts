import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { suite, test } from 'node:test'
import { sql } from 'kysely'
import { until } from '#lib/until.fixture.ts'
import type { Database } from '#storage/database.ts'
import { onEveryStore, sqliteUrl, type Store } from '#storage/stores.fixture.ts'
import { addStream, pushAuthorizations } from '#storage/ssf-streams.ts'
import { testServer } from '../server.fixture.ts'
import { CONFIG, ended, happen, PATIENT, PUBLIC, PUSH, receiver, receiverOf, sending } from './ssf.fixture.ts'

const HEADER = 'Bearer chaffinch-4f1d0a7c9be2'
const KEYLESS = `${PATIENT}\npublicUrl: ${PUBLIC}\nsignals: { transmit: { networks: [127.0.0.1] } }`
const key = (id: string, fill: number) => `{ id: ${id}, secret: ${Buffer.alloc(32, fill).toString('base64')} }`
const withKeys = (...keys: string[]) =>
  `${PATIENT}\npublicUrl: ${PUBLIC}\nsignals: { transmit: { networks: [127.0.0.1], keys: [${keys.join(', ')}] } }`

/** Whether the text stands anywhere in the files of a store: its tables, indices and logs. */
function standsInFiles({ dialect, url }: Pick<Store, 'dialect' | 'url'>, text: string): boolean {
  const folder = dialect === 'sqlite' ? dirname(url) : new URL(url.replace('@/', '@x/')).searchParams.get('host')!
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile() && (dialect === 'sqlite' || each.parentPath.includes('/data')))
    .some(({ parentPath, name }) => readFileSync(`${parentPath}/${name}`).includes(text))
}

/** A stream of a version that kept the header as it was. */
async function standing(database: Database, id: string, url: string): Promise<void> {
  const wishes = { pushUrl: url, events: null, description: null }
  await addStream(database, { id, owner: 'siem', wishes, pushSealed: null }, { most: 9, now: 1 })
  await sql`update ssf_streams set push_authorization = ${HEADER} where id = ${id}`.execute(database.sql)
}

const kidOf = (sealed: string | null): unknown =>
  (JSON.parse(Buffer.from(sealed!.split('.')[0]!, 'base64url').toString()) as { kid: unknown }).kid

suite('What a receiver wants to be pushed with', () => {
  onEveryStore('is sent to it, and stands nowhere in the store', async (store, context) => {
    const { got, url } = await receiver(context)
    const { server, make, call } = await sending(context, { store: store.url })
    const delivery = { method: PUSH, endpoint_url: url, authorization_header: HEADER }
    const { stream_id } = await make({ delivery })
    assert.equal((await call('PATCH', '/ssf/streams', { stream_id, delivery })).status, 200)
    // what is not said again stays
    assert.equal((await call('PATCH', '/ssf/streams', { stream_id, description: 'ours' })).status, 200)
    await happen(server, ended(1))
    await until(() => got.length === 1, 'it is not pushed')
    assert.equal(got[0]!.authorization, HEADER)
    if (store.dialect === 'postgres') await sql`checkpoint`.execute(server.context.database.sql)
    assert.equal(standsInFiles(store, stream_id), true, 'the files that are looked through are those of the store')
    assert.equal(standsInFiles(store, HEADER.slice(7)), false)
    assert.equal(server.logged.join('').includes(HEADER.slice(7)), false)
  })

  onEveryStore('is sealed at the next start where it stood there as it was', async (store, context) => {
    const { got, url } = await receiver(context)
    const database = await store.open()
    // the second as a start leaves it that was killed after the first
    await standing(database, 'st_a', url)
    if (store.dialect === 'sqlite') assert.equal(standsInFiles(store, HEADER.slice(7)), true)
    const first = await testServer(context, { store: store.url, config: CONFIG })
    await standing(database, 'st_b', url)
    await first.stop()
    const servers =
      store.dialect === 'sqlite'
        ? [await testServer(context, { store: store.url, config: CONFIG })]
        : await Promise.all([1, 2].map(() => testServer(context, { store: store.url, config: CONFIG })))
    const server = servers[0]!
    assert.deepEqual(
      (await pushAuthorizations(database)).map(({ plain, sealed }) => [plain, typeof sealed]),
      [
        [null, 'string'],
        [null, 'string'],
      ],
    )
    if (store.dialect === 'sqlite') assert.equal(standsInFiles(store, HEADER.slice(7)), false)
    await receiverOf(server, 'siem')
    await happen(server, ended(1))
    await until(() => got.length === 2, 'they are not pushed')
    assert.deepEqual(
      got.map(({ authorization }) => authorization),
      [HEADER, HEADER],
    )
  })

  test('keeps a server from starting that has no key to seal it with', async (context) => {
    const store = sqliteUrl(context)
    const { context: parts, stop } = await testServer(context, { store, config: KEYLESS })
    await standing(parts.database, 'st_a', 'https://siem.example/events')
    await stop()
    await assert.rejects(testServer(context, { store, config: KEYLESS }), {
      code: 'config_invalid',
      message: /`signals\.transmit\.keys`: .*as it is.*openssl rand -base64 32/,
    })
  })

  test('is not taken without a key, and streams without it are', async (context) => {
    const { server, make, call } = await sending(context, { config: KEYLESS })
    const delivery = { method: PUSH, endpoint_url: 'https://siem.example/events' }
    const { stream_id } = await make({ delivery })
    const secret = { ...delivery, authorization_header: HEADER }
    for (const [method, body] of [
      ['POST', { delivery: secret }],
      ['PUT', { stream_id, delivery: secret }],
      ['PATCH', { stream_id, delivery: secret }],
    ] as const) {
      const answer = await call(method, '/ssf/streams', body)
      assert.equal(answer.status, 400)
      assert.match(await answer.text(), /signals\.transmit\.keys/)
    }
    assert.deepEqual(await pushAuthorizations(server.context.database), [])
  })

  test('outlives the turn of the keys, and is sealed anew so that the old one may go', async (context) => {
    const store = sqliteUrl(context)
    const { got, url } = await receiver(context)
    const first = await sending(context, { store, config: withKeys(key('a', 1)) })
    await first.make({ delivery: { method: PUSH, endpoint_url: url, authorization_header: HEADER } })
    await first.server.stop()
    const second = await testServer(context, { store, config: withKeys(key('b', 2), key('a', 1)) })
    assert.equal(kidOf((await pushAuthorizations(second.context.database))[0]!.sealed), 'b')
    await second.stop()
    const third = await testServer(context, { store, config: withKeys(key('b', 2)) })
    await happen(third, ended(1))
    await until(() => got.length === 1, 'it is not pushed')
    assert.equal(got[0]!.authorization, HEADER)
  })

  test('whose key is gone is not pushed without it, and the log says so', async (context) => {
    const store = sqliteUrl(context)
    const { got, url } = await receiver(context)
    const first = await sending(context, { store, config: withKeys(key('a', 1)) })
    const { stream_id } = await first.make({
      delivery: { method: PUSH, endpoint_url: url, authorization_header: HEADER },
    })
    await first.server.stop()
    const second = await testServer(context, { store, config: withKeys(key('b', 2)) })
    assert.match(second.logged.join(''), /what a stream is pushed with cannot be opened/)
    await happen(second, ended(1))
    await until(
      () => second.logged.some((line) => /not delivered.*no key `a`|no key `a`.*not delivered/.test(line)),
      'no word',
    )
    assert.equal(got.length, 0)
    const { call } = await receiverOf(second, 'siem')
    const delivery = { method: PUSH, endpoint_url: url, authorization_header: 'Bearer new' }
    assert.equal((await call('PUT', '/ssf/streams', { stream_id, delivery })).status, 200)
    assert.equal((await call('POST', '/ssf/verify', { stream_id })).status, 204)
    await until(() => got.length >= 1, 'it is not pushed again')
    assert.equal(got[0]!.authorization, 'Bearer new')
  })
})
