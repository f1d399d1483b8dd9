/** What an attacker gains while an exception lives: the account by a weaker way than it would need, and all that is behind it. */
import { applyDelta, type LiveAnalysis } from '#analysis/live.ts'
import type { RuntimeException } from '#contract/exception.ts'
import type { Capability, Impact, Strength } from '#contract/vocabulary.ts'

export interface ExceptionGain {
  readonly account: string
  /** what the policy asks of whoever reaches this */
  readonly required: Strength
  /** what the account is really protected by with the ways in that are excused, and without them; null where unknown */
  readonly with: Strength | null
  readonly without: Strength | null
  /** what the difference opens, with its impact */
  readonly reach: readonly { readonly capability: Capability; readonly impact: Impact }[]
  readonly impact: Impact
}

/** The gain of each subject that the snapshot knows. Computed anew from what depends on the ways in. */
export function exceptionGain(live: LiveAnalysis, exception: RuntimeException): readonly ExceptionGain[] {
  const { subjects, waysIn } = exception
  const excused = subjects
    .flatMap((id) => live.account(id)?.ways ?? [])
    .filter(({ id, verdict }) => (waysIn === null ? verdict !== 'fit' : waysIn.includes(id)))
    .map(({ id }) => id)
    .filter((id) => live.inventory.kindOf(id) === 'wayIn')
  const without = excused.length === 0 ? live : applyDelta(live, { remove: excused }).live
  return subjects.flatMap((id) => {
    const state = live.account(id)
    if (state === undefined) return []
    return {
      account: id,
      required: state.requirement.strength,
      with: state.effective,
      without: without.account(id)?.effective ?? null,
      reach: state.capabilities.map((capability) => ({ capability, impact: state.impacts[capability] ?? 'none' })),
      impact: state.impact,
    }
  })
}
