import type { Fact, FactOf, Place, PlacedFact } from '#model/facts.ts'
import { accountsEntered } from '../ways-in.ts'
import { eachReference } from '#model/inventory-references.ts'
import type { Lists, Structure } from '#model/rights.ts'
import { accountsAsking, namersOf, type FactStore } from './fact-store.ts'
import { countOfKind } from './fact-table.ts'

/** One fact before and after; one of them may be missing. */
export interface Change {
  readonly key: string
  readonly before: Fact | undefined
  readonly after: PlacedFact | undefined
}

/** What some changed facts bear on, before anything is derived. */
export interface Dirty {
  /** ids whose own fact changed, came or went */
  readonly ids: ReadonlySet<string>
  /** ids that are of another kind than before, or accounts that can be entered again or no longer */
  readonly switched: ReadonlySet<string>
  /** ids on which rights must be expanded anew */
  readonly targets: ReadonlySet<string>
  /** ids that are named, or were */
  readonly named: ReadonlySet<string>
}

/** Fields by which facts say what lies behind a right on what they name; see `Structure`. */
const STRUCTURAL = new Set(['memberOf', 'in', 'of', 'storedIn', 'carriedBy'])

/** What changes bear on; the store is as it was before. */
export function dirtyOf(store: FactStore, changes: readonly Change[]): Dirty {
  const ids = new Set<string>()
  const switched = new Set<string>()
  const targets = new Set<string>()
  const named = new Set<string>()
  for (const { before, after } of changes) {
    const fact = after?.fact
    const id = fact?.id ?? before?.id
    if (id !== undefined) {
      ids.add(id)
      if (before?.fact !== fact?.fact || isOff(before) !== isOff(fact)) switched.add(id)
      if (switched.has(id) || fact?.fact === 'resource') targets.add(id)
    }
    for (const each of [before, fact]) if (each !== undefined) eachReference(each, (name) => void named.add(name))
    for (const name of structuralDifference(before, fact)) targets.add(name)
  }
  for (const id of switched) {
    for (const { fact } of namersOf(store, id)) if (fact.fact === 'resource') targets.add(fact.id)
  }
  return { ids, switched, targets, named }
}

const isOff = (fact: Fact | undefined): boolean => fact?.fact === 'account' && fact.enabled === false

/** Ids of which one of two facts says structurally what the other does not. */
function structuralDifference(before: Fact | undefined, after: Fact | undefined): Set<string> {
  return said(before).symmetricDifference(said(after)).size === 0
    ? new Set()
    : new Set(Array.from(said(before).symmetricDifference(said(after)), (each) => each.slice(each.indexOf('\n') + 1)))
}

function said(fact: Fact | undefined): Set<string> {
  const all = new Set<string>()
  if (fact === undefined) return all
  const kind = fact.fact === 'authenticator' ? fact.kind : ''
  eachReference(fact, (id, { field }) => {
    if (STRUCTURAL.has(field)) all.add(`${fact.fact} ${field} ${kind}\n${id}`)
  })
  return all
}

/** What the facts say about a target by naming it, looked up as it is asked for and kept for one update. */
export function structureOf(store: FactStore): Structure {
  const lists = <V>(pick: (placed: PlacedFact, id: string) => readonly V[]): Lists<V> => {
    const known = new Map<string, readonly V[]>()
    const get = (id: string): readonly V[] => {
      let list = known.get(id)
      if (list === undefined) known.set(id, (list = [...namersOf(store, id)].flatMap((placed) => pick(placed, id))))
      return list
    }
    return { get, has: (id) => get(id).length > 0 }
  }
  const times = <V>(ids: readonly string[] | undefined, id: string, value: V): V[] =>
    (ids ?? []).filter((each) => each === id).map(() => value)
  return {
    children: lists(({ fact, place }, id): PlacedFact<FactOf<'resource'>>[] =>
      fact.fact === 'resource' && fact.in === id ? [{ fact, place }] : [],
    ),
    members: lists(({ fact, place }, id): { id: string; place: Place }[] =>
      fact.fact === 'account' || fact.fact === 'group' || fact.fact === 'role'
        ? times(fact.memberOf, id, { id: fact.id, place })
        : [],
    ),
    authenticators: lists(({ fact, place }, id): PlacedFact<FactOf<'authenticator'>>[] =>
      fact.fact === 'authenticator' ? times(fact.of, id, { fact, place }) : [],
    ),
    stored: lists(({ fact, place }, id): PlacedFact<FactOf<'secret'>>[] =>
      fact.fact === 'secret' ? times(fact.storedIn, id, { fact, place }) : [],
    ),
    carried: lists(({ fact, place }, id): PlacedFact<FactOf<'channel'>>[] =>
      fact.fact === 'channel' ? times(fact.carriedBy, id, { fact, place }) : [],
    ),
  }
}

/** The accounts whose ways in a fact states or implies, or are guarded by it. */
export function accountsOfFact(fact: Fact | undefined): readonly string[] {
  if (fact === undefined) return []
  return fact.fact === 'account' ? [fact.id] : accountsEntered(fact)
}

/** The accounts whose ways in ask for something: a leaf of their formulas, a secret or session that is a way in by itself. */
export function accountsBehind(store: FactStore, id: string): Set<string> {
  return new Set([...accountsOfFact(store.kept.get(id)?.fact), ...accountsAsking(store, id)])
}

/** An account itself; the accounts in a group or role, through any nesting. */
export function accountsBelow(store: FactStore, id: string): Set<string> {
  const below = new Set([id])
  for (const each of below) {
    for (const { fact } of namersOf(store, each)) {
      const isMember = fact.fact === 'account' || fact.fact === 'group' || fact.fact === 'role'
      if (isMember && fact.memberOf?.includes(each)) below.add(fact.id)
    }
  }
  return new Set([...below].filter((each) => store.kept.get(each)?.fact.fact === 'account'))
}

/**
 * Accounts that exceptions may excuse otherwise than before; the store is as it is after. Whoever was in a group and is
 * no longer, or the other way round, is still below the first group or account on the way whose own fact changed.
 */
export function accountsExcused(store: FactStore, changes: readonly Change[]): Set<string> {
  const accounts = new Set<string>()
  const hasExceptions =
    countOfKind(store.kept, 'exception') > 0 || changes.some(({ before }) => before?.fact === 'exception')
  for (const { before, after } of changes) {
    for (const fact of [before, after?.fact]) {
      if (fact?.fact === 'exception') {
        for (const id of fact.for) for (const account of accountsBelow(store, id)) accounts.add(account)
      } else if (hasExceptions && (fact?.fact === 'group' || fact?.fact === 'role')) {
        for (const account of accountsBelow(store, fact.id)) accounts.add(account)
      }
    }
  }
  return accounts
}

/** Ids of which the worth as a leaf may have changed: what changed itself, and secrets that lie in what changed. */
export function leavesOf(store: FactStore, ids: readonly string[]): Set<string> {
  const leaves = new Set(ids)
  for (const id of ids) {
    for (const { fact } of namersOf(store, id)) {
      if (fact.fact === 'secret' && fact.storedIn?.includes(id)) leaves.add(fact.id)
    }
  }
  return leaves
}
