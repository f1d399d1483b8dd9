import type { Fact, FactKind, PlacedFact } from '#model/facts.ts'
import { addValue, dropValue, valuesOf, type ManyValues } from '#lib/many-values.ts'
import type { FactView } from '#model/inventory.ts'
import { eachReference } from '#model/inventory-references.ts'
import { canonical } from '../snapshot-id.ts'

/** A fact in its place among the others. */
export interface Kept {
  readonly placed: PlacedFact
  /** rises in the order of the inventory */
  readonly serial: number
}

/** Facts that come and go, and who names whom. */
export interface FactStore {
  readonly at: string | null
  readonly name: string | null
  /** by {@link keyOf}, in the order of the inventory */
  readonly kept: Map<string, Kept>
  readonly byKind: ReadonlyMap<FactKind, Map<string, Kept>>
  /** by id: keys of the facts that name it */
  readonly naming: ManyValues
  /** the same of ways in alone, which are few where members of a group are many */
  readonly waysNaming: ManyValues
  serial: number
  /** rises with each change */
  version: number
}

/** What makes two facts the same one: the id, or for an entitlement without one all it says (no id holds a line break). */
export function keyOf(fact: Fact): string {
  return fact.id ?? `\n${canonical(fact)}`
}

export function buildFactStore(kinds: readonly FactKind[], snapshot: FactView['snapshot']): FactStore {
  return {
    ...snapshot,
    kept: new Map(),
    byKind: new Map(kinds.map((kind) => [kind, new Map()])),
    naming: new Map(),
    waysNaming: new Map(),
    serial: 0,
    version: 0,
  }
}

/** Puts a fact in the place of the one with its key, which is of the same kind, or at the end. */
export function putFact(store: FactStore, placed: PlacedFact): void {
  const key = keyOf(placed.fact)
  store.version++
  const before = store.kept.get(key)
  if (before !== undefined) forget(store, key, before.placed.fact)
  const kept = { placed, serial: before?.serial ?? store.serial++ }
  store.kept.set(key, kept)
  store.byKind.get(placed.fact.fact)!.set(key, kept)
  eachReference(placed.fact, (id) => {
    for (const index of indicesOf(store, placed.fact)) addValue(index, id, key)
  })
}

const indicesOf = ({ naming, waysNaming }: FactStore, { fact }: Fact): ManyValues[] =>
  fact === 'wayIn' ? [naming, waysNaming] : [naming]

/** Takes a fact away. */
export function dropFact(store: FactStore, key: string): void {
  const { placed } = store.kept.get(key)!
  store.version++
  forget(store, key, placed.fact)
  store.kept.delete(key)
  store.byKind.get(placed.fact.fact)!.delete(key)
}

function forget(store: FactStore, key: string, fact: Fact): void {
  eachReference(fact, (id) => {
    for (const index of indicesOf(store, fact)) dropValue(index, id, key)
  })
}

/** The facts that name an id. */
export function* namersOf({ naming, kept }: FactStore, id: string): Generator<PlacedFact> {
  for (const key of valuesOf(naming, id)) yield kept.get(key)!.placed
}

/** The facts as the analysis asks for them; always as the store has them now. */
export function viewOf(store: FactStore): FactView {
  const get = (id: string): PlacedFact | undefined => store.kept.get(id)?.placed
  return {
    snapshot: { name: store.name, at: store.at },
    get,
    kindOf: (id) => get(id)?.fact.fact,
    byKind: {
      get exception() {
        const exceptions = [...store.byKind.get('exception')!.values()].map(({ placed }) => placed)
        return exceptions as FactView['byKind']['exception'] // kept by the word in `fact`
      },
    },
  }
}

/** The accounts of the ways in that name an id. */
export function* accountsAsking({ waysNaming, kept }: FactStore, id: string): Generator<string> {
  for (const key of valuesOf(waysNaming, id)) {
    const { fact } = kept.get(key)!.placed
    if (fact.fact === 'wayIn') yield fact.account
  }
}
