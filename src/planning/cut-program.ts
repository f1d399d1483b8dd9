import type { Solver } from './hitting-set.ts'
import { EPSILON } from './hitting-set.ts'

/** A node as the program sees it: it holds when `needs` of `body` hold and it is not cut. */
export interface ProgramNode {
  readonly needs: number
  /** distinct, without the node itself */
  readonly body: ArrayLike<number> & Iterable<number>
  /** not negative; Infinity where it cannot be cut */
  readonly cost: number
}

export interface ProgramAnswer {
  /** null where no cut exists (then `bound` is Infinity) or none was found in the time */
  readonly cut: readonly number[] | null
  readonly cost: number
  /** no cut costs less */
  readonly bound: number
}

/**
 * The cheapest cut as one integer program, over all nodes at once: per node whether it is cut (x) and whether it holds (y),
 * with y + x no less than what its body gives, and y = 0 for the goal. Whatever satisfies that holds at least what the
 * least fixpoint holds, so cycles are no trouble. Where many derivations cross, this closes the gap sooner than learning
 * them one by one.
 *
 * @param seconds  time for the solver; when it runs out, `cost` and `bound` differ
 */
export function cutByProgram(
  solver: Solver,
  nodes: readonly ProgramNode[],
  goal: number,
  seconds: number,
): ProgramAnswer {
  const n = nodes.length
  const starts = [0]
  const indices: number[] = []
  const values: number[] = []
  const lower: number[] = []
  const add = (v: number, weight: number, body: Iterable<number>, atLeast: number): void => {
    const cuttable = nodes[v]!.cost !== Infinity
    indices.push(n + v, ...(cuttable ? [v] : []))
    values.push(weight, ...(cuttable ? [weight] : []))
    for (const each of body) {
      indices.push(n + each)
      values.push(-1)
    }
    starts.push(indices.length)
    lower.push(atLeast)
  }
  nodes.forEach(({ needs, body }, v) => {
    if (needs <= 0) add(v, 1, [], 1)
    else if (needs === 1) for (const each of body) add(v, 1, [each], 0)
    // with `needs` of them the right side is positive, and as many as there are cannot make it more than the weight
    else if (body.length >= needs) add(v, body.length - needs + 1, body, 1 - needs)
  })
  const colUpper = new Float64Array(2 * n).fill(1)
  const colCost = new Float64Array(2 * n)
  nodes.forEach(({ cost }, v) => {
    if (cost === Infinity) colUpper[v] = 0
    else colCost[v] = cost
  })
  colUpper[n + goal] = 0
  return solver.withModel(
    {
      numCols: 2 * n,
      numRows: lower.length,
      colCost,
      colLower: new Float64Array(2 * n),
      colUpper,
      rowLower: lower,
      rowUpper: new Float64Array(lower.length).fill(solver.infinity),
      integrality: new Int32Array(2 * n).fill(solver.constants.variableType.integer),
      matrix: { format: 'csr', numRows: lower.length, numCols: 2 * n, starts, indices, values },
    },
    (model) => {
      model.options.set({
        output_flag: false,
        time_limit: Math.max(0.05, seconds),
        mip_rel_gap: 0,
        mip_abs_gap: EPSILON,
      })
      model.run()
      if (model.getModelStatus() === solver.constants.modelStatus.infeasible) {
        return { cut: null, cost: Infinity, bound: Infinity }
      }
      const { colValue } = model.getSolution()
      const cut = nodes.flatMap((_, v) => ((colValue[v] ?? 0) > 0.5 ? [v] : []))
      const cost = cut.reduce((sum, v) => sum + nodes[v]!.cost, 0)
      return { cut, cost, bound: Math.max(0, Math.min(Number(model.info.get('mip_dual_bound')), cost)) }
    },
  )
}
