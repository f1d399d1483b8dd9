import { decide } from '#decision/decide.ts'
import type { World } from '#decision/world.ts'
import type { Decide } from './context.ts'
import { denied } from './evaluate.ts'
import type { Shadow } from './shadow.ts'

/** Answers from the world as it is at the moment; where that cannot be known, nobody is let through. */
export function decider(world: () => World | null, storeReachable: () => boolean, look: Shadow['look']): Decide {
  return (evaluation) => {
    const now = world()
    if (now === null) return denied(evaluation, 'not_ready')
    // what was revoked or changed meanwhile would be unknown here
    if (!storeReachable()) return denied(evaluation, 'undecidable')
    const decision = decide(evaluation, now)
    // an answer that rests on an exception is none yet: it is looked at once the exception was to be had
    if (decision.exception === null) look(evaluation, decision)
    return decision
  }
}
