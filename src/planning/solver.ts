/** The solver of integer programs: HiGHS, as WebAssembly. */
import highsLoader, { type Highs } from 'highs'

/** Loaded once. */
export type Solver = Highs
// the package's types describe its CommonJS build; imported as a module, the default export is the loader itself
export const loadSolver = (): Promise<Solver> => (highsLoader as unknown as typeof highsLoader.default)()

/** Costs that differ by less than this are equal; the solver works in floating point. */
export const EPSILON = 1e-6

/** Minimise `costs`·x over whole x from 0 to `upper`, such that each row is at least `lower`; rows as in compressed sparse rows. */
export interface IntegerProgram {
  readonly costs: ArrayLike<number> & Iterable<number>
  readonly upper: Float64Array
  readonly lower: readonly number[]
  readonly starts: readonly number[]
  readonly indices: readonly number[]
  readonly values: readonly number[]
}

/**
 * Runs it for so many seconds at most.
 *
 * @returns null where nothing meets it; else the value of each column, as far as one was found, and what no solution is cheaper than
 */
export function solve(
  solver: Solver,
  { costs, upper, lower, starts, indices, values }: IntegerProgram,
  seconds: number,
): { readonly columns: ArrayLike<number | undefined>; readonly bound: number } | null {
  const [numCols, numRows] = [costs.length, lower.length]
  return solver.withModel(
    {
      numCols,
      numRows,
      colCost: Float64Array.from(costs),
      colLower: new Float64Array(numCols),
      colUpper: upper,
      rowLower: [...lower],
      rowUpper: new Float64Array(numRows).fill(solver.infinity),
      integrality: new Int32Array(numCols).fill(solver.constants.variableType.integer),
      matrix: { format: 'csr', numRows, numCols, starts: [...starts], indices: [...indices], values: [...values] },
    },
    (model) => {
      model.options.set({
        output_flag: false,
        time_limit: Math.max(0.05, seconds),
        mip_rel_gap: 0,
        mip_abs_gap: EPSILON,
      })
      model.run()
      if (model.getModelStatus() === solver.constants.modelStatus.infeasible) return null
      return { columns: model.getSolution().colValue, bound: Number(model.info.get('mip_dual_bound')) }
    },
  )
}
