/** Recorded decisions, made again: whether the past is reproduced, and what something new would have meant to whom. */
import type { Decision, Evaluation } from '#contract/decision.ts'
import { decide } from './decide.ts'
import { CHANGES, differenceOf, isReproduced, type Change, type Difference } from './shadow.ts'
import type { World } from './world.ts'

export interface Recorded {
  readonly evaluation: Evaluation
  readonly decision: Decision
}

export interface Replay {
  readonly decisions: number
  /** made on this very snapshot, policy and settings, and the same again */
  readonly reproduced: number
  /** made on these, and not the same again: the record or the code was changed */
  readonly notReproduced: readonly { readonly recorded: Decision; readonly again: Decision }[]
  /** made on another snapshot, policy or settings, so that nothing can be said of them */
  readonly notComparable: number
  /** in the order in which they were recorded */
  readonly differences: readonly Difference[]
  readonly counts: Readonly<Record<Change, number>>
  /** subjects with something that no longer is open to them, whatever they prove */
  readonly lockedOut: readonly string[]
}

/**
 * Makes each decision again under `inForce`, the world that is said to have been in force, and under `tried`. Where the two
 * are one, what is told is what has changed since the record.
 */
export function replay(recorded: readonly Recorded[], inForce: World, tried: World): Replay {
  let reproduced = 0
  let notComparable = 0
  const notReproduced: { recorded: Decision; again: Decision }[] = []
  const differences: Difference[] = []
  const counts = Object.fromEntries(CHANGES.map((change) => [change, 0])) as Record<Change, number>
  const lockedOut = new Set<string>()
  for (const { evaluation, decision } of recorded) {
    if (isOf(decision, inForce)) {
      const again = decide(evaluation, inForce)
      if (isReproduced(decision, again)) reproduced++
      else notReproduced.push({ recorded: decision, again })
    } else notComparable++
    const difference = differenceOf(evaluation, decision, decide(evaluation, tried))
    if (difference === null) continue
    differences.push(difference)
    counts[difference.change]++
    if (difference.change === 'locked_out') lockedOut.add(evaluation.request.subject.id)
  }
  return {
    decisions: recorded.length,
    reproduced,
    notReproduced,
    notComparable,
    differences,
    counts,
    lockedOut: [...lockedOut].toSorted(),
  }
}

const isOf = ({ snapshot, policy, settings }: Decision, world: World): boolean =>
  snapshot === world.snapshot && policy === world.policy.hash && settings === world.settingsHash
