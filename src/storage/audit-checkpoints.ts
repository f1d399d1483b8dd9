/** Makes checkpoints of a chain as it grows: after so many records, after so much time, and when the log is closed. */
import { canonical } from '#audit/canonical.ts'
import type { Receipt } from '#audit/chain.ts'
import { checkpointOf, type Checkpoint, type Signer } from '#audit/checkpoint.ts'
import type { Clock } from '#lib/clock.ts'
import type { Anchor } from './audit-anchor.ts'
import type { BlockWriter } from './audit-blocks.ts'

export interface CheckpointOptions {
  /** records after which a checkpoint is due */
  readonly records: number
  /** milliseconds after which one is due where there are new records */
  readonly every: number
}

export interface Checkpointer {
  /** tells of the end of a block */
  readonly arrived: (receipt: Receipt, records: number) => void
  /** makes one now, where there is anything new; rejects where it cannot be kept or anchored */
  readonly make: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Times a number is tried where another process of the same name makes checkpoints of the same chain. */
const TRIES = 5

export function checkpointer(
  writer: BlockWriter,
  signer: Signer,
  anchors: readonly Anchor[],
  { records: most, every }: CheckpointOptions,
  clock: Clock,
  onTrouble: (error: unknown) => void,
): Checkpointer {
  let head: Receipt | null = null
  let since = 0
  let made: Checkpoint | null = null
  // anchors that lack the newest checkpoint; what they get next covers what they missed
  let lacking: readonly Anchor[] = []
  let running: Promise<void> = Promise.resolve()

  async function makeOne(): Promise<void> {
    const end = head
    if (end !== null && end.seq !== (made?.seq ?? 0)) {
      since = 0
      made = await kept(end)
      lacking = anchors
    }
    const checkpoint = made
    if (checkpoint === null) return
    const tried = await Promise.allSettled(lacking.map(async (anchor) => await anchor.put(checkpoint)))
    lacking = lacking.filter((_, index) => tried[index]!.status === 'rejected')
    for (const each of tried) if (each.status === 'rejected') throw each.reason
  }

  async function kept({ chain, seq, hash }: Receipt): Promise<Checkpoint> {
    for (let tries = 1; ; tries++) {
      const number = (await writer.lastCheckpoint()) + 1
      const checkpoint = checkpointOf({ chain, number, seq, hash, at: clock() }, signer)
      if (await writer.keepCheckpoint(number, canonical(checkpoint))) return checkpoint
      if (tries === TRIES) throw new Error('other processes keep making checkpoints of the same chain')
    }
  }

  const make = () => (running = running.catch(() => {}).then(makeOne))
  const attempt = () => void make().catch(onTrouble)
  const timer = setInterval(attempt, every)
  timer.unref()
  return {
    arrived(receipt, records) {
      head = receipt
      since += records
      if (since < most) return
      since = 0
      attempt()
    },
    make,
    async stop() {
      clearInterval(timer)
      await make().catch(onTrouble)
    },
  }
}
