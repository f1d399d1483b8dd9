import type { RuleBuilder } from './compile.ts'
import type { FactOf, Place, PlacedFact } from './facts.ts'
import type { CheckedInventory } from './inventory.ts'
import { resetNode, rightNode } from './kinds.ts'

/** A right by name: a capability, or `reset_authenticators/<kind>`. */
export interface NamedRight {
  readonly name: string
  readonly target: string
  readonly node: number
}

/** Capabilities over a group that hold for its members. */
const SCOPED = new Set(['reset_authenticators', 'impersonate', 'alter_auth_policy', 'mint_credentials'])
const ACTS_AS = new Set(['impersonate', 'mint_credentials', 'reset_authenticators'])
const RUNS_CODE = new Set(['administer', 'alter_infrastructure', 'change_code'])
const DEPLOYS = new Set(['administer', 'change_code'])
const READS_BUILD = new Set(['administer', 'change_code', 'alter_infrastructure', 'use_secrets'])
const READS_STORE = new Set(['administer', 'use_secrets', 'read_sensitive_data'])
const KNOWS_SECRET = new Set(['administer', 'use_secrets', 'rotate_secrets'])
const HOLDS_CHANNEL = new Set(['control_channel', 'administer'])
const CARRIES = new Set(['control_channel', 'administer', 'alter_infrastructure'])
/** What the holder knows is not revealed by no longer asking for a factor. */
const KNOWN = new Set(['password', 'pin', 'security_question'])

const FULL_RESET = 'reset_authenticators'
const isScoped = (name: string) => SCOPED.has(name) || name.startsWith(`${FULL_RESET}/`)

/** What the facts say about each target, gathered once so that each right is expanded by look-up. */
interface Structure {
  readonly children: Map<string, PlacedFact<FactOf<'resource'>>[]>
  readonly members: Map<string, { readonly id: string; readonly place: Place }[]>
  readonly authenticators: Map<string, PlacedFact<FactOf<'authenticator'>>[]>
  readonly stored: Map<string, PlacedFact<FactOf<'secret'>>[]>
  readonly carried: Map<string, PlacedFact<FactOf<'channel'>>[]>
}

/**
 * Expands entitlements into rights and everything that follows from a right: containers, groups, resets, code that runs,
 * secrets that lie there. Each right is expanded once, so cycles of groups or containers end.
 */
export function compileRights(
  builder: RuleBuilder,
  inventory: CheckedInventory,
  disabled: ReadonlySet<string>,
): NamedRight[] {
  const structure = structureOf(inventory)
  const rights = new Map<number, NamedRight>()
  const named = new Map<string, Set<string>>()
  const queue: NamedRight[] = []

  const right = (name: string, target: string): string => {
    const id = name.startsWith(`${FULL_RESET}/`)
      ? resetNode(name.slice(FULL_RESET.length + 1), target)
      : rightNode(name, target)
    const node = builder.node(id)
    if (!rights.has(node)) {
      const entry = { name, target, node }
      rights.set(node, entry)
      queue.push(entry)
      const names = named.get(target)
      if (names) names.add(name)
      else named.set(target, new Set([name]))
    }
    return id
  }

  for (const { fact, place } of inventory.byKind.entitlement) {
    if (isOver(fact.expiresAt, inventory.snapshot.at)) continue
    for (const capability of fact.capabilities) {
      const names =
        capability === FULL_RESET && fact.resets !== undefined
          ? fact.resets.map((kind) => `${FULL_RESET}/${kind}`)
          : [capability]
      for (const name of names) builder.rule('entitled', right(name, fact.on), [fact.holder], place)
    }
  }
  const context = { builder, inventory, structure, disabled, right }
  for (let at = 0; at < queue.length; at++) expand(context, queue[at]!)

  for (const [target, names] of named) {
    if (names.has('administer') && !isGroup(inventory, structure, target)) {
      for (const name of names) {
        if (name !== 'administer') builder.rule('administer_all', right(name, target), [right('administer', target)])
      }
    }
    if (names.has(FULL_RESET)) {
      for (const name of names) {
        if (name.startsWith(`${FULL_RESET}/`))
          builder.rule('full_reset', right(name, target), [right(FULL_RESET, target)])
      }
    }
  }
  return [...rights.values()]
}

/** Declared as a group or role, or declared nowhere and having members. */
function isGroup(inventory: CheckedInventory, structure: Structure, id: string): boolean {
  const kind = inventory.kindOf(id)
  return kind === undefined ? structure.members.has(id) : kind === 'group' || kind === 'role'
}

/** Whether an end lies before the snapshot's time; without a time nothing has ended. */
export function isOver(end: string | undefined, at: string | null): boolean {
  return end !== undefined && at !== null && Date.parse(end) <= Date.parse(at)
}

function structureOf(inventory: CheckedInventory): Structure {
  const structure: Structure = {
    children: new Map(),
    members: new Map(),
    authenticators: new Map(),
    stored: new Map(),
    carried: new Map(),
  }
  for (const placed of inventory.byKind.resource)
    if (placed.fact.in !== undefined) push(structure.children, placed.fact.in, placed)
  for (const kind of ['account', 'group', 'role'] as const) {
    for (const { fact, place } of inventory.byKind[kind]) {
      for (const group of fact.memberOf ?? []) push(structure.members, group, { id: fact.id, place })
    }
  }
  for (const placed of inventory.byKind.authenticator) {
    for (const account of placed.fact.of ?? []) push(structure.authenticators, account, placed)
  }
  for (const placed of inventory.byKind.secret) {
    for (const where of placed.fact.storedIn ?? []) push(structure.stored, where, placed)
  }
  for (const placed of inventory.byKind.channel) {
    for (const carrier of placed.fact.carriedBy ?? []) push(structure.carried, carrier, placed)
  }
  return structure
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

type MakeRight = (name: string, target: string) => string

interface Context {
  readonly builder: RuleBuilder
  readonly inventory: CheckedInventory
  readonly structure: Structure
  readonly disabled: ReadonlySet<string>
  readonly right: MakeRight
}

function expand(context: Context, { name, target, node }: NamedRight): void {
  const { builder, inventory } = context
  const it = { name, target, self: builder.ids[node]! }
  expandByReference(context, it)
  switch (inventory.kindOf(target)) {
    case 'account':
      return expandOnAccount(context, it)
    case 'group':
    case 'role':
      if (name === 'administer') builder.rule('administer_group', target, [it.self])
      return
    case 'channel':
      if (HOLDS_CHANNEL.has(name)) builder.rule('controlled_channel', target, [it.self])
      return
    case 'secret':
      if (KNOWS_SECRET.has(name)) builder.rule('own_secret', target, [it.self])
      return
    case 'resource':
      return expandOnResource(context, it)
    default:
      return
  }
}

/** A right at the moment it is expanded: its name, its target, and its own node's id. */
interface Expanding {
  readonly name: string
  readonly target: string
  readonly self: string
}

/** What other facts say of the target by referring to it; holds for a target that is declared nowhere, too. */
function expandByReference({ builder, inventory, structure, right }: Context, { name, target, self }: Expanding): void {
  if (isScoped(name)) {
    for (const { id, place } of structure.members.get(target) ?? [])
      builder.rule('scope', right(name, id), [self], place)
  }
  for (const { fact, place } of structure.children.get(target) ?? []) {
    builder.rule('inherited', right(name, fact.id), [self], place)
  }
  const kind = inventory.kindOf(target)
  const container = kind === undefined || kind === 'resource'
  if (container && READS_STORE.has(name)) {
    for (const { fact, place } of structure.stored.get(target) ?? [])
      builder.rule('stored_secret', fact.id, [self], place)
  }
  if (container && CARRIES.has(name)) {
    for (const { fact, place } of structure.carried.get(target) ?? []) {
      builder.rule('carried_channel', fact.id, [self], place)
    }
  }
  for (const { fact, place } of structure.authenticators.get(target) ?? []) {
    if (name === 'administer' || name === FULL_RESET) right(`${FULL_RESET}/${fact.kind}`, target)
    if (name === 'administer' && !KNOWN.has(fact.kind)) right('alter_auth_policy', target)
    if (name === `${FULL_RESET}/${fact.kind}`) builder.rule('reset_one', fact.id, [self], place)
    if (name === 'alter_auth_policy' && !KNOWN.has(fact.kind)) builder.rule('lower_policy', fact.id, [self], place)
  }
}

function expandOnAccount({ builder, disabled }: Context, { name, target, self }: Expanding): void {
  if (disabled.has(target)) return
  if (name === 'administer') builder.rule('administer_account', target, [self])
  if (ACTS_AS.has(name)) builder.rule('act_as', target, [self])
}

function expandOnResource({ builder, inventory, disabled, right }: Context, { name, target, self }: Expanding): void {
  const placed = inventory.get(target)
  if (placed?.fact.fact !== 'resource') return
  const { fact, place } = placed as PlacedFact<FactOf<'resource'>>
  if (RUNS_CODE.has(name)) {
    for (const account of fact.runsAs ?? []) {
      if (!disabled.has(account)) builder.rule('run_as', account, [self], place)
    }
  }
  if (READS_BUILD.has(name)) for (const secret of fact.uses ?? []) builder.rule('build_secret', secret, [self], place)
  if (DEPLOYS.has(name)) {
    for (const there of fact.deploysTo ?? []) {
      builder.rule('deploys', right('alter_infrastructure', there), [self], place)
    }
  }
  if (name === 'administer' && (fact.governs ?? []).length > 0) right('alter_auth_policy', target)
  if (name === 'alter_auth_policy') {
    for (const governed of fact.governs ?? []) builder.rule('governs', right(name, governed), [self], place)
  }
}
