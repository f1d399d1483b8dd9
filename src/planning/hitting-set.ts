/**
 * Minimum-cost hitting sets: which of many choices to make, so that each of a list of demands is met, at the least cost;
 * and the loop around them that learns its demands one by one from whoever can say what is still wrong.
 */
import { solve, type Solver } from './solver.ts'

/** One demand: at least one of `any` is chosen, or at least one of `unless` is not. */
export interface Clause {
  readonly any: readonly number[]
  readonly unless?: readonly number[]
}

export interface HittingSet {
  readonly chosen: readonly number[]
  readonly cost: number
  /** no hitting set is cheaper than this */
  readonly bound: number
}

/**
 * Returns a cheapest set of choices that meets every clause, or the best found in the time; null when no set can.
 *
 * @param costs    per choice: its cost, finite and not negative
 * @param seconds  time for the solver; when it runs out, `cost` and `bound` differ
 */
export function hittingSet(
  solver: Solver,
  costs: ArrayLike<number>,
  clauses: readonly Clause[],
  seconds: number,
): HittingSet | null {
  if (clauses.some(({ any, unless = [] }) => any.length + unless.length === 0)) return null
  const cheapest = withoutTwins(costs, clauses)
  const columns = new Map<number, number>()
  const choices: number[] = []
  const columnOf = (choice: number): number => {
    let column = columns.get(choice)
    if (column === undefined) {
      columns.set(choice, (column = choices.length))
      choices.push(choice)
    }
    return column
  }
  const starts = [0]
  const indices: number[] = []
  const values: number[] = []
  const lower: number[] = []
  for (const { any, unless = [] } of clauses) {
    for (const choice of any) {
      if (!cheapest(choice)) continue
      indices.push(columnOf(choice))
      values.push(1)
    }
    for (const choice of unless) {
      indices.push(columnOf(choice))
      values.push(-1)
    }
    starts.push(indices.length)
    lower.push(1 - unless.length)
  }
  if (choices.length === 0) return { chosen: [], cost: 0, bound: 0 }
  const upper = new Float64Array(choices.length).fill(1)
  const program = { costs: choices.map((choice) => costs[choice]!), upper, lower, starts, indices, values }
  const solved = solve(solver, program, seconds)
  if (solved === null) return null
  const chosen = choices.filter((_choice, column) => (solved.columns[column] ?? 1) > 0.5)
  const cost = chosen.reduce((sum, choice) => sum + costs[choice]!, 0)
  const met = clauses.every((clause) => isMet(clause, new Set(chosen)))
  const bound = Math.max(0, Math.min(solved.bound, cost))
  return met ? { chosen, cost, bound } : { chosen: choices, cost: Infinity, bound }
}

/** Which choices are worth a look: of those that meet the very same demands, the cheapest. */
function withoutTwins(costs: ArrayLike<number>, clauses: readonly Clause[]): (choice: number) => boolean {
  const meets = new Map<number, string[]>()
  const bound = new Set(clauses.flatMap(({ unless = [] }) => unless))
  clauses.forEach(({ any }, at) => {
    for (const choice of any) {
      const list = meets.get(choice)
      if (list) list.push(String(at))
      else meets.set(choice, [String(at)])
    }
  })
  const best = new Map<string, number>()
  for (const [choice, list] of meets) {
    if (bound.has(choice)) continue
    const text = list.join(' ')
    const other = best.get(text)
    if (other === undefined || costs[choice]! < costs[other]!) best.set(text, choice)
  }
  const kept = new Set(best.values())
  return (choice) => bound.has(choice) || kept.has(choice)
}

export const isMet = ({ any, unless = [] }: Clause, chosen: ReadonlySet<number>): boolean =>
  any.some((choice) => chosen.has(choice)) || unless.some((choice) => !chosen.has(choice))

/** What meeting all of some demands is worth. */
export interface Prize {
  readonly worth: number
  readonly clauses: readonly Clause[]
}

/**
 * Returns the choices within a budget that win the most: a prize is won when each of its demands is met. Demands of
 * `always` are met in any case. Ties go to the cheaper choices.
 */
export function bestWithin(
  solver: Solver,
  costs: ArrayLike<number>,
  prizes: readonly Prize[],
  always: readonly Clause[],
  budget: number,
  seconds: number,
): number[] {
  const rows: { readonly any: readonly number[]; readonly unless: readonly number[]; readonly prize: number | null }[] =
    [
      ...always.map(({ any, unless = [] }) => ({ any, unless, prize: null })),
      ...prizes.flatMap(({ clauses }, prize) => clauses.map(({ any, unless = [] }) => ({ any, unless, prize }))),
    ]
  const choices = [...new Set(rows.flatMap(({ any, unless }) => [...any, ...unless]))]
  const columnOf = new Map(choices.map((choice, column) => [choice, column]))
  const count = choices.length + prizes.length
  const starts = [0]
  const indices: number[] = []
  const values: number[] = []
  const lower: number[] = []
  const upper: number[] = []
  const row = (entries: readonly (readonly [number, number])[], least: number, most: number): void => {
    for (const [column, value] of entries) {
      indices.push(column)
      values.push(value)
    }
    starts.push(indices.length)
    lower.push(least)
    upper.push(most)
  }
  for (const { any, unless, prize } of rows) {
    const entries = [
      ...any.map((choice) => [columnOf.get(choice)!, 1] as const),
      ...unless.map((choice) => [columnOf.get(choice)!, -1] as const),
      ...(prize === null ? [] : [[choices.length + prize, -1] as const]),
    ]
    row(entries, (prize === null ? 1 : 0) - unless.length, solver.infinity)
  }
  const priced = choices.map((choice, column) => [column, costs[choice]!] as const).filter(([, cost]) => cost > 0)
  if (priced.length > 0) row(priced, -solver.infinity, budget)
  if (count === 0) return []
  const total = choices.reduce((sum, choice) => sum + costs[choice]!, 1)
  const { integer } = solver.constants.variableType
  return solver.withModel(
    {
      numCols: count,
      numRows: lower.length,
      // a thousandth of a prize at most for being cheap
      colCost: [...choices.map((choice) => costs[choice]! / total / 1000), ...prizes.map(({ worth }) => -worth)],
      colLower: new Float64Array(count),
      colUpper: new Float64Array(count).fill(1),
      rowLower: lower,
      rowUpper: upper,
      integrality: new Int32Array(count).fill(integer),
      matrix: { format: 'csr', numRows: lower.length, numCols: count, starts, indices, values },
    },
    (model) => {
      model.options.set({ output_flag: false, time_limit: Math.max(0.05, seconds) })
      model.run()
      const { colValue } = model.getSolution()
      return choices.filter((_choice, column) => (colValue[column] ?? 0) > 0.5)
    },
  )
}
