/**
 * Another world beside the one that decides: a rule, a policy or a snapshot that is tried. It decides nothing; what it would
 * have decided otherwise is told, so that nobody is locked out unforeseen.
 */
import { isDeepStrictEqual } from 'node:util'
import { OUTCOMES, type Decision, type Evaluation, type Outcome } from '#contract/decision.ts'
import { STRENGTHS } from '#contract/vocabulary.ts'
import type { Policy } from '#policy/policy.ts'
import type { AccessPolicy } from './access-policy.ts'
import { decide } from './decide.ts'
import type { World } from './world.ts'

/** One decision that would have been another. */
export interface Difference {
  readonly evaluation: Evaluation
  readonly before: Decision
  readonly after: Decision
  readonly change: Change
}

/**
 * What it means for whoever asked: refused what was open to him, whatever he proves; asked for more, before or now; asked for
 * a proof, or let in, where he was refused; or the same, for other reasons or for a longer or shorter time.
 */
export const CHANGES = ['locked_out', 'asked_for_more', 'asked_for_less', 'asked_instead', 'let_in', 'other'] as const
export type Change = (typeof CHANGES)[number]

/** The policy with the rules that it only tries in force. The name is its own, so that no decision of it passes for one. */
export const withTried = (policy: Policy): Policy =>
  policy.tried.length === 0
    ? policy
    : { ...policy, rules: [...policy.rules, ...policy.tried], tried: [], hash: `${policy.hash}+tried` }

/** Likewise for an access policy. */
export const accessWithTried = (policy: AccessPolicy): AccessPolicy =>
  policy.tried.length === 0
    ? policy
    : {
        ...policy,
        rules: [...policy.rules, ...policy.tried],
        tried: [],
        text: `${policy.text}\n# with the rules tried\n`,
      }

/** Decides by one world, and tells what the other would have done otherwise; null where the two agree. */
export function decideBeside(
  evaluation: Evaluation,
  world: World,
  tried: World,
): { readonly decision: Decision; readonly difference: Difference | null } {
  const decision = decide(evaluation, world)
  return { decision, difference: differenceOf(evaluation, decision, decide(evaluation, tried)) }
}

/** What differs between two answers to one question, apart from what they rest on; null where nothing does. */
export function differenceOf(evaluation: Evaluation, before: Decision, after: Decision): Difference | null {
  const change = changeOf(before, after)
  return change === null ? null : { evaluation, before, after, change }
}

const rank = (outcome: Outcome): number => OUTCOMES.indexOf(outcome)

function changeOf(before: Decision, after: Decision): Change | null {
  if (after.outcome !== before.outcome) {
    if (after.outcome === 'deny') return 'locked_out'
    if (before.outcome === 'deny') return after.outcome === 'permit' ? 'let_in' : 'asked_instead'
    return rank(after.outcome) < rank(before.outcome) ? 'asked_for_more' : 'asked_for_less'
  }
  if (after.outcome === 'step_up') {
    const more = asks(after) - asks(before)
    if (more !== 0) return more > 0 ? 'asked_for_more' : 'asked_for_less'
  }
  return isDeepStrictEqual(said(before), said(after)) ? null : 'other'
}

const asks = ({ required }: Decision): number => STRENGTHS.indexOf(required.strength)
const said = ({ reasons, stepUp, permitUntil, exception }: Decision) => ({
  reasons: reasons.map(({ code }) => code),
  stepUp,
  permitUntil,
  exception,
})

/** Whether a decision made again is the one that was written down, bit for bit. */
export const isReproduced = (recorded: Decision, again: Decision): boolean =>
  isDeepStrictEqual(recorded, JSON.parse(JSON.stringify(again)))
