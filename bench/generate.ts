import type { RuleSystem } from '#graph/rules.ts'
import { powerLawRank, randomOf, shuffled } from './random.ts'
import type { Random } from './random.ts'
import { markNodes } from './marks.ts'
import { ruleBuilder } from './rule-builder.ts'
import type { RuleBuilder } from './rule-builder.ts'

/** `tiered`: few ways up into the core. `flat`: percolated, most accounts can climb into one giant component. */
export type Regime = 'tiered' | 'flat'

/** What the questions ask of each node; see `SnapshotContents`, which names the same arrays. */
export interface Marks {
  readonly accountBit: Uint8Array
  readonly capabilityMasks: Uint32Array
  readonly attackerSeeds: Uint32Array
  readonly ownerSeeds: Uint32Array
  readonly directNodes: Uint32Array
  /** per direct node */
  readonly directTiers: Uint8Array
  readonly directEfforts: Uint8Array
}

/** One generated enterprise. Node blocks are contiguous; inside a block the order is random. */
export interface Enterprise extends Marks {
  readonly system: RuleSystem
}

/** How readily people climb. Chosen so that about one account in ten (tiered) or most (flat) reach the directory. */
const LEAKS = {
  tiered: { nestIntoPrivileged: 0.0004, privilegedSecret: 0.002, helpDeskInOrdinaryUnit: 0.0 },
  flat: { nestIntoPrivileged: 0.02, privilegedSecret: 0.05, helpDeskInOrdinaryUnit: 1 },
} as const

/** First node and length of each block, in id order. */
export type Block = { readonly first: number; readonly count: number }
export type Layout = Readonly<Record<BlockName, Block>> & { readonly nodeCount: number }
type BlockName = (typeof BLOCKS)[number][0]

/** Nodes per account, by block; the accounts themselves come first and sum to one. */
const BLOCKS = [
  ['people', 0.62],
  ['appAccounts', 0.25],
  ['services', 0.12],
  ['admins', 0.01],
  ['passwords', 0.63],
  ['factors', 0.36],
  ['mailboxes', 0.62],
  ['phones', 0.31],
  ['devices', 0.22],
  ['groups', 0.05],
  ['roles', 0.01],
  ['resources', 0.1],
  ['secrets', 0.05],
  ['vaults', 0.0005],
  ['units', 0.001],
  ['mailShards', 0.00005],
  ['directories', 0],
] as const

/** Returns where each block of nodes lies for this many accounts; every block holds at least one node. */
export function layoutOf(accounts: number): Layout {
  const layout: Record<string, Block | number> = {}
  let first = 0
  for (const [name, share] of BLOCKS) {
    const count = Math.max(1, Math.round(share * accounts))
    layout[name] = { first, count }
    first += count
  }
  return { ...layout, nodeCount: first } as Layout
}

/** Returns a deterministic enterprise of about `accounts` accounts and ten arcs per account. */
export function generateEnterprise(accounts: number, regime: Regime, seed: number): Enterprise {
  const layout = layoutOf(accounts)
  const random = randomOf(seed)
  const rules = ruleBuilder(Math.ceil(accounts * 9), Math.ceil(accounts * 10.5))
  const context: Context = {
    layout,
    random,
    rules,
    regime,
    privileged: Math.max(4, Math.ceil(layout.groups.count * 0.02)),
  }
  addPeople(context)
  addAdmins(context)
  addApps(context)
  addServices(context)
  addGroups(context)
  addRoles(context)
  addCore(context)
  return { system: rules.finish(layout.nodeCount), ...markNodes(layout, random) }
}

interface Context {
  readonly layout: Layout
  readonly random: Random
  readonly rules: RuleBuilder
  readonly regime: Regime
  /** the first groups of the block are privileged: help desks, developers, administrators, in thirds */
  readonly privileged: number
}

/** A random node of a block. */
function any(random: Random, block: Block): number {
  return block.first + random.below(block.count)
}

/** An ordinary group, sizes by a power law; four draws per account give the largest about 18 % of them. */
function ordinaryGroup({ layout, random, privileged }: Context): number {
  return layout.groups.first + privileged + powerLawRank(random, layout.groups.count - privileged, 0.9)
}

/** A privileged group: 0 help desk, 1 developers, 2 administrators. */
function privilegedGroup({ layout, random, privileged }: Context, kind: 0 | 1 | 2): number {
  const third = Math.floor(privileged / 3)
  return layout.groups.first + kind * third + random.below(Math.max(1, third))
}

/** People: mailbox, groups, sign-in with or without a factor, resets by mail, SMS and help desk, sessions on devices. */
function addPeople(context: Context): void {
  const { layout, random, rules, regime } = context
  const people = shuffled(random, layout.people.first, layout.people.count)
  const passwords = shuffled(random, layout.passwords.first, layout.passwords.count)
  const mailboxes = shuffled(random, layout.mailboxes.first, layout.mailboxes.count)
  const factors = shuffled(random, layout.factors.first, layout.factors.count)
  const phones = shuffled(random, layout.phones.first, layout.phones.count)
  const devices = shuffled(random, layout.devices.first, layout.devices.count)
  let factorCount = 0
  for (let i = 0; i < people.length; i++) {
    const person = people[i]
    const password = passwords[i]
    const mailbox = mailboxes[i]
    const phone = i % 2 === 0 ? phones[(i >> 1) % phones.length] : undefined
    const device = i % 3 === 0 ? devices[Math.floor(i / 3) % devices.length] : undefined
    const factor = random.chance(0.55) ? factors[factorCount++ % factors.length] : undefined
    rules.edge(person, mailbox)
    rules.edge(mailbox, password)
    const staff = random.chance(0.01)
    const separate = staff && !random.chance(LEAKS[regime].helpDeskInOrdinaryUnit)
    const resetter = separate ? layout.directories.first : any(random, layout.units)
    rules.edge(resetter, password)
    // Help desks that may replace the factor as well take both, and with them the account.
    if (factor !== undefined && random.chance(0.3)) rules.edge(resetter, factor)
    for (let k = 0; k < 4; k++) rules.edge(person, ordinaryGroup(context))
    if (staff) rules.edge(person, privilegedGroup(context, 0))
    else if (random.chance(0.1)) rules.edge(person, privilegedGroup(context, 1))
    if (factor === undefined) rules.edge(password, person)
    else rules.all(person, password, factor)
    if (phone !== undefined) {
      if (factor !== undefined) rules.edge(phone, factor)
      rules.edge(phone, mailbox)
      if (random.chance(0.3)) rules.edge(phone, password)
      if (random.chance(0.3)) rules.all(person, mailbox, phone)
    }
    if (device !== undefined) {
      rules.edge(device, person)
      if (factor !== undefined) rules.edge(device, factor)
    }
    if (random.chance(0.03)) rules.edge(any(random, layout.mailboxes), mailbox)
  }
}

/** Administrators: password and factor always, reset by the directory alone, one or two privileged groups. */
function addAdmins(context: Context): void {
  const { layout, random, rules } = context
  for (let i = 0; i < layout.admins.count; i++) {
    const admin = layout.admins.first + i
    const password = layout.passwords.first + ((layout.people.count + i) % layout.passwords.count)
    const factor = layout.factors.first + ((layout.factors.count + layout.people.count - 1 - i) % layout.factors.count)
    rules.all(admin, password, factor)
    rules.edge(layout.directories.first, password)
    rules.edge(layout.directories.first, factor)
    rules.edge(admin, privilegedGroup(context, random.chance(0.3) ? 2 : 1))
    rules.edge(admin, ordinaryGroup(context))
  }
}

/** Application accounts: single sign-on from a person, a local password reset by mail for some, groups of their own. */
function addApps({ layout, random, rules, ...rest }: Context): void {
  const context = { layout, random, rules, ...rest }
  for (let i = 0; i < layout.appAccounts.count; i++) {
    const account = layout.appAccounts.first + i
    rules.edge(any(random, layout.people), account)
    if (random.chance(0.3)) rules.edge(any(random, layout.mailboxes), account)
    for (let k = 0; k < 3; k++) rules.edge(account, ordinaryGroup(context))
  }
}

/** Services: one or two secrets, a vault that holds each, rights by groups and roles. */
function addServices(context: Context): void {
  const { layout, random, rules, regime } = context
  const roles = layout.roles
  for (let i = 0; i < layout.services.count; i++) {
    const service = layout.services.first + i
    const secret = any(random, layout.secrets)
    rules.edge(secret, service)
    if (random.chance(0.3)) rules.all(service, any(random, layout.secrets), any(random, layout.devices))
    rules.edge(service, any(random, roles))
    for (let k = 0; k < 3; k++) rules.edge(service, ordinaryGroup(context))
    if (random.chance(LEAKS[regime].privilegedSecret))
      rules.edge(service, privilegedGroup(context, random.chance(0.5) ? 2 : 1))
  }
  for (let i = 0; i < layout.secrets.count; i++) rules.edge(any(random, layout.vaults), layout.secrets.first + i)
}

/** Groups: nesting in any direction (hence cycles) among ordinary ones, seldom into privileged ones; roles. */
function addGroups(context: Context): void {
  const { layout, random, rules, regime, privileged } = context
  const { first, count } = layout.groups
  const third = Math.floor(privileged / 3)
  for (let i = 0; i < count; i++) {
    const group = first + i
    if (i < third) {
      rules.edge(group, any(random, layout.units))
      if (random.chance(0.3)) rules.edge(group, any(random, layout.units))
    } else if (i < 2 * third) {
      for (let k = 0; k < 10; k++) rules.edge(group, any(random, layout.secrets))
      if (random.chance(0.02)) rules.edge(group, any(random, layout.vaults))
    } else if (i < privileged) {
      rules.edge(group, layout.directories.first)
    }
    if (i < privileged) continue
    if (random.chance(0.5)) rules.edge(group, first + privileged + random.below(count - privileged))
    if (i > 40 + privileged && random.chance(LEAKS[regime].nestIntoPrivileged)) {
      rules.edge(group, privilegedGroup(context, random.chance(0.3) ? 0 : 1))
    }
    if (random.chance(0.6)) rules.edge(group, any(random, layout.roles))
  }
}

/** Roles: a Pareto number of resources (mean near 25). */
function addRoles({ layout, random, rules }: Context): void {
  for (let i = 0; i < layout.roles.count; i++) {
    const rights = Math.min(4000, Math.ceil(6 / (1 - random.next()) ** 0.8))
    for (let k = 0; k < rights; k++) rules.edge(layout.roles.first + i, any(random, layout.resources))
  }
}

/** The core: the directory resets every unit, runs the mail shards and opens the vaults; shards read mailboxes. */
function addCore({ layout, random, rules }: Context): void {
  const directory = layout.directories.first
  for (const block of [layout.units, layout.mailShards, layout.vaults]) {
    for (let i = 0; i < block.count; i++) rules.edge(directory, block.first + i)
  }
  for (let i = 0; i < layout.mailboxes.count; i++)
    rules.edge(any(random, layout.mailShards), layout.mailboxes.first + i)
}
