import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Transaction } from 'kysely'
import { DEFAULT_BUDGET } from '#authn/budget.ts'
import { inBatches } from './batches.ts'
import { budgetStore } from './budgets.ts'
import { onEveryStore } from './stores.fixture.ts'
import type { Tables } from './tables.ts'

test('what is asked for while a batch is under way goes into the next, each with its own answer', async () => {
  const batches: number[][] = []
  const double = inBatches(async (items: readonly number[]) => {
    batches.push([...items])
    await new Promise((resolve) => setImmediate(resolve))
    return items.map((item) => 2 * item)
  })
  const first = [1, 2].map(double)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(await Promise.all([...first, ...[3, 4, 5].map(double)]), [2, 4, 6, 8, 10])
  assert.deepEqual(await double(6), 12)
  assert.deepEqual(batches, [[1, 2], [3, 4, 5], [6]])
})

test('of items with one key no two share a batch, and they are done in the order of asking', async () => {
  const batches: string[][] = []
  const work = async (items: readonly string[]) => {
    batches.push([...items])
    return items
  }
  const ask = inBatches(work, (item) => item[0]!)
  await Promise.all(['a1', 'b1', 'a2', 'a3', 'c1', 'b2'].map(ask))
  assert.deepEqual(batches, [['a1', 'b1', 'c1'], ['a2', 'b2'], ['a3']])
})

test('however many are asked for, a batch is of five hundred at most, and of each key the first that waits', async () => {
  const batches: number[][] = []
  const work = async (items: readonly number[]) => {
    batches.push([...items])
    return items
  }
  const ask = inBatches(work, (item) => String(item % 700))
  const items = Array.from({ length: 3000 }, (_, i) => i)
  assert.deepEqual(await Promise.all(items.map(ask)), items)
  for (const batch of batches) {
    assert.ok(batch.length <= 500)
    assert.equal(new Set(batch.map((item) => item % 700)).size, batch.length)
  }
  const done = batches.flat()
  assert.deepEqual(
    done.toSorted((a, b) => a - b),
    items,
  )
  assert.deepEqual(
    done.filter((item) => item % 700 === 13),
    [13, 713, 1413, 2113, 2813],
  )
})

test('beyond ten thousand who wait, whoever asks is told so at once, until there is room again', async () => {
  let go = () => {}
  const ask = inBatches(
    async (items: readonly number[]) => {
      await new Promise<void>((resolve) => (go = resolve))
      return items
    },
    (item) => String(item % 3000),
  )
  const items = Array.from({ length: 10_000 }, (_, i) => i)
  const waiting = items.map(ask)
  await assert.rejects(ask(1), { code: 'overloaded' })
  await new Promise((resolve) => setImmediate(resolve))
  // five hundred of them are being answered
  const later = ask(10_000)
  let over = false
  const all = Promise.all([...waiting, later]).finally(() => (over = true))
  while (!over) {
    go()
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.deepEqual(await all, [...items, 10_000])
})

test('a batch that fails refuses all who are in it and nobody after them', async () => {
  let fails = true
  const ask = inBatches(async (items: readonly number[]) => {
    if (fails) throw new Error('the store is down')
    return items
  })
  const refused = await Promise.allSettled([1, 2, 3].map(ask))
  assert.deepEqual(
    refused.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  )
  fails = false
  assert.deepEqual(await Promise.all([4, 5].map(ask)), [4, 5])
})

onEveryStore('a value that the store cannot hold is refused alone', async (store) => {
  const budgets = budgetStore(await store.open())
  const now = 1_800_000_000_000
  const reserve = (account: string) => budgets.reserve(account, 'totp', '', DEFAULT_BUDGET, now)
  const [before, bad, after] = await Promise.allSettled(['idp:ada', 'idp:\0', 'idp:bob'].map(reserve))
  // SQLite holds it
  assert.equal(bad!.status, store.dialect === 'postgres' ? 'rejected' : 'fulfilled')
  for (const each of [before, after]) assert.deepEqual(each, { status: 'fulfilled', value: 'strange' })
})

onEveryStore('a guess that is asked for together with what the store cannot hold is counted once', async (store) => {
  const database = await store.open()
  const budgets = budgetStore(database)
  const now = 1_800_000_000_000
  const others = { perHour: 2, perDay: 2, inARow: 2 }
  await Promise.allSettled([
    budgets.reserve('idp:ada', 'totp', '', DEFAULT_BUDGET, now),
    budgets.reserve('idp:\0', 'session', '', others, now),
  ])
  const rows = await database.sql.selectFrom('budgets').select('day_count').where('account', '=', 'idp:ada').execute()
  assert.deepEqual(
    rows.map(({ day_count }) => day_count),
    [1],
  )
})

onEveryStore(
  'of many who are served at once, all are served where one meets others that want the same rows',
  async (store) => {
    if (store.dialect === 'sqlite') return // writers come one after the other there
    const [database, other] = [await store.open(), await store.open()]
    const budgets = budgetStore(database)
    const now = 1_800_000_000_000
    const accounts = ['idp:ada', 'idp:bob']
    for (const account of accounts) await budgets.reserve(account, 'totp', '', DEFAULT_BUDGET, now)
    const change = (sql: Transaction<Tables>, account: string) =>
      sql.updateTable('budgets').set({ day_count: 9 }).where('account', '=', account).execute()
    const served = await other.transaction(async (sql) => {
      await change(sql, 'idp:ada')
      const all = Promise.allSettled(['idp:bob', 'idp:ada'].map((each) => budgets.succeeded(each, 'totp', 'strange')))
      await setTimeout(200)
      await change(sql, 'idp:bob')
      return { all }
    })
    assert.deepEqual(
      (await served.all).map(({ status }) => status),
      ['fulfilled', 'fulfilled'],
    )
    const rows = await database.sql.selectFrom('budgets').select('day_count').execute()
    assert.deepEqual(rows, [{ day_count: 8 }, { day_count: 8 }])
  },
)
