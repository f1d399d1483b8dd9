/**
 * A live analysis: what a decision needs to know of every account, kept as facts come and go. It says of each account
 * what {@link analyse} says of the same facts (`live.test.ts`), without findings, proofs and attackers.
 */
import type { Reason } from '#contract/report.ts'
import type { AccountKind, Capability, Impact, Population, Purpose, Strength, Verdict } from '#contract/vocabulary.ts'
import { buildProgram } from '#graph/program.ts'
import { compileSnapshot } from '#model/compile.ts'
import type { Inventory, PlacedFact } from '#model/facts.ts'
import { checkInventory, refuseErrors, type CheckedInventory } from '#model/inventory.ts'
import type { Policy } from '#policy/policy.ts'
import type { RaisedRequirement } from '#policy/requirement.ts'
import { accountNodes, judgeAccount, sizesOf, type JudgedAccount } from './accounts.ts'
import { impactsOf } from './impact.ts'
import { canonical, snapshotId } from './snapshot-id.ts'
import { waysInOf } from './ways-in.ts'
import { weakestWays, type Bounds, type WeakestWays } from './weakest-way.ts'
import { worthsOf } from './worth.ts'

/** One way into an account, as a decision needs it. */
export interface WayState {
  /** of the way in; of a secret, session, right or rule that implies one */
  readonly id: string
  readonly purpose: Purpose
  /** what it proves by itself; null where unknown */
  readonly strength: Strength | null
  /** what is left of that after what leads to its authenticators; null where unknown */
  readonly effective: Strength | null
  readonly phishingResistant: boolean | null
  readonly hardwareBacked: boolean | null
  /** rests on a code or approval that can be relayed */
  readonly code: boolean
  readonly verdict: Verdict
  readonly reasons: readonly Reason[]
  /** id of the exception that excuses it */
  readonly exception: string | null
}

/** What is known of one account. */
export interface AccountState {
  readonly id: string
  readonly kind: AccountKind
  /** null where the inventory does not say; as are the next two */
  readonly population: Population | null
  readonly system: string | null
  readonly subject: string | null
  readonly enabled: boolean
  readonly impact: Impact
  /** the reach includes something declared nowhere, or whose sensitivity nobody stated: it may be worth more */
  readonly impactUncertain: boolean
  /** in the order of CAPABILITIES */
  readonly capabilities: readonly Capability[]
  /** per capability: the highest impact of a right of it that is reached */
  readonly impacts: Readonly<Partial<Record<Capability, Impact>>>
  readonly requirement: RaisedRequirement
  /** what the best sign-in proves; null where unknown or none */
  readonly nominal: Strength | null
  /** what the account is really protected by; null where unknown: see {@link bounds} */
  readonly effective: Strength | null
  /** the least and the most it may be protected by, however what is unknown turns out */
  readonly bounds: Bounds
  readonly verdict: Verdict
  readonly reasons: readonly Reason[]
  readonly ways: readonly WayState[]
  /** ids of the exceptions that excuse any of its ways in */
  readonly exceptions: readonly string[]
}

/** All accounts at one moment. It never changes: {@link applyDelta} returns another. */
export interface LiveAnalysis {
  readonly inventory: CheckedInventory
  readonly policy: Policy
  /** `sha256:` of the facts and their time; the same as of a report on the same facts */
  readonly snapshotId: string
  /** undefined for what is no account of the inventory */
  readonly account: (id: string) => AccountState | undefined
  /** in the order of the inventory */
  readonly accountIds: () => Iterable<string>
}

/** Facts that came, changed or went. */
export interface Delta {
  /** each takes the place of the fact that declares the same id, if there is one */
  readonly upsert?: readonly PlacedFact[]
  /** ids; for an entitlement without an id, the fact itself. What is not there is not missed */
  readonly remove?: readonly (string | PlacedFact['fact'])[]
  /** the time at which the facts hold from now on */
  readonly at?: string
}

/** An account of which something changed; null for before it came and after it went. */
export interface AccountChange {
  readonly id: string
  readonly before: AccountState | null
  readonly after: AccountState | null
}

/** A live analysis after a change. */
export interface Applied {
  readonly live: LiveAnalysis
  /** in the order of the inventory, those that went last */
  readonly changes: readonly AccountChange[]
  /** whether everything was computed anew, instead of what depends on the change */
  readonly full: boolean
}

/**
 * Analyses an inventory for decisions.
 *
 * @throws {AmbitError} `input_invalid` if the facts contradict each other
 */
export function liveAnalysis(inventory: Inventory, policy: Policy): LiveAnalysis {
  const checked = checkInventory(inventory)
  refuseErrors(checked.diagnostics)
  return analyseAnew(checked, policy)
}

/**
 * Applies a change. The analysis that it is applied to stays as it was, and in use until the new one is there.
 *
 * @throws {AmbitError} `input_invalid` if the facts would contradict each other; nothing is applied then
 */
export function applyDelta(live: LiveAnalysis, delta: Delta): Applied {
  const { snapshot, sources } = live.inventory
  const at = delta.at ?? snapshot.at
  const next = liveAnalysis(
    {
      ...(snapshot.name === null ? {} : { name: snapshot.name }),
      ...(at === null ? {} : { at }),
      sources,
      facts: changedFacts(live.inventory, delta),
      diagnostics: [],
    },
    live.policy,
  )
  return { live: next, changes: changesBetween(live, next), full: true }
}

/** The facts after a change: what is replaced stays in its place, what is new comes last. */
function changedFacts({ facts }: CheckedInventory, { upsert = [], remove = [] }: Delta): PlacedFact[] {
  const gone = new Set(remove.map((it) => (typeof it === 'string' ? it : keyOf(it))))
  const fresh = new Map(upsert.map((placed) => [keyOf(placed.fact), placed]))
  const changed: PlacedFact[] = []
  for (const placed of facts) {
    const key = keyOf(placed.fact)
    const replacement = fresh.get(key)
    if (replacement !== undefined) {
      changed.push(replacement)
      fresh.delete(key)
    } else if (!gone.has(key)) changed.push(placed)
  }
  return [...changed, ...fresh.values()]
}

/** What makes two facts the same one: the id, or for an entitlement without one all it says. */
function keyOf(fact: PlacedFact['fact']): string {
  return fact.id ?? `\n${canonical(fact)}`
}

function analyseAnew(inventory: CheckedInventory, policy: Policy): LiveAnalysis {
  const snapshot = compileSnapshot(inventory)
  const program = buildProgram(snapshot.rules)
  const starts = accountNodes(snapshot)
  const impacts = impactsOf(snapshot, program, policy, starts)
  const sizes = asksForSizes(policy) ? sizesOf(snapshot, program, starts) : null
  const ways = waysInOf(inventory)
  const worths = worthsOf(snapshot, policy, ways)
  const weakest = weakestWays(snapshot, policy, ways)
  const ground = { snapshot, policy, ways, worths, weakest }
  const accounts = new Map<string, AccountState>()
  inventory.byKind.account.forEach(({ fact }, i) => {
    const size = { nodes: sizes?.nodes[i] ?? 0, accounts: sizes?.accounts[i] ?? 0 }
    accounts.set(fact.id, stateOf(judgeAccount(ground, fact, impacts[i]!, size), weakest))
  })
  return {
    inventory,
    policy,
    snapshotId: snapshotId(inventory),
    account: (id) => accounts.get(id),
    accountIds: () => accounts.keys(),
  }
}

/** Whether any rule of a policy looks at the size of a reach; what cannot be told counts as yes. */
function asksForSizes({ rules }: Policy): boolean {
  return rules.some(({ condition }) => condition === undefined || /\breach\b/.test(condition))
}

function stateOf(
  { fact, impact, requirement, nominal, effective, ways, verdict, reasons }: JudgedAccount,
  weakest: WeakestWays,
): AccountState {
  const exceptions = new Set(ways.flatMap(({ exception }) => exception ?? []))
  return {
    id: fact.id,
    kind: fact.kind,
    population: fact.population ?? null,
    system: fact.system ?? null,
    subject: fact.subject ?? null,
    enabled: fact.enabled !== false,
    impact: impact.impact,
    impactUncertain: impact.uncertain,
    capabilities: impact.capabilities.map(({ capability }) => capability),
    impacts: Object.fromEntries(impact.capabilities.map((reached) => [reached.capability, reached.impact])),
    requirement,
    nominal: nominal?.strength ?? null,
    effective,
    bounds: weakest.ofAccount(fact.id),
    verdict,
    reasons,
    ways: ways.map(({ way, worth, effective, verdict, reasons, exception }) => ({
      id: way.id,
      purpose: way.purpose,
      strength: worth.strength,
      effective,
      phishingResistant: worth.phishingResistant,
      hardwareBacked: worth.hardwareBacked,
      code: worth.code,
      verdict,
      reasons,
      exception,
    })),
    exceptions: [...exceptions],
  }
}

function changesBetween(before: LiveAnalysis, after: LiveAnalysis): AccountChange[] {
  const changes: AccountChange[] = []
  for (const id of after.accountIds()) {
    const [old, young] = [before.account(id) ?? null, after.account(id) ?? null]
    if (JSON.stringify(old) !== JSON.stringify(young)) changes.push({ id, before: old, after: young })
  }
  for (const id of before.accountIds()) {
    if (after.account(id) === undefined) changes.push({ id, before: before.account(id) ?? null, after: null })
  }
  return changes
}
