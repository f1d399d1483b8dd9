import { strict as assert } from 'node:assert'
import { createServer, connect, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { aDecisionRecord, aNodeRecord } from '#audit/records.fixture.ts'
import { linesOf } from '#audit/chain.ts'
import { systemClock } from '#lib/clock.ts'
import { AmbitError } from '#lib/errors.ts'
import { openAuditLog, type AuditOptions } from './audit-log.ts'
import { auditPath } from './audit-store.ts'
import { openDatabase, type Database } from './database.ts'
import { groupCommit } from './group-commit.ts'
import { newPostgres, onEveryStore, startedCluster } from './stores.fixture.ts'

const options = (node: string): AuditOptions => ({ node, clock: systemClock })
const isUnavailable = (error: unknown) => error instanceof AmbitError && error.code === 'audit_unavailable'

async function bodies(store: Database, chain: string) {
  const rows = await store.sql
    .selectFrom('audit_blocks')
    .selectAll()
    .where('chain', '=', chain)
    .orderBy('first_seq')
    .execute()
  return rows.map((row) => linesOf(Buffer.from(row.body!).toString()).map((line) => line!))
}

onEveryStore('records that come together share a commit, in the order in which they came', async (store) => {
  const log = await openAuditLog(store.url, options('a'))
  const receipts = await Promise.all(Array.from({ length: 50 }, (_, index) => log.append(aNodeRecord(index))))
  assert.deepEqual(
    receipts.map(({ seq }) => seq),
    receipts.map((_, index) => index + 1),
  )
  const blocks = await bodies(log.store, receipts[0]!.chain)
  assert.equal(blocks.length, 1)
  assert.deepEqual(
    blocks[0]!.map(({ hash }) => hash),
    receipts.map(({ hash }) => hash),
  )
  await log.close()
})

onEveryStore('each record is answered with its own place while checkpoints are made all the time', async (store) => {
  const troubles: unknown[] = []
  const log = await openAuditLog(store.url, {
    ...options('busy'),
    checkpoints: { records: 3, every: 1 },
    onTrouble: (error) => troubles.push(error),
  })
  const appendSome = async (from: number) => {
    const places: [number, string][] = []
    for (let at = from; at < from + 40; at++) {
      const { seq, hash } = await log.append(aNodeRecord(at))
      places.push([seq, hash])
    }
    return places
  }
  const places = await Promise.all([0, 1000, 2000, 3000].map(appendSome))
  await log.checkpoint()
  const { chain } = await log.store.sql.selectFrom('audit_chains').selectAll().executeTakeFirstOrThrow()
  const kept = (await bodies(log.store, chain)).flat().map(({ seq, hash }) => [seq, hash])
  assert.deepEqual(
    places.flat().toSorted(([a], [b]) => a - b),
    kept,
  )
  assert.deepEqual(troubles, [])
  await log.close()
})

onEveryStore('a node goes on with its chain after a restart, and each node has its own', async (store) => {
  const first = await openAuditLog(store.url, options('a'))
  const one = await first.append(aDecisionRecord())
  await first.close()
  const again = await openAuditLog(store.url, options('a'))
  const other = await openAuditLog(store.url, options('b'))
  const [two, elsewhere] = await Promise.all([again.append(aDecisionRecord()), other.append(aDecisionRecord())])
  assert.deepEqual([two.chain, two.seq], [one.chain, 2])
  assert.notEqual(elsewhere.chain, one.chain)
  assert.equal(elsewhere.seq, 1)
  assert.notEqual(elsewhere.hash, one.hash)
  await again.close()
  await other.close()
})

onEveryStore('two processes that bear one name write one chain without a fork', async (store) => {
  const logs = [await openAuditLog(store.url, options('a')), await openAuditLog(store.url, options('a'))]
  const receipts = (
    await Promise.all(
      logs.map(async (log) => {
        const got = []
        for (let index = 0; index < 20; index++) got.push(await log.append(aNodeRecord(index)))
        return got
      }),
    )
  ).flat()
  assert.equal(new Set(receipts.map(({ chain }) => chain)).size, 1)
  assert.deepEqual(
    receipts.map(({ seq }) => seq).toSorted((a, b) => a - b),
    receipts.map((_, index) => index + 1),
  )
  const lines = (await bodies(logs[0]!.store, receipts[0]!.chain)).flat()
  for (const { seq, hash } of receipts) assert.equal(lines[seq - 1]!.hash, hash)
  for (const log of logs) await log.close()
})

onEveryStore('a record that does not fit is refused, and the others are kept', async (store) => {
  const log = await openAuditLog(store.url, options('a'))
  const results = await Promise.allSettled([
    log.append(aNodeRecord(1)),
    log.append({ ...aNodeRecord(2), secret: 'x' } as never),
    log.append(aNodeRecord(3)),
  ])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  await log.close()
  await assert.rejects(log.append(aNodeRecord(4)), isUnavailable)
})

test('records are refused while the store is gone, and taken again when it is back', async (context) => {
  const cluster = startedCluster()
  if (cluster === null) return context.skip('no PostgreSQL on this machine')
  const way = await wayTo((await cluster).folder)
  // an error that nobody hears ends a process: a connection that dies in use must not have one
  const unheard: unknown[] = []
  const hear = (error: unknown) => void unheard.push(error)
  process.on('uncaughtExceptionMonitor', hear)
  const log = await openAuditLog(way.url, { ...options('a'), limits: { rest: 5 } })
  try {
    const before = await log.append(aNodeRecord(1))
    way.close()
    const refused = await Promise.allSettled(Array.from({ length: 5 }, () => log.append(aNodeRecord(2))))
    assert.ok(refused.every((each) => each.status === 'rejected' && isUnavailable(each.reason)))
    way.open()
    const after = await once(() => log.append(aNodeRecord(3)))
    assert.equal(after.chain, before.chain)
    const kept = (await bodies(log.store, before.chain)).flat()
    assert.equal(kept.at(-1)!.hash, after.hash)
    assert.deepEqual(unheard, [])
  } finally {
    process.off('uncaughtExceptionMonitor', hear)
    await log.close()
    way.remove()
  }
})

test('a commit that goes on in the store after its connection was lost is waited for, and not made again', async (context) => {
  const cluster = startedCluster()
  if (cluster === null) return context.skip('no PostgreSQL on this machine')
  const way = await wayTo((await cluster).folder)
  const log = await openAuditLog(way.url, { ...options('a'), limits: { patience: 60_000 } })
  const direct = await openDatabase(way.direct)
  const waiting = (count: number) =>
    once(async () => {
      const { rows } = await sql<{ pid: number }>`select pid from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`.execute(direct.sql)
      assert.equal(rows.length, count)
    })
  try {
    const { chain } = await log.append(aNodeRecord(1))
    const appended = await direct.transaction(async (held) => {
      await held.updateTable('audit_chains').set({ node: 'a' }).execute()
      const receipt = log.append(aNodeRecord(2))
      await waiting(1)
      way.forget()
      await waiting(2)
      return { receipt }
    })
    const { seq, hash } = await appended.receipt
    const kept = (await bodies(log.store, chain)).flat()
    assert.deepEqual([kept.length, seq, hash], [2, 2, kept[1]!.hash])
    const next = await log.append(aNodeRecord(3))
    assert.equal(next.seq, 3)
  } finally {
    await log.close()
    await direct.close()
    way.remove()
  }
})

/** A new database behind a door that can be shut. */
async function wayTo(folder: string) {
  const direct = await newPostgres({ folder, bin: '' })
  const between = mkdtempSync(join(tmpdir(), 'ambit-between-'))
  const [clients, stores] = [new Set<Socket>(), new Set<Socket>()]
  let isOpen = true
  const proxy = createServer((socket) => {
    if (!isOpen) return socket.destroy()
    const to = connect(join(folder, '.s.PGSQL.5432'))
    for (const [each, all] of [
      [socket, clients],
      [to, stores],
    ] as const) {
      all.add(each)
      each.on('error', () => {})
      each.once('close', () => all.delete(each))
    }
    socket.pipe(to).pipe(socket)
  })
  await new Promise<void>((resolve) => proxy.listen(join(between, '.s.PGSQL.5432'), resolve))
  const cut = (all: ReadonlySet<Socket>) => all.forEach((socket) => socket.destroy())
  const close = () => {
    isOpen = false
    cut(clients)
    cut(stores)
  }
  return {
    direct,
    url: direct.replace(encodeURIComponent(folder), encodeURIComponent(between)),
    open: () => (isOpen = true),
    close,
    /** clients lose their connections, of which the store does not hear */
    forget: () => cut(clients),
    remove() {
      close()
      proxy.close()
      rmSync(between, { recursive: true, force: true })
    },
  }
}

/** What the work gives once it does not fail. */
async function once<T>(work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work()
    } catch (error) {
      if (tried === 1500) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

const limits = { waiting: 3, weight: 100, batch: 2, batchWeight: 100, pace: 0, patience: 50, rest: 1 }

test('more than may wait is refused at once', async () => {
  let finish = () => {}
  const held = new Promise<void>((resolve) => (finish = resolve))
  const group = groupCommit<number, number>(
    async (items) => (await held, items),
    () => 1,
    { ...limits, patience: 5000 },
  )
  const taken = [1, 2, 3].map((item) => group.append(item))
  await assert.rejects(group.append(4), isUnavailable)
  finish()
  assert.deepEqual(await Promise.all(taken), [1, 2, 3])
  await group.close()
})

test('a commit that takes too long refuses all who wait, and no other commit overtakes it', async () => {
  let finish = () => {}
  let writes = 0
  const group = groupCommit<number, number>(
    async (items) => {
      if (++writes === 1) await new Promise<void>((resolve) => (finish = resolve))
      return items
    },
    () => 1,
    limits,
  )
  const results = await Promise.allSettled([group.append(1), group.append(2), group.append(3)])
  assert.ok(results.every((each) => each.status === 'rejected' && isUnavailable(each.reason)))
  await assert.rejects(group.append(4), isUnavailable)
  assert.equal(writes, 1)
  finish()
  assert.equal(await once(() => group.append(5)), 5)
  await group.close()
})

test('the log of an SQLite store lies in a file of its own beside it', () => {
  assert.equal(auditPath('/data/ambit.db'), '/data/ambit.audit.db')
  assert.equal(auditPath('/data.d/ambit'), '/data.d/ambit.audit.db')
  assert.equal(auditPath(':memory:'), ':memory:')
})
