import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import type { Proof } from '#contract/report.ts'
import { buildProgram } from '#graph/program.ts'
import { weakest, weakestProof, type Weakest } from '#graph/weakest.ts'
import { RULE_KIND_NAMES, type Snapshot } from '#model/compile.ts'
import type { RuleKindName } from '#model/kinds.ts'
import type { Policy } from '#policy/policy.ts'
import { costedSystem, type CostedSystem, type Origin, type UnknownAs } from './costs.ts'
import { proofOfEntry } from './proofs.ts'
import { isLiveSession, wayOfRule, type Way } from './ways-in.ts'

/** Tier of a node nothing leads to. */
const NEVER = 255

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
  readonly entry: (account: string) => Entry | null
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
export function weakestWays(
  snapshot: Snapshot,
  policy: Policy,
  ways: ReadonlyMap<string, readonly Way[]>,
): WeakestWays {
  const [worst, best] = (['worst', 'best'] as const).map((unknownAs) => solve(snapshot, policy, ways, unknownAs)) as [
    Solved,
    Solved,
  ]
  const boundsOf = (low: number, high: number): Bounds => ({ atLeast: STRENGTHS[low]!, atMost: STRENGTHS[high]! })
  return {
    ofAccount: (account) => {
      const node = snapshot.indexOf.get(account)!
      return boundsOf(capped(worst.weakest.tiers[node]!), capped(best.weakest.tiers[node]!))
    },
    ofWay: (way) => boundsOf(wayTier(snapshot, worst, way, ways), wayTier(snapshot, best, way, ways)),
    pastWaysIn: (account) => pastWaysIn(snapshot, worst, best, account),
    entry: (account) => entryOf(snapshot, worst, account),
  }
}

/** Nothing leads in: as strong as the scale goes. */
const capped = (tier: number): number => (tier === NEVER ? STRENGTHS.length - 1 : tier)

interface Solved {
  readonly costed: CostedSystem
  readonly weakest: Weakest
  readonly program: ReturnType<typeof buildProgram>
  /** rows of the costed system by way in */
  readonly rowsOf: ReadonlyMap<Way, readonly number[]>
  /** rows that are rules of the snapshot giving an account, by account node */
  readonly rulesInto: ReadonlyMap<number, readonly number[]>
}

function solve(
  snapshot: Snapshot,
  policy: Policy,
  ways: ReadonlyMap<string, readonly Way[]>,
  unknownAs: UnknownAs,
): Solved {
  const costed = costedSystem(snapshot, policy, ways, unknownAs)
  const program = buildProgram(costed.system)
  const rowsOf = new Map<Way, number[]>()
  const rulesInto = new Map<number, number[]>()
  costed.origins.forEach((origin, row) => {
    if (origin.is === 'entry' || origin.is === 'assumed') push(rowsOf, origin.way, row)
    const head = costed.system.heads[row]!
    if (origin.is === 'rule' && GIVES_ACCOUNT.has(RULE_KIND_NAMES[snapshot.ruleKinds[origin.rule]!]!))
      push(rulesInto, head, row)
  })
  return {
    costed,
    program,
    rowsOf,
    rulesInto,
    weakest: weakest(program, { tiers: costed.tiers, efforts: costed.efforts }),
  }
}

/** Rules that give an account without any way in of its own. */
const GIVES_ACCOUNT = new Set<RuleKindName>(['act_as', 'administer_account', 'run_as', 'declared'])

function push<K>(map: Map<K, number[]>, key: K, row: number): void {
  const rows = map.get(key)
  if (rows) rows.push(row)
  else map.set(key, [row])
}

function pastWaysIn(snapshot: Snapshot, worst: Solved, best: Solved, account: string): PastWaysIn[] {
  const node = snapshot.indexOf.get(account)
  if (node === undefined) return []
  // both systems begin with the snapshot's rules in the same order, so a row means the same in each
  return (worst.rulesInto.get(node) ?? []).flatMap((row) => {
    const tier = rowTier(worst, row)
    const origin = worst.costed.origins[row]!
    if (tier === NEVER || origin.is !== 'rule') return []
    const way = wayOfRule(snapshot, account, origin.rule)
    return [{ way, atLeast: STRENGTHS[tier]!, atMost: STRENGTHS[capped(rowTier(best, row))]! }]
  })
}

/** Greatest obstacle of one row: its own, and those of the easiest of what it rests on, with some nodes' tiers replaced. */
function rowTier({ costed, weakest: { tiers } }: Solved, row: number, instead?: ReadonlyMap<number, number>): number {
  const { bodies, bodyOffsets, needs } = costed.system
  const nodes = new Set(bodies.subarray(bodyOffsets[row], bodyOffsets[row + 1]))
  const parts = Array.from(nodes, (node) => instead?.get(node) ?? tiers[node]!).toSorted((a, b) => a - b)
  return Math.max(costed.tiers[row]!, ...parts.slice(0, needs[row]))
}

function leastTier(solved: Solved, rows: readonly number[], instead?: ReadonlyMap<number, number>): number {
  let least = NEVER
  for (const row of rows) least = Math.min(least, rowTier(solved, row, instead))
  return least
}

/**
 * Tier of one way in. For one that only yields authenticators it is the tier of entering the account with them: the
 * weakest other way in that uses at least one of them, each taken at the price of this way.
 */
function wayTier(snapshot: Snapshot, solved: Solved, way: Way, ways: ReadonlyMap<string, readonly Way[]>): number {
  const { costed, rowsOf } = solved
  if (isLiveSession(way)) {
    return capped(solved.weakest.tiers[snapshot.indexOf.get(way.id)!] ?? NEVER)
  }
  const itself = leastTier(solved, rowsOf.get(way) ?? [])
  if (way.yields === null) return capped(itself)
  const instead = new Map(
    way.yields.flatMap((id) => {
      const node = snapshot.indexOf.get(id)
      return node === undefined ? [] : [[node, itself] as const]
    }),
  )
  let least = NEVER
  for (const entry of ways.get(way.account) ?? []) {
    if (entry.yields !== null) continue
    const rows = (rowsOf.get(entry) ?? []).filter((row) => {
      const { bodies, bodyOffsets } = costed.system
      return bodies.subarray(bodyOffsets[row], bodyOffsets[row + 1]).some((node) => instead.has(node))
    })
    least = Math.min(least, leastTier(solved, rows, instead))
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
