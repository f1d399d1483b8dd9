import { strict as assert } from 'node:assert'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { Kysely } from 'kysely'
import { openSqlite } from './sqlite.ts'
import { sqliteUrl } from './stores.fixture.ts'

interface Tables {
  readonly things: { readonly id: number; readonly name: string }
}

async function opened(context: TestContext) {
  const path = sqliteUrl(context)
  const { dialect, raw } = openSqlite(path)
  const sql = new Kysely<Tables>({ dialect })
  raw.exec('create table things (id integer primary key, name text)')
  context.after(() => sql.destroy())
  const add = (id: number, name = 'x') => sql.insertInto('things').values({ id, name }).execute()
  const ids = async () => (await sql.selectFrom('things').select('id').orderBy('id').execute()).map(({ id }) => id)
  return { path, sql, raw, add, ids }
}

test('of many writes at once, one that fails fails alone', async (context) => {
  const { add, ids } = await opened(context)
  await add(3)
  const results = await Promise.allSettled([1, 2, 3, 4, 4, 5].map((id) => add(id)))
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(await ids(), [1, 2, 3, 4, 5])
})

test('nobody is told of a write that was undone with others', async (context) => {
  const { raw, add, ids } = await opened(context)
  raw.exec(`create trigger t before insert on things when new.name = 'bad' begin select raise(rollback, 'no'); end`)
  const results = await Promise.allSettled([add(1), add(2, 'bad'), add(3)])
  assert.deepEqual([...new Set(results.map(({ status }) => status))], ['rejected'])
  assert.deepEqual(await ids(), [])
  await Promise.all([add(4), add(5)])
  assert.deepEqual(await ids(), [4, 5])
})

test('a transaction is alone: nothing of it is seen before its end, and nothing of others is undone with it', async (context) => {
  const { sql, add, ids } = await opened(context)
  const middle = Promise.withResolvers<void>()
  const told: string[] = []
  const undone = sql.transaction().execute(async (transaction) => {
    await transaction.insertInto('things').values({ id: 1, name: 'mine' }).execute()
    middle.resolve()
    await new Promise((resolve) => setTimeout(resolve, 20))
    told.push('undone')
    throw new Error('no')
  })
  await middle.promise
  const others = [add(2), add(3)].map((each) => each.then(() => told.push('written')))
  const seen = ids()
  await assert.rejects(undone, /no/)
  await Promise.all(others)
  assert.ok(!(await seen).includes(1))
  assert.deepEqual(told, ['undone', 'written', 'written'])
  assert.deepEqual(await ids(), [2, 3])
})

test('a store that is closed has written what it took', async (context) => {
  const url = sqliteUrl(context)
  const first = openSqlite(url)
  first.raw.exec('create table things (id integer primary key, name text)')
  const sql = new Kysely<Tables>({ dialect: first.dialect })
  const writes = Array.from({ length: 50 }, (_, id) => sql.insertInto('things').values({ id, name: 'x' }).execute())
  await new Promise((resolve) => setImmediate(resolve))
  await sql.destroy()
  await Promise.all(writes)
  const { raw } = openSqlite(url)
  assert.equal(raw.prepare('select count(*) as n from things').get()?.['n'], 50)
  raw.close()
})

test('a transaction that reads before it writes is not undone by another process that writes meanwhile', async (context) => {
  const { path, sql, add, ids } = await opened(context)
  await add(1)
  const other = new DatabaseSync(path)
  context.after(() => other.close())
  await sql.transaction().execute(async (mine) => {
    const before = await mine.selectFrom('things').select('id').execute()
    assert.throws(() => other.exec(`insert into things values (7, 'theirs')`), /locked/)
    await mine
      .insertInto('things')
      .values({ id: before.length + 1, name: 'mine' })
      .execute()
  })
  other.exec(`insert into things values (7, 'theirs')`)
  assert.deepEqual(await ids(), [1, 2, 7])
})
