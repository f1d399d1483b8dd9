/** Entitlements by holder and target, so that what somebody holds on something is looked up and not searched for. */
import type { CheckedInventory } from '#model/inventory.ts'
import { setOf, type CapabilitySet } from './capabilities.ts'
import type { Membership } from './members.ts'
import { numbering } from './kept.ts'
import type { HeldRight, Target } from './world.ts'

/** Capabilities over a group that hold for its members (`model/rights.ts`). */
const OVER_MEMBERS = setOf(['reset_authenticators', 'impersonate', 'alter_auth_policy', 'mint_credentials'])

export interface RightsIndex {
  /** rights of an account, and of the groups and roles it is in, on a target, what it lies in, and the groups that it is in */
  readonly held: (
    account: string,
    membership: Membership,
    target: Target,
    targetMembership: Membership,
    at: number,
  ) => readonly HeldRight[]
}

const NO_RIGHTS: readonly HeldRight[] = []

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

  return {
    held: (account, membership, target, targetMembership, at) => {
      let found: HeldRight[] | undefined
      const add = (rights: readonly HeldRight[] | undefined, only?: CapabilitySet) => {
        if (rights === undefined) return
        for (const right of rights) {
          if (right.until !== null && !(right.until > at)) continue
          const capabilities = only === undefined ? right.capabilities : right.capabilities & only
          if (only !== undefined && capabilities === 0) continue
          found ??= []
          found.push(only === undefined ? right : { ...right, capabilities })
        }
      }
      const of = (holder: string) => {
        const byTarget = byHolder.get(holder)
        if (byTarget === undefined) return
        add(byTarget.get(target.id))
        for (const container of target.within) add(byTarget.get(container))
        for (const group of targetMembership.all) add(byTarget.get(group), OVER_MEMBERS)
      }
      of(account)
      for (const holder of membership.all) of(holder)
      return found ?? NO_RIGHTS
    },
  }
}

/** Seconds since 1970; an end that is no time ended long ago. */
function endOf(text: string): number {
  const at = Date.parse(text)
  return Number.isNaN(at) ? 0 : at / 1000
}
