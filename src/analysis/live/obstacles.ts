import type { LooseRule } from '#graph/incremental-graph.ts'
import type { Edit, Incremental } from '#graph/incremental.ts'
import type { FactNodes } from '#model/compile.ts'
import type { Policy } from '#policy/policy.ts'
import { entryRows, isGiven, isUnguarded, type CostedRow } from '../costs.ts'
import type { Obstacles, Row } from '../weakest-way.ts'
import { wayPast, type Way } from '../ways-in.ts'
import type { FactStore } from './fact-store.ts'
import type { IdRule, RuleStore } from './rule-store.ts'

/**
 * R4 as R3. How great the greatest obstacle on the cheapest way to a node is, is the least tier such that the node follows
 * from the rules of at most that tier: since efforts are compared from the highest tier down, a derivation that spends
 * nothing in the tiers above is always cheaper than one that does. So lane t of a takeover has the rules of tiers up to
 * t: five lanes with what is unknown at its worst, and five with it at its best. A rule is kept out of the lanes below
 * its tier by a node more in its body, which holds in the other lanes from the start.
 */
const TIERS = 5
const EVERY = (1 << TIERS) - 1

/** Lanes in which a rule of these tiers may be used; null for never. */
function lanesOf(worst: number | null, best: number | null): number {
  const low = worst === null ? 0 : EVERY & (EVERY << worst)
  return low | (best === null ? 0 : (EVERY & (EVERY << best)) << TIERS)
}

/** What one account adds to R4: its ways in, as rules and as things that are had for nothing. */
export interface Entrance {
  readonly ways: readonly Way[]
  /** in the order of the ways */
  readonly worst: readonly (readonly Row[])[]
  readonly best: readonly (readonly Row[])[]
  readonly rules: readonly LooseRule[]
  /** nodes and their lanes */
  readonly seeds: readonly (readonly [node: number, lanes: number])[]
}

/** What entrances are made from. */
export interface EntranceContext {
  readonly nodes: FactNodes
  readonly policy: Policy
  readonly isDerivable: (node: number) => boolean
  /** node that holds in these lanes from the start */
  readonly laneNode: (lanes: number) => number
}

/** The ways into one account as rules with lanes. */
export function entranceOf(context: EntranceContext, account: string, ways: readonly Way[]): Entrance {
  const { nodes, policy, isDerivable, laneNode } = context
  const rules: LooseRule[] = []
  const seeds = new Map<number, number>()
  const worst: Row[][] = []
  const best: Row[][] = []
  const seed = (node: number, lanes: number): void => void seeds.set(node, (seeds.get(node) ?? 0) | lanes)
  for (const way of ways) {
    const [low, high] = (['worst', 'best'] as const).map((unknownAs) =>
      entryRows({ snapshot: nodes, policy, isDerivable, unknownAs }, way),
    ) as [CostedRow[], CostedRow[]]
    worst.push(low.map(rowAlone))
    best.push(high.map(rowAlone))
    // rows that are assumed at worst have no counterpart at best; all others come in pairs
    for (const row of low) if (row.origin.is === 'assumed') seed(row.head, lanesOf(row.tier, null))
    low
      .filter(({ origin }) => origin.is !== 'assumed')
      .forEach((row, i) => {
        const { head, needs } = row
        const body = Array.from(row.body)
        const lanes = lanesOf(row.tier, high[i]!.tier)
        if (needs === 0) seed(head, lanes)
        else if (lanes === lanesOf(0, 0)) rules.push({ head, needs, body })
        else rules.push({ head, needs: needs + 1, body: [...body, laneNode(lanes)] })
      })
  }
  const fact = nodes.inventory.get(account)?.fact
  const node = nodes.indexOf.get(account)
  if (
    fact !== undefined &&
    node !== undefined &&
    isUnguarded(fact, new Map(ways.length === 0 ? [] : [[account, ways]]))
  )
    seed(node, lanesOf(0, null))
  // lists that grew have room to spare, and there are many accounts
  return {
    ways,
    worst: worst.slice(),
    best: best.slice(),
    rules: rules.slice(),
    seeds: [...seeds],
  }
}

/** A row without what it comes from. */
const rowAlone = ({ body, needs, tier }: CostedRow): Row => ({ body: Array.from(body), needs, tier })

/** Lanes of things that are out already, by the fact of one. */
export const lanesOfFact = (fact: Parameters<typeof isGiven>[0]): number => (isGiven(fact) ? lanesOf(0, 0) : 0)

/** Whether a rule of the snapshot is one of R4 too; ways in are there as their entrances. */
export const isStep = ({ kind }: IdRule): boolean => kind !== 'way_in' && kind !== 'opens'

/** What stands in front of everything, with unknowns at their worst or at their best. */
export function obstaclesOf(
  it: Incremental,
  {
    nodes,
    facts,
    rules,
    entrances,
  }: {
    readonly nodes: FactNodes
    readonly facts: FactStore
    readonly rules: RuleStore
    readonly entrances: ReadonlyMap<string, Entrance>
  },
  unknownAs: 'worst' | 'best',
): Obstacles {
  const shift = unknownAs === 'worst' ? 0 : TIERS
  return {
    tierOf: (node) => {
      const mask = ((it.takeover.masks[node] ?? 0) >>> shift) & EVERY
      return mask === 0 ? NEVER : 31 - Math.clz32(mask & -mask)
    },
    rowsOf: (way) => {
      const entrance = entrances.get(way.account)
      return entrance?.[unknownAs][entrance.ways.indexOf(way)] ?? []
    },
    rulesInto: (account) =>
      Array.from(rules.past.get(account)?.values() ?? [], (rule) => ({
        row: rowOf(nodes, rule),
        way: () => wayOf(facts, rule),
      })),
  }
}

/** Tier of a node nothing leads to. */
const NEVER = 255

const rowOf = ({ indexOf }: FactNodes, { body, needs }: IdRule): Row => ({
  body: body.map((id) => indexOf.get(id)!),
  needs,
  tier: 0,
})

function wayOf({ kept }: FactStore, { kind, head, body, unit, place }: IdRule): Way {
  const fact = kind === 'declared' ? kept.get(unit)?.placed.fact : undefined
  const [id, reason] = fact?.fact === 'rule' ? [fact.id, fact.reason] : [body[0]!, undefined]
  return wayPast(head, id, reason, place ?? { file: '' })
}

/** Edits that put some rules in the place of others; those on both sides stay. */
export function ruleEdits(gone: readonly LooseRule[], come: readonly LooseRule[]): Edit[] {
  const signature = ({ head, needs, body }: LooseRule): string => `${head} ${needs} ${body.join(' ')}`
  const counts = new Map<string, number>()
  const count = (rule: LooseRule, by: number): number => {
    const after = (counts.get(signature(rule)) ?? 0) + by
    counts.set(signature(rule), after)
    return after
  }
  for (const rule of come) count(rule, 1)
  const edits: Edit[] = []
  for (const rule of gone) if (count(rule, -1) < 0) edits.push({ edit: 'remove', rule })
  for (const rule of come) {
    if ((counts.get(signature(rule)) ?? 0) <= 0) continue
    count(rule, -1)
    edits.push({ edit: 'add', rule })
  }
  return edits
}
