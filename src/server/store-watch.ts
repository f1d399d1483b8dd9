import { performance } from 'node:perf_hooks'
import type { Log } from './context.ts'

/** Milliseconds between two questions to the store. */
const ASK_EVERY = 500
/** Milliseconds without an answer after which the store counts as gone: what it knows of revocations may be missing here. */
const PATIENCE = 3000

export interface StoreWatch {
  readonly reachable: () => boolean
  readonly stop: () => void
}

/** Keeps asking the store whether it is there. It counts as gone at its first error, or when it keeps silent. */
export function watchStore(ask: () => Promise<void>, log: Log): StoreWatch {
  // a clock that is set back must not make an old answer young
  let answeredAt = performance.now()
  let failed = false
  let said = true
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const reachable = () => !failed && performance.now() - answeredAt < PATIENCE
  const tell = (error?: unknown) => {
    if (reachable() === said) return
    said = !said
    if (said) log.info({}, 'the store answers again')
    else log.error({ err: error }, 'the store does not answer; this node is not ready')
  }
  const again = () => {
    const overdue = setTimeout(tell, PATIENCE + 1)
    overdue.unref()
    ask()
      .then(
        () => {
          failed = false
          answeredAt = performance.now()
          tell()
        },
        (error: unknown) => {
          failed = true
          tell(error)
        },
      )
      .finally(() => {
        clearTimeout(overdue)
        if (stopped) return
        timer = setTimeout(again, ASK_EVERY)
        timer.unref()
      })
  }
  again()
  return {
    reachable,
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
