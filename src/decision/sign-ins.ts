/** What the sign-ins of an account could prove, and which controls hold for all of them. */
import { waysOfFact, type Way } from '#analysis/ways-in.ts'
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
 * What is known of the sign-ins of an account. Whatever is not known of them may be the best there is.
 *
 * @param ways  ids of all its ways in
 */
export function signInsOf(
  inventory: CheckedInventory,
  policy: Policy,
  account: FactOf<'account'>,
  ways: readonly string[],
): SignIns {
  const own = ways
    .flatMap((id) => inventory.get(id) ?? [])
    .flatMap((placed) => waysOfFact(inventory, placed))
    .filter((way) => way.account === account.id && isSignIn(way))
  const rank = own.length === 0 ? rankOf('hardware') : Math.max(...own.map((way) => rankOfWay(inventory, policy, way)))
  return { canProve: STRENGTHS[rank]!, controls: controlsOf(account, own) }
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
