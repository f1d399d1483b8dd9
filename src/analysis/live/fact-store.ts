import type { Fact, PlacedFact } from '#model/facts.ts'
import { addValue, dropValue, valuesOf, type ManyValues } from '#lib/many-values.ts'
import type { FactView } from '#model/inventory.ts'
import { eachReference } from '#model/inventory-references.ts'
import { factsOfKind, keyOf, type FactTable } from './fact-table.ts'

/** Facts that come and go, and who names whom. */
export interface FactStore {
  readonly at: string | null
  readonly name: string | null
  readonly kept: FactTable
  /** by id: keys of the facts that name it */
  readonly naming: ManyValues
  /** the same of ways in alone, which are few where members of a group are many */
  readonly waysNaming: ManyValues
  /** rises with each change */
  version: number
}

/** @param facts  what the table has, to be walked through */
export function buildFactStore(
  kept: FactTable,
  facts: Iterable<PlacedFact>,
  snapshot: FactView['snapshot'],
): FactStore {
  const store: FactStore = { ...snapshot, kept, naming: new Map(), waysNaming: new Map(), version: 0 }
  for (const { fact } of facts) noteNames(store, keyOf(fact), fact)
  return store
}

/** Puts a fact in the place of the one with its key, which is of the same kind, or at the end. */
export function putFact(store: FactStore, placed: PlacedFact): void {
  const key = keyOf(placed.fact)
  store.version++
  const before = store.kept.get(key)
  if (before !== undefined) forget(store, key, before.fact)
  store.kept.set(placed)
  noteNames(store, key, placed.fact)
}

function noteNames(store: FactStore, key: string, fact: Fact): void {
  eachReference(fact, (id) => {
    for (const index of indicesOf(store, fact)) addValue(index, id, key)
  })
}

const indicesOf = ({ naming, waysNaming }: FactStore, { fact }: Fact): ManyValues[] =>
  fact === 'wayIn' ? [naming, waysNaming] : [naming]

/** Takes a fact away. */
export function dropFact(store: FactStore, key: string): void {
  store.version++
  forget(store, key, store.kept.get(key)!.fact)
  store.kept.delete(key)
}

function forget(store: FactStore, key: string, fact: Fact): void {
  eachReference(fact, (id) => {
    for (const index of indicesOf(store, fact)) dropValue(index, id, key)
  })
}

/** The facts that name an id. */
export function* namersOf({ naming, kept }: FactStore, id: string): Generator<PlacedFact> {
  for (const key of valuesOf(naming, id)) yield kept.get(key)!
}

/** The facts as the analysis asks for them; always as the store has them now. */
export function viewOf(store: FactStore): FactView {
  const get = (id: string): PlacedFact | undefined => store.kept.get(id)
  return {
    snapshot: { name: store.name, at: store.at },
    get,
    kindOf: (id) => get(id)?.fact.fact,
    byKind: {
      get exception() {
        return [...factsOfKind(store.kept, 'exception')]
      },
    },
  }
}

/** The accounts of the ways in that name an id. */
export function* accountsAsking({ waysNaming, kept }: FactStore, id: string): Generator<string> {
  for (const key of valuesOf(waysNaming, id)) {
    const { fact } = kept.get(key)!
    if (fact.fact === 'wayIn') yield fact.account
  }
}
