import { CAPABILITIES, IMPACTS, type Capability, type Impact } from '#contract/vocabulary.ts'
import { reachLanes } from '#graph/reach.ts'
import type { Program } from '#graph/program.ts'
import type { Snapshot } from '#model/compile.ts'
import type { Policy } from '#policy/policy.ts'
import { impactOfRight, type TargetKind } from '#policy/requirement.ts'

const CAPABILITY_COUNT = CAPABILITIES.length
/** hop count of a capability that is not reached */
export const UNREACHED = 255

/**
 * Lanes of the two reach passes. Each right carries, for its capability, one lane per impact it amounts to:
 * pass one has *any* (0…) and *moderate or more* (13…) and the lane of uncertain impact; pass two *low or more* and *high*.
 */
const UNCERTAIN_LANE = 2 * CAPABILITY_COUNT

export interface CapabilityReach {
  readonly capability: Capability
  readonly impact: Impact
  /** rules from the account to the nearest right of this capability with this impact */
  readonly hops: number
}

export interface AccountImpact {
  readonly impact: Impact
  /** the reach includes something declared nowhere, or a target whose sensitivity nobody stated */
  readonly uncertain: boolean
  /** in the order of CAPABILITIES */
  readonly capabilities: readonly CapabilityReach[]
}

/** Impact of rights by node index, and whether it rests on an unstated sensitivity. */
export type Impacts = ReadonlyMap<number, { readonly impact: Impact; readonly uncertain: boolean }>

/** Impact of every right, by policy. */
export function rightImpacts(snapshot: Snapshot, policy: Policy): Impacts {
  const impacts = new Map<number, { impact: Impact; uncertain: boolean }>()
  for (const { node, capability, target } of snapshot.rights) {
    const kind = targetKind(snapshot, target)
    impacts.set(node, impactOfRight(policy, CAPABILITIES[capability]!, kind, sensitivityOf(snapshot, target)))
  }
  return impacts
}

function sensitivityOf(snapshot: Snapshot, target: string): Impact | undefined {
  const fact = snapshot.inventory.get(target)?.fact
  return fact?.fact === 'resource' || fact?.fact === 'channel' ? fact.sensitivity : undefined
}

function targetKind(snapshot: Snapshot, target: string): TargetKind {
  const kind = snapshot.inventory.kindOf(target)
  switch (kind) {
    case 'account':
    case 'group':
    case 'role':
    case 'channel':
    case 'secret':
      return kind
    default:
      return 'resource'
  }
}

/** What each start's reach amounts to: R1 over the lanes above, twice. */
export function impactsOf(
  snapshot: Snapshot,
  program: Program,
  policy: Policy,
  starts: Uint32Array,
): readonly AccountImpact[] {
  const anyAndModerate = new Uint32Array(program.nodeCount)
  const lowAndHigh = new Uint32Array(program.nodeCount)
  const impacts = rightImpacts(snapshot, policy)
  for (const { node, capability } of snapshot.rights) {
    const { impact, uncertain } = impacts.get(node)!
    const rank = IMPACTS.indexOf(impact)
    anyAndModerate[node]! |= 1 << capability
    if (rank >= 2) anyAndModerate[node]! |= 1 << (CAPABILITY_COUNT + capability)
    if (uncertain) anyAndModerate[node]! |= 1 << UNCERTAIN_LANE
    if (rank >= 1) lowAndHigh[node]! |= 1 << capability
    if (rank >= 3) lowAndHigh[node]! |= 1 << (CAPABILITY_COUNT + capability)
  }
  // nobody knows where a thing leads that is declared nowhere
  for (const id of snapshot.inventory.missing.keys()) {
    const node = snapshot.indexOf.get(id)
    if (node !== undefined) anyAndModerate[node]! |= 1 << UNCERTAIN_LANE
  }
  const first = reachLanes(program, anyAndModerate, starts)
  const second = reachLanes(program, lowAndHigh, starts)
  return Array.from(starts, (_, i) => summarise(i, first, second))
}

interface Lanes {
  readonly masks: Uint32Array
  readonly hops: Uint8Array
}

function summarise(i: number, first: Lanes, second: Lanes): AccountImpact {
  const capabilities: CapabilityReach[] = []
  let highest = 0
  for (let c = 0; c < CAPABILITY_COUNT; c++) {
    const hopsByRank = [
      first.hops[i * 32 + c]!,
      second.hops[i * 32 + c]!,
      first.hops[i * 32 + CAPABILITY_COUNT + c]!,
      second.hops[i * 32 + CAPABILITY_COUNT + c]!,
    ]
    const rank = hopsByRank.findLastIndex((hops) => hops !== UNREACHED)
    if (rank < 0) continue
    highest = Math.max(highest, rank)
    capabilities.push({ capability: CAPABILITIES[c]!, impact: IMPACTS[rank]!, hops: hopsByRank[rank]! })
  }
  const uncertain = ((first.masks[i]! >>> UNCERTAIN_LANE) & 1) === 1
  return { impact: IMPACTS[highest]!, uncertain, capabilities }
}
