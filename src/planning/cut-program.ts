import { solve, type Solver } from './solver.ts'

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
  const upper = new Float64Array(2 * n).fill(1)
  const costs = new Float64Array(2 * n)
  nodes.forEach(({ cost }, v) => {
    if (cost === Infinity) upper[v] = 0
    else costs[v] = cost
  })
  upper[n + goal] = 0
  const solved = solve(solver, { costs, upper, lower, starts, indices, values }, seconds)
  if (solved === null) return { cut: null, cost: Infinity, bound: Infinity }
  const cut = nodes.flatMap((_, v) => ((solved.columns[v] ?? 0) > 0.5 ? [v] : []))
  const cost = cut.reduce((sum, v) => sum + nodes[v]!.cost, 0)
  return { cut, cost, bound: Math.max(0, Math.min(solved.bound, cost)) }
}
