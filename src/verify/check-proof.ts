import type { Proof, ProofStep } from '#contract/report.ts'
import type { RuleKindName } from '#model/kinds.ts'
import { isDisabled, type FactIndex } from './fact-index.ts'
import { JUSTIFICATIONS } from './justify.ts'

/** Accepted, or the first step that fails (0 is the first; the number of steps when the whole does not reach its goal). */
export type ProofCheck = { readonly ok: true } | { readonly ok: false; readonly step: number; readonly reason: string }

const isRuleKind = (word: string): word is RuleKindName => Object.hasOwn(JUSTIFICATIONS, word)

/**
 * Checks a derivation against the inventory alone: every step rests on what is given or was proved before it, is an
 * instance of the rule kind it names, and the last one proves the goal.
 *
 * What may be *given* is the caller's to check: see {@link checkProof}'s users in `check-report.ts`.
 */
export function checkProof(proof: Proof, facts: FactIndex): ProofCheck {
  const held = new Set(proof.given)
  if (held.has('')) return { ok: false, step: 0, reason: 'an empty name is given' }
  for (const [step, { node, by, from }] of proof.steps.entries()) {
    const reason = flawOf({ node, by, from }, held, facts)
    if (reason !== null) return { ok: false, step, reason }
    held.add(node)
  }
  const last = proof.steps.at(-1)
  if (last !== undefined && last.node !== proof.goal)
    return {
      ok: false,
      step: proof.steps.length - 1,
      reason: `the last step proves \`${last.node}\`, not the goal \`${proof.goal}\``,
    }
  if (!held.has(proof.goal))
    return { ok: false, step: 0, reason: `the goal \`${proof.goal}\` is neither given nor proved` }
  return { ok: true }
}

/** Null when the step holds; otherwise why not. */
function flawOf({ node, by, from }: ProofStep, held: ReadonlySet<string>, facts: FactIndex): string | null {
  if (node === '') return 'the step proves an empty name'
  if (!isRuleKind(by)) return `\`${by}\` is not a kind of rule`
  if (from.length === 0) return 'the step rests on nothing'
  const missing = from.find((body) => !held.has(body))
  if (missing !== undefined) return `\`${missing}\` is neither given nor proved by an earlier step`
  if (isDisabled(node, facts)) return `account \`${node}\` is disabled, and nothing enters it`
  return JUSTIFICATIONS[by](node, from, facts)
}
