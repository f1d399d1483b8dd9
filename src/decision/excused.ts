/** The exception, if any, that lets a session through that is weaker than its reach asks for. */
import type { StandingException } from '#contract/decision.ts'
import { rankOf } from '#assurance/strength.ts'
import type { Policy } from '#policy/policy.ts'
import { isSubset, setOf, type CapabilitySet } from './capabilities.ts'
import type { Weighing } from './grounds.ts'

const DAY = 86_400

/**
 * Of those that cover what is reached, the one that ends first. It has to name what the access amounts to and whatever of
 * moderate impact or more the account reaches besides, to be in force, and to end within the days that the policy allows.
 */
export function coveringException(
  exceptions: readonly StandingException[],
  reached: CapabilitySet,
  at: number,
  policy: Policy,
): StandingException | null {
  const latest = at + policy.exceptions.maxDays * DAY
  let chosen: StandingException | null = null
  for (const exception of exceptions) {
    const { until, capabilities } = exception
    if (!(until > at && until <= latest) || !isSubset(reached, setOf(capabilities))) continue
    if (chosen === null || until < chosen.until || (until === chosen.until && exception.id < chosen.id))
      chosen = exception
  }
  return chosen
}

/** The exception that covers an access. It excuses a weak factor, never the want of one. */
export function exceptionFor(it: Weighing): StandingException | null {
  const { evaluation, standing, entitlement, asked, presented, world } = it
  if (rankOf(presented.strength) < rankOf('single_factor')) return null
  const reached = asked.hasPath
    ? standing.floorCapabilities | entitlement.capabilities
    : standing.floorCapabilities | standing.wholeCapabilities
  return coveringException(evaluation.exceptions, reached, evaluation.at, world.policy)
}
