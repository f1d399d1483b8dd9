/** The thread that writes the audit log of an SQLite store, so that no fsync ever stops the event loop of the server. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Receipt, Sealed } from '#audit/chain.ts'
import { blockWriter } from './audit-blocks.ts'
import { openDatabase } from './database.ts'

export interface WorkerStart {
  readonly path: string
  readonly node: string
  readonly now: number
}
export type ToWorker =
  | { readonly write: readonly Sealed[] }
  | { readonly lastCheckpoint: true }
  | { readonly keepCheckpoint: readonly [number: number, text: string] }
  | { readonly close: true }
/** One answer to each message, in order; the first, without a message, says that the chain is open. */
export type FromWorker = { readonly result: Answer } | { readonly failed: string }
export type Answer = readonly Receipt[] | number | boolean | null

const port = parentPort!
const { path, node, now } = workerData as WorkerStart
const answer = async (work: () => Promise<Answer>) => {
  try {
    port.postMessage({ result: await work() } satisfies FromWorker)
  } catch (error) {
    port.postMessage({ failed: error instanceof Error ? error.message : String(error) } satisfies FromWorker)
  }
}

const database = await openDatabase(path, { migrated: false })
const writer = await blockWriter(database, node, now)
port.on('message', (message: ToWorker) => {
  void answer(async () => {
    if ('write' in message) return await writer.write(message.write)
    if ('lastCheckpoint' in message) return await writer.lastCheckpoint()
    if ('keepCheckpoint' in message) return await writer.keepCheckpoint(...message.keepCheckpoint)
    await database.close()
    return null
  }).then(() => 'close' in message && port.close())
})
await answer(async () => null)
