/** The inventory as it would be with some items gone. */
import { AUTHENTICATOR_KINDS, CAPABILITIES, type AuthenticatorKind, type Capability } from '#contract/vocabulary.ts'
import type { Snapshot } from '#model/compile.ts'
import type { Fact, PlacedFact } from '#model/facts.ts'
import { checkInventory, type CheckedInventory } from '#model/inventory.ts'
import type { Item } from './items.ts'

/** A group without members. What it may do, nobody may do. */
const NOBODY = 'review:nobody'

/**
 * The facts without the items. Every right that the snapshot knows stays known, held by a group without members: a
 * right that one account gives up does not make the wider right of another look smaller.
 */
export function withdraw(snapshot: Snapshot, items: Iterable<Item>): CheckedInventory {
  const { inventory } = snapshot
  const entitlements = new Set<Fact>()
  const left = new Map<string, Set<string>>()
  for (const item of items) {
    if (item.kind === 'entitlement') entitlements.add(item.fact)
    else left.set(item.holder, (left.get(item.holder) ?? new Set()).add(item.group))
  }
  const facts = inventory.facts.flatMap((placed): PlacedFact[] => {
    const { fact, place } = placed
    if (entitlements.has(fact)) return []
    if (fact.fact !== 'account' && fact.fact !== 'group' && fact.fact !== 'role') return [placed]
    const gone = left.get(fact.id)
    if (gone === undefined) return [placed]
    return [{ fact: { ...fact, memberOf: (fact.memberOf ?? []).filter((group) => !gone.has(group)) }, place }]
  })
  return checkInventory({
    ...(inventory.snapshot.name === null ? {} : { name: inventory.snapshot.name }),
    ...(inventory.snapshot.at === null ? {} : { at: inventory.snapshot.at }),
    sources: inventory.sources,
    facts: [...facts, ...knownRights(snapshot)],
    diagnostics: [],
  })
}

/** Facts that keep every right of a snapshot known, and give none to anybody. */
function knownRights(snapshot: Snapshot): PlacedFact[] {
  const place = { file: 'review' }
  let nobody = NOBODY
  while (snapshot.indexOf.has(nobody)) nobody += '-'
  const facts: Fact[] = [{ fact: 'group', id: nobody }]
  for (const { node, target, capability } of snapshot.rights) {
    const name = snapshot.nodeIds[node]!.slice('right:'.length, -(target.length + 1))
    const kind = AUTHENTICATOR_KINDS.find((word) => name === `reset_authenticators/${word}`)
    facts.push(entitlementOf(nobody, target, CAPABILITIES[capability]!, kind))
  }
  return facts.map((fact) => ({ fact, place }))
}

function entitlementOf(
  holder: string,
  on: string,
  capability: Capability,
  resets: AuthenticatorKind | undefined,
): Fact {
  const common = { fact: 'entitlement' as const, holder, on, capabilities: [capability] }
  return resets === undefined ? common : { ...common, resets: [resets] }
}
