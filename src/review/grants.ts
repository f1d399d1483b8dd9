/** What people were granted, directly or through groups and roles; what they could take by other means is not asked. */
import { RULE_KIND_NAMES } from '#model/compile.ts'
import type { Item } from './items.ts'
import type { World } from './standing.ts'

/** The nodes a holder was granted; less what one item alone gives, if one is named. */
export type Grants = (holder: string, less?: Item) => ReadonlySet<number>

/** The nodes an item gives directly: the rights, or the group. */
export function nodesOf({ snapshot }: World, item: Item): number[] {
  if (item.kind === 'membership') return [snapshot.indexOf.get(item.group)!]
  return [...new Set(item.rules.map((rule) => snapshot.rules.heads[rule]!))].toSorted((a, b) => a - b)
}

/** What a holder has by memberships and entitlements alone, less one item if one is named. */
export function grantsOf({ program, snapshot, items }: World): Grants {
  const kinds = new Set(['member_of', 'entitled'].map((name) => RULE_KIND_NAMES.findIndex((each) => each === name)))
  const known = new Map<string, ReadonlySet<number>>()
  return (holder, less) => {
    const before = less === undefined ? known.get(holder) : undefined
    if (before) return before
    const found = new Set<number>()
    const queue = [snapshot.indexOf.get(holder)!]
    for (let at = 0; at < queue.length; at++) {
      const node = queue[at]!
      for (let e = program.outOffsets[node]!; e < program.outOffsets[node + 1]!; e++) {
        const rule = program.outRules[e]!
        const head = program.outHeads[e]!
        if (found.has(head) || !kinds.has(snapshot.ruleKinds[rule]!)) continue
        if (less !== undefined && items.list[items.itemOfRule[rule]!] === less) continue
        found.add(head)
        queue.push(head)
      }
    }
    if (less === undefined) known.set(holder, found)
    return found
  }
}

/** Per item: the enabled accounts that have it, directly or through groups and roles, among those that count. */
export function holdersOf(world: World, grants: Grants, counts: (account: string) => boolean): number[] {
  const { accounts, items, snapshot } = world
  const byHolder = new Map<number, number>()
  for (const { id } of accounts) {
    if (!counts(id)) continue
    for (const node of [snapshot.indexOf.get(id)!, ...grants(id)]) byHolder.set(node, (byHolder.get(node) ?? 0) + 1)
  }
  return items.list.map(({ holder }) => byHolder.get(snapshot.indexOf.get(holder)!) ?? 0)
}
