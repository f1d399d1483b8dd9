/** What it takes to have each node, told apart by how sure it is that the attackers have it. */
import { holdable } from '#analysis/attackers.ts'
import type { ProofStep } from '#graph/proof.ts'
import { buildProgram } from '#graph/program.ts'
import { effortOf, weakest, weakestProof } from '#graph/weakest.ts'
import type { Attacker } from '#policy/policy.ts'
import { doubtsOf } from './doubts.ts'
import { givenTo } from './takeover.ts'
import type { World } from './world.ts'

/** How a node may be had without any rule, the surest first; the position is the tier of its cost. */
export const HOLDS = ['held', 'supposed', 'in_doubt', 'not_defeated'] as const
export type Hold = (typeof HOLDS)[number]

/** What one more thing of each kind adds to a price. A rule adds 1, so that short chains come first. */
const PRICES = [0, 1e4, 1e8, 1e12] as const
/** More than this many rules, or things of one kind, count as this many. */
const MOST = 9_000

export interface Prices {
  /** per node: the least that it takes; Infinity where no rule and no hold gives it */
  readonly of: Float64Array
  /** a derivation at about that price, in order, without what is had by itself */
  readonly proof: (node: number) => ProofStep[]
  /** how a node is had by itself, where it is */
  readonly hold: ReadonlyMap<number, Hold>
}

/** From this on a price takes something that the attackers do not defeat. */
export const BLOCKED_PRICE = PRICES[3]

/** Every thing that may be held at all gets a price: what the attackers do not defeat costs most. */
export function pricesFor(world: World, attackers: readonly Attacker[], supposed: readonly number[]): Prices {
  const { snapshot } = world
  const { rules, indexOf } = snapshot
  const held = new Set(givenTo(world, { attackers, starts: [] }).map(({ node }) => node))
  const hold = new Map<number, Hold>()
  const take = (node: number, how: Hold) => {
    if (!hold.has(node)) hold.set(node, how)
  }
  for (const node of held) take(node, 'held')
  for (const node of supposed) take(node, 'supposed')
  for (const { assumed, turns } of doubtsOf(world, attackers, held).doubts) {
    if (assumed === 'in_favour' && 'node' in turns) take(turns.node, 'in_doubt')
  }
  for (const { id } of holdable(snapshot)) take(indexOf.get(id)!, 'not_defeated')
  const seeds = [...hold]
  const end = rules.bodyOffsets.at(-1) ?? 0
  const program = buildProgram({
    nodeCount: rules.nodeCount,
    heads: concat(
      rules.heads,
      seeds.map(([node]) => node),
    ),
    needs: Uint16Array.from(
      concat(
        rules.needs,
        seeds.map(() => 0),
      ),
    ),
    bodyOffsets: concat(
      rules.bodyOffsets,
      seeds.map(() => end),
    ),
    bodies: rules.bodies,
  })
  const ownRules = rules.heads.length
  const cheapest = weakest(program, {
    tiers: Uint8Array.from({ length: ownRules + seeds.length }, (_, r) =>
      r < ownRules ? 0 : HOLDS.indexOf(seeds[r - ownRules]![1]),
    ),
    efforts: Uint8Array.from({ length: ownRules + seeds.length }, (_, r) =>
      r < ownRules || seeds[r - ownRules]![1] !== 'held' ? 1 : 0,
    ),
  })
  return {
    of: Float64Array.from({ length: rules.nodeCount }, (_, node) => {
      const efforts = effortOf(cheapest, node)
      if (efforts === null) return Infinity
      const [steps = 0, ...things] = efforts.map((effort) => Math.min(effort, MOST))
      return steps + things.slice(0, 3).reduce((sum, count, i) => sum + count * PRICES[i + 1]!, 0)
    }),
    proof: (node) => weakestProof(program, cheapest, node).filter(({ rule }) => rule < ownRules),
    hold,
  }
}

function concat(a: ArrayLike<number>, b: readonly number[]): Uint32Array {
  const both = new Uint32Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
