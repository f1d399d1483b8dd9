/** The least to withdraw so that nobody who signs in with a code reaches anything of high impact. */
import { buildScratch } from '#graph/explore.ts'
import { buildProgram, type Program } from '#graph/program.ts'
import { witness } from '#graph/reach.ts'
import { buildWorldScratch, reachWithout } from '#graph/without.ts'
import { type Clause } from '#planning/hitting-set.ts'
import { EPSILON } from '#planning/solver.ts'
import { search, type Limits } from '#planning/search.ts'
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
}

/**
 * A minimum-cost hitting set over chains from these accounts to rights of high impact: every set that works breaks each
 * chain in one item at least. Chains are found as they are needed, the shortest that a proposal leaves to each account.
 */
export function minimalCut(world: World, { costs, stays, accounts }: CutOptions, limits: Limits): Cut {
  const { items, snapshot } = world
  const goals = highRights(world)
  const mayGo = new Set(items.list.keys().filter((item) => !stays.has(item)))
  const nodes = accounts.map((id) => snapshot.indexOf.get(id)!)
  const troubled = whoReaches(world, nodes, goals, new Set())
  const uncut = whoReaches(world, troubled, goals, mayGo)
  const targets = [...troubled].filter((node) => !uncut.has(node))
  const violated = (chosen: ReadonlySet<number>): Clause[] => {
    const left = whoReaches(world, targets, goals, chosen)
    if (left.size === 0) return []
    const program = programWithout(world, chosen)
    const scratch = buildScratch(program)
    const clauses = new Map<string, number[]>()
    for (const node of left) {
      const steps = witness(program, node, { nodes: goals }, scratch)
      const used = new Set(steps.map(({ rule }) => items.itemOfRule[rule]!))
      const any = [...used].filter((item) => mayGo.has(item)).toSorted((a, b) => a - b)
      clauses.set(any.join(' '), any)
    }
    return [...clauses.values()].map((any) => ({ any }))
  }
  const found = search({ costs, violated }, limits)
  // without an answer in time: everything that may go, which is one
  const chosen = [...(found.chosen ?? mayGo)].toSorted((a, b) => a - b)
  const named = (some: Iterable<number>) => [...some].map((node) => snapshot.nodeIds[node]!).toSorted()
  const cost = chosen.reduce((sum, item) => sum + costs[item]!, 0)
  return {
    accounts: named(troubled),
    uncut: named(uncut),
    items: chosen,
    cost,
    // costs are whole, so nothing lies between a bound and the next whole number
    costAtLeast: Math.max(0, Math.min(cost, Math.ceil(found.bound - EPSILON))),
    rounds: found.rounds,
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
