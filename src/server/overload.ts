/**
 * Says in the log that there is more to do than can be done: once when that begins, and once when it is over, with how many were refused.
 * A line for each would be more to do still.
 */
import type { AmbitError } from '#lib/errors.ts'
import type { Log } from './context.ts'

export interface Overload {
  /** hears of each request or question that was refused for want of room */
  readonly note: (error: AmbitError) => void
  readonly stop: () => void
}

/** Milliseconds without a refusal after which it is over; ours. */
export const QUIET_MS = 10_000

interface Episode {
  refused: number
  /** how many were refused at the last look */
  seen: number
  readonly timer: NodeJS.Timeout
}

export function tellOverload(log: Log): Overload {
  /** by what there is too much of, as the error says it */
  const running = new Map<string, Episode>()

  function end(what: string, { refused, timer }: Episode): void {
    clearInterval(timer)
    running.delete(what)
    log.info({ what, refused }, 'nobody is refused for want of room any more')
  }
  function begin(what: string): Episode {
    const timer = setInterval(() => {
      if (episode.refused === episode.seen) end(what, episode)
      episode.seen = episode.refused
    }, QUIET_MS)
    timer.unref()
    const episode: Episode = { refused: 0, seen: 0, timer }
    running.set(what, episode)
    log.warn({ what }, 'some are refused for want of room')
    return episode
  }
  return {
    note({ message }) {
      const episode = running.get(message) ?? begin(message)
      episode.refused++
    },
    stop() {
      for (const [what, episode] of running) end(what, episode)
    },
  }
}
