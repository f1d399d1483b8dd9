/** The engine's steps as proofs that `ambit verify` checks. */
import type { Proof } from '#contract/report.ts'
import { ruleStep, type EngineStep } from '#analysis/proofs.ts'
import type { Snapshot } from '#model/compile.ts'

/** What a derivation takes as given: whatever it uses before it proves it. A goal without steps is given itself. */
export function givenIn(goal: number, steps: readonly EngineStep[]): number[] {
  const proved = new Set<number>()
  const given = new Set<number>()
  for (const { node, from } of steps) {
    for (const body of Array.from(from)) if (!proved.has(body)) given.add(body)
    proved.add(node)
  }
  if (steps.length === 0) given.add(goal)
  return [...given]
}

/** A derivation of a node from what is given; only what it uses is listed as given. */
export function proofFromGiven(snapshot: Snapshot, goal: number, steps: readonly EngineStep[]): Proof {
  return {
    given: givenIn(goal, steps).map((node) => snapshot.nodeIds[node]!),
    goal: snapshot.nodeIds[goal]!,
    steps: steps.map((step) => ruleStep(snapshot, step.rule, step)),
  }
}
