/**
 * Many writers, one commit: whatever arrives while a commit runs goes into the next one. A promise resolves when its
 * item is durable and not before; it rejects when the store fails, is too slow, or has fallen too far behind.
 */
import { performance } from 'node:perf_hooks'
import { AmbitError } from '#lib/errors.ts'

export interface GroupCommit<T, R> {
  readonly append: (item: T) => Promise<R>
  /** resolves when all that was taken is answered; nothing is taken after it */
  readonly close: () => Promise<void>
  /** items that wait or are being written */
  readonly waiting: () => number
}

export interface GroupLimits {
  /** items and total weight that may wait; beyond it, callers are refused at once */
  readonly waiting: number
  readonly weight: number
  /** items and weight of one commit */
  readonly batch: number
  readonly batchWeight: number
  /** milliseconds between the beginnings of two commits: more share one where they would follow at once */
  readonly pace: number
  /** milliseconds that a commit may take */
  readonly patience: number
  /** milliseconds after a failure in which callers are refused without asking the store */
  readonly rest: number
}

interface Waiting<T, R> {
  readonly item: T
  readonly weight: number
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
}

export function groupCommit<T, R>(
  write: (items: readonly T[]) => Promise<readonly R[]>,
  weigh: (item: T) => number,
  limits: GroupLimits,
): GroupCommit<T, R> {
  let queue: Waiting<T, R>[] = []
  let weight = 0
  let writing: readonly Waiting<T, R>[] = []
  let running: Promise<void> | null = null
  let refusal: unknown = null
  let closed = false

  function append(item: T): Promise<R> {
    if (closed) return Promise.reject(unavailable('the audit log is closed'))
    if (refusal !== null) return Promise.reject(refusal as Error)
    const own = weigh(item)
    if (queue.length >= limits.waiting || weight + own > limits.weight) {
      return Promise.reject(unavailable('the audit log cannot keep up; ask again later'))
    }
    const { promise, resolve, reject } = Promise.withResolvers<R>()
    queue.push({ item, weight: own, resolve, reject })
    weight += own
    running ??= run()
    return promise
  }

  async function run(): Promise<void> {
    // items of the same turn of the event loop share a commit
    await new Promise((resolve) => setImmediate(resolve))
    while (queue.length > 0) {
      writing = nextBatch()
      const begun = performance.now()
      const batch = writing
      const written = write(batch.map(({ item }) => item))
      try {
        const results = await withPatience(written, limits.patience)
        for (const [index, { resolve }] of batch.entries()) resolve(results[index]!)
        writing = []
        const left = limits.pace - (performance.now() - begun)
        if (left > 0 && !closed) await new Promise((resolve) => setTimeout(resolve, left))
      } catch (error) {
        refuseAll(batch, error)
        // a commit that is merely late still holds the chain: the next one waits for it
        await written.catch(() => {})
        await new Promise((resolve) => setTimeout(resolve, closed ? 0 : limits.rest))
        refusal = null
      }
    }
    writing = []
    running = null
  }

  function nextBatch(): Waiting<T, R>[] {
    let taken = 0
    let heavy = 0
    while (taken < queue.length && taken < limits.batch && (taken === 0 || heavy < limits.batchWeight)) {
      heavy += queue[taken++]!.weight
    }
    const batch = queue.slice(0, taken)
    queue = queue.slice(taken)
    weight -= heavy
    return batch
  }

  function refuseAll(batch: readonly Waiting<T, R>[], error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    refusal = error instanceof AmbitError ? error : unavailable(`the audit log cannot be written: ${why}`)
    for (const { reject } of [...batch, ...queue]) reject(refusal)
    queue = []
    weight = 0
  }

  return {
    append,
    waiting: () => queue.length + writing.length,
    async close() {
      closed = true
      await running
    },
  }
}

async function withPatience<R>(written: Promise<R>, patience: number): Promise<R> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(unavailable('the audit log is too slow to answer')), patience)
  try {
    return await Promise.race([written, promise])
  } finally {
    clearTimeout(timer)
  }
}

const unavailable = (message: string) => new AmbitError('audit_unavailable', message)
