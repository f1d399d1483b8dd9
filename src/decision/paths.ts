/** What the policy asks for one access by itself, kept for accesses that are alike. */
import { CAPABILITIES, IMPACTS, type Impact } from '#contract/vocabulary.ts'
import type { CheckedInventory } from '#model/inventory.ts'
import type { Policy, RuleFacts } from '#policy/policy.ts'
import { higherImpact, impactOfRight } from '#policy/requirement.ts'
import type { Alike } from './alike.ts'
import { listOf, type CapabilitySet } from './capabilities.ts'
import { demandOfPath } from './demand.ts'
import { keeping, numbering, type Kept } from '#lib/kept.ts'
import type { Demand, Standing, Target } from './world.ts'

/** Answers kept for each sort of account, and sorts of accounts; ours. */
const KEPT = 10_000

export function buildPaths(
  inventory: CheckedInventory,
  policy: Policy,
  alike: Alike,
): (account: Standing, capabilities: CapabilitySet, target: Target) => Demand {
  const systems = new Map(inventory.byKind.system.map(({ fact }) => [fact.id, fact]))
  const systemOf = (id: string | null): RuleFacts['system'] => (id === null ? {} : (systems.get(id) ?? {}))
  const demands = numbering<Demand>()
  const work = (number: number, capabilities: CapabilitySet, target: Target): Demand => {
    const { account, system } = alike.at(number)
    const list = listOf(capabilities)
    const seenFrom = [systemOf(system), ...(target.system === system ? [] : [systemOf(target.system)])]
    const demand = demandOfPath(policy, { account, capabilities: list }, seenFrom, impactOf(policy, list, target))
    return demands.at(demands.numberOf(JSON.stringify(demand), () => demand))
  }
  // two small whole numbers are looked up faster than one large one
  const kept = keeping<number, Kept<number, Demand>>(KEPT)
  return (account, capabilities, target) => {
    const make = () => work(account.alike, capabilities, target)
    if (target.alike >= TARGETS) return make()
    const ofAccount = kept.get(account.alike, () => keeping<number, Demand>(KEPT))
    return ofAccount.get(target.alike * SETS + capabilities, make)
  }
}

const SETS = 1 << CAPABILITIES.length
/** Kinds of targets kept apart; the two together fit in 30 bits. */
const TARGETS = (1 << 30) / SETS

/** The highest impact of these rights; high where nobody says what the thing is worth and the policy does not either. */
function impactOf(policy: Policy, capabilities: readonly (typeof CAPABILITIES)[number][], target: Target): Impact {
  let highest: Impact = IMPACTS[0]
  for (const capability of capabilities) {
    const { impact, uncertain } = impactOfRight(policy, capability, target.kind, target.sensitivity ?? undefined)
    highest = higherImpact(highest, uncertain ? policy.impact[capability].high : impact)
  }
  return highest
}
