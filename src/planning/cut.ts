import type { RuleSystem } from '#graph/rules.ts'
import { cutByProgram, type ProgramAnswer } from './cut-program.ts'
import { derivable, derivationOf, lightDerivation, type Derivation } from './derivation.ts'
import { minimumFlowCut } from './flow.ts'
import { type Clause } from './hitting-set.ts'
import { EPSILON, type Solver } from './solver.ts'
import { reduce, type Part, type Reduced } from './reduce.ts'
import { search, type Limits } from './search.ts'

/** An AND/OR system, what it costs to cut each node, and the node that must not be derivable any more. */
export interface CutProblem {
  readonly system: RuleSystem
  /** per node: not negative; Infinity where it cannot be cut */
  readonly costs: ArrayLike<number>
  readonly goal: number
}

/** How the answer was found; each step is exact on what it is applied to. */
export type Method =
  | 'nothing to cut'
  | 'reductions'
  | 'dominators'
  | 'minimum cut'
  | 'implicit hitting set'
  | 'integer program'

export interface CutAnswer {
  /** nodes to cut, ascending; null where no cut exists, or none was found in time */
  readonly nodes: readonly number[] | null
  readonly cost: number
  /** no cut costs less; equal to `cost` where the answer is optimal, Infinity where no cut exists */
  readonly bound: number
  readonly method: Method
}

/**
 * Returns the cheapest set of nodes without which the goal cannot be derived. NP-complete in general (Barrère et al.,
 * "Measuring cyber-physical security in industrial control systems via minimum-effort attack strategies", 2020), so it
 * is taken in steps: reductions, which settle trees; single nodes that every derivation needs; maximum flow where every
 * rule left needs one node only; an implicit hitting set for the rest; and, where too many derivations cross for that, an
 * integer program over all that is left.
 */
export function cheapestCut({ system, costs, goal }: CutProblem, limits: Limits): CutAnswer {
  const reduced = reduce(system, costs, goal)
  if (reduced === null) return { nodes: [], cost: 0, bound: 0, method: 'nothing to cut' }
  const leaf = reduced.parts.get(reduced.goal)!
  if (leaf.needs <= 0) return answerOf([leaf], leaf.cost, 'reductions')
  const core = coreOf(reduced)
  return byFlow(core) ?? bySingle(core) ?? bySearch(core, limits)
}

function answerOf(parts: readonly Part[], bound: number, method: Method): CutAnswer {
  const cost = parts.reduce((sum, part) => sum + part.cost, 0)
  if (cost === Infinity) return { nodes: null, cost, bound: Infinity, method }
  return {
    nodes: parts.flatMap(({ cut }) => cut).toSorted((a, b) => a - b),
    cost,
    bound: Math.min(bound, cost),
    method,
  }
}

/** What the reductions left, over dense indices; rule r gives node r. */
interface Core {
  readonly parts: readonly Part[]
  readonly goal: number
  readonly derivation: Derivation
}

function coreOf({ parts, goal }: Reduced): Core {
  const ids = [...parts.keys()]
  const indexOf = new Map(ids.map((id, index) => [id, index]))
  const list = ids.map((id) => parts.get(id)!)
  const offsets = new Uint32Array(list.length + 1)
  list.forEach(({ body }, i) => (offsets[i + 1] = offsets[i]! + body.size))
  const system: RuleSystem = {
    nodeCount: list.length,
    heads: Uint32Array.from(list, (_, i) => i),
    needs: Uint16Array.from(list, ({ needs }) => Math.max(0, needs)),
    bodyOffsets: offsets,
    bodies: Uint32Array.from(list.flatMap(({ body }) => Array.from(body, (id) => indexOf.get(id)!))),
  }
  return { parts: list, goal: indexOf.get(goal)!, derivation: derivationOf(system) }
}

/** Maximum flow, where one body node always suffices; null elsewhere. Node v is split into v and v + n. */
function byFlow({ parts, goal, derivation }: Core): CutAnswer | null {
  if (parts.some(({ needs }) => needs > 1)) return null
  const n = parts.length
  const source = 2 * n
  const edges: [number, number, number][] = parts.map(({ cost }, v) => [v, v + n, cost])
  parts.forEach(({ needs }, v) => {
    if (needs <= 0) edges.push([source, v, Infinity])
    for (const body of derivation.bodies[v]!) edges.push([body + n, v, Infinity])
  })
  const { value, reached } = minimumFlowCut(2 * n + 1, edges, source, goal + n)
  if (value === Infinity) return { nodes: null, cost: Infinity, bound: Infinity, method: 'minimum cut' }
  const cut = parts.filter((_, v) => reached[v] === 1 && reached[v + n] === 0)
  return answerOf(cut, Infinity, 'minimum cut')
}

/** The cheapest node that every derivation needs, if derivations that share nothing show that nothing is cheaper. */
function bySingle(core: Core): CutAnswer | null {
  const { parts, goal, derivation } = core
  const packed = disjointDerivations(core, new Set())
  if (packed.some(({ length }) => length === 0)) {
    return { nodes: null, cost: Infinity, bound: Infinity, method: 'dominators' }
  }
  const least = packed.reduce((sum, set) => sum + Math.min(...set.map((v) => parts[v]!.cost)), 0)
  const single = packed[0]!
    .toSorted((a, b) => parts[a]!.cost - parts[b]!.cost)
    .find((v) => derivable(derivation, (rule) => rule === v)[goal] === 0)
  if (single === undefined || parts[single]!.cost > least + EPSILON) return null
  return answerOf([parts[single]!], Infinity, 'dominators')
}

/** How long derivations are learned one by one, before all that is left is put to the solver at once: share of the time, and milliseconds at most. */
const SEARCH_SHARE = 0.25
const SEARCH_AT_MOST = 2000

function bySearch(core: Core, { solver, now, until }: Limits): CutAnswer {
  const { parts } = core
  const violated = (chosen: ReadonlySet<number>): Clause[] => disjointDerivations(core, chosen).map((any) => ({ any }))
  const start = now()
  const question = { costs: parts.map(({ cost }) => cost), violated }
  const share = Math.min((until - start) * SEARCH_SHARE, SEARCH_AT_MOST)
  const searched = search(question, { solver, now, until: start + share }, 'stop')
  if (isClosed(searched)) return answerOfNodes(core, searched.chosen, searched.bound, 'implicit hitting set')
  const programmed = byProgram(core, solver, (until - now()) / 1000)
  const bound = Math.max(searched.bound, programmed.bound)
  return programmed.cost <= searched.cost
    ? answerOfNodes(core, programmed.cut, bound, 'integer program')
    : answerOfNodes(core, searched.chosen, bound, 'implicit hitting set')
}

const isClosed = ({ cost, bound }: { readonly cost: number; readonly bound: number }): boolean =>
  bound >= cost - EPSILON * 10

/** The answer of the solver, held against the rules: what does not cut is no answer. */
function byProgram({ parts, goal, derivation }: Core, solver: Solver, seconds: number): ProgramAnswer {
  const nodes = parts.map(({ needs, cost }, v) => ({ needs, cost, body: derivation.bodies[v]! }))
  const answer = cutByProgram(solver, nodes, goal, seconds)
  const gone = new Set(answer.cut)
  if (answer.cut === null || derivable(derivation, (rule) => gone.has(rule))[goal] === 0) return answer
  return { cut: null, cost: Infinity, bound: answer.bound }
}

function answerOfNodes({ parts }: Core, nodes: readonly number[] | null, bound: number, method: Method): CutAnswer {
  if (nodes === null) return { nodes: null, cost: Infinity, bound, method }
  return answerOf(
    nodes.map((v) => parts[v]!),
    bound,
    method,
  )
}

/** At most so many derivations are looked for at once, and so many nodes of one are tried to be spared. */
const AT_ONCE = 64
const TRIES = 96

/** Derivations of the goal without the cut nodes, no two of which share a node that can be cut: those nodes of each. */
function disjointDerivations({ parts, goal, derivation }: Core, cut: ReadonlySet<number>): number[][] {
  const found: number[][] = []
  const gone = new Set(cut)
  const isGone = (rule: number): boolean => gone.has(rule)
  const weight = (rule: number): number => (parts[rule]!.cost === Infinity ? EPSILON : 1)
  while (found.length < AT_ONCE) {
    const rules = lightDerivation(derivation, goal, isGone, weight)
    if (rules === null) return found
    const nodes = spare({ parts, goal, derivation }, rules)
    found.push(nodes)
    if (nodes.length === 0) return found
    for (const node of nodes) gone.add(node)
  }
  return found
}

/** The nodes of a derivation that can be cut, without those, cheapest first, that another derivation within it can do without. */
function spare({ parts, goal, derivation }: Core, rules: readonly number[]): number[] {
  const kept = new Set(rules.filter((rule) => parts[rule]!.cost !== Infinity))
  const isGone = (rule: number): boolean => parts[rule]!.cost !== Infinity && !kept.has(rule)
  const candidates = [...kept].toSorted((a, b) => parts[a]!.cost - parts[b]!.cost)
  for (const node of candidates.slice(0, TRIES)) {
    kept.delete(node)
    if (derivable(derivation, isGone)[goal] === 0) kept.add(node)
  }
  return [...kept]
}
