/** Things that rights are rights on. */
import type { CheckedInventory } from '#model/inventory.ts'
import type { FactOf } from '#model/facts.ts'
import type { TargetKind } from '#policy/requirement.ts'
import { numbering, type Numbered } from '#lib/kept.ts'
import type { Target } from './world.ts'

export interface Targets {
  readonly target: (id: string) => Target | undefined
  readonly ids: () => Iterable<string>
}

/** Kinds of facts that a right can be on, with what the policy calls them. Accounts are made when asked for: they are many. */
const KINDS = ['resource', 'group', 'role', 'channel', 'secret'] as const

/** What is known of accounts as things that rights are on. */
export interface TargetAccounts {
  readonly ids: () => Iterable<string>
  /** undefined for what is no account */
  readonly systemOf: (id: string) => string | null | undefined
}

export function buildTargets(inventory: CheckedInventory, accounts: TargetAccounts): Targets {
  const targets = new Map<string, Target>()
  const alike = numbering<null>()
  for (const kind of KINDS) {
    for (const { fact } of inventory.byKind[kind]) targets.set(fact.id, targetOf(inventory, fact, kind, alike))
  }
  return targetsOver(targets, accounts, alike)
}

function targetsOver(targets: ReadonlyMap<string, Target>, accounts: TargetAccounts, alike: Numbered<null>): Targets {
  return {
    target: (id) => {
      const known = targets.get(id)
      if (known !== undefined) return known
      const system = accounts.systemOf(id)
      if (system === undefined) return undefined
      const number = alikeAs('account', null, system, alike)
      return { id, alike: number, type: 'account', kind: 'account', sensitivity: null, system, within: [] }
    },
    *ids() {
      yield* targets.keys()
      yield* accounts.ids()
    },
  }
}

function targetOf(inventory: CheckedInventory, fact: TargetFact, kind: TargetKind, alike: Numbered<null>): Target {
  const sensitivity = fact.fact === 'resource' || fact.fact === 'channel' ? (fact.sensitivity ?? null) : null
  const system = 'system' in fact ? (fact.system ?? null) : null
  const type = fact.fact === 'resource' ? (fact.kind ?? 'resource') : fact.fact
  const number = alikeAs(kind, sensitivity, system, alike)
  return { id: fact.id, alike: number, type, kind, sensitivity, system, within: withinOf(inventory, fact.id) }
}
type TargetFact = FactOf<(typeof KINDS)[number]>

const alikeAs = (kind: TargetKind, sensitivity: string | null, system: string | null, alike: Numbered<null>): number =>
  alike.numberOf(JSON.stringify([kind, sensitivity, system]), () => null)

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
