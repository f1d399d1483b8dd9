/** Changes of what people and groups may do: memberships and rights taken away, timed, or shared with a second person. */
import type { Edit, Selector } from '#contract/plan.ts'
import type { Capability } from '#contract/vocabulary.ts'
import type { Fact, FactOf } from '#model/facts.ts'
import type { CheckedInventory } from '#model/inventory.ts'

/** Most members of whom any two are asked for; a longer list would be a list that nobody reads. */
const MOST_MEMBERS = 64

export const leaveEdit = (member: FactOf<'account' | 'group' | 'role'>, group: string): Edit => ({
  set: { fact: member.fact, id: member.id },
  without: { memberOf: [group] },
})

/** Names one entitlement: by its id, or by what tells it from the holder's others. */
export function selectorOf(inventory: CheckedInventory, fact: FactOf<'entitlement'>): Selector {
  if (fact.id !== undefined) return { fact: 'entitlement', id: fact.id }
  const { holder, on, right } = fact
  const short = { fact: 'entitlement', holder, on, ...(right === undefined ? {} : { right }) }
  const alike = inventory.byKind.entitlement.filter(
    ({ fact: other }) => other.holder === holder && other.on === on && (right === undefined || other.right === right),
  )
  return alike.length === 1 ? short : { ...short, capabilities: [...fact.capabilities] }
}

/** Takes one capability of a right away, or the right with its last one. */
export function removeEdit(inventory: CheckedInventory, fact: FactOf<'entitlement'>, capability: Capability): Edit {
  const selector = selectorOf(inventory, fact)
  if (fact.capabilities.length === 1) return { remove: selector }
  return { set: selector, without: { capabilities: [capability] } }
}

/** Ends the standing right; whoever needs it asks for it, and it ends by itself. */
export const timeBoxEdit = (inventory: CheckedInventory, fact: FactOf<'entitlement'>, at: string): Edit => ({
  set: selectorOf(inventory, fact),
  to: { expiresAt: at },
})

/**
 * Moves the right to a role that takes two members of the holding group; null where the holder is no group of at least
 * two accounts.
 */
export function secondPersonEdits(
  inventory: CheckedInventory,
  fact: FactOf<'entitlement'>,
  members: readonly string[],
): (() => Edit[]) | null {
  const kind = inventory.kindOf(fact.holder)
  if (kind !== 'group' && kind !== 'role') return null
  if (members.length < 2 || members.length > MOST_MEMBERS) return null
  const role = `${fact.holder}/plan-two-of/${fact.on}`.slice(0, 500)
  const { id: _, ...right } = fact
  const facts: Fact[] = [
    { fact: 'role', id: role, name: 'two members together' },
    { ...right, holder: role },
    {
      fact: 'rule',
      id: `${role}/rule`,
      then: role,
      when: { atLeast: 2, of: [...members] },
      reason: `any two members of ${fact.holder} together may do what one could do alone`,
    },
  ]
  return () => [
    { remove: selectorOf(inventory, fact) },
    ...facts.map((each): Edit => ({ add: each as unknown as Extract<Edit, { add: unknown }>['add'] })),
  ]
}
