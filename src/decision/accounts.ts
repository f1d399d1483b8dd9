/** The accounts of a world, read out of rows of numbers; what many accounts share is held once. */
import { ACCOUNT_KINDS, POPULATIONS, STRENGTHS, VERDICTS } from '#contract/vocabulary.ts'
import {
  ALIKE,
  CAPABILITY_SETS,
  CONTROL_SET,
  ENABLED,
  EXPOSED,
  FLOOR,
  HOLDER,
  KIND,
  MEMBERSHIP,
  POPULATION,
  ROW,
  STRENGTH,
  SYSTEM,
  VERDICT,
  WHOLE,
  WHOLE_SET,
  WORDS,
  type Tables,
} from './account-rows.ts'
import type { Alike } from './alike.ts'
import type { Membership } from './members.ts'
import type { Standing } from './world.ts'

export interface Accounts {
  readonly standing: (id: string) => Standing | undefined
  readonly membership: (row: number) => Membership
  readonly named: (row: number) => { readonly name: string | null; readonly person: string | null }
  readonly rowOf: (id: string) => number | undefined
  /** undefined for what is no account */
  readonly systemOf: (id: string) => string | null | undefined
  readonly ids: () => Iterable<string>
  readonly alike: Alike
}

export function accountsIn({ numbers, names, persons, rowOf, shared }: Tables): Accounts {
  const { demands, controlSets, systems, memberships, alike } = shared
  const membershipOf = (row: number): Membership => memberships.at(numbers[row * ROW + MEMBERSHIP]!)
  const systemOf = (row: number): string | null => systems.at(numbers[row * ROW + SYSTEM]!)
  return {
    alike,
    rowOf: (id) => rowOf.get(id),
    systemOf: (id) => {
      const row = rowOf.get(id)
      return row === undefined ? undefined : systemOf(row)
    },
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
        system: systemOf(row),
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
