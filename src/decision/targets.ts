/** Things that rights are rights on. */
import type { CheckedInventory } from '#model/inventory.ts'
import type { Fact } from '#model/facts.ts'
import type { TargetKind } from '#policy/requirement.ts'
import { numbering } from './kept.ts'
import type { Target } from './world.ts'

export interface Targets {
  readonly target: (id: string) => Target | undefined
  readonly ids: () => Iterable<string>
}

/** Kinds of facts that a right can be on, with what the policy calls them. Accounts are made when asked for: they are many. */
const KINDS = ['resource', 'group', 'role', 'channel', 'secret'] as const

export function buildTargets(inventory: CheckedInventory): Targets {
  const alike = numbering<null>()
  const targets = new Map<string, Target>()
  const make = (fact: Fact, kind: TargetKind): Target => {
    const id = fact.id!
    const sensitivity = fact.fact === 'resource' || fact.fact === 'channel' ? (fact.sensitivity ?? null) : null
    const system = 'system' in fact ? (fact.system ?? null) : null
    const type = fact.fact === 'resource' ? (fact.kind ?? 'resource') : fact.fact
    const key = JSON.stringify([kind, sensitivity, system])
    return {
      id,
      alike: alike.numberOf(key, () => null),
      type,
      kind,
      sensitivity,
      system,
      within: withinOf(inventory, id),
    }
  }
  for (const kind of KINDS) {
    for (const { fact } of inventory.byKind[kind]) targets.set(fact.id, make(fact, kind))
  }
  const systems = new Map<string, string>()
  const ownSystem = (id: string) => systems.get(id) ?? null
  for (const { fact } of inventory.byKind.account) systems.set(fact.id, fact.system ?? '')
  const account = (id: string): Target => {
    const system = ownSystem(id) || null
    const key = JSON.stringify(['account', null, system])
    const number = alike.numberOf(key, () => null)
    return { id, alike: number, type: 'account', kind: 'account', sensitivity: null, system, within: [] }
  }
  return {
    target: (id) => targets.get(id) ?? (systems.has(id) ? account(id) : undefined),
    *ids() {
      yield* targets.keys()
      yield* systems.keys()
    },
  }
}

/** The containers of a resource, nearest first; one that lies in itself is told once. */
function withinOf(inventory: CheckedInventory, id: string): string[] {
  const within: string[] = []
  for (let at = parentOf(inventory, id); at !== undefined && at !== id && !within.includes(at);) {
    within.push(at)
    at = parentOf(inventory, at)
  }
  return within
}

function parentOf(inventory: CheckedInventory, id: string): string | undefined {
  const fact = inventory.get(id)?.fact
  return fact?.fact === 'resource' ? fact.in : undefined
}
