import { CAPABILITIES, IMPACTS, type Capability, type Impact } from '#contract/vocabulary.ts'
import { reachLanes } from '#graph/reach.ts'
import type { Program } from '#graph/program.ts'
import type { FactNodes, Right, Snapshot } from '#model/compile.ts'
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
export const UNCERTAIN: number = 1 << UNCERTAIN_LANE

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
export type Impacts = ReadonlyMap<number, RightImpact>

/** Impact of every right, by policy. */
export function rightImpacts(snapshot: Snapshot, policy: Policy): Impacts {
  return new Map(snapshot.rights.map((right) => [right.node, rightImpact(snapshot, policy, right)]))
}

/** Impact of one right; it hangs on the kind and the sensitivity of its target. */
export function rightImpact(
  nodes: FactNodes,
  policy: Policy,
  { capability, target }: Omit<Right, 'node'>,
): RightImpact {
  const kind = targetKind(nodes, target)
  return impactOfRight(policy, CAPABILITIES[capability]!, kind, sensitivityOf(nodes, target))
}

/** Impact of a right, and whether it rests on an unstated sensitivity. */
export interface RightImpact {
  readonly impact: Impact
  readonly uncertain: boolean
}

function sensitivityOf(snapshot: FactNodes, target: string): Impact | undefined {
  const fact = snapshot.inventory.get(target)?.fact
  return fact?.fact === 'resource' || fact?.fact === 'channel' ? fact.sensitivity : undefined
}

function targetKind(snapshot: FactNodes, target: string): TargetKind {
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
    const [first, second] = lanesOfRight(capability, impacts.get(node)!)
    anyAndModerate[node]! |= first
    lowAndHigh[node]! |= second
  }
  // nobody knows where a thing leads that is declared nowhere
  for (const id of snapshot.inventory.missing.keys()) {
    const node = snapshot.indexOf.get(id)
    if (node !== undefined) anyAndModerate[node]! |= UNCERTAIN
  }
  const first = reachLanes(program, anyAndModerate, starts)
  const second = reachLanes(program, lowAndHigh, starts)
  return Array.from(starts, (_, i) => summarise(i, first, second))
}

/** The lanes that a right carries in the two passes. */
export function lanesOfRight(capability: number, { impact, uncertain }: RightImpact): readonly [number, number] {
  const rank = IMPACTS.indexOf(impact)
  const own = 1 << capability
  const more = 1 << (CAPABILITY_COUNT + capability)
  const first = own | (rank >= 2 ? more : 0) | (uncertain ? UNCERTAIN : 0)
  return [first, (rank >= 1 ? own : 0) | (rank >= 3 ? more : 0)]
}

/** What a reach amounts to by the lanes of the two passes, without hops. */
export function impactOfLanes(first: number, second: number): AccountImpact {
  const capabilities: CapabilityReach[] = []
  let highest = 0
  for (let c = 0; c < CAPABILITY_COUNT; c++) {
    const held = [first >>> c, second >>> c, first >>> (CAPABILITY_COUNT + c), second >>> (CAPABILITY_COUNT + c)]
    const rank = held.findLastIndex((bits) => (bits & 1) === 1)
    if (rank < 0) continue
    highest = Math.max(highest, rank)
    capabilities.push({ capability: CAPABILITIES[c]!, impact: IMPACTS[rank]!, hops: UNREACHED })
  }
  return { impact: IMPACTS[highest]!, uncertain: (first & UNCERTAIN) !== 0, capabilities }
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
