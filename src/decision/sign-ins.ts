/** What the sign-ins of an account could prove, and which controls hold for all of them. */
import { waysInOf, type Way } from '#analysis/ways-in.ts'
import { isSignIn } from '#analysis/worth.ts'
import { CONTROLS, STRENGTHS, type Control, type Strength } from '#contract/vocabulary.ts'
import { rankOf, strengthOf } from '#assurance/strength.ts'
import type { FactOf } from '#model/facts.ts'
import type { CheckedInventory } from '#model/inventory.ts'
import type { Policy } from '#policy/policy.ts'

export interface SignIns {
  readonly canProve: Strength
  readonly controls: readonly Control[]
}

/**
 * Returns what is known of the sign-ins of each account, or of those in `only`. Whatever is not known of them may be the best
 * there is.
 */
export function signInsOf(
  inventory: CheckedInventory,
  policy: Policy,
  only?: ReadonlySet<string>,
): (account: FactOf<'account'>) => SignIns {
  const ways = waysInOf(inventory, only)
  return (account) => {
    const own = (ways.get(account.id) ?? []).filter(isSignIn)
    const rank =
      own.length === 0 ? rankOf('hardware') : Math.max(...own.map((way) => rankOfWay(inventory, policy, way)))
    return { canProve: STRENGTHS[rank]!, controls: controlsOf(account, own) }
  }
}

function rankOfWay(inventory: CheckedInventory, policy: Policy, { alternatives }: Way): number {
  if (alternatives === null) return rankOf('hardware')
  let most = 0
  for (const leaves of alternatives) {
    const authenticators: FactOf<'authenticator'>[] = []
    for (const id of leaves) {
      const fact = inventory.get(id)?.fact
      // another account, a secret, or what is declared nowhere: nobody says here what that proves
      if (fact?.fact !== 'authenticator') return rankOf('hardware')
      authenticators.push(fact)
    }
    most = Math.max(most, rankOf(strengthOf(authenticators, policy.authenticators).atMost))
  }
  return most
}

function controlsOf(account: FactOf<'account'>, ways: readonly Way[]): readonly Control[] {
  const own = new Set(account.controls)
  if (ways.length === 0) return CONTROLS.filter((control) => own.has(control))
  return CONTROLS.filter((control) => ways.every((way) => way.controls.has(control)))
}
