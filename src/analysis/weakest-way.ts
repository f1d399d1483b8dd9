import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import type { Proof } from '#contract/report.ts'
import { release } from '#lib/release.ts'
import { buildProgram } from '#graph/program.ts'
import { weakest, weakestProof, type Weakest } from '#graph/weakest.ts'
import { RULE_KIND_NAMES, type FactNodes, type Snapshot } from '#model/compile.ts'
import type { RuleKindName } from '#model/kinds.ts'
import type { Policy } from '#policy/policy.ts'
import { costedSystem, NEVER, type CostedRow, type CostedSystem, type Origin, type UnknownAs } from './costs.ts'
import { proofOfEntry } from './proofs.ts'
import { isLiveSession, wayOfRule, type Way, type WaysOf } from './ways-in.ts'

/** The cheapest way into an account. */
export interface Entry {
  readonly strength: Strength
  /** the stated or implied way in that completes it; null when a right or rule gives the account without one */
  readonly way: Way | null
  /** what the attacker defeats unaided, in order */
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

/** R4 twice, where anything is unknown: that taken as the weakest, then as the strongest it could be. */
export function weakestWays(snapshot: Snapshot, policy: Policy, ways: ReadonlyMap<string, readonly Way[]>): TracedWays {
  const costed = costedSystem(snapshot, policy, ways)
  const program = buildProgram(costed.system)
  const solved = weakest(program, costed)
  const rows = rowsIn(snapshot, costed)
  const worst: Solved = { ...rows, unknownAs: 'worst', tierOf: tierIn(solved.tiers), costed, program, weakest: solved }
  const best: Obstacles = { ...rows, unknownAs: 'best', tierOf: tierIn(tiersAtBest(worst)) }
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

const tierIn =
  (tiers: Uint8Array) =>
  (node: number): number =>
    tiers[node] ?? NEVER

/** Only the tiers are asked for at best, so the rest is given back at once. */
function tiersAtBest({ costed, program, weakest: worst }: Solved): Uint8Array {
  const { atBest } = costed
  if (atBest.tiers === costed.tiers) return worst.tiers
  const { tiers, ...rest } = weakest(atBest.system === costed.system ? program : buildProgram(atBest.system), atBest)
  release(rest.vias, rest.places, rest.costIds, rest.costs)
  return tiers
}

/** R4 once, however it was answered: what stands in front of everything, and what the ways in rest on. */
export interface Obstacles {
  readonly unknownAs: UnknownAs
  /** greatest obstacle on the cheapest derivation of a node, as position in STRENGTHS; {@link NEVER} where there is none */
  readonly tierOf: (node: number) => number
  /** what makes up a way in */
  readonly rowsOf: (way: Way) => readonly Row[]
  /** rules that give an account without any way in of its own, and the way in that each of them is */
  readonly rulesInto: (account: string) => readonly { readonly row: Row; readonly way: () => Way }[]
}

/** A rule of which `needs` of the body must be had, behind an obstacle of its own. */
export type Row = Pick<CostedRow, 'body' | 'needs' | UnknownAs>

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

/** A row, and where it comes from. */
export interface TracedRow extends Row {
  readonly origin: Origin
}

export interface Solved extends Obstacles {
  readonly rowsOf: (way: Way) => readonly TracedRow[]
  readonly rulesInto: (account: string) => readonly { readonly row: TracedRow; readonly way: () => Way }[]
  readonly costed: CostedSystem
  readonly weakest: Weakest
  readonly program: ReturnType<typeof buildProgram>
}

/** The rows of ways in, and the rules past them, whatever unknowns count as. */
function rowsIn(snapshot: Snapshot, { rows }: CostedSystem): Pick<Solved, 'rowsOf' | 'rulesInto'> {
  const { rules, ruleKinds, indexOf } = snapshot
  const rowsOf = new Map<Way, CostedRow[]>()
  for (const row of rows) if ('way' in row.origin) push(rowsOf, row.origin.way, row)
  const rulesInto = new Map<number, number[]>()
  rules.heads.forEach((head, rule) => {
    if (GIVES_ACCOUNT.has(RULE_KIND_NAMES[ruleKinds[rule]!]!)) push(rulesInto, head, rule)
  })
  return {
    rowsOf: (way) => rowsOf.get(way) ?? [],
    rulesInto: (account) =>
      (rulesInto.get(indexOf.get(account) ?? -1) ?? []).map((rule) => {
        const body = rules.bodies.subarray(rules.bodyOffsets[rule], rules.bodyOffsets[rule + 1])
        const row = { body, needs: rules.needs[rule]!, worst: 0, best: 0, origin: { is: 'rule', rule } as const }
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
export function rowTier({ tierOf, unknownAs }: Obstacles, row: Row, instead?: ReadonlyMap<number, number>): number {
  const nodes = new Set(Array.from(row.body))
  const parts = Array.from(nodes, (node) => instead?.get(node) ?? tierOf(node)).toSorted((a, b) => a - b)
  return Math.max(row[unknownAs], ...parts.slice(0, row.needs))
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
  const origins = steps.map((step) => ({ origin: costed.originOf(step.rule), step }))
  if (origins.some(({ origin }) => origin.is === 'assumed')) return null
  const last = origins.at(-1)!.origin
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
