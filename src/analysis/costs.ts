import { STRENGTHS, type AuthenticatorKind, type ChannelKind, type Population } from '#contract/vocabulary.ts'
import { strengthOf } from '#assurance/strength.ts'
import type { RuleSystem } from '#graph/rules.ts'
import { RULE_KIND_NAMES, type FactNodes, type Snapshot } from '#model/compile.ts'
import type { Fact } from '#model/facts.ts'
import type { Policy } from '#policy/policy.ts'
import { isExposed, isLoose, isOut } from './secrets.ts'
import { isLiveSession, type AuthenticatorFact, type Way } from './ways-in.ts'

/** How a way in whose authenticators are unknown is counted: as the weakest or the strongest it could be. */
export type UnknownAs = 'worst' | 'best'

/** Where a rule of the costed system comes from. */
export type Origin =
  | { readonly is: 'rule'; readonly rule: number }
  /** way in `way`, satisfied by the leaves of one alternative, `direct` of them defeated by the attacker himself */
  | { readonly is: 'entry'; readonly way: Way; readonly leaves: readonly string[]; readonly direct: readonly string[] }
  /** a thing the attacker has by himself */
  | { readonly is: 'given'; readonly id: string }
  /** taken as open because it is too wide to weigh; no proof rests on it */
  | { readonly is: 'assumed'; readonly way: Way }

/**
 * The rules of the snapshot with costs for R4. A rule that only follows what is held costs one step at tier 0. A way in is
 * replaced by its variants: for each alternative, and each choice of authenticators to defeat directly, one rule whose
 * tier is the strength of what is defeated together; the rest must fall through the graph.
 */
export interface CostedSystem {
  /** the rules one by one */
  readonly rows: readonly CostedRow[]
  readonly system: RuleSystem
  readonly tiers: Uint8Array
  readonly efforts: Uint8Array
  readonly origins: readonly Origin[]
}

/** With more authenticators than this that may fall through the graph, a way in is open at worst: unknown, not strong. */
const DERIVABLE_LIMIT = 6
/** Efforts of the policy run to 100; a tenth keeps the sum along a derivation readable. */
const EFFORT_UNIT = 10
/** Effort of an authenticator that no attacker of the policy defeats by himself. */
const UNBEATEN_EFFORT = 100

export function costedSystem(
  snapshot: Snapshot,
  policy: Policy,
  ways: ReadonlyMap<string, readonly Way[]>,
  unknownAs: UnknownAs,
): CostedSystem {
  const rows: CostedRow[] = []
  const { rules, ruleKinds } = snapshot
  const wayInKind = RULE_KIND_NAMES.indexOf('way_in')
  const opensKind = RULE_KIND_NAMES.indexOf('opens')
  const derivable = new Uint8Array(rules.nodeCount)
  for (let r = 0; r < rules.heads.length; r++) {
    derivable[rules.heads[r]!] = 1
    if (ruleKinds[r] === wayInKind || ruleKinds[r] === opensKind) continue
    const body = rules.bodies.subarray(rules.bodyOffsets[r], rules.bodyOffsets[r + 1])
    rows.push({
      head: rules.heads[r]!,
      body,
      needs: rules.needs[r]!,
      tier: 0,
      effort: 1,
      origin: { is: 'rule', rule: r },
    })
  }
  const givens = givenRows(snapshot)
  for (const { head } of givens) derivable[head] = 1
  rows.push(...givens)
  const context = { snapshot, policy, isDerivable: (node: number) => derivable[node] === 1, unknownAs }
  for (const list of ways.values()) for (const way of list) rows.push(...entryRows(context, way))
  if (unknownAs === 'worst') rows.push(...unguardedRows(snapshot, ways))
  return pack(snapshot.nodeIds.length, rows)
}

/** One rule with what it costs. */
export interface CostedRow {
  readonly head: number
  readonly body: ArrayLike<number>
  readonly needs: number
  readonly tier: number
  readonly effort: number
  readonly origin: Origin
}

/** What the rows of a way in are made of. */
export interface EntryContext {
  readonly snapshot: FactNodes
  readonly policy: Policy
  /** whether any rule gives a node, or it is out already */
  readonly isDerivable: (node: number) => boolean
  readonly unknownAs: UnknownAs
}

/** A way in as rules: for each alternative, and each choice of what is defeated directly, one. */
export function entryRows(context: EntryContext, way: Way): CostedRow[] {
  const { snapshot, policy, isDerivable, unknownAs } = context
  if (isLiveSession(way)) return [] // falls through its device or by exposure, which are rules and givens
  const heads = (way.yields ?? [way.account]).flatMap((id) => snapshot.indexOf.get(id) ?? [])
  const population = populationOf(snapshot, way.account)
  const assumed = (): CostedRow[] =>
    unknownAs === 'best'
      ? []
      : heads.map((head) => ({ head, body: [], needs: 0, tier: 0, effort: 1, origin: { is: 'assumed', way } }))
  if (way.alternatives === null) return assumed()
  const rows: CostedRow[] = []
  for (const leaves of way.alternatives) {
    const provers = leaves.map((id) => (mayBeDefeated(snapshot, id) ? proverOf(snapshot, id) : null))
    const choosable = provers.flatMap((prover, i) => {
      const node = snapshot.indexOf.get(leaves[i]!)
      return prover !== null && node !== undefined && isDerivable(node) ? [i] : []
    })
    if (choosable.length > DERIVABLE_LIMIT) rows.push(...assumed())
    const chosen = choosable.slice(0, DERIVABLE_LIMIT)
    for (let subset = 0; subset < 1 << chosen.length; subset++) {
      const derived = new Set(chosen.filter((_, bit) => (subset >>> bit) & 1))
      const direct: AuthenticatorFact[] = []
      const body: number[] = []
      leaves.forEach((id, i) => {
        const prover = provers[i]!
        if (prover !== null && !derived.has(i)) direct.push(prover)
        else body.push(snapshot.indexOf.get(id)!)
      })
      const { tier, effort } = directCost(policy, population, direct, unknownAs)
      const directIds = leaves.filter((_, i) => provers[i] !== null && !derived.has(i))
      for (const head of heads) rows.push(entryRow(way, head, body, leaves, directIds, tier, effort))
    }
  }
  return rows
}

function entryRow(
  way: Way,
  head: number,
  body: readonly number[],
  leaves: readonly string[],
  direct: readonly string[],
  tier: number,
  effort: number,
): CostedRow {
  return { head, body, needs: body.length, tier, effort, origin: { is: 'entry', way, leaves, direct } }
}

/** Cost of defeating a set of authenticators in one event. */
export function directCost(
  policy: Policy,
  population: Population | undefined,
  direct: readonly AuthenticatorFact[],
  unknownAs: UnknownAs,
): { tier: number; effort: number } {
  if (direct.length === 0) return { tier: 0, effort: 1 }
  const { strength, atLeast, atMost } = strengthOf(direct, policy.authenticators)
  const tier = STRENGTHS.indexOf(strength ?? (unknownAs === 'worst' ? atLeast : atMost))
  let effort = 0
  for (const authenticator of direct) effort += Math.ceil(leastEffort(policy, population, authenticator) / EFFORT_UNIT)
  return { tier, effort: Math.min(effort, 255) }
}

function leastEffort(policy: Policy, population: Population | undefined, authenticator: AuthenticatorFact): number {
  let least = UNBEATEN_EFFORT
  for (const attacker of policy.attackers) {
    if (population !== undefined && !attacker.populations.includes(population)) continue
    for (const defeat of attacker.authenticators) {
      if (!defeat.kinds.includes(authenticator.kind)) continue
      if (defeat.when === undefined || defeat.when(authenticator)) least = Math.min(least, defeat.effort)
    }
  }
  return least
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
  const rows: CostedRow[] = []
  const give = (id: string) => {
    const head = snapshot.indexOf.get(id)!
    rows.push({ head, body: [], needs: 0, tier: 0, effort: 1, origin: { is: 'given', id } })
  }
  const { secret, session } = snapshot.inventory.byKind
  for (const { fact } of [...secret, ...session]) if (isGiven(fact)) give(fact.id)
  return rows
}

/** Whether this is a person's account of which no way in is on record: at worst it stands open. */
export const isUnguarded = (fact: Fact, ways: ReadonlyMap<string, unknown>): boolean =>
  fact.fact === 'account' && fact.kind === 'human' && fact.enabled !== false && !ways.has(fact.id)

function unguardedRows(snapshot: Snapshot, ways: ReadonlyMap<string, readonly Way[]>): CostedRow[] {
  return snapshot.inventory.byKind.account.flatMap(({ fact }) => {
    if (!isUnguarded(fact, ways)) return []
    const head = snapshot.indexOf.get(fact.id)!
    return [{ head, body: [], needs: 0, tier: 0, effort: 1, origin: { is: 'given', id: fact.id } as const }]
  })
}

function pack(nodeCount: number, rows: readonly CostedRow[]): CostedSystem {
  const offsets = new Uint32Array(rows.length + 1)
  rows.forEach((row, r) => (offsets[r + 1] = offsets[r]! + row.body.length))
  const bodies = new Uint32Array(offsets[rows.length]!)
  rows.forEach((row, r) => bodies.set(Array.from(row.body), offsets[r]))
  return {
    rows,
    system: {
      nodeCount,
      heads: Uint32Array.from(rows, (row) => row.head),
      needs: Uint16Array.from(rows, (row) => row.needs),
      bodyOffsets: offsets,
      bodies,
    },
    tiers: Uint8Array.from(rows, (row) => row.tier),
    efforts: Uint8Array.from(rows, (row) => row.effort),
    origins: rows.map((row) => row.origin),
  }
}
