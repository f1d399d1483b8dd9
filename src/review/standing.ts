import { CAPABILITIES, IMPACTS, type Capability, type Impact } from '#contract/vocabulary.ts'
import { rightImpacts } from '#analysis/impact.ts'
import { waysInOf, type Way } from '#analysis/ways-in.ts'
import { isSignIn, rankOf, worthsOf } from '#analysis/worth.ts'
import { buildProgram, type Program } from '#graph/program.ts'
import { compileSnapshot, type Snapshot } from '#model/compile.ts'
import type { FactOf } from '#model/facts.ts'
import type { CheckedInventory } from '#model/inventory.ts'
import type { Policy, Requirement } from '#policy/policy.ts'
import { requirementOf } from '#policy/requirement.ts'
import { itemsOf, type Items } from './items.ts'

/** What the steps of a review share; computed once. */
export interface World {
  readonly inventory: CheckedInventory
  readonly policy: Policy
  readonly snapshot: Snapshot
  readonly program: Program
  readonly items: Items
  /** per node: capability * 4 + rank of the impact for a right, {@link NO_RIGHT} for anything else */
  readonly worth: Uint8Array
  /** per node: 1 where what it is worth is not known */
  readonly uncertain: Uint8Array
  /** per node: 1 for an account */
  readonly isAccount: Uint8Array
  /** accounts that can be entered, in the order of the inventory */
  readonly accounts: readonly FactOf<'account'>[]
  /** the sign-ins that rest on a code or approval, of people who have one */
  readonly codeSignIns: ReadonlyMap<string, readonly CodeSignIn[]>
  /** whether a rule of the policy may ask how much is reached, and not only what */
  readonly sizesMatter: boolean
}

export interface CodeSignIn {
  readonly way: Way
  /** rank of what it proves by itself; -1 where unknown */
  readonly rank: number
}

export const NO_RIGHT = 255
/** Ranks of impact a capability may be reached with. */
export const RANKS = IMPACTS.length
export const HIGH = IMPACTS.indexOf('high')

export function worldOf(inventory: CheckedInventory, policy: Policy): World {
  const snapshot = compileSnapshot(inventory)
  const { indexOf, nodeIds } = snapshot
  const worth = new Uint8Array(nodeIds.length).fill(NO_RIGHT)
  const uncertain = new Uint8Array(nodeIds.length)
  const impacts = rightImpacts(snapshot, policy)
  for (const { node, capability } of snapshot.rights) {
    const right = impacts.get(node)!
    worth[node] = capability * RANKS + IMPACTS.indexOf(right.impact)
    if (right.uncertain) uncertain[node] = 1
  }
  for (const id of inventory.missing.keys()) {
    const node = indexOf.get(id)
    if (node !== undefined) uncertain[node] = 1
  }
  const isAccount = new Uint8Array(nodeIds.length)
  for (const { fact } of inventory.byKind.account) isAccount[indexOf.get(fact.id)!] = 1
  return {
    inventory,
    policy,
    snapshot,
    program: buildProgram(snapshot.rules),
    items: itemsOf(snapshot),
    worth,
    uncertain,
    isAccount,
    accounts: inventory.byKind.account.flatMap(({ fact }) => (fact.enabled === false ? [] : [fact])),
    codeSignIns: codeSignInsOf(snapshot, policy),
    // a rule that does not name it cannot look at it
    sizesMatter: policy.rules.some(({ condition }) => condition === undefined || condition.includes('reach')),
  }
}

function codeSignInsOf(snapshot: Snapshot, policy: Policy): Map<string, CodeSignIn[]> {
  const { inventory } = snapshot
  const ways = waysInOf(inventory)
  const worths = worthsOf(snapshot, policy, ways)
  const found = new Map<string, CodeSignIn[]>()
  for (const [account, list] of ways) {
    const fact = inventory.get(account)?.fact
    if (fact?.fact !== 'account' || fact.kind !== 'human') continue
    const byCode = list.flatMap((way) => {
      const worth = worths.ofWay(way)
      return isSignIn(way) && worth.code ? [{ way, rank: rankOf(worth.strength) }] : []
    })
    if (byCode.length > 0) found.set(account, byCode)
  }
  return found
}

/** What an account's reach amounts to, and what the policy asks for it. */
export interface Standing {
  readonly impact: Impact
  readonly uncertain: boolean
  /** highest impact by capability, for those it reaches, in the order of CAPABILITIES */
  readonly capabilities: ReadonlyMap<Capability, Impact>
  readonly requirement: Requirement
}

/**
 * Sums up what is reached: the ranks by capability (bits), whether any of it is uncertain, and how much it is. Where that
 * amounts to the same as before for every rule of the policy, so does the requirement.
 */
export function standingOf(
  { inventory, policy, sizesMatter }: World,
  account: FactOf<'account'>,
  reached: { ranks: ArrayLike<number>; uncertain: boolean; nodes: number; accounts: number },
  before?: Standing,
): Standing {
  const capabilities = new Map<Capability, Impact>()
  let highest = 0
  CAPABILITIES.forEach((capability, c) => {
    const rank = 31 - Math.clz32(reached.ranks[c]!)
    if (rank < 0) return
    highest = Math.max(highest, rank)
    capabilities.set(capability, IMPACTS[rank]!)
  })
  const impact = IMPACTS[highest]!
  if (before !== undefined && !sizesMatter && impact === before.impact && sameCapabilities(capabilities, before))
    return { impact, uncertain: reached.uncertain, capabilities, requirement: before.requirement }
  const system = account.system === undefined ? undefined : inventory.get(account.system)?.fact
  const requirement = requirementOf(policy, {
    account,
    system: system?.fact === 'system' ? system : {},
    impact,
    capabilities: [...capabilities.keys()],
    reach: { nodes: reached.nodes, accounts: reached.accounts },
  })
  return { impact, uncertain: reached.uncertain, capabilities, requirement }
}

/** A rule sees which capabilities there are, and not how high each. */
function sameCapabilities(now: ReadonlyMap<Capability, Impact>, { capabilities }: Standing): boolean {
  return now.size === capabilities.size && [...now.keys()].every((capability) => capabilities.has(capability))
}
