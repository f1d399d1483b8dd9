/** How many people who are alike hold the same. */
import type { FactOf } from '#model/facts.ts'
import { nodesOf, type Grants } from './grants.ts'
import type { Item } from './items.ts'
import type { World } from './standing.ts'

/**
 * Fewest people, the holder included, of whom a share says anything; the share up to which an item is unlike them, unless
 * nobody but the holder has it at all; the share from which on it is what they have. No standard gives such numbers:
 * these are judgement, and the counts stand beside every conclusion.
 */
export const FEWEST_PEERS = 5
const UNLIKE_SHARE = 0.1
export const LIKE_SHARE = 0.5

export interface PeerCount {
  /** what makes them alike: `with the job “Buyer”` */
  readonly alike: string
  readonly holders: number
  readonly people: number
}

export interface Peers {
  /** the comparison that speaks most for the item; null where too few people are alike in anything */
  readonly of: (item: Item) => PeerCount | null
  /** whether some other way than the item gives the holder the same, by membership alone */
  readonly heldOtherwise: (item: Item) => boolean
}

/** Whether so few of the people alike have it that it looks out of place. */
export const isUnlike = ({ holders, people }: PeerCount): boolean => holders <= 1 || holders / people <= UNLIKE_SHARE

/** Compares what people were granted with what people like them were. */
export function peersOf(world: World, granted: Grants): Peers {
  const groups = alikeGroups(world)
  const counts = new Map<string, number>()
  return {
    of(item) {
      const fact = world.inventory.get(item.holder)?.fact
      if (fact?.fact !== 'account' || fact.kind !== 'human') return null
      const wanted = nodesOf(world, item)
      let best: PeerCount | null = null
      for (const { key, alike } of [...keysOf(fact, item), ...ledBy(fact)]) {
        const people = groups.get(key) ?? []
        if (people.length < FEWEST_PEERS) continue
        const question = JSON.stringify([key, ...wanted])
        let holders = counts.get(question)
        if (holders === undefined) {
          holders = people.filter((id) => wanted.every((node) => granted(id).has(node))).length
          counts.set(question, holders)
        }
        if (best === null || holders / people.length > best.holders / best.people)
          best = { alike, holders, people: people.length }
      }
      return best
    },
    heldOtherwise: (item) => {
      const left = granted(item.holder, item)
      return nodesOf(world, item).every((node) => left.has(node))
    },
  }
}

/** People a holder leads: whoever leads a team has what it has. Nobody is alike to himself by this, so it only compares. */
function ledBy({ subject, id, population, system }: FactOf<'account'>): Alike[] {
  const common = [population ?? '', system ?? '']
  return [subject, id].flatMap((leader) =>
    leader === undefined
      ? []
      : [{ key: JSON.stringify(['manager', ...common, leader]), alike: `whom the holder leads` }],
  )
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
