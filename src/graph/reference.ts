import type { RuleSystem } from './rules.ts'

/** The definitions of R1, R3, R4 and R6, written for reading: sets and rounds. The tests hold the fast engine to them. */

/** One rule, spelled out. */
interface Rule {
  readonly head: number
  readonly needs: number
  readonly body: ReadonlySet<number>
}

function rulesOf({ heads, needs, bodyOffsets, bodies }: RuleSystem): Rule[] {
  return Array.from(heads, (head, r) => ({
    head,
    needs: needs[r],
    body: new Set(bodies.slice(bodyOffsets[r], bodyOffsets[r + 1])),
  }))
}

/**
 * Returns the step at which each node comes to hold when some are given: 0 for those and for the heads of rules that
 * need nothing; thereafter, in each round, the head of every rule of whose body enough holds already.
 */
export function ranksByDefinition(system: RuleSystem, given: Iterable<number>): Map<number, number> {
  const rules = rulesOf(system)
  const ranks = new Map<number, number>()
  for (const node of given) ranks.set(node, 0)
  for (const { head, needs } of rules) if (needs === 0) ranks.set(head, 0)
  for (let round = 1; ; round++) {
    const fresh = rules.filter(({ head, needs, body }) => {
      return !ranks.has(head) && [...body].filter((node) => ranks.has(node)).length >= needs
    })
    if (fresh.length === 0) return ranks
    for (const { head } of fresh) ranks.set(head, round)
  }
}

/** Returns, per lane that the start reaches by itself, the least rank of a node that carries it. */
export function hopsByDefinition(system: RuleSystem, laneMasks: Uint32Array, start: number): Map<number, number> {
  const hops = new Map<number, number>()
  for (const [node, rank] of ranksByDefinition(system, [start])) {
    for (let lane = 0; lane < 32; lane++) {
      if (((laneMasks[node] >>> lane) & 1) === 1) hops.set(lane, Math.min(rank, hops.get(lane) ?? Infinity))
    }
  }
  return hops
}

/** Efforts per tier, the highest tier first, so that comparing goes from left to right. */
type Cost = readonly number[]

function isLess(a: Cost, b: Cost): boolean {
  const differs = a.findIndex((effort, i) => effort !== b[i])
  return differs >= 0 && a[differs] < b[differs]
}

/**
 * Returns the cost of the cheapest derivation of each node that has one: efforts per tier, 0 … 4.
 * Rounds as in Bellman and Ford: apply every rule to the cheapest costs known, until nothing gets cheaper.
 */
export function costsByDefinition(
  system: RuleSystem,
  tiers: ArrayLike<number>,
  efforts: ArrayLike<number>,
): Map<number, number[]> {
  const best = new Map<number, Cost>()
  const rules = rulesOf(system)
  for (let changed = true; changed;) {
    changed = false
    rules.forEach(({ head, needs, body }, r) => {
      const parts = [...body].map((node) => best.get(node)).filter((part) => part !== undefined)
      if (parts.length < needs) return
      const cheapest = parts.sort((a, b) => (isLess(a, b) ? -1 : isLess(b, a) ? 1 : 0)).slice(0, needs)
      const own = [4, 3, 2, 1, 0].map((tier) => {
        if (tier !== tiers[r]) return 0
        return tier > 0 ? Math.max(1, efforts[r]) : efforts[r]
      })
      const cost = own.map((effort, i) => cheapest.reduce((sum, part) => sum + part[i], effort))
      const known = best.get(head)
      if (known !== undefined && !isLess(cost, known)) return
      best.set(head, cost)
      changed = true
    })
  }
  return new Map([...best].map(([node, cost]) => [node, cost.toReversed()]))
}
