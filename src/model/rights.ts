import type { RuleBuilder } from './compile.ts'
import { isDisabled, type KnownFacts, type RuleSink } from './fact-rules.ts'
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

/** Lists by id. */
export type Lists<V> = Pick<ReadonlyMap<string, readonly V[]>, 'get' | 'has'>

/** What the facts say about each target by naming it, so that each right is expanded by look-up. */
export interface Structure {
  readonly children: Lists<PlacedFact<FactOf<'resource'>>>
  readonly members: Lists<{ readonly id: string; readonly place: Place }>
  readonly authenticators: Lists<PlacedFact<FactOf<'authenticator'>>>
  readonly stored: Lists<PlacedFact<FactOf<'secret'>>>
  readonly carried: Lists<PlacedFact<FactOf<'channel'>>>
}

/**
 * Expands entitlements into rights and everything that follows from a right: containers, groups, resets, code that runs,
 * secrets that lie there. Each right is expanded once, so cycles of groups or containers end.
 */
export function compileRights(builder: RuleBuilder, inventory: CheckedInventory): NamedRight[] {
  const structure = structureOf(inventory)
  const rights = new Map<number, NamedRight>()
  const named = new Map<string, Set<string>>()
  const queue: NamedRight[] = []

  const right = (name: string, target: string): string => {
    const id = idOfRight(name, target)
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
    for (const name of namesOf(fact, inventory.snapshot.at)) {
      builder.rule('entitled', right(name, fact.on), [fact.holder], place)
    }
  }
  const context = { rules: builder, inventory, structure, right }
  for (let at = 0; at < queue.length; at++) expandRight(context, queue[at]!)
  for (const [target, names] of named) compileNames(context, target, names)
  return [...rights.values()]
}

/** The node of a right by name. */
export const idOfRight = (name: string, target: string): string =>
  name.startsWith(`${FULL_RESET}/`) ? resetNode(name.slice(FULL_RESET.length + 1), target) : rightNode(name, target)

/** The names of the rights that an entitlement gives on its target; none once it has ended. */
export function namesOf(fact: FactOf<'entitlement'>, at: string | null): string[] {
  if (isOver(fact.expiresAt, at)) return []
  return fact.capabilities.flatMap((capability): string[] =>
    capability === FULL_RESET && fact.resets !== undefined
      ? fact.resets.map((kind) => `${FULL_RESET}/${kind}`)
      : [capability],
  )
}

/** The rules among the rights that there are on one target. */
export function compileNames(
  { rules, inventory, structure }: Omit<Expansion, 'right'>,
  target: string,
  names: ReadonlySet<string>,
): void {
  const includes = (kind: 'administer_all' | 'full_reset', whole: string, isPart: (name: string) => boolean): void => {
    if (!names.has(whole)) return
    for (const name of names) if (isPart(name)) rules.rule(kind, idOfRight(name, target), [idOfRight(whole, target)])
  }
  if (!isGroup(inventory, structure, target)) includes('administer_all', 'administer', (name) => name !== 'administer')
  includes('full_reset', FULL_RESET, (name) => name.startsWith(`${FULL_RESET}/`))
}

/** Declared as a group or role, or declared nowhere and having members. */
function isGroup(inventory: KnownFacts, structure: Structure, id: string): boolean {
  const kind = inventory.kindOf(id)
  return kind === undefined ? structure.members.has(id) : kind === 'group' || kind === 'role'
}

/** Whether an end lies before the snapshot's time; without a time nothing has ended. */
export function isOver(end: string | undefined, at: string | null): boolean {
  return end !== undefined && at !== null && Date.parse(end) <= Date.parse(at)
}

function structureOf(inventory: CheckedInventory): Structure {
  const structure = {
    children: new Map<string, PlacedFact<FactOf<'resource'>>[]>(),
    members: new Map<string, { id: string; place: Place }[]>(),
    authenticators: new Map<string, PlacedFact<FactOf<'authenticator'>>[]>(),
    stored: new Map<string, PlacedFact<FactOf<'secret'>>[]>(),
    carried: new Map<string, PlacedFact<FactOf<'channel'>>[]>(),
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

/** What expanding a right looks at, and where its rules go. */
export interface Expansion {
  readonly rules: RuleSink
  readonly inventory: KnownFacts
  readonly structure: Structure
  /** told each right that follows; returns its node */
  readonly right: MakeRight
}

/**
 * The rules of one right, and the rights that follow from it. They hang on the target's own fact, on the facts that name
 * the target, and on whether the accounts that the target runs as are disabled: on nothing else.
 */
export function expandRight(context: Expansion, { name, target }: Omit<NamedRight, 'node'>): void {
  const { rules, inventory } = context
  const it = { name, target, self: idOfRight(name, target) }
  expandByReference(context, it)
  switch (inventory.kindOf(target)) {
    case 'account':
      return expandOnAccount(context, it)
    case 'group':
    case 'role':
      if (name === 'administer') rules.rule('administer_group', target, [it.self])
      return
    case 'channel':
      if (HOLDS_CHANNEL.has(name)) rules.rule('controlled_channel', target, [it.self])
      return
    case 'secret':
      if (KNOWS_SECRET.has(name)) rules.rule('own_secret', target, [it.self])
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
function expandByReference({ rules, inventory, structure, right }: Expansion, { name, target, self }: Expanding): void {
  if (isScoped(name)) {
    for (const { id, place } of structure.members.get(target) ?? []) rules.rule('scope', right(name, id), [self], place)
  }
  for (const { fact, place } of structure.children.get(target) ?? []) {
    rules.rule('inherited', right(name, fact.id), [self], place)
  }
  const kind = inventory.kindOf(target)
  const container = kind === undefined || kind === 'resource'
  if (container && READS_STORE.has(name)) {
    for (const { fact, place } of structure.stored.get(target) ?? [])
      rules.rule('stored_secret', fact.id, [self], place)
  }
  if (container && CARRIES.has(name)) {
    for (const { fact, place } of structure.carried.get(target) ?? []) {
      rules.rule('carried_channel', fact.id, [self], place)
    }
  }
  for (const { fact, place } of structure.authenticators.get(target) ?? []) {
    if (name === 'administer' || name === FULL_RESET) right(`${FULL_RESET}/${fact.kind}`, target)
    if (name === 'administer' && !KNOWN.has(fact.kind)) right('alter_auth_policy', target)
    if (name === `${FULL_RESET}/${fact.kind}`) rules.rule('reset_one', fact.id, [self], place)
    if (name === 'alter_auth_policy' && !KNOWN.has(fact.kind)) rules.rule('lower_policy', fact.id, [self], place)
  }
}

function expandOnAccount({ rules, inventory }: Expansion, { name, target, self }: Expanding): void {
  if (isDisabled(inventory, target)) return
  if (name === 'administer') rules.rule('administer_account', target, [self])
  if (ACTS_AS.has(name)) rules.rule('act_as', target, [self])
}

function expandOnResource({ rules, inventory, right }: Expansion, { name, target, self }: Expanding): void {
  const placed = inventory.get(target)
  if (placed?.fact.fact !== 'resource') return
  const { fact, place } = placed as PlacedFact<FactOf<'resource'>>
  if (RUNS_CODE.has(name)) {
    for (const account of fact.runsAs ?? []) {
      if (!isDisabled(inventory, account)) rules.rule('run_as', account, [self], place)
    }
  }
  if (READS_BUILD.has(name)) for (const secret of fact.uses ?? []) rules.rule('build_secret', secret, [self], place)
  if (DEPLOYS.has(name)) {
    for (const there of fact.deploysTo ?? []) {
      rules.rule('deploys', right('alter_infrastructure', there), [self], place)
    }
  }
  if (name === 'administer' && (fact.governs ?? []).length > 0) right('alter_auth_policy', target)
  if (name === 'alter_auth_policy') {
    for (const governed of fact.governs ?? []) rules.rule('governs', right(name, governed), [self], place)
  }
}
