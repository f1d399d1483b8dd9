import type { Clock } from '#lib/clock.ts'
import { follow, type Change } from '#storage/changes.ts'
import type { Database } from '#storage/database.ts'
import type { ChangeFeed, Log } from './context.ts'

/** The changes of the store, told to whoever listens to their topic, until it is stopped. */
export async function followChanges(
  database: Database,
  { clock, log }: { clock: Clock; log: Log },
): Promise<ChangeFeed & { stop: () => Promise<void> }> {
  const listeners = new Map<string, Set<(change: Change) => void | Promise<void>>>()
  const { look, stop } = await follow(
    database,
    async (change) => {
      for (const listener of listeners.get(change.topic) ?? []) await listener(change)
    },
    {
      clock,
      onTrouble: (error) =>
        error === null
          ? log.info({}, 'changes of the store are followed again')
          : log.error({ err: error }, 'changes of the store cannot be followed'),
    },
  )
  return {
    look,
    stop,
    on(topic, listener) {
      const others = listeners.get(topic) ?? new Set()
      listeners.set(topic, others.add(listener))
      return () => void others.delete(listener)
    },
  }
}
