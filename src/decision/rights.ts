/** Entitlements by holder and target, so that what somebody holds on something is looked up and not searched for. */
import type { CheckedInventory } from '#model/inventory.ts'
import { setOf, type CapabilitySet } from './capabilities.ts'
import type { Membership } from './members.ts'
import { numbering } from '#lib/kept.ts'
import type { HeldRight, Target } from './world.ts'

/** Capabilities over a group that hold for its members (`model/rights.ts`). */
const OVER_MEMBERS = setOf(['reset_authenticators', 'impersonate', 'alter_auth_policy', 'mint_credentials'])

export interface RightsIndex {
  /** rights of an account, and of the groups and roles it is in, on a target, what it lies in, and the groups that it is in */
  readonly held: (
    /** null for one that holds nothing itself */
    account: string | null,
    membership: Membership,
    target: Target,
    targetMembership: Membership,
    at: number,
  ) => readonly HeldRight[]
}

export function buildRights(inventory: CheckedInventory): RightsIndex {
  const alike = numbering<HeldRight>()
  const byHolder = new Map<string, Map<string, HeldRight[]>>()
  for (const { fact } of inventory.byKind.entitlement) {
    const until = fact.expiresAt === undefined ? null : endOf(fact.expiresAt)
    const right: HeldRight = { right: fact.right ?? null, capabilities: setOf(fact.capabilities), until }
    const shared = alike.at(alike.numberOf(JSON.stringify(right), () => right))
    const byTarget = byHolder.get(fact.holder)
    if (byTarget === undefined) byHolder.set(fact.holder, new Map([[fact.on, [shared]]]))
    else {
      const list = byTarget.get(fact.on)
      if (list === undefined) byTarget.set(fact.on, [shared])
      else list.push(shared)
    }
  }

  return rightsOver(byHolder)
}

type ByTarget = ReadonlyMap<string, readonly HeldRight[]>

function rightsOver(byHolder: ReadonlyMap<string, ByTarget>): RightsIndex {
  // most accounts hold nothing themselves, and are in what many others are in
  const ofMembers = new Map<Membership, readonly ByTarget[]>()
  const heldThrough = (membership: Membership): readonly ByTarget[] => {
    let held = ofMembers.get(membership)
    if (held === undefined) {
      held = membership.all.flatMap((holder) => byHolder.get(holder) ?? [])
      ofMembers.set(membership, held)
    }
    return held
  }
  return {
    held: (account, membership, target, targetMembership, at) => {
      const found: HeldRight[] = []
      const own = account === null ? undefined : byHolder.get(account)
      if (own !== undefined) collect(found, own, target, targetMembership, at)
      for (const byTarget of heldThrough(membership)) collect(found, byTarget, target, targetMembership, at)
      return found
    },
  }
}

function collect(found: HeldRight[], byTarget: ByTarget, target: Target, outer: Membership, at: number): void {
  add(found, byTarget.get(target.id), at)
  for (const container of target.within) add(found, byTarget.get(container), at)
  for (const group of outer.all) add(found, byTarget.get(group), at, OVER_MEMBERS)
}

function add(found: HeldRight[], rights: readonly HeldRight[] | undefined, at: number, only?: CapabilitySet): void {
  if (rights === undefined) return
  for (const right of rights) {
    if (right.until !== null && !(right.until > at)) continue
    if (only === undefined) found.push(right)
    else if ((right.capabilities & only) !== 0) found.push({ ...right, capabilities: right.capabilities & only })
  }
}

/** Seconds since 1970; an end that is no time ended long ago. */
function endOf(text: string): number {
  const at = Date.parse(text)
  return Number.isNaN(at) ? 0 : at / 1000
}
