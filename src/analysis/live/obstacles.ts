import type { LooseRule } from '#graph/incremental-graph.ts'
import { rowAt, type Rows } from '#graph/incremental-rows.ts'
import type { Edit, Incremental } from '#graph/incremental.ts'
import type { FactNodes } from '#model/compile.ts'
import type { Policy } from '#policy/policy.ts'
import { entryRows, isGiven, isUnguarded, NEVER } from '../costs.ts'
import type { Obstacles, Row } from '../weakest-way.ts'
import { wayPast, type Way, type WaysOf } from '../ways-in.ts'
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
  readonly rules: readonly LooseRule[]
  /** nodes and their lanes */
  readonly seeds: ReadonlyMap<number, number>
}

/**
 * One way in of an account with its tiers, at worst and at best; {@link NEVER} where there is no such row. As numbers, one
 * account after another: way, head, needs, worst, best, how many there are in the body, and the body.
 */
interface EntranceRow {
  /** position of the way among those of the account */
  readonly way: number
  readonly head: number
  readonly needs: number
  readonly worst: number
  readonly best: number
  readonly body: readonly number[]
}

/** What entrances are made from. */
export interface EntranceContext {
  readonly nodes: FactNodes
  readonly policy: Policy
  readonly isDerivable: (node: number) => boolean
}

/** The ways into one account with their tiers, as numbers for {@link entranceOf}. */
export function entranceRows(
  { nodes, policy, isDerivable }: EntranceContext,
  account: string,
  ways: readonly Way[],
): number[] {
  const numbers: number[] = []
  const add = ({ way, head, needs, worst, best, body }: EntranceRow): void =>
    void numbers.push(way, head, needs, worst, best, body.length, ...body)
  for (const [at, way] of ways.entries()) {
    for (const { head, needs, worst, best, body } of entryRows({ snapshot: nodes, policy, isDerivable }, way)) {
      add({ way: at, head, needs, worst, best, body: Array.from(body) })
    }
  }
  const fact = nodes.inventory.get(account)?.fact
  const node = nodes.indexOf.get(account)
  const byAccount = new Map(ways.length === 0 ? [] : [[account, ways]])
  if (fact !== undefined && node !== undefined && isUnguarded(fact, byAccount))
    add({ way: 0, head: node, needs: 0, worst: 0, best: NEVER, body: [] })
  return numbers
}

function* readRows(numbers: Uint32Array): Generator<EntranceRow> {
  for (let at = 0; at < numbers.length;) {
    const next = (): number => numbers[at++]!
    const row = { way: next(), head: next(), needs: next(), worst: next(), best: next() }
    const length = next()
    yield { ...row, body: Array.from(numbers.subarray(at, (at += length))) }
  }
}

/**
 * The ways into one account as rules with lanes.
 *
 * @param laneNode  node that holds in some lanes from the start
 */
export function entranceOf(numbers: Uint32Array, laneNode: (lanes: number) => number): Entrance {
  const rules: LooseRule[] = []
  const seeds = new Map<number, number>()
  for (const { head, needs, worst, best, body } of readRows(numbers)) {
    const lanes = lanesOf(worst, best === NEVER ? null : best)
    if (needs === 0) seeds.set(head, (seeds.get(head) ?? 0) | lanes)
    else if (lanes === lanesOf(0, 0)) rules.push({ head, needs, body })
    else rules.push({ head, needs: needs + 1, body: [...body, laneNode(lanes)] })
  }
  return { rules, seeds }
}

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
    ways,
  }: {
    readonly nodes: FactNodes
    readonly facts: FactStore
    readonly rules: RuleStore
    /** by node of the account: as {@link entranceRows} has them */
    readonly entrances: Rows
    readonly ways: WaysOf
  },
  unknownAs: 'worst' | 'best',
): Obstacles {
  const shift = unknownAs === 'worst' ? 0 : TIERS
  return {
    unknownAs,
    tierOf: (node) => {
      const mask = ((it.takeover.masks[node] ?? 0) >>> shift) & EVERY
      return mask === 0 ? NEVER : 31 - Math.clz32(mask & -mask)
    },
    rowsOf: (way) => {
      const own = ways.get(way.account)!.findIndex(({ id }) => id === way.id)
      const rows = [...readRows(rowAt(entrances, nodes.indexOf.get(way.account)!))]
      return rows.filter(({ way: of }) => of === own)
    },
    rulesInto: (account) =>
      Array.from(rules.past.get(account)?.values() ?? [], (rule) => ({
        row: rowOf(nodes, rule),
        way: () => wayOf(facts, rule),
      })),
  }
}

const rowOf = ({ indexOf }: FactNodes, { body, needs }: IdRule): Row => ({
  body: body.map((id) => indexOf.get(id)!),
  needs,
  worst: 0,
  best: 0,
})

function wayOf({ kept }: FactStore, { kind, head, body, unit, place }: IdRule): Way {
  const fact = kind === 'declared' ? kept.get(unit)?.fact : undefined
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
