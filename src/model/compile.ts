import type { RuleSystem } from '#graph/rules.ts'
import { CAPABILITIES } from '#contract/vocabulary.ts'
import { compileFact } from './fact-rules.ts'
import type { Place } from './facts.ts'
import type { CheckedInventory, FactView } from './inventory.ts'
import { RULE_KINDS, type RuleKindName } from './kinds.ts'
import { compileRights } from './rights.ts'

export const RULE_KIND_NAMES = Object.keys(RULE_KINDS) as readonly RuleKindName[]

/** A right that some entitlement leads to: the node `right:<name>:<target>`. */
export interface Right {
  readonly node: number
  /** position in CAPABILITIES */
  readonly capability: number
  readonly target: string
}

/** Facts, and the nodes that stand for what they speak of. */
export interface FactNodes {
  readonly inventory: FactView
  readonly indexOf: ReadonlyMap<string, number>
}

/** All facts as rules over dense node indices. Immutable; the inventory it was made of is kept for names and places. */
export interface Snapshot extends FactNodes {
  readonly inventory: CheckedInventory
  /** node index → id, entities first, then derived nodes */
  readonly nodeIds: readonly string[]
  readonly rules: RuleSystem
  /** per rule: position in {@link RULE_KIND_NAMES} */
  readonly ruleKinds: Uint8Array
  /** per rule: where the fact that justifies it was read */
  readonly rulePlaces: readonly (Place | undefined)[]
  readonly rights: readonly Right[]
}

/** Collects rules and gives node ids their indices. State with a lifetime: one compilation. */
export class RuleBuilder {
  readonly ids: string[] = []
  readonly indexOf = new Map<string, number>()
  readonly kinds: number[] = []
  readonly places: (Place | undefined)[] = []
  private readonly heads: number[] = []
  private readonly needs: number[] = []
  private readonly offsets: number[] = [0]
  private readonly bodies: number[] = []

  node(id: string): number {
    const known = this.indexOf.get(id)
    if (known !== undefined) return known
    const index = this.ids.length
    this.ids.push(id)
    this.indexOf.set(id, index)
    return index
  }

  /** `head ← all of body`, or `needs` of it. */
  rule(kind: RuleKindName, head: string, body: readonly string[], place?: Place, needs: number = body.length): void {
    this.heads.push(this.node(head))
    this.needs.push(Math.min(needs, 0xffff))
    for (const id of body) this.bodies.push(this.node(id))
    this.offsets.push(this.bodies.length)
    this.kinds.push(RULE_KIND_NAMES.indexOf(kind))
    this.places.push(place)
  }

  system(): RuleSystem {
    return {
      nodeCount: this.ids.length,
      heads: Uint32Array.from(this.heads),
      needs: Uint16Array.from(this.needs),
      bodyOffsets: Uint32Array.from(this.offsets),
      bodies: Uint32Array.from(this.bodies),
    }
  }
}

/**
 * Turns checked facts into rules, of the kinds in {@link RULE_KINDS} and no others.
 *
 * Disabled accounts can't be entered: no rule has one as its head. Entitlements that ended before the snapshot's time
 * and authenticators of nobody lead nowhere. Linear in facts plus derived rights.
 */
export function compileSnapshot(inventory: CheckedInventory): Snapshot {
  const builder = new RuleBuilder()
  for (const kind of ENTITY_KINDS) {
    for (const { fact } of inventory.byKind[kind]) builder.node(fact.id)
  }
  for (const kind of MEMBER_KINDS) for (const placed of inventory.byKind[kind]) compileFact(builder, inventory, placed)
  const rights = compileRights(builder, inventory)
  for (const kind of OTHER_KINDS) for (const placed of inventory.byKind[kind]) compileFact(builder, inventory, placed)
  return {
    inventory,
    nodeIds: builder.ids,
    indexOf: builder.indexOf,
    rules: builder.system(),
    ruleKinds: Uint8Array.from(builder.kinds),
    rulePlaces: builder.places,
    rights: rights.map(({ name, target, node }) => ({ node, target, capability: capabilityOf(name) })),
  }
}

const ENTITY_KINDS = ['account', 'group', 'role', 'resource', 'secret', 'channel', 'authenticator', 'session'] as const

const MEMBER_KINDS = ['account', 'group', 'role'] as const
const OTHER_KINDS = ['secret', 'channel', 'authenticator', 'wayIn', 'session', 'rule'] as const

/** Position in CAPABILITIES of what a right of this name amounts to. */
export function capabilityOf(rightName: string): number {
  const slash = rightName.indexOf('/')
  return (CAPABILITIES as readonly string[]).indexOf(slash < 0 ? rightName : rightName.slice(0, slash))
}
