import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import type { Proof } from '#contract/report.ts'
import { buildProgram } from '#graph/program.ts'
import { weakest, weakestProof, type Weakest } from '#graph/weakest.ts'
import { RULE_KIND_NAMES, type FactNodes, type Snapshot } from '#model/compile.ts'
import type { RuleKindName } from '#model/kinds.ts'
import type { Policy } from '#policy/policy.ts'
import { costedSystem, type CostedRow, type CostedSystem, type Origin, type UnknownAs } from './costs.ts'
import { proofOfEntry } from './proofs.ts'
import { isLiveSession, wayOfRule, type Way, type WaysOf } from './ways-in.ts'

/** Tier of a node nothing leads to. */
export const NEVER = 255

/** The cheapest way into an account. */
export interface Entry {
  readonly strength: Strength
  /** the stated or implied way in that completes it; null when a right or rule gives the account without one */
  readonly way: Way | null
  /** what the attacker defeats by himself, in order */
  readonly defeats: readonly string[]
  readonly effort: number
  readonly proof: Proof
}

/** The strength where both bounds agree; null where they do not. */
export const settled = ({ atLeast, atMost }: Bounds): Strength | null => (atLeast === atMost ? atLeast : null)

export interface WeakestWays {
  /**
   * What the account is really protected by: the greatest obstacle on the cheapest derivation, at least and at most,
   * which differ where the answer hangs on something unknown; `hardware` where nothing leads in at all.
   */
  readonly ofAccount: (account: string) => Bounds
  /** the same for one way in, including what leads to its authenticators: its least and greatest possible value */
  readonly ofWay: (way: Way) => Bounds
  /**
   * What gives the account without any of its ways in: a right over it, a rule of the organisation. Each with its least
   * and greatest possible strength; those that nobody can come by are left out.
   */
  readonly pastWaysIn: (account: string) => readonly PastWaysIn[]
  /** made once for an account: its record and its findings tell of the same one */
  readonly entry: (account: string) => Entry | null
}

/** {@link WeakestWays} with the answer behind them, so that `rests-on.ts` can say what they rest on. */
export interface TracedWays extends WeakestWays {
  /** with unknowns at their worst */
  readonly worst: Solved
}

/** What a strength is however the open questions are answered. */
export interface Bounds {
  readonly atLeast: Strength
  readonly atMost: Strength
}

/** One rule that gives an account past its ways in. */
export interface PastWaysIn extends Bounds {
  /** the rule as a way in */
  readonly way: Way
}

/** R4 twice: unknown authenticators taken as the weakest, then as the strongest they could be. */
export function weakestWays(snapshot: Snapshot, policy: Policy, ways: ReadonlyMap<string, readonly Way[]>): TracedWays {
  const [worst, best] = (['worst', 'best'] as const).map((unknownAs) => solve(snapshot, policy, ways, unknownAs)) as [
    Solved,
    Solved,
  ]
  const entries = new Map<string, Entry | null>()
  return {
    ...boundsBetween(snapshot, ways, worst, best),
    entry: (account) => {
      let entry = entries.get(account)
      if (entry === undefined) entries.set(account, (entry = entryOf(snapshot, worst, account)))
      return entry
    },
    worst,
  }
}

/** R4 once, however it was answered: what stands in front of everything, and what the ways in rest on. */
export interface Obstacles {
  /** greatest obstacle on the cheapest derivation of a node, as position in STRENGTHS; {@link NEVER} where there is none */
  readonly tierOf: (node: number) => number
  /** what makes up a way in */
  readonly rowsOf: (way: Way) => readonly Row[]
  /** rules that give an account without any way in of its own, and the way in that each of them is */
  readonly rulesInto: (account: string) => readonly { readonly row: Row; readonly way: () => Way }[]
}

/** A rule of which `needs` of the body must be had, behind an obstacle of its own. */
export type Row = Pick<CostedRow, 'body' | 'needs' | 'tier'>

/** What can be said of accounts and ways in when unknowns are taken at their worst, and at their best. */
export function boundsBetween(
  nodes: FactNodes,
  ways: WaysOf,
  worst: Obstacles,
  best: Obstacles,
): Omit<WeakestWays, 'entry'> {
  const boundsOf = (low: number, high: number): Bounds => ({ atLeast: STRENGTHS[low]!, atMost: STRENGTHS[high]! })
  return {
    ofAccount: (account) => {
      const node = nodes.indexOf.get(account)!
      return boundsOf(capped(worst.tierOf(node)), capped(best.tierOf(node)))
    },
    ofWay: (way) => boundsOf(wayTier(nodes, worst, way, ways), wayTier(nodes, best, way, ways)),
    pastWaysIn: (account) =>
      worst.rulesInto(account).flatMap(({ row, way }) => {
        const tier = rowTier(worst, row)
        return tier === NEVER ? [] : [{ way: way(), ...boundsOf(tier, capped(rowTier(best, row))) }]
      }),
  }
}

/** Nothing leads in: as strong as the scale goes. */
const capped = (tier: number): number => (tier === NEVER ? STRENGTHS.length - 1 : tier)

export interface Solved extends Obstacles {
  readonly costed: CostedSystem
  readonly weakest: Weakest
  readonly program: ReturnType<typeof buildProgram>
}

function solve(
  snapshot: Snapshot,
  policy: Policy,
  ways: ReadonlyMap<string, readonly Way[]>,
  unknownAs: UnknownAs,
): Solved {
  const costed = costedSystem(snapshot, policy, ways, unknownAs)
  const program = buildProgram(costed.system)
  const rowsOf = new Map<Way, CostedRow[]>()
  const rulesInto = new Map<number, { row: CostedRow; rule: number }[]>()
  for (const row of costed.rows) {
    const { origin, head } = row
    if (origin.is === 'entry' || origin.is === 'assumed') push(rowsOf, origin.way, row)
    else if (origin.is === 'rule' && GIVES_ACCOUNT.has(RULE_KIND_NAMES[snapshot.ruleKinds[origin.rule]!]!))
      push(rulesInto, head, { row, rule: origin.rule })
  }
  const solved = weakest(program, { tiers: costed.tiers, efforts: costed.efforts })
  return {
    costed,
    program,
    weakest: solved,
    tierOf: (node) => solved.tiers[node] ?? NEVER,
    rowsOf: (way) => rowsOf.get(way) ?? [],
    rulesInto: (account) =>
      (rulesInto.get(snapshot.indexOf.get(account) ?? -1) ?? []).map(({ row, rule }) => {
        return { row, way: () => wayOfRule(snapshot, account, rule) }
      }),
  }
}

/** Rules that give an account without any way in of its own. */
export const GIVES_ACCOUNT: ReadonlySet<RuleKindName> = new Set<RuleKindName>([
  'act_as',
  'administer_account',
  'run_as',
  'declared',
])

function push<K, V>(map: Map<K, V[]>, key: K, row: V): void {
  const rows = map.get(key)
  if (rows) rows.push(row)
  else map.set(key, [row])
}

/** Greatest obstacle of one row: its own, and those of the easiest of what it rests on, with some nodes' tiers replaced. */
export function rowTier({ tierOf }: Obstacles, row: Row, instead?: ReadonlyMap<number, number>): number {
  const nodes = new Set(Array.from(row.body))
  const parts = Array.from(nodes, (node) => instead?.get(node) ?? tierOf(node)).toSorted((a, b) => a - b)
  return Math.max(row.tier, ...parts.slice(0, row.needs))
}

function leastTier(obstacles: Obstacles, rows: readonly Row[], instead?: ReadonlyMap<number, number>): number {
  let least = NEVER
  for (const row of rows) least = Math.min(least, rowTier(obstacles, row, instead))
  return least
}

/**
 * Tier of one way in. For one that only yields authenticators it is the tier of entering the account with them: the
 * weakest other way in that uses at least one of them, each taken at the price of this way.
 */
function wayTier(nodes: FactNodes, obstacles: Obstacles, way: Way, ways: WaysOf): number {
  if (isLiveSession(way)) return capped(obstacles.tierOf(nodes.indexOf.get(way.id)!))
  const itself = leastTier(obstacles, obstacles.rowsOf(way))
  if (way.yields === null) return capped(itself)
  const instead = new Map(
    way.yields.flatMap((id) => {
      const node = nodes.indexOf.get(id)
      return node === undefined ? [] : [[node, itself] as const]
    }),
  )
  let least = NEVER
  for (const entry of ways.get(way.account) ?? []) {
    if (entry.yields !== null) continue
    const rows = obstacles.rowsOf(entry).filter(({ body }) => Array.from(body).some((node) => instead.has(node)))
    least = Math.min(least, leastTier(obstacles, rows, instead))
  }
  return capped(least)
}

function entryOf(snapshot: Snapshot, solved: Solved, account: string): Entry | null {
  const node = snapshot.indexOf.get(account)
  if (node === undefined || solved.weakest.tiers[node] === NEVER) return null
  const { costed, program } = solved
  const steps = weakestProof(program, solved.weakest, node)
  const origins = steps.map((step) => ({ origin: costed.origins[step.rule]!, step }))
  if (origins.some(({ origin }) => origin.is === 'assumed')) return null
  const last = origins.at(-1)?.origin as Origin
  const defeats = new Set<string>()
  let effort = 0
  for (const { origin, step } of origins) {
    effort += costed.efforts[step.rule]!
    if (origin.is === 'given') defeats.add(origin.id)
    if (origin.is === 'entry') for (const id of origin.direct) defeats.add(id)
  }
  return {
    strength: STRENGTHS[capped(solved.weakest.tiers[node]!)]!,
    way: last.is === 'entry' ? last.way : null,
    defeats: [...defeats],
    effort,
    proof: proofOfEntry(snapshot, account, [...defeats], origins),
  }
}
