/** What speaks against an item, and for it. A fact that is missing makes a check `unknown`, never a reason to revoke. */
import type { Citation } from '#contract/report.ts'
import type { Evidence, ReviewCheck, Suggestion } from '#contract/review.ts'
import { daysBetween } from '#analysis/time.ts'
import type { FactOf } from '#model/facts.ts'
import type { EntitlementItem, Item } from './items.ts'
import type { Grants } from './grants.ts'
import { FEWEST_PEERS, isUnlike, LIKE_SHARE, peersOf, type Peers } from './peers.ts'
import type { World } from './standing.ts'

type Found = Pick<Evidence, 'is' | 'text' | 'facts'>
type Check = (context: Context, item: Item) => Found | null

interface Context {
  readonly world: World
  readonly peers: Peers
  readonly at: string | null
  readonly limit: number
  /** per holder: its entitlements */
  readonly held: ReadonlyMap<string, readonly EntitlementItem[]>
  /** per subject: its accounts */
  readonly accountsOf: ReadonlyMap<string, readonly FactOf<'account'>[]>
  /** nodes that some rule leads to, or that are accounts */
  readonly ledTo: ReadonlySet<number>
}

const found = (is: Found['is'], text: string, ...facts: string[]): Found => ({ is, text, facts })
const leastPrivilege: Citation = { standard: 'NIST CSF 2.0', section: 'PR.AA-05' }
/** OWASP NHI1:2025, improper offboarding: accounts that outlive whoever answered for them. */
const offboarding: Citation = { standard: 'OWASP NHI Top 10', section: 'NHI1:2025' }

/** The checks, and what each rests on. */
const CHECKS: Readonly<Record<ReviewCheck, { readonly look: Check; readonly citations: readonly Citation[] }>> = {
  unused: { look: unused, citations: [leastPrivilege] },
  dormant: { look: dormant, citations: [leastPrivilege] },
  orphaned: { look: orphaned, citations: [leastPrivilege, offboarding] },
  beyond_role: { look: beyondRole, citations: [leastPrivilege] },
  unlike_peers: { look: unlikePeers, citations: [leastPrivilege] },
}

/** All that is known of each item, for and against; checks that do not concern an item are left out. */
export function evidenceOf(world: World, grants: Grants): (item: Item) => Evidence[] {
  const context = contextOf(world, grants)
  return (item) =>
    Object.entries(CHECKS).flatMap(([check, { look, citations }]) => {
      const answer = look(context, item)
      return answer === null ? [] : [{ check: check as ReviewCheck, ...answer, citations: [...citations] }]
    })
}

function contextOf(world: World, grants: Grants): Context {
  const { inventory, policy, items, snapshot } = world
  const held = new Map<string, EntitlementItem[]>()
  for (const item of items.list) {
    if (item.kind === 'entitlement') held.set(item.holder, [...(held.get(item.holder) ?? []), item])
  }
  const accountsOf = new Map<string, FactOf<'account'>[]>()
  for (const { fact } of inventory.byKind.account) {
    if (fact.subject === undefined) continue
    const list = accountsOf.get(fact.subject)
    if (list) list.push(fact)
    else accountsOf.set(fact.subject, [fact])
  }
  return {
    world,
    peers: peersOf(world, grants),
    at: inventory.snapshot.at,
    limit: policy.nonHuman.unusedDays,
    held,
    accountsOf,
    ledTo: new Set(snapshot.rules.heads),
  }
}

function unused(context: Context, item: Item): Found | null {
  if (item.kind === 'entitlement') return entitlementUse(context, item)
  const given = givenBy(context, item.group)
  const uses = given.map((each) => entitlementUse(context, each))
  if (uses.length > 0 && uses.every(({ is }) => is === 'yes')) {
    const text = `nothing that ${item.group} gives was used by anyone within ${context.limit} days`
    return found('yes', text, ...uses.flatMap(({ facts }) => facts))
  }
  return found('unknown', `whether this member uses what ${item.group} gives is not recorded`)
}

function entitlementUse({ at, limit }: Context, { fact, holder }: EntitlementItem): Found {
  const facts = [fact.id ?? holder]
  if (at === null) return found('unknown', 'no file says when its facts held, so no age is known')
  if (fact.lastUsed !== undefined) {
    const days = daysBetween(fact.lastUsed, at)
    if (days <= limit) return found('no', `last used ${dayOf(fact.lastUsed)}`, ...facts)
    return found('yes', `last used ${dayOf(fact.lastUsed)}, ${days} days ago; ${limit} are allowed`, ...facts)
  }
  if (fact.usageSince === undefined) return found('unknown', 'its use is not recorded')
  const days = daysBetween(fact.usageSince, at)
  const since = `since its use is recorded, from ${dayOf(fact.usageSince)}`
  if (days <= limit) return found('unknown', `not used ${since}, which is ${days} days only`, ...facts)
  return found('yes', `not used once in the ${days} days ${since}`, ...facts)
}

/** Entitlements of a group and of everything it is in. */
function givenBy({ world, held }: Context, group: string): EntitlementItem[] {
  const seen = new Set([group])
  for (const id of seen) {
    const fact = world.inventory.get(id)?.fact
    if (fact?.fact === 'group' || fact?.fact === 'role') for (const outer of fact.memberOf ?? []) seen.add(outer)
  }
  return [...seen].flatMap((id) => held.get(id) ?? [])
}

function dormant({ world, at, limit }: Context, { holder }: Item): Found | null {
  const fact = world.inventory.get(holder)?.fact
  if (fact?.fact !== 'account' || fact.enabled === false) return null
  if (fact.emergency === true) return found('no', 'the account is kept for emergencies, so nobody need use it', holder)
  if (fact.lastUsed === undefined || at === null) {
    return found('unknown', 'when the account was last entered is not recorded', holder)
  }
  const days = daysBetween(fact.lastUsed, at)
  if (days <= limit) return found('no', `the account was last entered ${dayOf(fact.lastUsed)}`, holder)
  return found(
    'yes',
    `the account was last entered ${dayOf(fact.lastUsed)}, ${days} days ago; ${limit} are allowed`,
    holder,
  )
}

function orphaned(context: Context, { holder }: Item): Found | null {
  const { world, accountsOf, ledTo } = context
  const fact = world.inventory.get(holder)?.fact
  if (fact?.fact === 'group' || fact?.fact === 'role') {
    if (ledTo.has(world.snapshot.indexOf.get(holder)!)) return null
    return found('yes', `nobody is in ${holder}, and nothing leads to it`, holder)
  }
  if (fact?.fact !== 'account') return found('unknown', `${holder} is declared nowhere`)
  if (fact.enabled === false) return found('yes', 'the account is disabled and still holds it', holder)
  if (fact.kind !== 'human') return orphanedService(context, fact)
  const others = (fact.subject === undefined ? [] : (accountsOf.get(fact.subject) ?? [])).filter(
    ({ id }) => id !== holder,
  )
  if (others.length > 0 && others.every(({ enabled }) => enabled === false)) {
    const ids = others.map(({ id }) => id)
    return found(
      'yes',
      `every other account of ${fact.subject} is disabled (${ids.slice(0, 3).join(', ')})`,
      holder,
      ...ids,
    )
  }
  return null
}

function orphanedService({ world, accountsOf }: Context, fact: FactOf<'account'>): Found {
  const { id, owner, ownerActive } = fact
  if (ownerActive === false) return found('yes', `${owner ?? 'whoever answered for it'} has left`, id)
  if (owner === undefined) return found('unknown', 'who answers for the account is not recorded', id)
  const named = world.inventory.get(owner)?.fact
  const accounts = named?.fact === 'account' ? [named] : (accountsOf.get(owner) ?? [])
  if (accounts.length > 0 && accounts.every(({ enabled }) => enabled === false)) {
    return found(
      'yes',
      `every account of ${owner}, who answers for it, is disabled`,
      id,
      ...accounts.map((each) => each.id),
    )
  }
  if (accounts.length > 0 || ownerActive === true) return found('no', `${owner} answers for it`, id)
  return found('unknown', `whether ${owner}, who answers for it, is still there is not recorded`, id)
}

function beyondRole({ world, peers }: Context, item: Item): Found | null {
  const fact = world.inventory.get(item.holder)?.fact
  if (item.kind === 'entitlement' && item.fact.needed !== undefined) {
    const facts = [item.fact.id ?? item.holder]
    return item.fact.needed
      ? found('no', 'stated as needed by the job', ...facts)
      : found('yes', 'stated as not needed by the job', ...facts)
  }
  if (item.kind !== 'entitlement' || fact?.fact !== 'account' || fact.kind !== 'human') return null
  const roles = (fact.memberOf ?? []).length
  if (roles === 0) return found('unknown', 'the account has no group or role to compare with', item.holder)
  if (peers.heldOtherwise(item)) return found('no', 'a group or role gives the same', item.holder)
  const count = peers.of(item)
  if (count !== null && count.holders / count.people >= LIKE_SHARE) return null
  const which =
    roles === 1
      ? 'the one group or role the account is in does not give it'
      : `none of the ${roles} groups and roles the account is in gives it`
  return found('yes', `granted directly; ${which}`, item.holder)
}

function unlikePeers({ world, peers }: Context, item: Item): Found | null {
  const fact = world.inventory.get(item.holder)?.fact
  if (fact?.fact !== 'account' || fact.kind !== 'human') return null
  const count = peers.of(item)
  if (count === null) {
    return found('unknown', `fewer than ${FEWEST_PEERS} people share a job, a manager or a group with the holder`)
  }
  const { holders, people, alike } = count
  const is = isUnlike(count) ? 'yes' : holders / people >= LIKE_SHARE ? 'no' : 'unknown'
  return found(is, `${holders} of ${people} ${alike} ${holders === 1 ? 'has' : 'have'} it`, item.holder)
}

/** The day of a time, which is all that an age in days needs. */
const dayOf = (time: string): string => time.slice(0, 10)

/** Grounds on which an item goes unless someone objects; the others are a reason to ask. */
const GROUNDS: ReadonlySet<ReviewCheck> = new Set(['unused', 'dormant', 'orphaned'])

/**
 * What the evidence speaks for. Revoke: a ground to, or stated as not needed. Keep: known to be used, stated as needed,
 * or what people alike have, and nothing against it. Ask: everything else, so wherever facts are missing.
 */
export function suggestionOf(item: Item, evidence: readonly Evidence[]): Suggestion {
  const against = evidence.filter(({ is }) => is === 'yes')
  const stated = item.kind === 'entitlement' ? item.fact.needed : undefined
  const ground = against.some(({ check }) => GROUNDS.has(check)) || stated === false
  if (ground) return stated === true ? 'ask' : 'revoke'
  if (against.length > 0) return 'ask'
  if (
    stated === true ||
    evidence.some(({ check, is }) => is === 'no' && (check === 'unused' || check === 'beyond_role'))
  )
    return 'keep'
  const alike = evidence.find(({ check, is }) => check === 'unlike_peers' && is === 'no')
  return alike === undefined ? 'ask' : 'keep'
}
