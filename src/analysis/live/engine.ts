import { applyEdits, buildIncremental, type Edit, type Edited, type Incremental } from '#graph/incremental.ts'
import type { LooseRule } from '#graph/incremental-graph.ts'
import { noRows, rowAt, setRow, type Rows } from '#graph/incremental-rows.ts'
import { buildProgram } from '#graph/program.ts'
import type { RuleSystem } from '#graph/rules.ts'
import { capabilityOf, type FactNodes } from '#model/compile.ts'
import type { Fact, PlacedFact } from '#model/facts.ts'
import type { CheckedInventory, FactView } from '#model/inventory.ts'
import type { Policy } from '#policy/policy.ts'
import { idOfRight } from '#model/rights.ts'
import { lanesOfRight, rightImpact, UNCERTAIN } from '../impact.ts'
import type { WaysOf } from '../ways-in.ts'
import { GIVES_ACCOUNT } from '../weakest-way.ts'
import {
  accountsAsking,
  buildFactStore,
  dropFact,
  namersAt,
  namersOf,
  nodeOf,
  putFact,
  viewOf,
  type FactStore,
  type Nodes,
} from './fact-store.ts'
import { keyOf, type FactTable } from './fact-table.ts'
import { bestSignIns, liveWays, settleBest, type BestSignIns } from './live-ways.ts'
import {
  accountsBehind,
  accountsExcused,
  accountsOfFact,
  dirtyOf,
  leavesOf,
  structureOf,
  type Change,
  type Dirty,
} from './dirty.ts'
import { entranceOf, entranceRows, isStep, lanesOfFact, ruleEdits, type Entrance } from './obstacles.ts'
import {
  buildRuleStore,
  unitsOfFacts,
  updateRules,
  type IdRule,
  type RuleChanges,
  type RuleStore,
} from './rule-store.ts'

/** Everything that a line of live analyses shares; it is as the newest of them says. */
export interface Engine extends Nodes {
  readonly policy: Policy
  readonly facts: FactStore
  readonly view: FactView
  readonly rules: RuleStore
  /** by node: how many rules give it, and facts that say that it is out */
  readonly givers: Map<number, number>
  readonly ways: WaysOf
  readonly nominal: BestSignIns
  /** by node of the account: as {@link entranceRows} has them */
  readonly entrances: Rows
  /** R4, by node: who says that it holds from the start, and in which lanes, one pair after another */
  readonly seeds: Rows
  /** R1 in two passes */
  readonly reach: readonly Incremental[]
  /** R4 as a takeover */
  readonly fall: Incremental
  /** how many nodes there were when it was built */
  readonly nodesAtFirst: number
}

/** Accounts of which anything may have changed; null for any. */
export type Affected = ReadonlySet<string> | null

export const nodesOf = ({ view, indexOf }: Engine): FactNodes => ({ inventory: view, indexOf })

type Draft = Omit<Engine, 'reach' | 'fall' | 'nodesAtFirst'>

/** Derives everything from an inventory. @param kept  its facts; they change with the engine */
export function buildEngine(
  { facts: placed, snapshot }: Pick<CheckedInventory, 'facts' | 'snapshot'>,
  kept: FactTable,
  policy: Policy,
): Engine {
  const facts = buildFactStore(kept, placed, snapshot)
  const view = viewOf(facts)
  const { ids, indexOf } = facts
  const ways = liveWays(facts, view)
  const draft: Draft = {
    policy,
    facts,
    view,
    rules: buildRuleStore(),
    ids,
    indexOf,
    givers: new Map(),
    ways,
    nominal: bestSignIns(facts, { inventory: view, indexOf }, policy, ways),
    entrances: noRows(),
    seeds: noRows(),
  }
  const all = new Map(placed.map((each) => [keyOf(each.fact), each]))
  const known = { view, structure: structureOf(facts) }
  const { come, rights } = updateRules(draft.rules, known, new Map(), all, new Set())
  const rules = come.map((rule) => looseOf(draft, rule))
  countGivers(draft, { gone: [], come, rights })
  for (const [key, { fact }] of all) seedFact(draft, key, fact, new Set())
  const accounts = new Set(placed.flatMap(({ fact }) => (fact.fact === 'account' ? fact.id : [])))
  settleBest(draft, accounts)
  for (const account of accounts) setEntrance(draft, account, new Set())
  const steps = come.filter(isStep).map((rule) => looseOf(draft, rule))
  const entries = Array.from(accounts, (account) => entranceAt(draft, account).rules).flat()
  const count = draft.ids.length
  const starts = Uint32Array.from(accounts, (id) => draft.indexOf.get(id)!)
  const program = buildProgram(systemOf(count, rules))
  const reach = [0, 1].map((pass) => {
    const laneMasks = new Uint32Array(count)
    for (let node = 0; node < count; node++) laneMasks[node] = lanesAt(draft, ids[node]!)[pass]!
    return buildIncremental(program, { laneMasks, starts })
  })
  const seeds = new Uint32Array(count)
  for (let node = 0; node < count; node++) seeds[node] = seedsAt(draft, node)
  const fall = buildIncremental(buildProgram(systemOf(count, [...steps, ...entries])), { seeds })
  return { ...draft, reach, fall, nodesAtFirst: count }
}

/**
 * Takes changed facts up and derives what depends on them. A key that changes its kind is not for this.
 *
 * Throws nothing that is meant; whatever is thrown leaves the engine of no use.
 */
export function changeFacts(engine: Engine, changes: readonly Change[]): Affected {
  const { facts, view, rules } = engine
  const dirty = dirtyOf(facts, changes)
  const affected = new Set<string>()
  const before = unitsOfFacts(view, factsRemade(facts, changes, dirty))
  const remade = new Map<string, PlacedFact | null>()
  for (const { key, before, after } of changes) {
    for (const account of accountsOfFact(before)) affected.add(account)
    if (after !== undefined) putFact(facts, after)
    else if (before !== undefined) dropFact(facts, key)
    remade.set(key, after ?? null)
  }
  for (const account of accountsExcused(facts, changes)) affected.add(account)
  for (const id of dirty.switched) {
    for (const placed of namersOf(facts, id)) remade.set(keyOf(placed.fact), placed)
  }
  const made = updateRules(rules, { view, structure: structureOf(facts) }, before, remade, dirty.targets)
  const turned = countGivers(engine, made)
  const seeded = new Set<number>()
  for (const { key, after } of changes) for (const id of seedFact(engine, key, after?.fact, seeded)) turned.add(id)
  const entered = enteredOtherwise(engine, changes, dirty, turned)
  for (const account of withTrusting(engine, entered)) affected.add(account)
  const come: LooseRule[] = []
  const gone: LooseRule[] = []
  settleBest(engine, withTrusting(engine, entered))
  for (const account of entered) {
    gone.push(...entranceAt(engine, account).rules)
    setEntrance(engine, account, seeded)
    come.push(...entranceAt(engine, account).rules)
  }
  const loose = (some: readonly IdRule[]): LooseRule[] => some.map((rule) => looseOf(engine, rule))
  const fallEdits = ruleEdits(
    [...loose(made.gone.filter(isStep)), ...gone],
    [...loose(made.come.filter(isStep)), ...come],
  )
  for (const node of seeded) fallEdits.push({ edit: 'seeds', node, mask: seedsAt(engine, node) })
  const fell = applyEdits(engine.fall, fallEdits)
  const moved = reachEdits(engine, changes, dirty, made).map((edits, pass) => applyEdits(engine.reach[pass]!, edits))
  return withDerived(engine, affected, made, fell, moved)
}

/** The facts, as they are before changes, whose rules these bear on: they themselves, and what names an id of another kind. */
function factsRemade(facts: FactStore, changes: readonly Change[], { switched }: Dirty): Map<string, PlacedFact> {
  const remade = new Map<string, PlacedFact>()
  for (const { key } of changes) {
    const placed = facts.kept.get(key)
    if (placed !== undefined) remade.set(key, placed)
  }
  for (const id of switched) for (const placed of namersOf(facts, id)) remade.set(keyOf(placed.fact), placed)
  return remade
}

/** Accounts whose ways in, or what these are worth by themselves, may differ. */
function enteredOtherwise(
  { facts }: Engine,
  changes: readonly Change[],
  { ids }: Dirty,
  turned: ReadonlySet<string>,
): Set<string> {
  const entered = new Set<string>()
  for (const { before, after } of changes) {
    for (const fact of [before, after?.fact]) {
      for (const account of accountsOfFact(fact)) entered.add(account)
      if (fact?.fact !== 'system') continue
      for (const { fact: each } of namersOf(facts, fact.id)) if (each.fact === 'account') entered.add(each.id)
    }
  }
  for (const id of leavesOf(facts, [...ids, ...turned])) {
    for (const account of accountsBehind(facts, id)) entered.add(account)
  }
  return entered
}

/** Some accounts, and all that trust the sign-in of one of them. */
function withTrusting({ facts }: Engine, accounts: ReadonlySet<string>): Set<string> {
  const trusting = new Set(accounts)
  for (const account of trusting) for (const other of accountsAsking(facts, account)) trusting.add(other)
  return trusting
}

function setEntrance(draft: Draft, account: string, touched: Set<number>): void {
  const { facts, entrances, givers, indexOf, view, policy, ways } = draft
  const own = nodeOf(draft, account)
  for (const node of entranceAt(draft, account).seeds.keys()) setSeed(draft, node, seederOf(own, 'account'), 0, touched)
  const isAccount = facts.kept.get(account)?.fact.fact === 'account'
  const nodes = { inventory: view, indexOf }
  const isDerivable = (node: number): boolean => (givers.get(node) ?? 0) > 0
  const rows = isAccount ? entranceRows({ nodes, policy, isDerivable }, account, ways.get(account) ?? []) : []
  setRow(entrances, own, rows)
  for (const [node, lanes] of entranceAt(draft, account, touched).seeds)
    setSeed(draft, node, seederOf(own, 'account'), lanes, touched)
}

function entranceAt(draft: Draft, account: string, touched = new Set<number>()): Entrance {
  return entranceOf(rowAt(draft.entrances, nodeOf(draft, account)), (lanes) => {
    const node = nodeOf(draft, `via:lanes:${lanes}`)
    if (rowAt(draft.seeds, node).length === 0) setSeed(draft, node, seederOf(node, 'itself'), lanes, touched)
    return node
  })
}

/** Who says that nodes hold from the start, as a number: an account of its ways in, or anything of itself. */
const seederOf = (node: number, says: 'account' | 'itself'): number => node * 2 + (says === 'account' ? 0 : 1)

function setSeed({ seeds }: Draft, node: number, seeder: number, lanes: number, touched: Set<number>): void {
  touched.add(node)
  const others = Array.from(rowAt(seeds, node))
  const at = others.findIndex((each, i) => i % 2 === 0 && each === seeder)
  if (at >= 0) others.splice(at, 2)
  setRow(seeds, node, lanes === 0 ? others : [...others, seeder, lanes])
}

function seedsAt({ seeds }: Draft, node: number): number {
  let mask = 0
  const row = rowAt(seeds, node)
  for (let i = 1; i < row.length; i += 2) mask |= row[i]!
  return mask
}

/** Notes whether a fact says of itself that it is out; returns its id if that is new. */
function seedFact(draft: Draft, key: string, fact: Fact | undefined, touched: Set<number>): string[] {
  const { seeds, givers, indexOf } = draft
  const lanes = fact === undefined ? 0 : lanesOfFact(fact)
  if (lanes === 0 && !indexOf.has(key)) return []
  const node = nodeOf(draft, key)
  const seeder = seederOf(node, 'itself')
  const before = rowAt(seeds, node).some((each, i) => i % 2 === 0 && each === seeder)
  if (before === lanes > 0) return []
  setSeed(draft, node, seeder, lanes, touched)
  givers.set(node, (givers.get(node) ?? 0) + (before ? -1 : 1))
  return [key]
}

/** Counts what gives each node; returns the ids that something gives now and nothing did, or the other way round. */
function countGivers(draft: Draft, { gone, come }: RuleChanges): Set<string> {
  const { givers } = draft
  const before = new Map<string, number>()
  const count = (id: string, by: number): void => {
    const node = nodeOf(draft, id)
    const old = givers.get(node) ?? 0
    if (!before.has(id)) before.set(id, old)
    givers.set(node, old + by)
  }
  for (const { head } of gone) count(head, -1)
  for (const { head } of come) count(head, 1)
  return new Set(
    [...before].filter(([id, old]) => old > 0 !== givers.get(draft.indexOf.get(id)!)! > 0).map(([id]) => id),
  )
}

/** Per pass of R1: what changes for it. */
function reachEdits(engine: Engine, changes: readonly Change[], dirty: Dirty, made: RuleChanges): Edit[][] {
  const { rules, reach } = engine
  const edits = ruleEdits(
    made.gone.map((rule) => looseOf(engine, rule)),
    made.come.map((rule) => looseOf(engine, rule)),
  )
  const carriers = new Set([...made.rights.keys(), ...dirty.ids, ...dirty.named])
  for (const target of dirty.ids) {
    for (const name of rules.names.get(target) ?? []) carriers.add(idOfRight(name, target))
  }
  return reach.map((it, pass) => {
    const own: Edit[] = [...edits]
    for (const id of carriers) {
      const node = nodeOf(engine, id)
      const mask = lanesAt(engine, id)[pass]!
      if ((it.laneMasks[node] ?? 0) !== mask >>> 0) own.push({ edit: 'lanes', node, mask })
    }
    for (const { key, before, after } of changes) {
      const isStart = after?.fact.fact === 'account'
      if (isStart !== (before?.fact === 'account')) own.push({ edit: 'start', node: nodeOf(engine, key), isStart })
    }
    return own
  })
}

/** The lanes that a node carries in the two passes of R1. */
function lanesAt({ rules, facts, view, indexOf, policy }: Draft, id: string): readonly [number, number] {
  const right = rules.rights.get(id)
  if (right === undefined) return [namersAt(facts, id).length > 0 && !facts.kept.has(id) ? UNCERTAIN : 0, 0]
  const capability = capabilityOf(right.name)
  return lanesOfRight(
    capability,
    rightImpact({ inventory: view, indexOf }, policy, { capability, target: right.target }),
  )
}

/** The accounts that changed facts bear on directly, and those that feel it through the rules. */
function withDerived(
  { facts, rules, ids }: Engine,
  affected: Set<string>,
  made: RuleChanges,
  fell: Edited,
  moved: readonly Edited[],
): Affected {
  if (fell.takeover === null) return null
  for (const node of fell.takeover) {
    const id = ids[node]!
    affected.add(id)
    for (const account of accountsBehind(facts, id)) affected.add(account)
    for (const { head } of rules.pastBodies.get(id)?.values() ?? []) affected.add(head)
  }
  for (const { head, kind } of [...made.gone, ...made.come]) if (GIVES_ACCOUNT.has(kind)) affected.add(head)
  for (const { reach } of moved) for (const node of reach) affected.add(ids[node]!)
  return affected
}

const looseOf = (draft: Draft, { head, body, needs }: IdRule): LooseRule => ({
  head: nodeOf(draft, head),
  body: body.map((id) => nodeOf(draft, id)),
  needs,
})

function systemOf(nodeCount: number, rules: readonly LooseRule[]): RuleSystem {
  const bodyOffsets = new Uint32Array(rules.length + 1)
  rules.forEach(({ body }, r) => (bodyOffsets[r + 1] = bodyOffsets[r]! + body.length))
  const bodies = new Uint32Array(bodyOffsets[rules.length]!)
  rules.forEach(({ body }, r) => bodies.set(body, bodyOffsets[r]))
  return {
    nodeCount,
    heads: Uint32Array.from(rules, ({ head }) => head),
    needs: Uint16Array.from(rules, ({ needs }) => needs),
    bodyOffsets,
    bodies,
  }
}
