/**
 * A live analysis: what a decision needs to know of every account, kept as facts come and go. It says of each account
 * what {@link analyse} says of the same facts (`live.test.ts`), without findings, proofs and attackers.
 */
import type { Inventory, PlacedFact } from '#model/facts.ts'
import { checkInventory, refuseErrors, type CheckedInventory } from '#model/inventory.ts'
import { eachReference } from '#model/inventory-references.ts'
import { asksForSizes } from '#policy/named-fields.ts'
import type { Policy } from '#policy/policy.ts'
import type { AccountState } from './live/account-state.ts'
import type { Change } from './live/dirty.ts'
import { buildEngine, changeFacts, type Engine } from './live/engine.ts'
import { namersOf } from './live/fact-store.ts'
import { accountIdsIn, countsIn, factTable, keyOf, type Counts, type FactTable } from './live/fact-table.ts'
import { holdState, isAlike, stateHeld, type HeldState } from './live/held-state.ts'
import { inventoryInParts } from './live/inventory-parts.ts'
import { statesAnew, statesOf } from './live/states.ts'
import { changedTree, factTree, idOf, type FactTree } from './snapshot-id.ts'

export type { AccountState } from './live/account-state.ts'

/** All accounts at one moment. It never changes: {@link applyDelta} returns another. */
export interface LiveAnalysis {
  readonly inventory: CheckedInventory
  /** how many facts the inventory has, and accounts among them */
  readonly counts: Counts
  readonly policy: Policy
  /** `sha256:` of the facts and their time; the same as of a report on the same facts */
  readonly snapshotId: string
  /** undefined for what is no account of the inventory */
  readonly account: (id: string) => AccountState | undefined
  /** what is held of an account: the same in two analyses only where it is the same in both; undefined for no account */
  readonly held: (id: string) => HeldState | undefined
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
 * @param facts  those of the inventory, without repetitions, where they stand in a table already; it stays as it is
 * @throws {AmbitError} `input_invalid` if the facts contradict each other
 */
export function liveAnalysis(inventory: Inventory, policy: Policy, facts?: FactTable): LiveAnalysis {
  const checked = checkInventory(inventory)
  refuseErrors(checked.diagnostics)
  return begin(checked, facts ?? factTable(checked.facts), policy).live
}

/**
 * Applies a change. The analysis that it is applied to stays as it was, and in use until the new one is there. Quickest
 * for the newest of a line; on any other everything is computed anew.
 *
 * @throws {AmbitError} `input_invalid` if the facts would contradict each other; nothing is applied then
 */
export function applyDelta(live: LiveAnalysis, delta: Delta): Applied {
  const version = VERSIONS.get(live)!
  const changes = changesOf(version, delta)
  const engine = changes === null ? null : engineFor(version, delta, changes)
  if (changes === null || engine === null) return applyAnew(version, delta)
  refuseContradictions(engine, changes)
  return { ...applyTo(engine, version, changes), full: false }
}

/** What a live analysis is made of, while it is the newest of its line and after. */
interface Version {
  readonly live: LiveAnalysis
  readonly line: Line
  readonly facts: FactTable
  readonly tree: FactTree
  /** null for the newest */
  past: Past | null
}

/** What was otherwise before the next one. */
interface Past {
  readonly next: Version
  /** all accounts, if any came or went; else those that changed */
  readonly accounts:
    | { readonly all: ReadonlyMap<string, HeldState> }
    | { readonly some: ReadonlyMap<string, HeldState> }
}

/** Live analyses, one after another. What only the newest needs is shared and changes in place. */
interface Line {
  readonly policy: Policy
  readonly base: Pick<CheckedInventory, 'snapshot' | 'sources'>
  /** as the newest has them, in the order of the inventory */
  readonly states: Map<string, HeldState>
  /** null where everything is always computed anew, or a change failed half-way */
  engine: Engine | null
}

const VERSIONS = new WeakMap<LiveAnalysis, Version>()

function begin(inventory: CheckedInventory, kept: FactTable, policy: Policy): Version {
  const { snapshot, sources, facts } = inventory
  const engine = asksForSizes(policy) ? null : buildEngine({ snapshot, facts }, kept.copy(), policy)
  const found = engine === null ? statesAnew(inventory, policy).values() : statesOf(engine, accountIdsIn(kept))
  const states = new Map<string, HeldState>()
  for (const state of found) states.set(state.id, holdState(state))
  const line: Line = { policy, base: { snapshot, sources }, states, engine }
  return versionOf(line, kept, factTree(facts.map(({ fact }) => fact)), inventory.diagnostics)
}

function versionOf(
  line: Line,
  facts: FactTable,
  tree: FactTree,
  diagnostics?: CheckedInventory['diagnostics'],
): Version {
  const { policy, base } = line
  const known = { ...base, ...(diagnostics === undefined ? {} : { diagnostics }) }
  let inventory: CheckedInventory | undefined
  const live: LiveAnalysis = {
    policy,
    counts: countsIn(facts),
    snapshotId: idOf(base.snapshot.at, tree),
    get inventory() {
      return (inventory ??= inventoryInParts(known, facts))
    },
    account: (id) => stateIn(version, id),
    held: (id) => heldIn(version, id),
    accountIds: () => accountsIn(version).keys(),
  }
  const version: Version = { live, line, facts, tree, past: null }
  VERSIONS.set(live, version)
  return version
}

function stateIn(version: Version, id: string): AccountState | undefined {
  const held = heldIn(version, id)
  return held === undefined ? undefined : stateHeld(id, held)
}

function heldIn({ line, past }: Version, id: string): HeldState | undefined {
  if (past === null) return line.states.get(id)
  const { next, accounts } = past
  if ('all' in accounts) return accounts.all.get(id)
  return accounts.some.get(id) ?? heldIn(next, id)
}

/** A map with the accounts of a version as its keys. */
function accountsIn({ line, past }: Version): ReadonlyMap<string, HeldState> {
  if (past === null) return line.states
  return 'all' in past.accounts ? past.accounts.all : accountsIn(past.next)
}

/** What a delta changes; null where a fact becomes one of another kind. */
function changesOf({ facts, past }: Version, { upsert = [], remove = [] }: Delta): Change[] | null {
  if (past !== null) return null
  const changes = new Map<string, Change>()
  const note = (key: string, after: PlacedFact | undefined): void => {
    const before = facts.get(key)?.fact
    if (before !== undefined || after !== undefined) changes.set(key, { key, before, after })
  }
  for (const it of remove) note(typeof it === 'string' ? it : keyOf(it), undefined)
  for (const placed of upsert) note(keyOf(placed.fact), placed)
  const isOther = ({ before, after }: Change): boolean =>
    before !== undefined && after !== undefined && before.fact !== after.fact.fact
  return [...changes.values()].some(isOther) ? null : [...changes.values()]
}

/** Of so many facts, one in four may change, and in small inventories so many, before it is quicker to begin anew. */
const FEW = 200
/** Nodes and facts that may be left behind, besides as many as there were at first, before everything is built anew. */
const SPARE = 10_000

/** The engine of the line, where it can take up these changes. */
function engineFor({ line, facts }: Version, { at }: Delta, changes: readonly Change[]): Engine | null {
  const { base, engine } = line
  if (at !== undefined && at !== base.snapshot.at) return null
  if (changes.length > Math.max(FEW, facts.size / 4)) return null
  // what comes and goes leaves its place behind
  if (engine === null || facts.entries > 2 * facts.size + SPARE) return null
  return engine.ids.length > 2 * engine.nodesAtFirst + SPARE ? null : engine
}

/**
 * Checks what changes could make wrong: each fact by itself, and what names or is named by one of them. Whether facts are
 * in contradiction hangs on nothing else.
 */
function refuseContradictions({ facts }: Engine, changes: readonly Change[]): void {
  const changed = new Map(changes.map(({ key, after }) => [key, after]))
  const near = new Map<string, PlacedFact>()
  const add = (key: string): void => {
    const placed = changed.has(key) ? changed.get(key) : facts.kept.get(key)
    if (placed !== undefined) near.set(key, placed)
  }
  for (const { key, before, after } of changes) {
    add(key)
    if (after !== undefined) eachReference(after.fact, add)
    if (before === undefined) for (const { fact } of namersOf(facts, key)) add(keyOf(fact))
  }
  refuseErrors(checkInventory({ sources: [], diagnostics: [], facts: [...near.values()] }).diagnostics)
}

function applyTo(engine: Engine, version: Version, changes: readonly Change[]): Omit<Applied, 'full'> {
  const { line, tree } = version
  const { states } = line
  const isOther = changes.some(({ before, after }) => (before?.fact === 'account') !== (after?.fact.fact === 'account'))
  const all = isOther ? new Map(states) : null
  const gone = changes.flatMap(({ before }) => before ?? [])
  const come = changes.flatMap(({ after }) => after?.fact ?? [])
  line.engine = null // if deriving fails, nobody goes on from here
  const affected = changeFacts(engine, changes) ?? accountIdsIn(engine.facts.kept)
  const some = new Map<string, HeldState>()
  const told: AccountChange[] = []
  const fresh = new Map<string, HeldState>()
  for (const after of statesOf(engine, affected)) {
    const { id } = after
    const [before, held] = [states.get(id), holdState(after)]
    if (before !== undefined && isAlike(before, held)) continue
    if (before !== undefined) some.set(id, before)
    fresh.set(id, held)
    told.push({ id, before: before === undefined ? null : stateHeld(id, before), after })
  }
  const facts = engine.facts.kept.copy()
  const next = versionOf(line, facts, changedTree(tree, gone, come))
  version.past = { next, accounts: all === null ? { some } : { all } }
  for (const [id, held] of fresh) states.set(id, held)
  const serialOf = ({ id }: AccountChange): number => facts.entryOf(id)!
  told.sort((a, b) => serialOf(a) - serialOf(b))
  for (const { key, before, after } of changes) {
    if (before?.fact !== 'account' || after !== undefined) continue
    told.push({ id: key, before: stateHeld(key, states.get(key)!), after: null })
    states.delete(key)
  }
  line.engine = engine
  return { live: next.live, changes: told }
}

function applyAnew(version: Version, delta: Delta): Applied {
  const { snapshot, sources } = version.line.base
  const at = delta.at ?? snapshot.at
  const next = liveAnalysis(
    {
      ...(snapshot.name === null ? {} : { name: snapshot.name }),
      ...(at === null ? {} : { at }),
      sources,
      facts: changedFacts(version.facts.values(), delta),
      diagnostics: [],
    },
    version.line.policy,
  )
  return { live: next, changes: changesBetween(version.live, next), full: true }
}

/** The facts after a change: what is replaced stays in its place, what is new comes last. */
function changedFacts(facts: Iterable<PlacedFact>, { upsert = [], remove = [] }: Delta): PlacedFact[] {
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
