/** Guesses of an account and factor against the budget's own definition, for arbitrary interleavings of two nodes. */
import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import type { Budget } from '#authn/budget.ts'
import { budgetStore } from './budgets.ts'
import { onEveryStore } from './stores.fixture.ts'

const [HOUR, DAY] = [3_600_000, 86_400_000]

/** The definition, for reading: windows that begin with their first guess and end by the clock. */
class Definition {
  #hour = { start: -Infinity, count: 0 }
  #day = { start: -Infinity, count: 0 }
  #run = 0
  readonly budget: Budget
  constructor(budget: Budget) {
    this.budget = budget
  }

  /** how many of so many guesses at once are granted */
  guess(times: number, now: number): number {
    let granted = 0
    for (let i = 0; i < times; i++) {
      const hour = now - this.#hour.start >= HOUR ? { start: now, count: 0 } : this.#hour
      const day = now - this.#day.start >= DAY ? { start: now, count: 0 } : this.#day
      const { perHour, perDay, inARow } = this.budget
      if (hour.count >= perHour || day.count >= perDay || this.#run >= inARow) continue
      this.#hour = { ...hour, count: hour.count + 1 }
      this.#day = { ...day, count: day.count + 1 }
      this.#run++
      granted++
    }
    return granted
  }

  succeed(): void {
    this.#hour = { ...this.#hour, count: 0 }
    this.#day = { ...this.#day, count: Math.max(0, this.#day.count - 1) }
    this.#run = 0
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ guesses: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 1, arbitrary: fc.constant({ succeeds: true } as const) },
  // the clock goes on, and is set back at times
  {
    weight: 4,
    arbitrary: fc.record({ waits: fc.constantFrom(60_000, HOUR - 1, HOUR, 2 * HOUR, DAY, -600_000, -2 * HOUR) }),
  },
)

onEveryStore('guesses that come in any order at two nodes are granted as the budget is defined', async (store) => {
  const nodes = [budgetStore(await store.open()), budgetStore(await store.open())]
  let accounts = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), async (steps) => {
      const account = `idp:${accounts++}`
      const budget = { perHour: 5, perDay: 12, inARow: 30 }
      const definition = new Definition(budget)
      let now = 1_800_000_000_000
      for (const it of steps) {
        if ('waits' in it) now += it.waits
        else if ('guesses' in it) {
          const tried = Array.from({ length: it.guesses }, (_, i) =>
            nodes[i % 2]!.reserve(account, 'totp', '', budget, now),
          )
          const granted = (await Promise.all(tried)).filter(Boolean).length
          assert.equal(granted, definition.guess(it.guesses, now))
        } else {
          await nodes[0]!.succeeded(account, 'totp', 'strange')
          definition.succeed()
        }
      }
    }),
    { numRuns: 25, endOnFailure: true },
  )
})
