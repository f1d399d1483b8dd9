/** The accounts of a world as rows of numbers; what many accounts share is held once. */
import type { AccountState, LiveAnalysis } from '#analysis/live.ts'
import {
  ACCOUNT_KINDS,
  CONTROLS,
  IMPACTS,
  POPULATIONS,
  STRENGTHS,
  VERDICTS,
  type Control,
} from '#contract/vocabulary.ts'
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

export function buildAccounts(whole: LiveAnalysis, ungated: LiveAnalysis): Accounts {
  const { inventory, policy } = whole
  const facts = inventory.byKind.account
  const alike = alikeUnder(policy)
  const signIns = signInsOf(inventory, policy)
  const memberOf = buildMemberships(inventory)
  const demands = numbering<Demand>()
  const controlSets = numbering<readonly Control[]>()
  const systems = numbering<string | null>()
  const count = facts.length
  const rows = {
    words: new Uint16Array(count),
    floor: new Uint32Array(count),
    whole: new Uint32Array(count),
    floorCapabilities: new Uint32Array(count),
    wholeCapabilities: new Uint32Array(count),
    alike: new Uint32Array(count),
    controls: new Uint32Array(count),
    system: new Uint32Array(count),
    membership: [] as Membership[],
    name: [] as (string | null)[],
    person: [] as (string | null)[],
  }
  const rowOf = new Map<string, number>()

  facts.forEach(({ fact }, row) => {
    const state = whole.account(fact.id)!
    const floor = ungated.account(fact.id) ?? state
    const { canProve, controls } = signIns(fact)
    rowOf.set(fact.id, row)
    rows.words[row] = wordsOf(state, STRENGTHS.indexOf(canProve))
    rows.whole[row] = demandNumber(whole, demands, fact, state)
    rows.floor[row] = floor === state ? rows.whole[row]! : demandNumber(whole, demands, fact, floor)
    rows.wholeCapabilities[row] = weighty(state)
    rows.floorCapabilities[row] = weighty(floor)
    rows.alike[row] = alike.numberOf(fact)
    rows.controls[row] = controlSets.numberOf(controls.join(), () => CONTROLS.filter((each) => controls.includes(each)))
    rows.system[row] = systems.numberOf(fact.system ?? '', () => fact.system ?? null)
    rows.membership.push(memberOf(fact.memberOf))
    rows.name.push(fact.name ?? null)
    rows.person.push(fact.subject ?? null)
  })

  return {
    alike,
    rowOf: (id) => rowOf.get(id),
    ids: () => rowOf.keys(),
    membership: (row) => rows.membership[row]!,
    standing: (id) => {
      const row = rowOf.get(id)
      if (row === undefined) return undefined
      const words = rows.words[row]!
      const { groups, roles } = rows.membership[row]!
      return {
        id,
        row,
        alike: rows.alike[row]!,
        kind: ACCOUNT_KINDS[(words >>> KIND) & 3]!,
        population: POPULATIONS[(words >>> POPULATION) & 3] ?? null,
        verdict: VERDICTS[(words >>> VERDICT) & 7]!,
        canProve: STRENGTHS[(words >>> STRENGTH) & 7]!,
        enabled: ((words >>> ENABLED) & 1) === 1,
        exposed: ((words >>> EXPOSED) & 1) === 1,
        system: systems.at(rows.system[row]!),
        name: rows.name[row]!,
        person: rows.person[row]!,
        floor: demands.at(rows.floor[row]!),
        whole: demands.at(rows.whole[row]!),
        floorCapabilities: rows.floorCapabilities[row]!,
        wholeCapabilities: rows.wholeCapabilities[row]!,
        controls: controlSets.at(rows.controls[row]!),
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
