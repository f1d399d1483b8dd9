/** Minimum-cost hitting sets by integer programming (HiGHS). */
import highsLoader, { type Highs } from 'highs'

/** The solver of integer programs; loaded once, since it is WebAssembly. */
export type Solver = Highs
// its types speak of a CommonJS module, where the loader would lie one step deeper than it does
export const loadSolver = (): Promise<Solver> => (highsLoader as unknown as typeof highsLoader.default)()

export interface HittingSet {
  /** sorted */
  readonly chosen: readonly number[]
  readonly cost: number
  /** no hitting set is cheaper */
  readonly bound: number
}

/**
 * Returns a cheapest set of choices with one of each clause in it, or the best found in the time; null when a clause is
 * empty. What the solver says is checked; where it says nothing of use, every choice is taken and the bound is 0.
 *
 * @param costs  per choice: whole and positive, so that the bound may be rounded up
 * @param seconds  time for the solver; when it runs out, `cost` and `bound` differ
 */
export function hittingSet(
  solver: Solver,
  costs: ArrayLike<number>,
  clauses: readonly (readonly number[])[],
  seconds: number,
): HittingSet | null {
  if (clauses.some((clause) => clause.length === 0)) return null
  const choices = [...new Set(clauses.flat())].toSorted((a, b) => a - b)
  if (choices.length === 0) return { chosen: [], cost: 0, bound: 0 }
  const columnOf = new Map(choices.map((choice, column) => [choice, column]))
  const starts = [0]
  const indices: number[] = []
  for (const clause of clauses) {
    for (const choice of new Set(clause)) indices.push(columnOf.get(choice)!)
    starts.push(indices.length)
  }
  const [numCols, numRows] = [choices.length, clauses.length]
  const { integer } = solver.constants.variableType
  const costOf = (chosen: readonly number[]) => chosen.reduce((sum, choice) => sum + costs[choice]!, 0)
  return solver.withModel(
    {
      numCols,
      numRows,
      colCost: choices.map((choice) => costs[choice]!),
      colLower: Array<number>(numCols).fill(0),
      colUpper: Array<number>(numCols).fill(1),
      rowLower: Array<number>(numRows).fill(1),
      rowUpper: Array<number>(numRows).fill(solver.infinity),
      integrality: Array<typeof integer>(numCols).fill(integer),
      matrix: { format: 'csr', numRows, numCols, starts, indices, values: Array<number>(indices.length).fill(1) },
    },
    (model) => {
      model.options.set({ output_flag: false, time_limit: seconds, mip_rel_gap: 0, mip_abs_gap: 0.5 })
      model.run()
      const { colValue } = model.getSolution()
      const chosen = choices.filter((_, column) => (colValue[column] ?? 0) > 0.5)
      const found = new Set(chosen)
      const cost = costOf(chosen)
      // costs are whole, so a bound of 2.0001 is one of 3; the solver's own error is far below a thousandth
      const dual = Math.ceil(Number(model.info.get('mip_dual_bound')) - 1e-3)
      const bound = Number.isFinite(dual) ? Math.max(0, dual) : 0
      if (clauses.every((clause) => clause.some((choice) => found.has(choice))))
        return { chosen, cost, bound: Math.min(bound, cost) }
      return { chosen: choices, cost: costOf(choices), bound }
    },
  )
}
