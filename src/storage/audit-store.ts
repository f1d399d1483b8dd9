/**
 * Where the audit log is kept. PostgreSQL: in the store, over connections of its own. SQLite: in a file of its own beside
 * the store, `ambit.audit.db` beside `ambit.db`, since SQLite lets only one connection write to a file at a time: in one
 * file, transactions of the server and commits of the log would wait for each other, and fail each other.
 */
import { Worker } from 'node:worker_threads'
import type { Receipt } from '#audit/chain.ts'
import { AmbitError } from '#lib/errors.ts'
import { blockWriter, type BlockWriter } from './audit-blocks.ts'
import type { Answer, Asked, FromWorker, ToWorker, WorkerStart, Written } from './audit-worker.ts'
import { openDatabase, type Database } from './database.ts'
import { migrate } from './migrate.ts'

/** Steps of the schema that the log's own file has. */
const OWN_STEPS = ['0100-audit.ts']

/** Opens what holds the audit log of a store, to read it. */
export async function openAuditStore(url: string): Promise<Database> {
  if (/^postgres(ql)?:\/\//.test(url)) return await openDatabase(url)
  const database = await openDatabase(auditPath(url), { migrated: false })
  try {
    await migrate(database, OWN_STEPS)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

/** The file of the log beside the file of the store. */
export const auditPath = (path: string): string =>
  path === ':memory:' ? path : path.replace(/(\.[A-Za-z0-9]+)?$/, (ending) => `.audit${ending || '.db'}`)

/** The writer of a node's chain: in a thread of its own for a file, on the event loop for PostgreSQL, which waits elsewhere. */
export async function auditWriter(store: Database, url: string, node: string, now: number): Promise<BlockWriter> {
  if (store.dialect === 'postgres' || url === ':memory:') return await blockWriter(store, node, now)
  return await workerWriter({ path: auditPath(url), node, now })
}

/** Hands blocks to the thread; one that has died is started again at the next block. */
async function workerWriter(start: WorkerStart): Promise<BlockWriter> {
  let thread = await startThread(start)
  const ask = async (message: ToWorker) => {
    if (thread.isGone()) thread = await startThread(start)
    return await thread.ask(message)
  }
  return {
    async write(records) {
      const write = records.map(({ text }) => text).join('\n')
      const at = records.reduce((latest, record) => Math.max(latest, record.at), 0)
      return receiptsOf((await ask({ write, at })) as Written)
    },
    lastCheckpoint: async () => (await ask({ lastCheckpoint: true })) as number,
    keepCheckpoint: async (number, text) => (await ask({ keepCheckpoint: [number, text] })) as boolean,
    async close() {
      await thread.close()
    },
  }
}

const HASH = 64

function receiptsOf({ chain, firstSeq, hashes }: Written): Receipt[] {
  const receipts: Receipt[] = []
  for (let from = 0; from < hashes.length; from += HASH)
    receipts.push({ chain, seq: firstSeq + receipts.length, hash: hashes.slice(from, from + HASH) })
  return receipts
}

interface Thread {
  readonly ask: (message: ToWorker) => Promise<Answer>
  readonly isGone: () => boolean
  readonly close: () => Promise<void>
}

async function startThread(start: WorkerStart): Promise<Thread> {
  const worker = new Worker(new URL('audit-worker.ts', import.meta.url), { workerData: start })
  const asked = new Map<number, PromiseWithResolvers<Answer>>()
  let count = 0
  let gone: Error | null = null
  const answer = (id: number): Promise<Answer> => {
    if (gone !== null) return Promise.reject(gone)
    const asking = Promise.withResolvers<Answer>()
    asked.set(id, asking)
    // an idle log keeps no process alive; a record under way does
    worker.ref()
    return asking.promise
  }
  worker.on('message', (message: FromWorker) => {
    const asking = asked.get(message.id)
    asked.delete(message.id)
    if (asked.size === 0) worker.unref()
    if ('result' in message) asking?.resolve(message.result)
    else asking?.reject(unavailable(message.failed))
  })
  const fail = (why: string) => {
    gone ??= unavailable(why)
    for (const { reject } of asked.values()) reject(gone)
    asked.clear()
  }
  worker.on('error', (error) => fail(error instanceof Error ? error.message : String(error)))
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      fail('its thread has ended')
      resolve()
    })
  })
  await answer(0)
  const ask = async (message: ToWorker) => {
    const id = ++count
    const answered = answer(id)
    if (gone === null) worker.postMessage({ ...message, id } satisfies Asked)
    return await answered
  }
  return {
    ask,
    isGone: () => gone !== null,
    async close() {
      if (gone === null) await ask({ close: true })
      // nobody else may keep the process until the file is closed
      worker.ref()
      await exited
    },
  }
}

const unavailable = (why: string) =>
  new AmbitError('audit_unavailable', `the audit log cannot be written: ${why}`, { why })
