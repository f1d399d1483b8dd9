/** The accounts of a world as rows of numbers: all of them, or those that a change bears on in a copy of the rest. */
import { eachReference } from '#model/inventory-references.ts'
import type { AccountState, Delta, LiveAnalysis } from '#analysis/live.ts'
import { accountsEntered } from '#analysis/ways-in.ts'
import { ACCOUNT_KINDS, IMPACTS, POPULATIONS, STRENGTHS, VERDICTS, type Control } from '#contract/vocabulary.ts'
import type { Fact, FactOf } from '#model/facts.ts'
import type { Policy } from '#policy/policy.ts'
import { alikeUnder, type Alike } from './alike.ts'
import { setOf, type CapabilitySet } from './capabilities.ts'
import { demandAtWorst, demandOf } from './demand.ts'
import type { Since } from './gated.ts'
import { numbering, type Numbered } from '#lib/kept.ts'
import { buildMemberships, type Memberships } from './members.ts'
import { signInsOf } from './sign-ins.ts'
import type { Demand } from './world.ts'

/** The same facts, with what is gated and without. */
export interface Analyses {
  readonly whole: LiveAnalysis
  readonly ungated: LiveAnalysis
}

/** Where things stand in the number that holds the words of a row. */
export const KIND = 0
export const POPULATION = 2
export const VERDICT = 4
export const STRENGTH = 7
export const ENABLED = 10
export const EXPOSED = 11
export const HOLDER = 12
/** Where the second of two sets of capabilities stands; there are at most 16. */
export const WHOLE_SET = 16

/** Numbers of one row, next to each other, so that one account is one place in memory. */
export const WORDS = 0
export const FLOOR = 1
export const WHOLE = 2
export const CAPABILITY_SETS = 3
export const ALIKE = 4
export const CONTROL_SET = 5
export const SYSTEM = 6
export const MEMBERSHIP = 7
export const ROW = 8

/** The tables. What reads them knows nothing of what they were made from, so that the facts need not be kept. */
export interface Tables {
  readonly numbers: Uint32Array
  readonly names: (string | null)[]
  readonly persons: (string | null)[]
  /** in the order of the inventory */
  readonly rowOf: Map<string, number>
  readonly shared: Shared
}

/** What many accounts have in common, once each. It only grows, and worlds that come of one another have it together. */
interface Shared {
  readonly alike: Alike
  readonly memberships: Memberships
  readonly demands: Numbered<Demand>
  readonly controlSets: Numbered<readonly Control[]>
  readonly systems: Numbered<string | null>
}

const sharedUnder = (policy: Policy): Shared => ({
  alike: alikeUnder(policy),
  memberships: buildMemberships(),
  demands: numbering(),
  controlSets: numbering(),
  systems: numbering(),
})

export function tablesOf(analyses: Analyses): Tables {
  const { inventory, policy } = analyses.whole
  const facts = inventory.byKind.account
  const shared = sharedUnder(policy)
  const tables: Tables = {
    numbers: new Uint32Array(facts.length * ROW),
    names: [],
    persons: [],
    rowOf: new Map(),
    shared,
  }
  const write = rowWriter(analyses, tables)
  for (const [row, { fact }] of facts.entries()) {
    tables.rowOf.set(fact.id, row)
    write(fact, row)
  }
  return tables
}

/** Of so many accounts, one in four may be affected, and in small inventories so many, before it is quicker to begin anew. */
const FEW = 200

/**
 * The tables after a change; null where it is quicker or surer to make them anew. Rows of accounts that went stay, and nothing
 * leads there.
 */
export function tablesAfter(before: Tables, last: Analyses, now: Analyses, since: Since): Tables | null {
  const affected = accountsAffected(last, now, since)
  if (affected === null || affected.size > Math.max(FEW, before.rowOf.size / 4)) return null
  const { inventory } = now.whole
  const accountOf = (id: string): FactOf<'account'> | null => {
    const fact = inventory.get(id)?.fact
    return fact?.fact === 'account' ? fact : null
  }
  // in the order in which the inventory has what is new
  const sent = new Set(since.deltas.flatMap(({ upsert = [] }) => upsert.map(({ fact }) => fact.id ?? '')))
  const come = [...sent].filter((id) => !before.rowOf.has(id) && accountOf(id) !== null)
  const gone = [...affected].filter((id) => before.rowOf.has(id) && accountOf(id) === null)
  const isOther = come.length + gone.length > 0
  const isGone = ({ remove = [] }: Delta) =>
    remove.some((it) => before.rowOf.has(typeof it === 'string' ? it : (it.id ?? '')))
  // one that went and came again has another place among the rest
  if (since.deltas.length > 1 && (isOther || since.deltas.some(isGone))) return null
  const rowOf = isOther ? new Map(before.rowOf) : before.rowOf
  for (const id of gone) rowOf.delete(id)
  const numbers = new Uint32Array(before.numbers.length + come.length * ROW)
  numbers.set(before.numbers)
  for (const [index, id] of come.entries()) rowOf.set(id, before.numbers.length / ROW + index)
  const tables: Tables = { ...before, numbers, names: [...before.names], persons: [...before.persons], rowOf }
  const write = rowWriter(now, tables, affected)
  for (const id of affected) {
    const fact = accountOf(id)
    if (fact !== null) write(fact, rowOf.get(id)!)
  }
  return tables
}

/** Accounts whose rows may be other than before, as they come in the changes; null where that may be any. */
function accountsAffected(last: Analyses, now: Analyses, { before, deltas }: Since): Set<string> | null {
  const affected = new Set<string>()
  const authenticators = new Set<string>()
  for (const { upsert = [], remove = [], at } of deltas) {
    if (at !== undefined) return null
    const gone = remove.map((it) => (typeof it === 'string' ? before.inventory.get(it)?.fact : it))
    const replaced = upsert.map(({ fact }) => (fact.id === undefined ? undefined : before.inventory.get(fact.id)?.fact))
    for (const fact of [...gone, ...replaced, ...upsert.map((placed) => placed.fact)]) {
      if (fact === undefined) continue
      if (SHARED_BY_MANY.has(fact.fact)) return null
      for (const id of accountsOf(fact)) affected.add(id)
      if (fact.fact === 'authenticator') authenticators.add(fact.id)
    }
  }
  const { inventory } = now.whole
  if (authenticators.size > 0) {
    for (const { fact } of inventory.byKind.wayIn)
      eachReference(fact, (id) => void (authenticators.has(id) && affected.add(fact.account)))
  }
  for (const id of now.whole.accountIds()) {
    const isSame = now.whole.held(id) === last.whole.held(id) && now.ungated.held(id) === last.ungated.held(id)
    if (!isSame) affected.add(id)
  }
  return affected
}

/** Kinds of facts that rows of any number of accounts are made of. */
const SHARED_BY_MANY: ReadonlySet<Fact['fact']> = new Set(['group', 'role', 'system'])

/** The accounts whose rows a fact bears on by itself. */
function accountsOf(fact: Fact): readonly string[] {
  if (fact.fact === 'account') return [fact.id]
  return fact.fact === 'entitlement' ? [fact.holder] : accountsEntered(fact)
}

/** Writes rows; of the accounts in `only`, where it is given. */
function rowWriter({ whole, ungated }: Analyses, tables: Tables, only?: ReadonlySet<string>) {
  const { inventory, policy } = whole
  const { numbers, names, persons, shared } = tables
  const { demands, controlSets, systems, memberships, alike } = shared
  const holders = new Set<string>()
  for (const { fact } of inventory.byKind.entitlement)
    if (only === undefined || only.has(fact.holder)) holders.add(fact.holder)
  return (fact: FactOf<'account'>, row: number): void => {
    const state = whole.account(fact.id)!
    const floor = ungated === whole ? state : (ungated.account(fact.id) ?? state)
    const ways = state.ways.map(({ id }) => id)
    const { canProve, controls } = signInsOf(inventory, policy, fact, ways)
    const at = row * ROW
    names[row] = fact.name ?? null
    persons[row] = fact.subject ?? null
    numbers[at + WORDS] = wordsOf(state, STRENGTHS.indexOf(canProve), holders.has(fact.id))
    numbers[at + WHOLE] = demandNumber(whole, demands, fact, state)
    numbers[at + FLOOR] = floor === state ? numbers[at + WHOLE]! : demandNumber(whole, demands, fact, floor)
    numbers[at + CAPABILITY_SETS] = weighty(floor) | (weighty(state) << WHOLE_SET)
    numbers[at + ALIKE] = alike.numberOf(fact)
    numbers[at + CONTROL_SET] = controlSets.numberOf(controls.join(), () => [...controls])
    numbers[at + SYSTEM] = systems.numberOf(fact.system ?? '', () => fact.system ?? null)
    numbers[at + MEMBERSHIP] = memberships.numberOf(inventory, fact.memberOf)
  }
}

function wordsOf(state: AccountState, canProve: number, isHolder: boolean): number {
  const population = state.population === null ? 3 : POPULATIONS.indexOf(state.population)
  return (
    (ACCOUNT_KINDS.indexOf(state.kind) << KIND) |
    (population << POPULATION) |
    (VERDICTS.indexOf(state.verdict) << VERDICT) |
    (canProve << STRENGTH) |
    (Number(state.enabled) << ENABLED) |
    (Number(isExposed(state)) << EXPOSED) |
    (Number(isHolder) << HOLDER)
  )
}

/** Reasons of ways in that are already in other hands. */
const OUT = new Set(['leaked_secret', 'exposed_session'])
const isExposed = ({ ways }: AccountState): boolean =>
  ways.some(({ reasons }) => reasons.some(({ code }) => OUT.has(code)))

/** Capabilities of moderate impact or more: what whoever approves an exception has to know of (`analysis/exceptions.ts`). */
const weighty = ({ capabilities, impacts }: AccountState): CapabilitySet =>
  setOf(capabilities.filter((each) => IMPACTS.indexOf(impacts[each] ?? 'high') >= IMPACTS.indexOf('moderate')))

/** Within one policy, a requirement follows from its impact and the rules that raised it. */
function demandNumber(
  { policy, inventory }: LiveAnalysis,
  demands: Numbered<Demand>,
  fact: FactOf<'account'>,
  { impact, impactUncertain, capabilities, requirement }: AccountState,
): number {
  const known = `${impact}\n${raisersOf(requirement)}`
  if (!impactUncertain) return demands.numberOf(known, () => demandOf(policy, impact, requirement))
  const system = fact.system === undefined ? undefined : inventory.get(fact.system)?.fact
  const facts = { account: fact, system: system?.fact === 'system' ? system : {}, capabilities }
  const worst = demandAtWorst(policy, facts, requirement)
  // what is known of it is cited as well
  return demands.numberOf(`worst\n${raisersOf(worst.requirement)}\n${known}`, () => worst)
}

const raisersOf = ({ raisedBy }: Demand['requirement']): string =>
  raisedBy.map(({ code, text }) => `${code}\n${text}`).join('\n')
