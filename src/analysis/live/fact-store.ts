import { addTo, growRows, noRows, rowAt, rowsOf, takeFrom, type Rows } from '#graph/incremental-rows.ts'
import type { Fact, PlacedFact } from '#model/facts.ts'
import type { FactView } from '#model/inventory.ts'
import { eachReference } from '#model/inventory-references.ts'
import { factsOfKind, isOfKind, keyOf, type FactTable } from './fact-table.ts'

/** Numbers for ids, given as they come. */
export interface Nodes {
  /** ids by node; those of nodes that are no more stay until all is built anew */
  readonly ids: string[]
  readonly indexOf: Map<string, number>
}

/** Facts that come and go, and who names whom. */
export interface FactStore extends Nodes {
  readonly at: string | null
  readonly name: string | null
  readonly kept: FactTable
  /** by node: entries of the facts that name its id, ascending */
  readonly naming: Rows
  /** rises with each change */
  version: number
}

export function nodeOf({ ids, indexOf }: Nodes, id: string): number {
  const known = indexOf.get(id)
  if (known !== undefined) return known
  indexOf.set(id, ids.length)
  return ids.push(id) - 1
}

/** @param facts  what the table has, in its order */
export function buildFactStore(
  kept: FactTable,
  facts: readonly PlacedFact[],
  { name, at }: FactView['snapshot'],
): FactStore {
  const store = { name, at, kept, ids: [], indexOf: new Map(), naming: noRows(), version: 0 }
  for (const { fact } of facts) if (fact.id !== undefined) nodeOf(store, fact.id)
  return { ...store, naming: namingIn(store, facts) }
}

/** Who names whom, in two walks: one to count, one to write down. */
function namingIn(nodes: Nodes, facts: readonly PlacedFact[]): Rows {
  const counts: number[] = []
  const each = (note: (node: number, entry: number) => void): void => {
    for (const [entry, { fact }] of facts.entries()) for (const id of namedBy(fact)) note(nodeOf(nodes, id), entry)
  }
  each((node) => (counts[node] = (counts[node] ?? 0) + 1))
  const offsets = new Uint32Array(nodes.ids.length + 1)
  for (let node = 0; node < nodes.ids.length; node++) offsets[node + 1] = offsets[node]! + (counts[node] ?? 0)
  const entries = new Uint32Array(offsets.at(-1)!)
  const ends = offsets.slice()
  each((node, entry) => (entries[ends[node]!++] = entry))
  return rowsOf(offsets, entries)
}

/** The ids that a fact names, each once. */
function namedBy(fact: Fact): ReadonlySet<string> {
  const named = new Set<string>()
  eachReference(fact, (id) => void named.add(id))
  return named
}

/** Puts a fact in the place of the one with its key, which is of the same kind, or at the end. */
export function putFact(store: FactStore, placed: PlacedFact): void {
  const { kept, naming } = store
  const key = keyOf(placed.fact)
  store.version++
  forget(store, key)
  kept.set(placed)
  const entry = kept.entryOf(key)!
  if (placed.fact.id !== undefined) nodeOf(store, placed.fact.id)
  for (const id of namedBy(placed.fact)) {
    const node = nodeOf(store, id)
    growRows(naming, node + 1)
    addTo(naming, node, entry)
  }
}

/** Takes a fact away. */
export function dropFact(store: FactStore, key: string): void {
  store.version++
  forget(store, key)
  store.kept.delete(key)
}

/** What a fact names, it does no longer. */
function forget(store: FactStore, key: string): void {
  const entry = store.kept.entryOf(key)
  if (entry === undefined) return
  for (const id of namedBy(store.kept.at(entry).fact)) takeFrom(store.naming, store.indexOf.get(id)!, entry)
}

/** Entries of the facts that name an id, in order. */
export function namersAt({ naming, indexOf }: FactStore, id: string): Uint32Array {
  const node = indexOf.get(id)
  return node === undefined ? NOBODY : rowAt(naming, node)
}
const NOBODY = new Uint32Array(0)

/** The facts that name an id. */
export function* namersOf(store: FactStore, id: string): Generator<PlacedFact> {
  for (const entry of namersAt(store, id)) yield store.kept.at(entry)
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
export function* accountsAsking(store: FactStore, id: string): Generator<string> {
  for (const entry of namersAt(store, id)) {
    // they are few where members of a group are many
    if (!isOfKind(store.kept, entry, 'wayIn')) continue
    const { fact } = store.kept.at(entry)
    if (fact.fact === 'wayIn') yield fact.account
  }
}
