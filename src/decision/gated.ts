/** The inventory without what is gated: what an account reaches without asking again. */
import type { Inventory } from '#model/facts.ts'
import type { CheckedInventory } from '#model/inventory.ts'

/**
 * Returns the facts without the entitlements on gated resources: those named, those of named systems, and all that lies in
 * them. Null where nothing is gated. What leads there past an entitlement, or through a container that is not gated, stays.
 */
export function withoutGated(inventory: CheckedInventory, gated: readonly string[]): Inventory | null {
  if (gated.length === 0) return null
  const named = new Set(gated)
  const isGated = new Map<string, boolean>()
  const gate = (id: string): boolean => {
    const known = isGated.get(id)
    if (known !== undefined) return known
    isGated.set(id, false) // a container that lies in itself gates nothing
    const fact = inventory.get(id)?.fact
    const own = named.has(id) || (fact?.fact === 'resource' && fact.system !== undefined && named.has(fact.system))
    const result = own || (fact?.fact === 'resource' && fact.in !== undefined && gate(fact.in))
    isGated.set(id, result)
    return result
  }
  const { name, at } = inventory.snapshot
  return {
    ...(name === null ? {} : { name }),
    ...(at === null ? {} : { at }),
    sources: inventory.sources,
    facts: inventory.facts.filter(({ fact }) => fact.fact !== 'entitlement' || !gate(fact.on)),
    diagnostics: [],
  }
}
