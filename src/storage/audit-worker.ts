/** The thread that writes the audit log of an SQLite store, so that no fsync ever stops the event loop of the server. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Receipt } from '#audit/chain.ts'
import { blockWriter } from './audit-blocks.ts'
import { openDatabase } from './database.ts'

export interface WorkerStart {
  readonly path: string
  readonly node: string
  readonly now: number
}
/** Records and receipts travel as one text each, since a message is copied field by field. */
export type ToWorker =
  /** records, a line each, and the latest `at` of them */
  | { readonly write: string; readonly at: number }
  | { readonly lastCheckpoint: true }
  | { readonly keepCheckpoint: readonly [number: number, text: string] }
  | { readonly close: true }
/** A message has a number, and so has its answer: what is asked first need not be done first. */
export type Asked = ToWorker & { readonly id: number }
/** One answer to each message; one more, to number 0, says that the chain is open. */
export type FromWorker = { readonly id: number } & ({ readonly result: Answer } | { readonly failed: string })
export type Answer = Written | number | boolean | null
/** Where records came to stand: the number of the first, and the hash of each, 64 characters after 64. */
export interface Written {
  readonly chain: string
  readonly firstSeq: number
  readonly hashes: string
}

const port = parentPort!
const { path, node, now } = workerData as WorkerStart
const answer = async (id: number, work: () => Promise<Answer>) => {
  try {
    port.postMessage({ id, result: await work() } satisfies FromWorker)
  } catch (error) {
    port.postMessage({ id, failed: error instanceof Error ? error.message : String(error) } satisfies FromWorker)
  }
}

const writtenAs = (receipts: readonly Receipt[]): Written => ({
  chain: receipts[0]!.chain,
  firstSeq: receipts[0]!.seq,
  hashes: receipts.map(({ hash }) => hash).join(''),
})

const database = await openDatabase(path, { migrated: false })
const writer = await blockWriter(database, node, now)
port.on('message', (message: Asked) => {
  void answer(message.id, async () => {
    if ('write' in message) {
      const { at, write } = message
      return writtenAs(await writer.write(write.split('\n').map((text) => ({ text, at }))))
    }
    if ('lastCheckpoint' in message) return await writer.lastCheckpoint()
    if ('keepCheckpoint' in message) return await writer.keepCheckpoint(...message.keepCheckpoint)
    await database.close()
    return null
  }).then(() => 'close' in message && port.close())
})
await answer(0, async () => null)
