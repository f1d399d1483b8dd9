import type { Report } from '#contract/report.ts'
import { buildProgram } from '#graph/program.ts'
import { compileSnapshot } from '#model/compile.ts'
import type { CheckedInventory } from '#model/inventory.ts'
import type { Policy } from '#policy/policy.ts'
import { accountNodes, judgeAccount, sizesOf, type Ground } from './accounts.ts'
import { takeoverOf } from './attackers.ts'
import type { AccountAnalysis, Analysis } from './context.ts'
import { impactsOf, rightImpacts } from './impact.ts'
import { proofsFor } from './proofs-on-demand.ts'
import { recoverabilityOf } from './recovery.ts'
import { assemble } from './report.ts'
import { snapshotId } from './snapshot-id.ts'
import { waysInOf } from './ways-in.ts'
import { weakestWays } from './weakest-way.ts'
import { worthsOf } from './worth.ts'

/** What is told while the analysis runs, for a progress line. */
export type OnStage = (stage: string) => void

/**
 * The whole analysis, pure: facts and a policy in, a report out. It knows no time but the snapshot's, and the same
 * facts and policy give the same report, whatever the order of the files.
 */
export function analyse(inventory: CheckedInventory, policy: Policy, onStage: OnStage = () => {}): Report {
  onStage('compiling rules')
  const snapshot = compileSnapshot(inventory)
  const program = buildProgram(snapshot.rules)
  const starts = accountNodes(snapshot)
  onStage('reach')
  const impacts = impactsOf(snapshot, program, policy, starts)
  const sizes = sizesOf(snapshot, program, starts)
  onStage('ways in')
  const ways = waysInOf(inventory)
  const worths = worthsOf(snapshot, policy, ways)
  const weakest = weakestWays(snapshot, policy, ways)
  onStage('attackers and owners')
  const takeover = takeoverOf(snapshot, program, policy, (account) => worths.nominal(account)?.strength ?? null)
  const recoverability = recoverabilityOf(snapshot, ways)
  onStage('verdicts')
  const accounts = new Map<string, AccountAnalysis>()
  const ground: Ground = { snapshot, policy, ways, worths, weakest }
  inventory.byKind.account.forEach(({ fact }, i) => {
    const size = { nodes: sizes.nodes[i]!, accounts: sizes.accounts[i]! }
    const judged = judgeAccount(ground, fact, impacts[i]!, size)
    accounts.set(fact.id, { ...judged, recoverability: recoverability(fact.id) })
  })
  onStage('findings and proofs')
  const proofs = proofsFor(snapshot, program, policy, weakest)
  const analysis: Analysis = { snapshot, policy, program, worths, weakest, accounts, ...proofs }
  return assemble(analysis, {
    sizes,
    takeover,
    rightImpacts: rightImpacts(snapshot, policy),
    snapshotId: snapshotId(inventory),
  })
}
