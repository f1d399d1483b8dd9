import { compileFact, type RuleSink } from '#model/fact-rules.ts'
import type { Place, PlacedFact } from '#model/facts.ts'
import type { FactView } from '#model/inventory.ts'
import type { RuleKindName } from '#model/kinds.ts'
import { compileNames, expandRight, idOfRight, namesOf, type Structure } from '#model/rights.ts'
import { GIVES_ACCOUNT } from '../weakest-way.ts'

/** A rule over ids. */
export interface IdRule {
  readonly kind: RuleKindName
  readonly head: string
  readonly body: readonly string[]
  readonly needs: number
  readonly place: Place | undefined
  /** what made it: key of a fact, id of a right, or the names of the rights on a target */
  readonly unit: string
}

interface NamedRight {
  readonly name: string
  readonly target: string
}

/** The rules that one fact or right makes, and the rights that follow from it. */
interface Unit {
  readonly rules: readonly IdRule[]
  readonly implies: ReadonlyMap<string, NamedRight>
}

/** A right that some entitlement leads to, and the units that say so directly. */
interface KeptRight extends NamedRight {
  readonly supporters: Set<string>
}

/**
 * Rules by what made them. Those that facts make by themselves are made again when they are asked for: they hang on
 * little (`compileFact`), and there are many.
 */
export interface RuleStore {
  /** by id of a right, and by target of some: what it makes */
  readonly units: Map<string, Unit>
  readonly rights: Map<string, KeptRight>
  /** by target: names of the rights there are on it */
  readonly names: Map<string, Set<string>>
  /** rules that give an account past its ways in: by account, and by what they rest on; each by its unit and place there */
  readonly past: Map<string, Map<string, IdRule>>
  readonly pastBodies: Map<string, Map<string, IdRule>>
}

/** What an update changed. */
export interface RuleChanges {
  readonly gone: readonly IdRule[]
  readonly come: readonly IdRule[]
  /** rights that went, came, or whose target changed */
  readonly rights: ReadonlyMap<string, NamedRight>
}

export const buildRuleStore = (): RuleStore => ({
  units: new Map(),
  rights: new Map(),
  names: new Map(),
  past: new Map(),
  pastBodies: new Map(),
})

/** What rules are made from. */
export interface Known {
  readonly view: FactView
  readonly structure: Structure
}

interface Update extends Known {
  readonly store: RuleStore
  readonly before: FactUnits
  readonly gone: IdRule[]
  readonly come: IdRule[]
  readonly rights: Map<string, NamedRight>
  /** rights to be expanded */
  readonly queue: string[]
  /** rights that lost a supporter */
  readonly doubtful: Set<string>
  /** targets on which the names may differ */
  readonly targets: Set<string>
}

/**
 * Makes the rules of some facts anew, and those of all rights on some targets, and follows what that brings about.
 *
 * @param before  of those facts as they were
 * @param facts  by key; null for one that is gone
 * @param targets  ids whose own fact changed, or that others name otherwise than before
 */
export function updateRules(
  store: RuleStore,
  known: Known,
  before: FactUnits,
  facts: ReadonlyMap<string, PlacedFact | null>,
  targets: ReadonlySet<string>,
): RuleChanges {
  const update: Update = {
    ...known,
    store,
    before,
    gone: [],
    come: [],
    rights: new Map(),
    queue: [],
    doubtful: new Set(),
    targets: new Set(targets),
  }
  for (const [key, placed] of facts) setFactUnit(update, key, placed)
  for (const target of targets) {
    for (const name of store.names.get(target) ?? []) {
      update.rights.set(idOfRight(name, target), { name, target })
      update.queue.push(idOfRight(name, target))
    }
  }
  for (let at = 0; at < update.queue.length; at++) {
    const id = update.queue[at]!
    const right = store.rights.get(id)
    if (right !== undefined) setUnit(update, id, unitOfRight(known, id, right))
  }
  dropUnsupported(update)
  for (const target of update.targets) setUnit(update, `names\n${target}`, unitOfNames(update, target))
  return { ...net(update), rights: update.rights }
}

function setFactUnit(update: Update, key: string, placed: PlacedFact | null): void {
  replaceUnit(update, key, update.before.get(key), placed === null ? null : unitOfFact(update, key, placed))
}

function setUnit(update: Update, key: string, unit: Unit | null): void {
  const { units } = update.store
  const before = units.get(key)
  if (unit === null || (unit.rules.length === 0 && unit.implies.size === 0)) units.delete(key)
  else units.set(key, unit)
  replaceUnit(update, key, before, unit)
}

function replaceUnit(update: Update, key: string, before: Unit | undefined, unit: Unit | null): void {
  const { store, gone, come } = update
  gone.push(...(before?.rules ?? []))
  come.push(...(unit?.rules ?? []))
  before?.rules.forEach((rule, at) => notePast(store, rule, `${key}\n${at}`, false))
  unit?.rules.forEach((rule, at) => notePast(store, rule, `${key}\n${at}`, true))
  for (const id of before?.implies.keys() ?? []) {
    if (unit?.implies.has(id)) continue
    store.rights.get(id)?.supporters.delete(key)
    update.doubtful.add(id)
  }
  for (const [id, right] of unit?.implies ?? []) support(update, id, right, key)
}

function notePast({ past, pastBodies }: RuleStore, rule: IdRule, name: string, isThere: boolean): void {
  if (!GIVES_ACCOUNT.has(rule.kind)) return
  const note = (index: Map<string, Map<string, IdRule>>, id: string): void => {
    const rules = index.get(id) ?? new Map<string, IdRule>()
    if (isThere) rules.set(name, rule)
    else rules.delete(name)
    if (rules.size === 0) index.delete(id)
    else index.set(id, rules)
  }
  note(past, rule.head)
  for (const id of rule.body) note(pastBodies, id)
}

function support(update: Update, id: string, { name, target }: NamedRight, by: string): void {
  const { rights, names } = update.store
  const known = rights.get(id)
  if (known !== undefined) return void known.supporters.add(by)
  rights.set(id, { name, target, supporters: new Set([by]) })
  const others = names.get(target)
  if (others) others.add(name)
  else names.set(target, new Set([name]))
  update.rights.set(id, { name, target })
  update.targets.add(target)
  update.queue.push(id)
}

/**
 * Takes away rights that only rights taken away lead to. All that hang on a doubtful one are doubted with it; those that
 * something else leads to stay, and what follows from these.
 */
function dropUnsupported(update: Update): void {
  const { store, doubtful } = update
  const { rights, units, names } = store
  for (const id of doubtful) {
    // a set grows while it is walked
    for (const implied of units.get(id)?.implies.keys() ?? []) doubtful.add(implied)
  }
  const stays = new Set(
    [...doubtful].filter((id) => {
      const right = rights.get(id)
      return right !== undefined && [...right.supporters].some((by) => !doubtful.has(by))
    }),
  )
  for (const id of stays) for (const implied of units.get(id)?.implies.keys() ?? []) stays.add(implied)
  for (const id of doubtful) {
    const right = rights.get(id)
    if (right === undefined || stays.has(id)) continue
    const { name, target } = right
    for (const implied of units.get(id)?.implies.keys() ?? []) rights.get(implied)?.supporters.delete(id)
    setUnit(update, id, null)
    rights.delete(id)
    const others = names.get(target)
    others?.delete(name)
    if (others?.size === 0) names.delete(target)
    update.rights.set(id, { name, target })
    update.targets.add(target)
  }
}

/** What facts make by themselves, by key. */
export type FactUnits = ReadonlyMap<string, Unit>

/** What some facts make, so that it can be taken back once they are others. */
export const unitsOfFacts = (view: FactView, facts: ReadonlyMap<string, PlacedFact>): FactUnits =>
  new Map(Array.from(facts, ([key, placed]) => [key, unitOfFact({ view }, key, placed)]))

function unitOfFact({ view }: Pick<Known, 'view'>, unit: string, placed: PlacedFact): Unit {
  const { rules, sink } = collect(unit)
  const implies = new Map<string, NamedRight>()
  const { fact, place } = placed
  if (fact.fact === 'entitlement') {
    for (const name of namesOf(fact, view.snapshot.at)) {
      const id = idOfRight(name, fact.on)
      implies.set(id, { name, target: fact.on })
      sink.rule('entitled', id, [fact.holder], place)
    }
  } else compileFact(sink, view, placed)
  return unitWith(rules, implies)
}

function unitOfRight({ view, structure }: Known, unit: string, named: NamedRight): Unit {
  const { rules, sink } = collect(unit)
  const implies = new Map<string, NamedRight>()
  const right = (name: string, target: string): string => {
    const id = idOfRight(name, target)
    implies.set(id, { name, target })
    return id
  }
  expandRight({ rules: sink, inventory: view, structure, right }, named)
  return unitWith(rules, implies)
}

function unitOfNames({ store, view, structure }: Update, target: string): Unit {
  const { rules, sink } = collect(`names\n${target}`)
  const names = store.names.get(target)
  if (names !== undefined) compileNames({ rules: sink, inventory: view, structure }, target, names)
  return unitWith(rules, NOTHING)
}

/** What no fact but an entitlement implies, and what few others have: rules without end stay as small as they can be. */
const NOTHING: Unit['implies'] = new Map()
const NO_RULES: Unit['rules'] = []

function unitWith(rules: readonly IdRule[], implies: Unit['implies']): Unit {
  return { rules: rules.length === 0 ? NO_RULES : rules.slice(), implies: implies.size === 0 ? NOTHING : implies }
}

function collect(unit: string): { rules: IdRule[]; sink: RuleSink } {
  const rules: IdRule[] = []
  return {
    rules,
    sink: {
      rule: (kind, head, body, place, needs = body.length) => {
        rules.push({ kind, head, body, needs: Math.min(needs, 0xffff), place, unit })
      },
    },
  }
}

/** What went and what came, without rules that did both. */
function net({ gone, come }: Update): { gone: IdRule[]; come: IdRule[] } {
  const counts = new Map<string, number>()
  for (const rule of come) counts.set(signature(rule), (counts.get(signature(rule)) ?? 0) + 1)
  const reallyGone = gone.filter((rule) => {
    const count = counts.get(signature(rule)) ?? 0
    if (count > 0) counts.set(signature(rule), count - 1)
    return count === 0
  })
  const reallyCome = come.filter((rule) => {
    const count = counts.get(signature(rule)) ?? 0
    if (count > 0) counts.set(signature(rule), count - 1)
    return count > 0
  })
  return { gone: reallyGone, come: reallyCome }
}

const signature = ({ kind, head, body, needs }: IdRule): string => `${kind}\n${needs}\n${head}\n${body.join('\n')}`
