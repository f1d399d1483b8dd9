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

/** The tables. What reads them knows nothing of what they were made from, so that the facts need not be kept. */
interface Tables {
  readonly words: Uint16Array
  /** numbers of demands */
  readonly floor: Uint32Array
  readonly whole: Uint32Array
  readonly floorCapabilities: Uint32Array
  readonly wholeCapabilities: Uint32Array
  readonly alike: Uint32Array
  readonly controls: Uint32Array
  readonly system: Uint32Array
  readonly membership: Membership[]
  readonly name: (string | null)[]
  readonly person: (string | null)[]
  readonly rowOf: Map<string, number>
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
  const tables = emptyTables(facts.length)
  const { demands, controlSets, systems } = tables
  for (const [row, { fact }] of facts.entries()) {
    const state = whole.account(fact.id)!
    const floor = ungated.account(fact.id) ?? state
    const { canProve, controls } = signIns(fact)
    tables.rowOf.set(fact.id, row)
    tables.words[row] = wordsOf(state, STRENGTHS.indexOf(canProve))
    tables.whole[row] = demandNumber(whole, demands, fact, state)
    tables.floor[row] = floor === state ? tables.whole[row]! : demandNumber(whole, demands, fact, floor)
    tables.wholeCapabilities[row] = weighty(state)
    tables.floorCapabilities[row] = weighty(floor)
    tables.alike[row] = alike.numberOf(fact)
    tables.controls[row] = controlSets.numberOf(controls.join(), () => [...controls])
    tables.system[row] = systems.numberOf(fact.system ?? '', () => fact.system ?? null)
    tables.membership.push(memberOf(fact.memberOf))
    tables.name.push(fact.name ?? null)
    tables.person.push(fact.subject ?? null)
  }
  return tables
}

const emptyTables = (count: number): Tables => ({
  words: new Uint16Array(count),
  floor: new Uint32Array(count),
  whole: new Uint32Array(count),
  floorCapabilities: new Uint32Array(count),
  wholeCapabilities: new Uint32Array(count),
  alike: new Uint32Array(count),
  controls: new Uint32Array(count),
  system: new Uint32Array(count),
  membership: [],
  name: [],
  person: [],
  rowOf: new Map(),
  demands: numbering(),
  controlSets: numbering(),
  systems: numbering(),
})

function accountsOf(tables: Tables, alike: Alike): Accounts {
  const { rowOf, membership, demands } = tables
  return {
    alike,
    rowOf: (id) => rowOf.get(id),
    ids: () => rowOf.keys(),
    membership: (row) => membership[row]!,
    standing: (id) => {
      const row = rowOf.get(id)
      if (row === undefined) return undefined
      const words = tables.words[row]!
      const { groups, roles } = membership[row]!
      return {
        id,
        row,
        alike: tables.alike[row]!,
        kind: ACCOUNT_KINDS[(words >>> KIND) & 3]!,
        population: POPULATIONS[(words >>> POPULATION) & 3] ?? null,
        verdict: VERDICTS[(words >>> VERDICT) & 7]!,
        canProve: STRENGTHS[(words >>> STRENGTH) & 7]!,
        enabled: ((words >>> ENABLED) & 1) === 1,
        exposed: ((words >>> EXPOSED) & 1) === 1,
        system: tables.systems.at(tables.system[row]!),
        name: tables.name[row]!,
        person: tables.person[row]!,
        floor: demands.at(tables.floor[row]!),
        whole: demands.at(tables.whole[row]!),
        floorCapabilities: tables.floorCapabilities[row]!,
        wholeCapabilities: tables.wholeCapabilities[row]!,
        controls: tables.controlSets.at(tables.controls[row]!),
        groups,
        roles,
      }
    },
  }
}

function wordsOf(state: AccountState, canProve: number): number {
  const population = state.population === null ? 3 : POPULATIONS.indexOf(state.population)
  return (
    (ACCOUNT_KINDS.indexOf(state.kind) << KIND) |
    (population << POPULATION) |
    (VERDICTS.indexOf(state.verdict) << VERDICT) |
    (canProve << STRENGTH) |
    (Number(state.enabled) << ENABLED) |
    (Number(isExposed(state)) << EXPOSED)
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
