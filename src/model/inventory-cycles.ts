/** Cycles of membership and containment: ordinary for groups, a mistake for things that lie in each other. */
import type { Diagnostic, Place, PlacedFact } from './facts.ts'
import type { DeclaredFacts } from './inventory-ids.ts'
import { quoted } from './inventory-places.ts'

/** Reports sets of groups and roles that are members of each other, and of resources that lie in each other. */
export function checkCycles({ facts, byId }: DeclaredFacts, diagnostics: Diagnostic[]): void {
  const memberships = new Map<string, readonly string[]>()
  const containments = new Map<string, readonly string[]>()
  for (const { fact } of facts) {
    if ((fact.fact === 'group' || fact.fact === 'role') && fact.memberOf) memberships.set(fact.id, fact.memberOf)
    else if (fact.fact === 'resource' && fact.in !== undefined) containments.set(fact.id, [fact.in])
  }
  const placeOf = (id: string): { place?: Place } => {
    const placed: PlacedFact | undefined = byId.get(id)
    return placed ? { place: placed.place } : {}
  }
  for (const cycle of cyclesOf(memberships)) {
    diagnostics.push({
      code: 'membership_cycle',
      level: 'info',
      message: `${members(cycle)} members of each other; each has what the others have`,
      ...placeOf(cycle[0] ?? ''),
      remedy: 'nothing need be done; untangle them if that is not meant',
    })
  }
  for (const cycle of cyclesOf(containments)) {
    diagnostics.push({
      code: 'containment_cycle',
      level: 'warning',
      message: `${members(cycle)} said to lie in each other (\`in\`); a right on one is taken as a right on all`,
      ...placeOf(cycle[0] ?? ''),
      remedy: 'correct `in`, so that each thing lies in one that is larger',
    })
  }
}

function members(ids: readonly string[]): string {
  if (ids.length === 1) return `${quoted(ids[0] ?? '')} and itself are`
  const shown = ids.slice(0, 5).map(quoted).join(', ')
  return ids.length > 5 ? `${shown} and ${ids.length - 5} more are` : `${shown} are`
}

/**
 * The sets of ids that lead to each other, and single ids that lead to themselves (Tarjan 1972, without recursion).
 * Sets are in the order in which their first member stands in `next`; members of a set likewise.
 */
export function cyclesOf(next: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const open = new Set<string>()
  const stack: string[] = []
  const cycles: string[][] = []
  for (const root of next.keys()) {
    if (order.has(root)) continue
    const walk: { readonly id: string; at: number }[] = []
    const enter = (id: string) => {
      order.set(id, order.size)
      low.set(id, order.size - 1)
      open.add(id)
      stack.push(id)
      walk.push({ id, at: 0 })
    }
    const lower = (id: string, to: number) => low.set(id, Math.min(low.get(id) ?? to, to))
    enter(root)
    for (let step = walk.at(-1); step; step = walk.at(-1)) {
      const target = next.get(step.id)?.[step.at++]
      if (target !== undefined) {
        if (!order.has(target)) enter(target)
        else if (open.has(target)) lower(step.id, order.get(target) ?? 0)
        continue
      }
      walk.pop()
      const above = walk.at(-1)
      if (above) lower(above.id, low.get(step.id) ?? 0)
      if (low.get(step.id) !== order.get(step.id)) continue
      const component = stack.splice(stack.lastIndexOf(step.id))
      for (const id of component) open.delete(id)
      if (component.length > 1 || next.get(step.id)?.includes(step.id)) cycles.push(component)
    }
  }
  return cycles
}
