/** The inventory without what is gated: what an account reaches without asking again. */
import { applyDelta, liveAnalysis, type Delta, type LiveAnalysis } from '#analysis/live.ts'
import type { Fact, Inventory } from '#model/facts.ts'
import type { CheckedInventory } from '#model/inventory.ts'

/** Facts that changed, one delta after another, and the analysis that they changed. */
export interface Since {
  readonly before: LiveAnalysis
  readonly deltas: readonly Delta[]
}

/** Analyses without what is gated. */
export interface Ungated {
  /**
   * Of the same facts without the entitlements on gated resources; the analysis itself where nothing is gated. Quickest for
   * what came of an analysis that was asked about before.
   *
   * @throws {AmbitError} `input_invalid` if the facts without those contradict each other
   */
  readonly of: (live: LiveAnalysis, since?: Since) => LiveAnalysis
}

/**
 * Leaves out the entitlements on gated resources: those named, those of named systems, and all that lies in them. What leads
 * there past an entitlement, or through a container that is not gated, stays.
 */
export function ungatedUnder(gated: readonly string[]): Ungated {
  if (gated.length === 0) return { of: (live) => live }
  const named = new Set(gated)
  const known = new WeakMap<LiveAnalysis, LiveAnalysis>()
  const make = (live: LiveAnalysis, since: Since | undefined): LiveAnalysis => {
    const last = since === undefined ? undefined : known.get(since.before)
    const isLeftOut = leftOut(live.inventory, named)
    const followed = last === undefined ? null : follow(last, since!, isLeftOut)
    return followed ?? liveAnalysis(without(live.inventory, isLeftOut), live.policy)
  }
  return {
    of(live, since) {
      let ungated = known.get(live)
      if (ungated === undefined) known.set(live, (ungated = make(live, since)))
      return ungated
    },
  }
}

/** The same changes without what is gated; null where they may have changed what that is. */
function follow(
  ungated: LiveAnalysis,
  { before, deltas }: Since,
  isLeftOut: (fact: Fact) => boolean,
): LiveAnalysis | null {
  const isResource = (id: string | undefined) => id !== undefined && before.inventory.kindOf(id) === 'resource'
  let next = ungated
  for (const { upsert = [], remove = [], at } of deltas) {
    if (upsert.some(({ fact }) => fact.fact === 'resource' || isResource(fact.id))) return null
    if (remove.some((it) => isResource(typeof it === 'string' ? it : it.id))) return null
    const out = upsert.filter(({ fact }) => isLeftOut(fact))
    next = applyDelta(next, {
      upsert: upsert.filter((placed) => !out.includes(placed)),
      // one that was on something else before
      remove: [...remove, ...out.map(({ fact }) => fact.id ?? fact)],
      ...(at === undefined ? {} : { at }),
    }).live
  }
  return next
}

function leftOut(inventory: CheckedInventory, named: ReadonlySet<string>): (fact: Fact) => boolean {
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
  return (fact) => fact.fact === 'entitlement' && gate(fact.on)
}

function without(
  { snapshot: { name, at }, sources, facts }: CheckedInventory,
  isLeftOut: (fact: Fact) => boolean,
): Inventory {
  return {
    ...(name === null ? {} : { name }),
    ...(at === null ? {} : { at }),
    sources,
    facts: facts.filter(({ fact }) => !isLeftOut(fact)),
    diagnostics: [],
  }
}
