import { strict as assert } from 'node:assert'
import { fork } from 'node:child_process'
import { test } from 'node:test'
import type { Kysely } from 'kysely'
import { systemClock } from '#lib/clock.ts'
import { AmbitError } from '#lib/errors.ts'
import { until } from '#lib/until.fixture.ts'
import { announce, follow, type Change } from './changes.ts'
import { isDuplicate, openDatabase } from './database.ts'
import { migrate, migrationNames } from './migrate.ts'
import { onEveryStore, sqliteUrl } from './stores.fixture.ts'

const clock = systemClock

onEveryStore('a store that is opened twice at once has each step of its schema once', async (store) => {
  const opened = await Promise.all(Array.from({ length: 6 }, () => store.open()))
  const steps = await (opened[0]!.sql as unknown as Kysely<{ schema_steps: { name: string } }>)
    .selectFrom('schema_steps')
    .select('name')
    .orderBy('name')
    .execute()
  assert.deepEqual(
    steps.map(({ name }) => name),
    await migrationNames(),
  )
  assert.deepEqual(await migrate(opened[1]!), [])
})

onEveryStore('a store of a newer version is refused', async (store) => {
  const database = await store.open()
  await (database.sql as unknown as Kysely<{ schema_steps: { name: string } }>)
    .insertInto('schema_steps')
    .values({ name: '9999-later.ts' })
    .execute()
  await assert.rejects(openDatabase(store.url), (error: unknown) => {
    assert.ok(error instanceof AmbitError)
    assert.equal(error.code, 'store_unavailable')
    assert.match(error.message, /newer Ambit \(9999-later\.ts\)/)
    return true
  })
})

onEveryStore('a transaction that fails leaves nothing behind', async (store) => {
  const database = await store.open()
  await assert.rejects(
    database.transaction(async (sql) => {
      await announce(sql, { topic: 'test', key: 'a' }, 1)
      throw new Error('no')
    }),
    /no/,
  )
  assert.deepEqual(await database.sql.selectFrom('changes').selectAll().execute(), [])
})

onEveryStore('a row that is there already is told apart from other errors', async (store) => {
  const { sql } = await store.open()
  const locks = sql as unknown as Kysely<{ schema_lock: { id: number } }>
  await assert.rejects(locks.insertInto('schema_lock').values({ id: 1 }).execute(), (error) => isDuplicate(error))
  await assert.rejects(
    locks
      .insertInto('schema_lock')
      .values({ nope: 1 } as never)
      .execute(),
    (error) => !isDuplicate(error),
  )
})

onEveryStore('a node learns of each change of another once, however late its transaction commits', async (store) => {
  const [one, other] = [await store.open(), await store.open()]
  const told: string[] = []
  const follower = await follow(one, ({ key }: Change) => void told.push(key), { clock })
  await announce(other.sql, { topic: 'test', key: 'first' }, clock())
  await follower.look()
  if (store.dialect === 'postgres') {
    let commit = () => {}
    const held = new Promise<void>((resolve) => (commit = resolve))
    let begun = () => {}
    const begin = new Promise<void>((resolve) => (begun = resolve))
    const late = other.transaction(async (sql) => {
      await announce(sql, { topic: 'test', key: 'late' }, clock())
      begun()
      await held
    })
    await begin
    await announce(other.sql, { topic: 'test', key: 'early' }, clock())
    await follower.look()
    assert.deepEqual(told, ['first', 'early'])
    commit()
    await late
    await follower.look()
    assert.deepEqual(told, ['first', 'early', 'late'])
  }
  const before = told.length
  await follower.look()
  assert.equal(told.length, before)
  await follower.stop()
})

onEveryStore('a node looks for changes by itself, and knows of each within a second', async (store, context) => {
  const database = await store.open()
  const told: string[] = []
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const follower = await follow(database, ({ key }: Change) => void told.push(key), { clock })
  await announce(database.sql, { topic: 'test', key: 'a' }, clock())
  context.mock.timers.tick(1000)
  context.mock.timers.reset()
  await until(() => told.length === 1, 'nobody looks')
  await follower.stop()
})

test('a store that cannot be opened is named, without its password', async () => {
  await assert.rejects(
    openDatabase('postgres://ambit:p@hunter2@127.0.0.1:1/none?password=hunter2&ssl=0'),
    (error: unknown) => {
      assert.ok(error instanceof AmbitError)
      assert.match(error.message, /postgres:\/\/127\.0\.0\.1:1\/none/)
      assert.doesNotMatch(error.message, /hunter2/)
      return true
    },
  )
  await assert.rejects(openDatabase('/no/such/folder/ambit.db'), /cannot be opened/)
})

test('a process killed while it migrates leaves a store that the next one finishes', async (context) => {
  const names = await migrationNames()
  for (let round = 0; round < 12; round++) {
    const url = sqliteUrl(context)
    const child = fork(new URL('open.fixture.ts', import.meta.url), [url], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    await new Promise((resolve) => child.once('message', resolve))
    await new Promise((resolve) => setTimeout(resolve, round * 3))
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
    const database = await openDatabase(url)
    const rows = await (database.sql as unknown as Kysely<{ schema_steps: { name: string } }>)
      .selectFrom('schema_steps')
      .select('name')
      .orderBy('name')
      .execute()
    assert.deepEqual(
      rows.map(({ name }) => name),
      names,
    )
    await database.close()
  }
})
