import { CAPABILITIES, IMPACTS } from '#contract/vocabulary.ts'
import type { Proof } from '#contract/report.ts'
import { buildScratch } from '#graph/explore.ts'
import type { Program } from '#graph/program.ts'
import { witness } from '#graph/reach.ts'
import type { Snapshot } from '#model/compile.ts'
import type { Policy } from '#policy/policy.ts'
import type { Analysis } from './context.ts'
import { rightImpacts, type CapabilityReach } from './impact.ts'
import { proofOfReach } from './proofs.ts'
import type { WeakestWays } from './weakest-way.ts'

/** Proofs made when a finding asks for them, each once. */
export function proofsFor(
  snapshot: Snapshot,
  program: Program,
  policy: Policy,
  weakest: WeakestWays,
): Pick<Analysis, 'reachProof' | 'entryProof'> {
  const scratch = buildScratch(program)
  const goals = goalsByImpact(snapshot, policy)
  const reach = new Map<string, Proof>()
  return {
    reachProof(account, reached) {
      const key = `${reached.capability} ${reached.impact} ${account}`
      const known = reach.get(key)
      if (known !== undefined) return known
      const nodes = goals.get(goalKey(reached))
      if (nodes === undefined) return null
      const start = snapshot.indexOf.get(account)!
      const steps = witness(program, start, { nodes }, scratch)
      const goal = steps.length === 0 ? account : snapshot.nodeIds[steps.at(-1)!.node]!
      const proof = proofOfReach(snapshot, account, goal, steps)
      reach.set(key, proof)
      return proof
    },
    entryProof: (account) => weakest.entry(account)?.proof ?? null,
  }
}

const goalKey = ({ capability, impact }: Pick<CapabilityReach, 'capability' | 'impact'>): string =>
  `${capability} ${impact}`

/** Right nodes by capability and the impact they amount to. */
function goalsByImpact(snapshot: Snapshot, policy: Policy): Map<string, Set<number>> {
  const goals = new Map<string, Set<number>>()
  const impacts = rightImpacts(snapshot, policy)
  for (const { node, capability } of snapshot.rights) {
    const { impact } = impacts.get(node)!
    for (const level of IMPACTS.slice(0, IMPACTS.indexOf(impact) + 1)) {
      const key = goalKey({ capability: CAPABILITIES[capability]!, impact: level })
      const nodes = goals.get(key)
      if (nodes) nodes.add(node)
      else goals.set(key, new Set([node]))
    }
  }
  return goals
}
