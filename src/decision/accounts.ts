/** The accounts of a world as rows of numbers; what many accounts share is held once. */
import type { AccountState, LiveAnalysis } from '#analysis/live.ts'
import { ACCOUNT_KINDS, IMPACTS, POPULATIONS, STRENGTHS, VERDICTS, type Control } from '#contract/vocabulary.ts'
import type { FactOf } from '#model/facts.ts'
import { alikeUnder, type Alike } from './alike.ts'
import { setOf, type CapabilitySet } from './capabilities.ts'
import { demandAtWorst, demandOf } from './demand.ts'
import { numbering, type Numbered } from './kept.ts'
import { buildMemberships, type Membership } from './members.ts'
import { signInsOf } from './sign-ins.ts'
import type { Demand, Standing } from './world.ts'

export interface Accounts {
  readonly standing: (id: string) => Standing | undefined
  readonly membership: (row: number) => Membership
  readonly named: (row: number) => { readonly name: string | null; readonly person: string | null }
  readonly rowOf: (id: string) => number | undefined
  readonly ids: () => Iterable<string>
  readonly alike: Alike
}

/** Where things stand in the number that holds the words of a row. */
const KIND = 0
const POPULATION = 2
const VERDICT = 4
const STRENGTH = 7
const ENABLED = 10
const EXPOSED = 11
const HOLDER = 12
/** Where the second of two sets of capabilities stands; there are at most 16. */
const WHOLE_SET = 16

/** Numbers of one row, next to each other, so that one account is one place in memory. */
const WORDS = 0
const FLOOR = 1
const WHOLE = 2
const CAPABILITY_SETS = 3
const ALIKE = 4
const CONTROL_SET = 5
const SYSTEM = 6
const MEMBERSHIP = 7
const ROW = 8

/** The tables. What reads them knows nothing of what they were made from, so that the facts need not be kept. */
interface Tables {
  readonly numbers: Uint32Array
  readonly names: (string | null)[]
  readonly persons: (string | null)[]
  readonly rowOf: Map<string, number>
  readonly memberships: Membership[]
  readonly demands: Numbered<Demand>
  readonly controlSets: Numbered<readonly Control[]>
  readonly systems: Numbered<string | null>
}

export function buildAccounts(whole: LiveAnalysis, ungated: LiveAnalysis): Accounts {
  const alike = alikeUnder(whole.policy)
  return accountsOf(tablesOf(whole, ungated, alike), alike)
}

function tablesOf(whole: LiveAnalysis, ungated: LiveAnalysis, alike: Alike): Tables {
  const { inventory, policy } = whole
  const facts = inventory.byKind.account
  const signIns = signInsOf(inventory, policy)
  const memberOf = buildMemberships(inventory)
  const holders = new Set(inventory.byKind.entitlement.map(({ fact }) => fact.holder))
  const numberOf = new Map<Membership, number>()
  const tables = emptyTables(facts.length)
  const { numbers, demands, controlSets, systems, memberships } = tables
  for (const [row, { fact }] of facts.entries()) {
    const state = whole.account(fact.id)!
    const floor = ungated.account(fact.id) ?? state
    const { canProve, controls } = signIns(fact)
    const membership = memberOf(fact.memberOf)
    if (!numberOf.has(membership)) numberOf.set(membership, memberships.push(membership) - 1)
    const at = row * ROW
    tables.rowOf.set(fact.id, row)
    tables.names.push(fact.name ?? null)
    tables.persons.push(fact.subject ?? null)
    numbers[at + WORDS] = wordsOf(state, STRENGTHS.indexOf(canProve), holders.has(fact.id))
    numbers[at + WHOLE] = demandNumber(whole, demands, fact, state)
    numbers[at + FLOOR] = floor === state ? numbers[at + WHOLE]! : demandNumber(whole, demands, fact, floor)
    numbers[at + CAPABILITY_SETS] = weighty(floor) | (weighty(state) << WHOLE_SET)
    numbers[at + ALIKE] = alike.numberOf(fact)
    numbers[at + CONTROL_SET] = controlSets.numberOf(controls.join(), () => [...controls])
    numbers[at + SYSTEM] = systems.numberOf(fact.system ?? '', () => fact.system ?? null)
    numbers[at + MEMBERSHIP] = numberOf.get(membership)!
  }
  return tables
}

const emptyTables = (count: number): Tables => ({
  numbers: new Uint32Array(count * ROW),
  names: [],
  persons: [],
  rowOf: new Map(),
  memberships: [],
  demands: numbering(),
  controlSets: numbering(),
  systems: numbering(),
})

function accountsOf({ numbers, names, persons, rowOf, memberships, ...shared }: Tables, alike: Alike): Accounts {
  const { demands, controlSets, systems } = shared
  const membershipOf = (row: number): Membership => memberships[numbers[row * ROW + MEMBERSHIP]!]!
  return {
    alike,
    rowOf: (id) => rowOf.get(id),
    ids: () => rowOf.keys(),
    membership: membershipOf,
    named: (row) => ({ name: names[row]!, person: persons[row]! }),
    standing: (id) => {
      const row = rowOf.get(id)
      if (row === undefined) return undefined
      const at = row * ROW
      const words = numbers[at + WORDS]!
      const sets = numbers[at + CAPABILITY_SETS]!
      const { groups, roles } = membershipOf(row)
      return {
        id,
        row,
        alike: numbers[at + ALIKE]!,
        kind: ACCOUNT_KINDS[(words >>> KIND) & 3]!,
        population: POPULATIONS[(words >>> POPULATION) & 3] ?? null,
        verdict: VERDICTS[(words >>> VERDICT) & 7]!,
        canProve: STRENGTHS[(words >>> STRENGTH) & 7]!,
        enabled: ((words >>> ENABLED) & 1) === 1,
        exposed: ((words >>> EXPOSED) & 1) === 1,
        isHolder: ((words >>> HOLDER) & 1) === 1,
        system: systems.at(numbers[at + SYSTEM]!),
        floor: demands.at(numbers[at + FLOOR]!),
        whole: demands.at(numbers[at + WHOLE]!),
        floorCapabilities: sets & ((1 << WHOLE_SET) - 1),
        wholeCapabilities: sets >>> WHOLE_SET,
        controls: controlSets.at(numbers[at + CONTROL_SET]!),
        groups,
        roles,
      }
    },
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
  if (!impactUncertain) {
    const raised = requirement.raisedBy.map(({ code, text }) => `${code}\n${text}`).join('\n')
    return demands.numberOf(`${impact}\n${raised}`, () => demandOf(policy, impact, requirement))
  }
  const system = fact.system === undefined ? undefined : inventory.get(fact.system)?.fact
  const facts = { account: fact, system: system?.fact === 'system' ? system : {}, capabilities }
  const worst = demandAtWorst(policy, facts, requirement)
  const raised = worst.requirement.raisedBy.map(({ code, text }) => `${code}\n${text}`).join('\n')
  return demands.numberOf(`worst\n${raised}`, () => worst)
}
