/** The exception, if any, that lets a session through that is weaker than its reach asks for. */
import type { StandingException } from '#contract/decision.ts'
import { rankOf } from '#assurance/strength.ts'
import { isSubset, setOf } from './capabilities.ts'
import type { Weighing } from './grounds.ts'

const DAY = 86_400

/**
 * Of those that cover the access, the one that ends first. It has to name what the access amounts to and whatever of
 * moderate impact or more the account reaches besides, to be in force, and to end within the days that the policy allows.
 * It excuses a weak factor, never the want of one.
 */
export function exceptionFor(it: Weighing): StandingException | null {
  const { evaluation, standing, entitlement, asked, presented, world } = it
  if (rankOf(presented.strength) < rankOf('single_factor')) return null
  const reached = asked.hasPath
    ? standing.floorCapabilities | entitlement.capabilities
    : standing.floorCapabilities | standing.wholeCapabilities
  const latest = evaluation.at + world.policy.exceptions.maxDays * DAY
  let chosen: StandingException | null = null
  for (const exception of evaluation.exceptions) {
    const { until, capabilities } = exception
    if (!(until > evaluation.at && until <= latest) || !isSubset(reached, setOf(capabilities))) continue
    if (chosen === null || until < chosen.until || (until === chosen.until && exception.id < chosen.id))
      chosen = exception
  }
  return chosen
}
