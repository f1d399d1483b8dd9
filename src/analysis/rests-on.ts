import { weakestProof } from '#graph/weakest.ts'
import type { Snapshot } from '#model/compile.ts'
import { NEVER, type Origin } from './costs.ts'
import { isLiveSession, type Way } from './ways-in.ts'
import { rowTier, type Solved, type TracedRow } from './weakest-way.ts'

/** What a derivation uses, each once. */
export interface RestsOn {
  /** rules of the snapshot */
  readonly rules: ReadonlySet<number>
  readonly ways: ReadonlySet<Way>
  /** leaked secrets, exposed sessions, accounts that stand open */
  readonly given: ReadonlySet<string>
}

/**
 * What the easiest use of a way in rests on, be it stated, or a right or rule that gives the account past those.
 *
 * @param solved  `worst` of `weakestWays`
 */
export function restsOn(
  snapshot: Snapshot,
  solved: Solved,
  ways: ReadonlyMap<string, readonly Way[]>,
  way: Way,
): RestsOn {
  const { costed, program, weakest } = solved
  const found = { rules: new Set<number>(), ways: new Set<Way>(), given: new Set<string>() }
  const take = (origin: Origin): void => {
    if (origin.is === 'rule') found.rules.add(origin.rule)
    else if (origin.is === 'given') found.given.add(origin.id)
    else found.ways.add(origin.way)
  }
  const proved = (node: number): void => {
    if (weakest.tiers[node] === NEVER) return
    for (const { rule } of weakestProof(program, weakest, node)) take(costed.originOf(rule))
  }
  const follow = (row: TracedRow | undefined, had: ReadonlyMap<number, number> = new Map()): void => {
    if (row === undefined) return
    take(row.origin)
    const body = [...new Set(Array.from(row.body))]
      .filter((node) => !had.has(node) && weakest.tiers[node] !== NEVER)
      .toSorted((a, b) => weakest.places[a]! - weakest.places[b]!)
    for (const node of body.slice(0, row.needs)) proved(node)
  }
  const easiest = (rows: readonly TracedRow[], instead?: ReadonlyMap<number, number>): TracedRow | undefined =>
    rows.reduce<TracedRow | undefined>(
      (best, row) =>
        best === undefined || rowTier(solved, row, instead) < rowTier(solved, best, instead) ? row : best,
      undefined,
    )
  if (isLiveSession(way)) {
    proved(snapshot.indexOf.get(way.id)!)
    return found
  }
  if (way.fact === null && way.purpose === 'admin_reset') {
    const same = solved.rulesInto(way.account).filter((each) => each.way().id === way.id)
    follow(easiest(same.map(({ row }) => row)))
    return found
  }
  const own = easiest(solved.rowsOf(way))
  follow(own)
  if (way.yields === null) return found
  const tier = own === undefined ? NEVER : rowTier(solved, own)
  const instead = new Map(
    way.yields.flatMap((id) => {
      const node = snapshot.indexOf.get(id)
      return node === undefined ? [] : [[node, tier] as const]
    }),
  )
  const entries = (ways.get(way.account) ?? []).filter(({ yields }) => yields === null)
  const rows = entries.flatMap((entry) => solved.rowsOf(entry))
  follow(
    easiest(
      rows.filter(({ body }) => Array.from(body).some((node) => instead.has(node))),
      instead,
    ),
    instead,
  )
  return found
}
