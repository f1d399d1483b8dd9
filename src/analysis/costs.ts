import { STRENGTHS, type AuthenticatorKind, type ChannelKind, type Population } from '#contract/vocabulary.ts'
import { gradeOf } from '#assurance/strength.ts'
import type { RuleSystem } from '#graph/rules.ts'
import type { RuleCosts } from '#graph/weakest.ts'
import { RULE_KIND_NAMES, type FactNodes, type Snapshot } from '#model/compile.ts'
import type { Fact } from '#model/facts.ts'
import type { Attacker, Policy } from '#policy/policy.ts'
import { isExposed, isLoose, isOut } from './secrets.ts'
import { isLiveSession, type AuthenticatorFact, type Way } from './ways-in.ts'

/** How a way in whose authenticators are unknown is counted: as the weakest or the strongest it could be. */
export type UnknownAs = 'worst' | 'best'

/** Where a rule of the costed system comes from. */
export type Origin =
  | { readonly is: 'rule'; readonly rule: number }
  /** way in `way`, satisfied by the leaves of one alternative, `direct` of them defeated by the attacker himself */
  | { readonly is: 'entry'; readonly way: Way; readonly leaves: readonly string[]; readonly direct: readonly string[] }
  /** a thing the attacker has unaided */
  | { readonly is: 'given'; readonly id: string }
  /** taken as open because it is too wide to weigh; no proof rests on it */
  | { readonly is: 'assumed'; readonly way: Way }

/** What R4 works on: a rule system, and per rule its tier and effort. */
export interface Costed extends RuleCosts {
  readonly system: RuleSystem
}

/**
 * The rules of the snapshot with costs for R4. A rule that only follows what is held costs one step at tier 0. A way in is
 * replaced by its variants: for each alternative, and each choice of authenticators to defeat directly, one rule whose
 * tier is the strength of what is defeated together; the rest must fall through the graph. Tiers are those with unknowns
 * at their worst.
 */
export interface CostedSystem extends Costed {
  /** what is had for nothing, and the variants of ways in; the last rules of the system, in this order */
  readonly rows: readonly CostedRow[]
  /** where a rule of the system comes from */
  readonly originOf: (rule: number) => Origin
  /** the same with unknowns at their best; itself where nothing is unknown, and of the same rules where only tiers differ */
  readonly atBest: Costed
}

/** With more authenticators than this that may fall through the graph, a way in is open at worst: unknown, not strong. */
const DERIVABLE_LIMIT = 6
/** Efforts of the policy run to 100; a tenth keeps the sum along a derivation readable. */
const EFFORT_UNIT = 10
/** Effort of an authenticator that no attacker of the policy defeats unaided. */
const UNBEATEN_EFFORT = 100
/** Tier of a row that is not there at best. */
export const NEVER = 255

export function costedSystem(
  snapshot: Snapshot,
  policy: Policy,
  ways: ReadonlyMap<string, readonly Way[]>,
): CostedSystem {
  const { rules, ruleKinds } = snapshot
  const wayInKind = RULE_KIND_NAMES.indexOf('way_in')
  const opensKind = RULE_KIND_NAMES.indexOf('opens')
  const derivable = new Uint8Array(rules.nodeCount)
  for (const head of rules.heads) derivable[head] = 1
  const steps = Uint32Array.from(rules.heads.keys()).filter(
    (rule) => ruleKinds[rule] !== wayInKind && ruleKinds[rule] !== opensKind,
  )
  const rows = givenRows(snapshot)
  for (const { head } of rows) derivable[head] = 1
  const context = { snapshot, policy, isDerivable: (node: number) => derivable[node] === 1 }
  for (const list of ways.values()) for (const way of list) for (const row of entryRows(context, way)) rows.push(row)
  for (const row of unguardedRows(snapshot, ways)) rows.push(row)
  const worst = pack(rules, steps, rows, 'worst')
  return {
    ...worst,
    rows,
    originOf: (rule) => (rule < steps.length ? { is: 'rule', rule: steps[rule]! } : rows[rule - steps.length]!.origin),
    atBest: bestOf(rules, steps, rows, worst),
  }
}

function bestOf(rules: RuleSystem, steps: Uint32Array, rows: readonly CostedRow[], worst: Costed): Costed {
  if (rows.every((row) => row.worst === row.best)) return worst
  const kept = rows.filter(({ best }) => best !== NEVER)
  if (kept.length < rows.length) return pack(rules, steps, kept, 'best')
  const tiers = worst.tiers.slice()
  rows.forEach(({ best }, i) => (tiers[steps.length + i] = best))
  return { ...worst, tiers }
}

/** One rule with what it costs. */
export interface CostedRow {
  readonly head: number
  readonly body: ArrayLike<number>
  readonly needs: number
  /** tier with unknowns at their worst */
  readonly worst: number
  /** tier with unknowns at their best; {@link NEVER} for a row that is there at worst only */
  readonly best: number
  readonly effort: number
  readonly origin: Origin
}

/** What the rows of a way in are made of. */
export interface EntryContext {
  readonly snapshot: FactNodes
  readonly policy: Policy
  /** whether any rule gives a node, or it is out already */
  readonly isDerivable: (node: number) => boolean
}

/** A way in as rules: for each alternative, and each choice of what is defeated directly, one. */
export function entryRows(context: EntryContext, way: Way): CostedRow[] {
  const { snapshot, policy, isDerivable } = context
  if (isLiveSession(way)) return [] // falls through its device or by exposure, which are rules and givens
  const heads = (way.yields ?? [way.account]).flatMap((id) => snapshot.indexOf.get(id) ?? [])
  const population = populationOf(snapshot, way.account)
  const assumed = (): CostedRow[] => heads.map((head) => openRow(head, NEVER, { is: 'assumed', way }))
  if (way.alternatives === null) return assumed()
  const rows: CostedRow[] = []
  for (const leaves of way.alternatives) {
    const provers = leaves.map((id) => (mayBeDefeated(snapshot, id) ? proverOf(snapshot, id) : null))
    const nodes = leaves.map((id) => snapshot.indexOf.get(id))
    const choosable = provers.flatMap((prover, i) => {
      const node = nodes[i]
      return prover !== null && node !== undefined && isDerivable(node) ? [i] : []
    })
    if (choosable.length > DERIVABLE_LIMIT) rows.push(...assumed())
    const chosen = choosable.slice(0, DERIVABLE_LIMIT)
    for (let subset = 0; subset < 1 << chosen.length; subset++) {
      const isDerived = (leaf: number): boolean => chosen.some((each, bit) => each === leaf && (subset >>> bit) & 1)
      const defeated: AuthenticatorFact[] = []
      const direct: string[] = []
      const body: number[] = []
      provers.forEach((prover, i) => {
        if (prover === null || isDerived(i)) return body.push(nodes[i]!)
        defeated.push(prover)
        return direct.push(leaves[i]!)
      })
      const cost = directCost(policy, population, defeated)
      const origin: Origin = { is: 'entry', way, leaves, direct }
      for (const head of heads) rows.push({ head, body, needs: body.length, ...cost, origin })
    }
  }
  return rows
}

/** A row that needs nothing. */
function openRow(head: number, best: number, origin: Origin): CostedRow {
  return { head, body: [], needs: 0, worst: 0, best, effort: 1, origin }
}

/** Cost of defeating a set of authenticators in one event. */
function directCost(
  policy: Policy,
  population: Population | undefined,
  direct: readonly AuthenticatorFact[],
): Pick<CostedRow, 'worst' | 'best' | 'effort'> {
  if (direct.length === 0) return { worst: 0, best: 0, effort: 1 }
  const { strength, atLeast, atMost } = gradeOf(direct, policy.authenticators)
  let effort = 0
  for (const authenticator of direct) effort += Math.ceil(leastEffort(policy, population, authenticator) / EFFORT_UNIT)
  return {
    worst: STRENGTHS.indexOf(strength ?? atLeast),
    best: STRENGTHS.indexOf(strength ?? atMost),
    effort: Math.min(effort, 255),
  }
}

/** The first defeat that takes it is the easiest, as they stand in order of effort. */
function leastEffort(policy: Policy, population: Population | undefined, authenticator: AuthenticatorFact): number {
  for (const { effort, when } of defeatsOf(policy, population, authenticator.kind)) {
    if (when === undefined || when(authenticator)) return Math.min(effort, UNBEATEN_EFFORT)
  }
  return UNBEATEN_EFFORT
}

type AuthenticatorDefeat = Attacker['authenticators'][number]
const defeats = new WeakMap<Policy, Map<string, readonly AuthenticatorDefeat[]>>()

/** What the attackers that a population faces do to one kind of authenticator, the easiest first. */
function defeatsOf(
  policy: Policy,
  population: Population | undefined,
  kind: AuthenticatorKind,
): readonly AuthenticatorDefeat[] {
  let known = defeats.get(policy)
  if (known === undefined) defeats.set(policy, (known = new Map()))
  const key = `${kind} ${population ?? ''}`
  let list = known.get(key)
  if (list === undefined) {
    list = policy.attackers
      .filter(({ populations }) => population === undefined || populations.includes(population))
      .flatMap(({ authenticators }) => authenticators.filter(({ kinds }) => kinds.includes(kind)))
      .toSorted((a, b) => a.effort - b.effort)
    known.set(key, list)
  }
  return list
}

function populationOf(snapshot: FactNodes, account: string): Population | undefined {
  const fact = snapshot.inventory.get(account)?.fact
  return fact?.fact === 'account' ? fact.population : undefined
}

/** What receiving something in a channel proves, where a way in names the channel itself. */
const CHANNEL_PROVES: Readonly<Record<ChannelKind, AuthenticatorKind>> = {
  mailbox: 'email_link',
  phone_number: 'sms_code',
  device: 'remembered_device',
  hardware_key: 'unknown',
  vault: 'unknown',
  sync_fabric: 'unknown',
  dns_zone: 'unknown',
  message_provider: 'unknown',
  paper: 'lookup_secret',
  other: 'unknown',
}

/** A secret in its store is not guessed or phished; it is had by whoever enters the store. */
function mayBeDefeated(snapshot: FactNodes, leaf: string): boolean {
  const fact = snapshot.inventory.get(leaf)?.fact
  return fact?.fact !== 'secret' || isLoose(snapshot, fact)
}

/** Secrets that never leave their holder in use; the others are shown to the verifier and count like a password. */
const KEY_PAIRS = new Set(['certificate', 'ssh_key', 'signing_key'])

/** The authenticator that a leaf of a formula is or amounts to; null for accounts, groups and other things to be held. */
export function proverOf(snapshot: FactNodes, leaf: string): AuthenticatorFact | null {
  const fact = snapshot.inventory.get(leaf)?.fact
  switch (fact?.fact) {
    case undefined: // dangling: nothing is known about it
      return { fact: 'authenticator', id: leaf, kind: 'unknown' }
    case 'authenticator':
      return fact
    case 'channel':
      return { fact: 'authenticator', id: leaf, kind: CHANNEL_PROVES[fact.kind] }
    case 'secret':
      return { fact: 'authenticator', id: leaf, kind: KEY_PAIRS.has(fact.kind) ? 'software_key' : 'password' }
    default:
      return null
  }
}

/** Things that are out already: leaked secrets and exposed sessions (NHI2:2025; whoever finds them holds them). */
export const isGiven = (fact: Fact): boolean =>
  (fact.fact === 'secret' && isOut(fact)) || (fact.fact === 'session' && isExposed(fact))

function givenRows(snapshot: Snapshot): CostedRow[] {
  const { secret, session } = snapshot.inventory.byKind
  return [...secret, ...session].flatMap(({ fact }) =>
    isGiven(fact) ? [openRow(snapshot.indexOf.get(fact.id)!, 0, { is: 'given', id: fact.id })] : [],
  )
}

/** Whether this is a person's account of which no way in is on record: at worst it stands open. */
export const isUnguarded = (fact: Fact, ways: ReadonlyMap<string, unknown>): boolean =>
  fact.fact === 'account' && fact.kind === 'human' && fact.enabled !== false && !ways.has(fact.id)

function unguardedRows(snapshot: Snapshot, ways: ReadonlyMap<string, readonly Way[]>): CostedRow[] {
  return snapshot.inventory.byKind.account.flatMap(({ fact }) =>
    isUnguarded(fact, ways) ? [openRow(snapshot.indexOf.get(fact.id)!, NEVER, { is: 'given', id: fact.id })] : [],
  )
}

/** Some rules of the snapshot, one step at tier 0 each, and after them the rows. */
function pack(rules: RuleSystem, steps: Uint32Array, rows: readonly CostedRow[], unknownAs: UnknownAs): Costed {
  const count = steps.length + rows.length
  const lengthOf = (rule: number): number => rules.bodyOffsets[rule + 1]! - rules.bodyOffsets[rule]!
  const bodyOffsets = new Uint32Array(count + 1)
  steps.forEach((rule, r) => (bodyOffsets[r + 1] = bodyOffsets[r]! + lengthOf(rule)))
  rows.forEach(({ body }, i) => (bodyOffsets[steps.length + i + 1] = bodyOffsets[steps.length + i]! + body.length))
  const bodies = new Uint32Array(bodyOffsets[count]!)
  const heads = new Uint32Array(count)
  const needs = new Uint16Array(count)
  const tiers = new Uint8Array(count)
  const efforts = new Uint8Array(count).fill(1)
  steps.forEach((rule, r) => {
    heads[r] = rules.heads[rule]!
    needs[r] = rules.needs[rule]!
    for (let b = 0; b < lengthOf(rule); b++) bodies[bodyOffsets[r]! + b] = rules.bodies[rules.bodyOffsets[rule]! + b]!
  })
  rows.forEach((row, i) => {
    const r = steps.length + i
    heads[r] = row.head
    needs[r] = row.needs
    tiers[r] = row[unknownAs]
    efforts[r] = row.effort
    bodies.set(row.body, bodyOffsets[r])
  })
  return { system: { nodeCount: rules.nodeCount, heads, needs, bodyOffsets, bodies }, tiers, efforts }
}
