/** How many people who are alike hold the same. */
import { RULE_KIND_NAMES } from '#model/compile.ts'
import type { FactOf } from '#model/facts.ts'
import type { Item } from './items.ts'
import type { World } from './standing.ts'

/**
 * Fewest people, the holder included, of whom a share says anything, and the share at or below which an item is unlike
 * them. No standard gives a number: these are judgement, and the counts stand beside every conclusion.
 */
export const FEWEST_PEERS = 5
export const UNLIKE_SHARE = 0.2
/** The share from which on an item belongs to what these people have. */
export const LIKE_SHARE = 0.5

export interface PeerCount {
  /** what makes them alike: `with the job “Buyer”` */
  readonly alike: string
  readonly holders: number
  readonly people: number
}

export interface Peers {
  /** null where too few people are alike in anything */
  readonly of: (item: Item) => PeerCount | null
  /** whether some other way than the item gives the holder the same, by membership alone */
  readonly heldOtherwise: (item: Item) => boolean
}

/** Compares what people were granted, directly or through groups and roles; what they could take by other means is not asked. */
export function peersOf(world: World): Peers {
  const granted = grantsOf(world)
  const groups = alikeGroups(world)
  const counts = new Map<string, number>()
  return {
    of(item) {
      const fact = world.inventory.get(item.holder)?.fact
      if (fact?.fact !== 'account' || fact.kind !== 'human') return null
      const wanted = nodesOf(world, item)
      for (const { key, alike } of keysOf(fact, item)) {
        const people = groups.get(key) ?? []
        if (people.length < FEWEST_PEERS) continue
        const question = JSON.stringify([key, ...wanted])
        let holders = counts.get(question)
        if (holders === undefined) {
          holders = people.filter((id) => wanted.every((node) => granted(id).has(node))).length
          counts.set(question, holders)
        }
        return { alike, holders, people: people.length }
      }
      return null
    },
    heldOtherwise: (item) => {
      const left = granted(item.holder, item)
      return nodesOf(world, item).every((node) => left.has(node))
    },
  }
}

/** The nodes an item gives directly: the rights, or the group. */
function nodesOf({ snapshot }: World, item: Item): number[] {
  if (item.kind === 'membership') return [snapshot.indexOf.get(item.group)!]
  return [...new Set(item.rules.map((rule) => snapshot.rules.heads[rule]!))].toSorted((a, b) => a - b)
}

/** What a holder has by memberships and entitlements alone, less one item if one is named. */
function grantsOf({ program, snapshot, items }: World): (holder: string, less?: Item) => ReadonlySet<number> {
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

interface Alike {
  readonly key: string
  readonly alike: string
}

/** In what the holder is like others, the most telling first. A group is no measure of the membership in itself. */
function keysOf(fact: FactOf<'account'>, item: Item): Alike[] {
  const common = [fact.population ?? '', fact.system ?? '']
  const { job, manager } = fact
  return [
    ...(job === undefined ? [] : [{ key: JSON.stringify(['job', ...common, job]), alike: `with the job “${job}”` }]),
    ...(manager === undefined
      ? []
      : [{ key: JSON.stringify(['manager', ...common, manager]), alike: `who report to ${manager}` }]),
    ...(fact.memberOf ?? []).flatMap((group) =>
      item.kind === 'membership' && item.group === group
        ? []
        : [{ key: JSON.stringify(['team', ...common, group]), alike: `in ${group}` }],
    ),
  ]
}

/** Enabled people by what makes them alike. */
function alikeGroups({ accounts }: World): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  const nothing = { kind: 'entitlement' } as Item
  for (const fact of accounts) {
    if (fact.kind !== 'human') continue
    for (const { key } of keysOf(fact, nothing)) {
      const list = groups.get(key)
      if (list) list.push(fact.id)
      else groups.set(key, [fact.id])
    }
  }
  return groups
}
