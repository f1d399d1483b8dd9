import { buildHeap } from './derivation.ts'
import { hittingSet, isMet, type Clause } from './hitting-set.ts'
import { EPSILON, type Solver } from './solver.ts'

/** So many demands in a row are met greedily before the solver has its turn again. */
const WALK = 10

/** Choices named by the demands that the solver is seen to take a second for, on one core. */
const SIZE_PER_SECOND = 30_000
const sizeOf = (clauses: readonly Clause[]): number => clauses.reduce((sum, { any }) => sum + any.length, 0)

/** A question whose answer is a cheapest set of choices, known only through what a given set leaves wrong. */
export interface Question {
  /** per choice: its cost, finite and not negative */
  readonly costs: ArrayLike<number>
  /**
   * Demands that every answer meets and that these choices do not; none where they are an answer. A demand without any
   * choice says that there is no answer.
   */
  readonly violated: (chosen: ReadonlySet<number>) => readonly Clause[]
}

export interface Limits {
  readonly solver: Solver
  /** milliseconds, from any start */
  readonly now: () => number
  /** when to stop, on the clock of `now` */
  readonly until: number
}

/** What the search does when its time is over and it has no answer yet: it looks for any, or leaves it to others. */
export type AtTheEnd = 'any answer' | 'stop'

export interface Answer {
  /** null where no answer exists, or none was found in time */
  readonly chosen: readonly number[] | null
  readonly cost: number
  /** no answer costs less; Infinity where there is none at all */
  readonly bound: number
  readonly rounds: number
  readonly clauses: number
}

/**
 * Implicit hitting set: solve the demands known so far, ask what the solution leaves wrong, repeat. Every solution of
 * some of the demands is a lower bound for all of them; the first that leaves nothing wrong is optimal.
 *
 * Between two solutions the demands are met greedily until nothing is wrong, which gives an answer to fall back on and
 * many demands at once. What the greedy answer has too much of is taken back.
 */
export function search(
  { costs, violated }: Question,
  { solver, now, until }: Limits,
  atTheEnd: AtTheEnd = 'any answer',
): Answer {
  const clauses: Clause[] = []
  let best: readonly number[] | null = null
  let least = Infinity
  let bound = 0
  let rounds = 0
  const costOf = (chosen: Iterable<number>): number => {
    let sum = 0
    for (const choice of chosen) sum += costs[choice]!
    return sum
  }
  const offer = (chosen: ReadonlySet<number>): void => {
    const cost = costOf(chosen)
    if (cost >= least - EPSILON) return
    best = [...chosen]
    least = cost
  }
  const answer = (): Answer => ({
    chosen: best,
    cost: least,
    bound: Math.min(Math.max(bound, packed(clauses, costs)), least),
    rounds,
    clauses: clauses.length,
  })
  for (;;) {
    const left = (until - now()) / 1000
    // a program too large for the time left would only run over it
    if (least < Infinity && sizeOf(clauses) > SIZE_PER_SECOND * left) return answer()
    const solved = hittingSet(solver, costs, clauses, Math.max(Math.min(left, 1), left / 2))
    if (solved === null) return { chosen: null, cost: Infinity, bound: Infinity, rounds, clauses: clauses.length }
    bound = Math.max(bound, solved.bound, packed(clauses, costs))
    const chosen = new Set(solved.cost === Infinity ? covered(clauses, costs) : solved.chosen)
    const exact = solved.cost - solved.bound <= EPSILON * 10
    if (least <= bound + EPSILON * 10) return answer()
    let found = false
    let walk = 0
    for (; walk < WALK || now() > until; walk++) {
      const fresh = violated(chosen)
      rounds++
      found = fresh.length === 0
      if (found) break
      if (fresh.some(({ any, unless = [] }) => any.length + unless.length === 0)) {
        return { chosen: null, cost: Infinity, bound: Infinity, rounds, clauses: clauses.length }
      }
      clauses.push(...fresh)
      // what must not go together is left to the solver: to add more does not mend it
      if (fresh.every(({ unless = [] }) => unless.length > 0) && now() < until) break
      if (!meetGreedily(fresh, costs, chosen)) break
      // once an answer is at hand there is no need to walk to another that is dearer
      if (costOf(chosen) >= least && fresh.length < 8) break
      if (now() > until && (best !== null || atTheEnd === 'stop')) return answer()
    }
    if (found) {
      offer(chosen)
      const fewer = walk > 0 ? without(chosen, clauses, costs) : chosen
      if (fewer.size < chosen.size) {
        const fresh = violated(fewer)
        clauses.push(...fresh)
        if (fresh.length === 0) offer(fewer)
      }
      if (exact && costOf(chosen) <= bound + EPSILON * 10) return answer()
    }
    if (now() > until) return answer()
  }
}

/** A set that meets every demand, if any greedy one does: not the cheapest, but soon found. */
function covered(clauses: readonly Clause[], costs: ArrayLike<number>): ReadonlySet<number> {
  const chosen = new Set<number>()
  meetGreedily(clauses, costs, chosen)
  return without(chosen, clauses, costs)
}

/**
 * A lower bound that needs no solver: each demand is given what the cheapest of its choices has left to give, and no choice
 * gives more than it costs (dual ascent; R. Bar-Yehuda and S. Even, 1981). O(size of the demands).
 */
function packed(clauses: readonly Clause[], costs: ArrayLike<number>): number {
  const left = new Map<number, number>()
  const leftOf = (choice: number): number => left.get(choice) ?? costs[choice]!
  const uses = new Map<number, number>()
  const plain = clauses.filter(({ unless = [] }) => unless.length === 0)
  for (const { any } of plain) for (const choice of any) uses.set(choice, (uses.get(choice) ?? 0) + 1)
  // those whose choices serve few others take from the others least
  const shares = new Map(
    plain.map((clause) => [clause, clause.any.reduce((sum, choice) => sum + uses.get(choice)!, 0)]),
  )
  let sum = 0
  for (const { any } of plain.toSorted((a, b) => shares.get(a)! - shares.get(b)!)) {
    let least = Infinity
    for (const choice of any) least = Math.min(least, leftOf(choice))
    if (!(least > 0) || least === Infinity) continue
    sum += least
    for (const choice of any) left.set(choice, leftOf(choice) - least)
  }
  return sum
}

/** Adds, again and again, the choice that meets most demands for its cost; false where the demands contradict each other. */
function meetGreedily(fresh: readonly Clause[], costs: ArrayLike<number>, chosen: Set<number>): boolean {
  const open = new Set(fresh.filter((clause) => !isMet(clause, chosen)))
  const meets = new Map<number, Clause[]>()
  for (const clause of open) {
    for (const choice of clause.any) {
      const list = meets.get(choice)
      if (list) list.push(clause)
      else meets.set(choice, [clause])
    }
  }
  // what a choice is worth only falls as others are made, so the worth that was noted is looked at again when its turn comes
  const queue = buildHeap()
  const worth = (choice: number, count: number): number => -count / (costs[choice]! + EPSILON)
  for (const [choice, list] of meets) queue.push(worth(choice, list.length), choice)
  while (open.size > 0) {
    const pick = queue.pop()
    if (pick === undefined) return false
    const still = meets.get(pick)!.filter((clause) => open.has(clause))
    if (still.length === 0) continue
    if (still.length < meets.get(pick)!.length) {
      meets.set(pick, still)
      queue.push(worth(pick, still.length), pick)
      continue
    }
    chosen.add(pick)
    for (const clause of still) open.delete(clause)
  }
  return true
}

/** The chosen without those, the dearest first, that no demand needs. O(size of the demands). */
function without(chosen: ReadonlySet<number>, clauses: readonly Clause[], costs: ArrayLike<number>): Set<number> {
  const rest = new Set(chosen)
  const meets = new Map<number, Clause[]>()
  const counts = new Map<Clause, number>()
  for (const clause of clauses) {
    let count = 0
    for (const choice of clause.any) {
      if (!rest.has(choice)) continue
      count++
      const list = meets.get(choice)
      if (list) list.push(clause)
      else meets.set(choice, [clause])
    }
    for (const choice of clause.unless ?? []) if (!rest.has(choice)) count++
    counts.set(clause, count)
  }
  for (const choice of [...chosen].toSorted((a, b) => costs[b]! - costs[a]!)) {
    const needed = (meets.get(choice) ?? []).some((clause) => counts.get(clause)! <= 1)
    if (needed) continue
    rest.delete(choice)
    for (const clause of meets.get(choice) ?? []) counts.set(clause, counts.get(clause)! - 1)
  }
  return rest
}
