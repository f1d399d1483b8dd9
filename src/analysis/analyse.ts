import { createHash } from 'node:crypto'
import type { Report } from '#contract/report.ts'
import { buildProgram } from '#graph/program.ts'
import { reachSizes } from '#graph/size.ts'
import { compileSnapshot, type Snapshot } from '#model/compile.ts'
import type { CheckedInventory } from '#model/inventory.ts'
import type { Policy } from '#policy/policy.ts'
import { requirementOf } from '#policy/requirement.ts'
import { takeoverOf } from './attackers.ts'
import type { AccountAnalysis, Analysis } from './context.ts'
import { accountVerdict, judgePastWaysIn, judgeWay, type Case } from './judgement.ts'
import { impactsOf, rightImpacts, type AccountImpact } from './impact.ts'
import { proofsFor } from './proofs-on-demand.ts'
import { recoverabilityOf } from './recovery.ts'
import { assemble } from './report.ts'
import { waysInOf } from './ways-in.ts'
import { settled, weakestWays } from './weakest-way.ts'
import { worthsOf } from './worth.ts'

/** Component visits that the exact count of a reach may cost, over all accounts; beyond it the rest are bounds. */
const SIZE_BUDGET = 2_000_000_000

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
  const accountIds = inventory.byKind.account.map(({ fact }) => fact.id)
  const starts = Uint32Array.from(accountIds, (id) => snapshot.indexOf.get(id)!)
  onStage('reach')
  const impacts = impactsOf(snapshot, program, policy, starts)
  const sizes = reachSizes(program, starts, accountBits(snapshot), { budget: SIZE_BUDGET })
  onStage('ways in')
  const ways = waysInOf(inventory)
  const worths = worthsOf(snapshot, policy, ways)
  const weakest = weakestWays(snapshot, policy, ways)
  onStage('attackers and owners')
  const takeover = takeoverOf(snapshot, program, policy, (account) => worths.nominal(account)?.strength ?? null)
  const recoverability = recoverabilityOf(snapshot, ways)
  onStage('verdicts')
  const accounts = new Map<string, AccountAnalysis>()
  inventory.byKind.account.forEach(({ fact }, i) => {
    const impact = impacts[i]!
    const facts = ruleFacts(inventory, fact, impact, { nodes: sizes.nodes[i]!, accounts: sizes.accounts[i]! })
    const requirement = requirementOf(policy, facts)
    const requirementAtWorst = requirementOf(policy, { ...facts, impact: 'high' })
    const it: Case = { snapshot, policy, fact, impact, requirement, requirementAtWorst }
    const own = (ways.get(fact.id) ?? []).map((way) => judgeWay(it, way, worths.ofWay(way), weakest))
    const judged = own.length === 0 ? own : [...own, ...judgePastWaysIn(it, weakest)]
    accounts.set(fact.id, {
      fact,
      human: fact.kind === 'human',
      impact,
      requirement,
      nominal: worths.nominal(fact.id),
      effective: judged.length === 0 ? null : settled(weakest.ofAccount(fact.id)),
      ways: judged,
      ...accountVerdict(fact, judged),
      recoverability: recoverability(fact.id),
    })
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

function accountBits(snapshot: Snapshot): Uint8Array {
  const bits = new Uint8Array(snapshot.nodeIds.length)
  for (const { fact } of snapshot.inventory.byKind.account) bits[snapshot.indexOf.get(fact.id)!] = 1
  return bits
}

function ruleFacts(
  inventory: CheckedInventory,
  fact: AccountAnalysis['fact'],
  impact: AccountImpact,
  reach: { nodes: number; accounts: number },
) {
  const system = fact.system === undefined ? undefined : inventory.get(fact.system)?.fact
  return {
    account: fact,
    system: system?.fact === 'system' ? system : {},
    impact: impact.impact,
    capabilities: impact.capabilities.map(({ capability }) => capability),
    reach,
  }
}

/** `sha256:` of the facts as JSON with sorted keys, one a line, lines sorted, after the snapshot's time. */
export function snapshotId(inventory: CheckedInventory): string {
  const lines = inventory.facts.map(({ fact }) => JSON.stringify(fact, sortedKeys)).toSorted()
  const hash = createHash('sha256').update(`${inventory.snapshot.at ?? ''}\n`)
  for (const line of lines) hash.update(`${line}\n`)
  return `sha256:${hash.digest('hex')}`
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}
