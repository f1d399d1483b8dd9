import { FACT_SCHEMAS, type PlacedFact } from '#model/facts.ts'
import { checkInventory, type CheckedInventory, type FactsByKind } from '#model/inventory.ts'

/**
 * What {@link checkInventory} says of facts that were checked as they came; each part is made when it is asked for.
 *
 * @param diagnostics  what was found when they were all read together; worked out again where that is not given
 * @param find  the fact of an id, where that is quicker than through all of them
 */
export function inventoryInParts(
  {
    snapshot,
    sources,
    diagnostics,
  }: Pick<CheckedInventory, 'snapshot' | 'sources'> & Partial<Pick<CheckedInventory, 'diagnostics'>>,
  facts: readonly PlacedFact[],
  find?: (id: string) => PlacedFact | undefined,
): CheckedInventory {
  let checked: CheckedInventory | undefined
  const whole = (): CheckedInventory => {
    const { name, at } = snapshot
    const stated = { ...(name === null ? {} : { name }), ...(at === null ? {} : { at }) }
    return (checked ??= checkInventory({ ...stated, sources, facts, diagnostics: [] }))
  }
  let byKind: FactsByKind | undefined
  let byId: ReadonlyMap<string | undefined, PlacedFact> | undefined
  const get =
    find ??
    ((id: string): PlacedFact | undefined =>
      (byId ??= new Map(facts.map((placed) => [placed.fact.id, placed]))).get(id))
  return {
    snapshot,
    sources,
    facts,
    get,
    kindOf: (id) => get(id)?.fact.fact,
    get byKind() {
      return (byKind ??= groupedByKind(facts))
    },
    get missing() {
      return whole().missing
    },
    get diagnostics() {
      return diagnostics ?? whole().diagnostics
    },
  }
}

function groupedByKind(facts: readonly PlacedFact[]): FactsByKind {
  const byKind = new Map(Object.keys(FACT_SCHEMAS).map((kind) => [kind, [] as PlacedFact[]]))
  for (const placed of facts) byKind.get(placed.fact.fact)!.push(placed)
  return Object.fromEntries(byKind) as unknown as FactsByKind // each fact went into the list of its own `fact` word
}
