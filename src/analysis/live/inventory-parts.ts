import { FACT_SCHEMAS, type FactKind } from '#model/facts.ts'
import { checkInventory, type CheckedInventory, type FactsByKind } from '#model/inventory.ts'
import { factsOfKind, type FactTable } from './fact-table.ts'

/**
 * What {@link checkInventory} says of facts that were checked as they came. Each part is made when it is asked for, and lists
 * of facts are made anew each time, so that nothing is held twice.
 *
 * @param diagnostics  what was found when they were all read together; worked out again where that is not given
 */
export function inventoryInParts(
  {
    snapshot,
    sources,
    diagnostics,
  }: Pick<CheckedInventory, 'snapshot' | 'sources'> & Partial<Pick<CheckedInventory, 'diagnostics'>>,
  facts: FactTable,
): CheckedInventory {
  let found: Pick<CheckedInventory, 'missing' | 'diagnostics'> | undefined
  const whole = (): typeof found & {} => {
    if (found !== undefined) return found
    const { name, at } = snapshot
    const stated = { ...(name === null ? {} : { name }), ...(at === null ? {} : { at }) }
    const checked = checkInventory({ ...stated, sources, facts: facts.all(), diagnostics: [] })
    return (found = { missing: checked.missing, diagnostics: checked.diagnostics })
  }
  return {
    snapshot,
    sources,
    get facts() {
      return facts.all()
    },
    get: (id) => facts.get(id),
    kindOf: (id) => facts.get(id)?.fact.fact,
    byKind: byKindIn(facts),
    get missing() {
      return whole().missing
    },
    get diagnostics() {
      return diagnostics ?? whole().diagnostics
    },
  }
}

function byKindIn(facts: FactTable): FactsByKind {
  const kinds = Object.keys(FACT_SCHEMAS) as FactKind[]
  const byKind = Object.fromEntries(
    kinds.map((kind) => [kind, { enumerable: true, get: () => [...factsOfKind(facts, kind)] }]),
  )
  return Object.defineProperties({}, byKind) as FactsByKind // one list for each kind
}
