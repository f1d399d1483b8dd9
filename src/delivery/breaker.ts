/** Leaves a provider alone that fails again and again. */

export interface Breaker {
  readonly note: (worked: boolean, now: number) => void
  /** whether others go first */
  readonly isOpen: (now: number) => boolean
}

/** Failures in a row after which it is left alone, and for how long in milliseconds, doubled up to the longest. Ours. */
const FAILURES = 3
const FIRST_PAUSE = 10_000
const LONGEST_PAUSE = 300_000

export function newBreaker(): Breaker {
  let failures = 0
  let until = -Infinity
  return {
    note(worked, now) {
      failures = worked ? 0 : failures + 1
      until = failures < FAILURES ? -Infinity : now + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - FAILURES))
    },
    isOpen: (now) => now < until,
  }
}
