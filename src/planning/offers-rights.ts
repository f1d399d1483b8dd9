/** Changes of what people and groups may do, as a plan may hold them. */
import type { Capability } from '#contract/vocabulary.ts'
import { daysBetween } from '#analysis/time.ts'
import type { FactOf } from '#model/facts.ts'
import type { Assessment } from './assess.ts'
import { leaveEdit, removeEdit, secondPersonEdits, timeBoxEdit } from './changes-rights.ts'
import { accountOf, nameOf, offer, spoken, split, type Context, type Offer, type Offers } from './offer.ts'

/** Taking away what is in use costs this many times more than usual: somebody's work has to be done in another way. */
const IN_USE = 10

export const RIGHT_OFFERS: Offers = {
  member: (context, about) => {
    const [id, group] = split(about)
    const fact = context.base.inventory.get(id)?.fact
    if (fact?.fact !== 'account' && fact?.fact !== 'group' && fact?.fact !== 'role') return []
    const text = `take ${nameOf(context, id)} out of ${nameOf(context, group)}`
    const times = conveysUse(context, group) ? IN_USE : 1
    return [offer(context, 'remove_membership', about, [], text, () => [leaveEdit(fact, group)], times)]
  },
  grant: offersForGrant,
}

function offersForGrant(context: Context, about: string): readonly Offer[] {
  const [position, name] = split(about)
  const { inventory } = context.base
  const fact = inventory.facts[Number(position)]?.fact
  if (fact?.fact !== 'entitlement') return []
  const capability = name.split('/')[0] as Capability
  const { at } = inventory.snapshot
  const right = `${spoken(capability)} on ${nameOf(context, fact.on)}`
  const holder = nameOf(context, fact.holder)
  const remove = `take “${fact.right ?? spoken(capability)}” (${right}) from ${holder}`
  const id = `${position}\n${capability}`
  const offers = [
    offer(
      context,
      'remove_right',
      id,
      [],
      remove,
      () => [removeEdit(inventory, fact, capability)],
      isInUse(context.base, fact) ? IN_USE : 1,
    ),
  ]
  const machine = accountOf(context, fact.holder)
  if (at !== null && (machine === null || machine.kind === 'human')) {
    const text = `give “${fact.right ?? spoken(capability)}” (${right}) to ${holder} on request only, for hours instead of for good`
    offers.push(offer(context, 'time_box_right', position, [], text, () => [timeBoxEdit(inventory, fact, at)]))
  }
  const edits = secondPersonEdits(inventory, fact, context.members(fact.holder))
  if (edits !== null) {
    const text = `ask two members of ${holder} together for “${fact.right ?? spoken(capability)}” (${right})`
    offers.push(offer(context, 'second_person', position, [], text, edits))
  }
  return offers
}

/** Whether a group or role holds a right that is in use. */
function conveysUse({ base }: Context, group: string): boolean {
  let used = inUse.get(base)
  if (used === undefined) {
    const facts = base.inventory.byKind.entitlement.map(({ fact }) => fact)
    inUse.set(base, (used = new Set(facts.filter((fact) => isInUse(base, fact)).map(({ holder }) => holder))))
  }
  return used.has(group)
}
const inUse = new WeakMap<Assessment, ReadonlySet<string>>()

function isInUse({ inventory, policy }: Assessment, { needed, lastUsed }: FactOf<'entitlement'>): boolean {
  const { at } = inventory.snapshot
  if (needed !== undefined) return needed
  return lastUsed === undefined || at === null || daysBetween(lastUsed, at) <= policy.nonHuman.unusedDays
}
