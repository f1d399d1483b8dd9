/** What it takes to have each node, told apart by how sure it is that the attackers have it. */
import { attackerSeeds, holdable } from '#analysis/attackers.ts'
import { TIERS } from '#graph/cost-table.ts'
import type { ProofStep } from '#graph/proof.ts'
import { buildProgram, type Program } from '#graph/program.ts'
import type { RuleSystem } from '#graph/rules.ts'
import { NONE, weakest, weakestProof } from '#graph/weakest.ts'
import { oncePer } from '#lib/once.ts'
import type { Attacker } from '#policy/policy.ts'
import { doubtsOf } from './doubts.ts'
import type { World } from './world.ts'

/** How a node may be had without any rule, the surest first; the position is the tier of its cost. */
export const HOLDS = ['held', 'supposed', 'in_doubt', 'not_defeated'] as const
export type Hold = (typeof HOLDS)[number]
/** Tier of what nobody has without a rule. */
const NOT_HAD = HOLDS.length

/** What one more thing of each kind adds to a price. A rule adds 1, so that short chains come first. */
const PRICES = [1, 1e4, 1e8, 1e12] as const
/** More than this many rules, or things of one kind, count as this many. */
const MOST = 9_000

export interface Prices {
  /** per node: the least that it takes; Infinity where no rule and no hold gives it */
  readonly of: Float64Array
  /** a derivation at about that price, in order, without what is had by itself */
  readonly proof: (node: number) => ProofStep[]
  /** how a node is had by itself; null where it is not */
  readonly hold: (node: number) => Hold | null
}

/** From this on a price takes something that the attackers do not defeat. */
export const BLOCKED_PRICE = PRICES[3]

/**
 * Every thing that may be held at all gets a price: what the attackers do not defeat costs most. What does not hang on who
 * attacks, and what does not hang on what is supposed, is worked out once.
 *
 * @returns of some attackers of the world's policy, and nodes that are supposed to be in their hands
 */
export function pricesIn(world: World): (attackers: readonly Attacker[], supposed: readonly number[]) => Prices {
  const { snapshot, policy, signIn } = world
  const { rules, indexOf } = snapshot
  const program = buildProgram(withOpenNodes(rules))
  const seeds = attackerSeeds(snapshot, policy.attackers, signIn)
  const things = Uint32Array.from(holdable(snapshot), ({ id }) => indexOf.get(id)!)
  const holdsOf = oncePer((names: string): Uint8Array => {
    const attackers = policy.attackers.filter(({ name }) => names.split('\n').includes(name))
    const lanes = policy.attackers.reduce(
      (mask, each, lane) => (attackers.includes(each) ? mask | (1 << lane) : mask),
      0,
    )
    const holds = new Uint8Array(rules.nodeCount).fill(NOT_HAD)
    const take = (node: number, how: Hold): void => {
      holds[node] = Math.min(holds[node]!, HOLDS.indexOf(how))
    }
    for (const node of things) take(node, 'not_defeated')
    for (let node = 0; node < rules.nodeCount; node++) if ((seeds[node]! & lanes) !== 0) take(node, 'held')
    const { doubts } = doubtsOf(world, attackers, (node) => (seeds[node]! & lanes) !== 0)
    for (const { assumed, turns } of doubts)
      if (assumed === 'in_favour' && 'node' in turns) take(turns.node, 'in_doubt')
    return holds
  })
  return (attackers, supposed) => {
    const holds = holdsOf(attackers.map(({ name }) => name).join('\n')).slice()
    for (const node of supposed) holds[node] = Math.min(holds[node]!, HOLDS.indexOf('supposed'))
    return priced(program, rules.heads.length, holds)
  }
}

function priced(program: Program, ownRules: number, holds: Uint8Array): Prices {
  const tiers = new Uint8Array(program.ruleCount)
  const efforts = new Uint8Array(program.ruleCount).fill(1)
  tiers.set(holds, ownRules)
  holds.forEach((tier, node) => (efforts[ownRules + node] = tier === 0 ? 0 : 1))
  const cheapest = weakest(program, { tiers, efforts })
  const { costs, costIds } = cheapest
  const prices = Float64Array.from({ length: costs.length / TIERS }, (_, id) =>
    priceOf(costs.subarray(id * TIERS, (id + 1) * TIERS)),
  )
  return {
    of: Float64Array.from(costIds, (id) => (id === NONE ? Infinity : prices[id]!)),
    proof: (node) => weakestProof(program, cheapest, node).filter(({ rule }) => rule < ownRules),
    hold: (node) => HOLDS[holds[node]!] ?? null,
  }
}

/** @param efforts  per tier */
function priceOf(efforts: Uint32Array): number {
  if (efforts[NOT_HAD]! > 0) return Infinity
  return PRICES.reduce((sum, price, tier) => sum + Math.min(efforts[tier]!, MOST) * price, 0)
}

/** The rules, and after them one for each node that gives it for nothing. */
function withOpenNodes(rules: RuleSystem): RuleSystem {
  const { nodeCount, bodies } = rules
  const count = rules.heads.length
  const heads = new Uint32Array(count + nodeCount)
  heads.set(rules.heads)
  for (let node = 0; node < nodeCount; node++) heads[count + node] = node
  const needs = new Uint16Array(count + nodeCount)
  needs.set(rules.needs)
  const bodyOffsets = new Uint32Array(count + nodeCount + 1).fill(bodies.length)
  bodyOffsets.set(rules.bodyOffsets)
  return { nodeCount, heads, needs, bodyOffsets, bodies }
}
