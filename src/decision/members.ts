/** Which groups and roles something is in, through any nesting. Those in the same ones share one list. */
import type { CheckedInventory } from '#model/inventory.ts'
import { numbering } from '#lib/kept.ts'

export interface Membership {
  /** all of them, groups and roles, in order of their ids */
  readonly all: readonly string[]
  readonly groups: readonly string[]
  readonly roles: readonly string[]
}

export const NO_MEMBERSHIP: Membership = { all: [], groups: [], roles: [] }

/** What something is in that is directly in some groups and roles; the same for the same ones. */
export interface Memberships {
  readonly numberOf: (inventory: CheckedInventory, memberOf: readonly string[] | undefined) => number
  readonly at: (number: number) => Membership
}

/** Holds for all inventories that have the same groups and roles. */
export function buildMemberships(): Memberships {
  const known = numbering<Membership>()
  known.numberOf('', () => NO_MEMBERSHIP)
  return {
    numberOf: (inventory, memberOf = []) => {
      const direct = [...new Set(memberOf)].toSorted()
      return known.numberOf(direct.join('\n'), () => closureOf(inventory, direct))
    },
    at: known.at,
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
