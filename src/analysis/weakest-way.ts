import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import type { Proof } from '#contract/report.ts'
import { buildProgram } from '#graph/program.ts'
import { weakest, weakestProof, type Weakest } from '#graph/weakest.ts'
import type { Snapshot } from '#model/compile.ts'
import type { Policy } from '#policy/policy.ts'
import { costedSystem, type CostedSystem, type Origin, type UnknownAs } from './costs.ts'
import { proofOfEntry } from './proofs.ts'
import type { Way } from './ways-in.ts'

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

export interface WeakestWays {
  /**
   * What the account is really protected by: the greatest obstacle on the cheapest derivation. Null where the answer
   * hangs on an unknown authenticator; `hardware` where nothing leads in at all.
   */
  readonly effective: (account: string) => Strength | null
  /** the same for one way in, including what leads to its authenticators: its least and greatest possible value */
  readonly ofWay: (way: Way) => { readonly atLeast: Strength; readonly atMost: Strength }
  readonly entry: (account: string) => Entry | null
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
  const strengthOrNull = (low: number, high: number): Strength | null =>
    low === high ? (STRENGTHS[Math.min(low, STRENGTHS.length - 1)] ?? null) : null
  return {
    effective: (account) => {
      const node = snapshot.indexOf.get(account)
      if (node === undefined) return null
      return strengthOrNull(capped(worst.weakest.tiers[node]!), capped(best.weakest.tiers[node]!))
    },
    ofWay: (way) => ({
      atLeast: STRENGTHS[wayTier(snapshot, worst, way, ways)]!,
      atMost: STRENGTHS[wayTier(snapshot, best, way, ways)]!,
    }),
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
  costed.origins.forEach((origin, row) => {
    if (origin.is !== 'entry') return
    const rows = rowsOf.get(origin.way)
    if (rows) rows.push(row)
    else rowsOf.set(origin.way, [row])
  })
  return { costed, program, rowsOf, weakest: weakest(program, { tiers: costed.tiers, efforts: costed.efforts }) }
}

/** Greatest obstacle of one row: its own and those of what it rests on, with some nodes' tiers replaced. */
function rowTier({ costed, weakest: { tiers } }: Solved, row: number, instead?: ReadonlyMap<number, number>): number {
  const { bodies, bodyOffsets } = costed.system
  let tier = costed.tiers[row]!
  for (let i = bodyOffsets[row]!; i < bodyOffsets[row + 1]!; i++) {
    const node = bodies[i]!
    tier = Math.max(tier, instead?.get(node) ?? tiers[node]!)
  }
  return tier
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
  if (way.purpose === 'session') {
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
