import { PackedMap } from '#lib/packed-map.ts'
import type { Packed } from '#lib/packed.ts'
import { FACT_SCHEMAS, type Fact, type FactKind, type FactOf, type PlacedFact } from '#model/facts.ts'
import { canonical } from '../snapshot-id.ts'

/** Facts by {@link keyOf}, in the order of the inventory. */
export type FactTable = PackedMap<PlacedFact>

/** What makes two facts the same one: the id, or for an entitlement without one all it says (no id holds a line break). */
export function keyOf(fact: Fact): string {
  return fact.id ?? `\n${canonical(fact)}`
}

const KINDS = Object.keys(FACT_SCHEMAS) as FactKind[]
const sortOfKind = new Map(KINDS.map((kind, sort) => [kind, sort]))
const PACKING = {
  keyOf: ({ fact }: PlacedFact) => keyOf(fact),
  sortOf: ({ fact }: PlacedFact) => sortOfKind.get(fact.fact)!,
}

export const factTable = (facts: readonly PlacedFact[]): FactTable => PackedMap.of(PACKING, facts)

export const factTableFrom = (packed: Packed): FactTable => PackedMap.from(PACKING, packed)

export interface Counts {
  readonly facts: number
  readonly accounts: number
}

export const countsIn = (facts: FactTable): Counts => ({ facts: facts.size, accounts: countOfKind(facts, 'account') })

export const countOfKind = (facts: FactTable, kind: FactKind): number => facts.countOf(sortOfKind.get(kind)!)

export const isOfKind = (facts: FactTable, entry: number, kind: FactKind): boolean =>
  facts.sortAt(entry) === sortOfKind.get(kind)

/** The facts of one kind, each made anew. */
export function* factsOfKind<K extends FactKind>(facts: FactTable, kind: K): Generator<PlacedFact<FactOf<K>>> {
  for (const placed of facts.values(sortOfKind.get(kind)!)) yield placed as PlacedFact<FactOf<K>> // sorted by `fact`
}

export function* accountIdsIn(facts: FactTable): Generator<string> {
  for (const { fact } of factsOfKind(facts, 'account')) yield fact.id
}
