import type { RuleSystem } from '#graph/rules.ts'
import { CAPABILITIES } from '#contract/vocabulary.ts'
import type { Place } from './facts.ts'
import type { CheckedInventory } from './inventory.ts'
import { RULE_KINDS, type RuleKindName } from './kinds.ts'
import { compileFormula } from './formula.ts'
import { compileRights } from './rights.ts'

export const RULE_KIND_NAMES = Object.keys(RULE_KINDS) as readonly RuleKindName[]

/** A right that some entitlement leads to: the node `right:<name>:<target>`. */
export interface Right {
  readonly node: number
  /** position in CAPABILITIES */
  readonly capability: number
  readonly target: string
}

/** All facts as rules over dense node indices. Immutable; the inventory it was made of is kept for names and places. */
export interface Snapshot {
  readonly inventory: CheckedInventory
  /** node index → id, entities first, then derived nodes */
  readonly nodeIds: readonly string[]
  readonly indexOf: ReadonlyMap<string, number>
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
  const disabled = new Set<string>()
  for (const { fact } of inventory.byKind.account) if (fact.enabled === false) disabled.add(fact.id)

  compileMemberships(builder, inventory)
  const rights = compileRights(builder, inventory, disabled)
  compileSecrets(builder, inventory, disabled)
  compileChannels(builder, inventory)
  compileWaysIn(builder, inventory, disabled)
  compileSessions(builder, inventory, disabled)
  for (const { fact, place } of inventory.byKind.rule) {
    if (disabled.has(fact.then)) continue
    compileFormula(builder, 'declared', fact.id, [fact.then], fact.when, place)
  }
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

function capabilityOf(rightName: string): number {
  const slash = rightName.indexOf('/')
  return (CAPABILITIES as readonly string[]).indexOf(slash < 0 ? rightName : rightName.slice(0, slash))
}

function compileMemberships(builder: RuleBuilder, inventory: CheckedInventory): void {
  for (const kind of ['account', 'group', 'role'] as const) {
    for (const { fact, place } of inventory.byKind[kind]) {
      for (const group of fact.memberOf ?? []) builder.rule('member_of', group, [fact.id], place)
    }
  }
}

function compileSecrets(builder: RuleBuilder, inventory: CheckedInventory, disabled: ReadonlySet<string>): void {
  for (const { fact, place } of inventory.byKind.secret) {
    for (const account of fact.opens ?? []) {
      if (!disabled.has(account)) builder.rule('opens', account, [fact.id], place)
    }
    for (const authenticator of fact.proves ?? []) builder.rule('replicates', authenticator, [fact.id], place)
    for (const where of fact.storedIn ?? []) {
      if (mayBeChannel(inventory, where)) builder.rule('carried_secret', fact.id, [where], place)
    }
  }
}

/** Declared as a channel, or declared nowhere: then it may be one, and is not passed over. */
function mayBeChannel(inventory: CheckedInventory, id: string): boolean {
  const kind = inventory.kindOf(id)
  return kind === undefined || kind === 'channel'
}

function compileChannels(builder: RuleBuilder, inventory: CheckedInventory): void {
  for (const { fact, place } of inventory.byKind.channel) {
    for (const account of fact.heldBy ?? []) builder.rule('held_channel', fact.id, [account], place)
    for (const carrier of fact.carriedBy ?? []) {
      if (mayBeChannel(inventory, carrier)) builder.rule('carried_channel', fact.id, [carrier], place)
    }
  }
  for (const { fact, place } of inventory.byKind.authenticator) {
    for (const channel of fact.on ?? []) builder.rule('on_channel', fact.id, [channel], place)
  }
}

function compileWaysIn(builder: RuleBuilder, inventory: CheckedInventory, disabled: ReadonlySet<string>): void {
  for (const { fact, place } of inventory.byKind.wayIn) {
    if (disabled.has(fact.account)) continue
    const heads = fact.yields?.length ? fact.yields : [fact.account]
    compileFormula(builder, 'way_in', fact.id, heads, fact.requires, place)
  }
}

/** Bindings that tie a session to a key its device keeps (SP 800-63B-4 §5.2; RFC 9449, RFC 8705, DBSC). */
const BOUND = new Set(['dpop', 'mtls', 'dbsc'])

function compileSessions(builder: RuleBuilder, inventory: CheckedInventory, disabled: ReadonlySet<string>): void {
  for (const { fact, place } of inventory.byKind.session) {
    if (!disabled.has(fact.account)) builder.rule('session', fact.account, [fact.id], place)
    if (fact.on !== undefined && !BOUND.has(fact.binding ?? 'none')) {
      builder.rule('session_on', fact.id, [fact.on], place)
    }
  }
}
