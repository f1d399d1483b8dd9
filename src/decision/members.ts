/** Which groups and roles something is in, through any nesting. Those in the same ones share one list. */
import type { CheckedInventory } from '#model/inventory.ts'
import { numbering } from './kept.ts'

export interface Membership {
  /** all of them, groups and roles, in order of their ids */
  readonly all: readonly string[]
  readonly groups: readonly string[]
  readonly roles: readonly string[]
}

export const NO_MEMBERSHIP: Membership = { all: [], groups: [], roles: [] }

/** Returns what something is in that is directly in some groups and roles. */
export function buildMemberships(inventory: CheckedInventory): (memberOf: readonly string[] | undefined) => Membership {
  const known = numbering<Membership>()
  return (memberOf) => {
    if (memberOf === undefined || memberOf.length === 0) return NO_MEMBERSHIP
    const direct = [...new Set(memberOf)].toSorted()
    return known.at(known.numberOf(direct.join('\n'), () => closureOf(inventory, direct)))
  }
}

function closureOf(inventory: CheckedInventory, direct: readonly string[]): Membership {
  const found = new Set(direct)
  // a set iterates over what is added to it on the way
  for (const id of found) {
    const fact = inventory.get(id)?.fact
    if (fact?.fact === 'group' || fact?.fact === 'role') for (const outer of fact.memberOf ?? []) found.add(outer)
  }
  const all = [...found].toSorted()
  return {
    all,
    groups: all.filter((id) => inventory.kindOf(id) !== 'role'),
    roles: all.filter((id) => inventory.kindOf(id) === 'role'),
  }
}
