/** The least to withdraw so that nobody who signs in with a code reaches anything of high impact. */
import { buildScratch } from '#graph/explore.ts'
import { buildProgram, type Program } from '#graph/program.ts'
import { witness } from '#graph/reach.ts'
import { buildWorldScratch, reachWithout } from '#graph/without.ts'
import { hittingSet, type Solver } from './hitting-set.ts'
import { HIGH, NO_RIGHT, RANKS, type World } from './standing.ts'

export interface Cut {
  /** accounts that sign in with a code and reach something of high impact, as the inventory has them */
  readonly accounts: readonly string[]
  /** positions of the items to withdraw */
  readonly items: readonly number[]
  /** of {@link accounts}, those that would reach it without any item that may go */
  readonly uncut: readonly string[]
  readonly cost: number
  readonly costAtLeast: number
  readonly rounds: number
}

export interface CutOptions {
  /** per item: whole and positive */
  readonly costs: ArrayLike<number>
  /** items that must stay */
  readonly stays: ReadonlySet<number>
  readonly accounts: readonly string[]
  /** most rounds; when they run out, the set is completed without minding its cost */
  readonly rounds?: number
  /** time for the solver in one round */
  readonly seconds?: number
}

/**
 * A minimum-cost hitting set, found by need: propose the cheapest set that breaks every chain known so far, look for
 * chains that it leaves, add them, until there are none. The last proposal is then a set that works and no dearer than any
 * other that does, since every such set breaks the chains known.
 */
export function minimalCut(world: World, solver: Solver, options: CutOptions): Cut {
  const { costs, stays, rounds: most = 500, seconds = 10 } = options
  const { list } = world.items
  const goals = highRights(world)
  const mayGo = new Set(list.keys().filter((item) => !stays.has(item)))
  const nodes = options.accounts.map((id) => world.snapshot.indexOf.get(id)!)
  const reaching = (gone: ReadonlySet<number>) => whoReaches(world, nodes, goals, gone)
  const troubled = reaching(new Set())
  const uncut = reaching(mayGo)
  const targets = [...troubled].filter((node) => !uncut.has(node))
  const clauses = new Map<string, number[]>()
  let best: { chosen: readonly number[]; cost: number; bound: number } = { chosen: [], cost: 0, bound: 0 }
  let rounds = 0
  for (; ; rounds++) {
    const gone = new Set(best.chosen)
    const left = whoReaches(world, targets, goals, gone)
    if (left.size === 0) break
    if (rounds === most) {
      best = completed(world, targets, goals, best, costs, mayGo)
      break
    }
    const program = programWithout(world, gone)
    const scratch = buildScratch(program)
    for (const node of left) {
      const steps = witness(program, node, { nodes: goals }, scratch)
      const used = new Set(steps.map(({ rule }) => world.items.itemOfRule[rule]!))
      const clause = [...used].filter((item) => item >= 0 && mayGo.has(item)).toSorted((a, b) => a - b)
      clauses.set(clause.join(' '), clause)
    }
    best = hittingSet(solver, costs, [...clauses.values()], seconds) ?? best
  }
  const named = (some: Iterable<number>) => [...some].map((node) => world.snapshot.nodeIds[node]!).toSorted()
  return {
    accounts: named(troubled),
    uncut: named(uncut),
    items: best.chosen,
    cost: best.cost,
    costAtLeast: best.bound,
    rounds,
  }
}

function highRights({ worth }: World): Set<number> {
  const goals = new Set<number>()
  worth.forEach((right, node) => right !== NO_RIGHT && right % RANKS === HIGH && goals.add(node))
  return goals
}

/** Which of the nodes reach a goal when some items are gone. */
function whoReaches(
  { program, items }: World,
  nodes: Iterable<number>,
  goals: ReadonlySet<number>,
  gone: ReadonlySet<number>,
): Set<number> {
  const scratch = buildWorldScratch(program)
  for (const item of gone) for (const rule of items.list[item]!.rules) scratch.absent[rule] = 1
  const found = new Set<number>()
  for (const node of nodes) {
    reachWithout(program, scratch, [node], 1)
    if (scratch.trail.subarray(0, scratch.size).some((each) => goals.has(each))) found.add(node)
  }
  return found
}

/** The program without the rules of some items; the other rules keep their numbers. */
function programWithout({ snapshot, items }: World, gone: ReadonlySet<number>): Program {
  const { rules } = snapshot
  const needs = rules.needs.slice()
  // more than any of these bodies has, so the rule never fires
  for (const item of gone) for (const rule of items.list[item]!.rules) needs[rule] = 0xffff
  return buildProgram({ ...rules, needs })
}

/** A set that works, from one that does not: everything that may go, less whatever may come back, the dearest first. */
function completed(
  world: World,
  targets: readonly number[],
  goals: ReadonlySet<number>,
  { bound }: { bound: number },
  costs: ArrayLike<number>,
  mayGo: ReadonlySet<number>,
): { chosen: readonly number[]; cost: number; bound: number } {
  const gone = new Set(mayGo)
  for (const item of [...mayGo].toSorted((a, b) => costs[b]! - costs[a]! || a - b)) {
    gone.delete(item)
    if (whoReaches(world, targets, goals, gone).size > 0) gone.add(item)
  }
  const chosen = [...gone].toSorted((a, b) => a - b)
  return { chosen, cost: chosen.reduce((sum, item) => sum + costs[item]!, 0), bound }
}
