import type { Program } from '#graph/program.ts'
import { reachSizes, type ReachSizes } from '#graph/size.ts'
import type { FactNodes, Snapshot } from '#model/compile.ts'
import type { FactOf } from '#model/facts.ts'
import type { Policy, Requirement, RuleFacts } from '#policy/policy.ts'
import { requirementOf } from '#policy/requirement.ts'
import type { AccountAnalysis } from './context.ts'
import type { AccountImpact } from './impact.ts'
import { accountVerdict, judgePastWaysIn, judgeWay, type Case } from './judgement.ts'
import type { WaysOf } from './ways-in.ts'
import { settled, type WeakestWays } from './weakest-way.ts'
import type { Worths } from './worth.ts'

/** What judging any account rests on. */
export interface Ground {
  readonly snapshot: FactNodes
  readonly policy: Policy
  readonly ways: WaysOf
  readonly worths: Worths
  readonly weakest: Omit<WeakestWays, 'entry'>
}

/** What is thought of one account, from its ways in to its verdict. */
export type JudgedAccount = Omit<AccountAnalysis, 'recoverability'>

/** Judges one account: what its reach asks for, what each of its ways in is worth, and what that comes to. */
export function judgeAccount(
  { snapshot, policy, ways, worths, weakest }: Ground,
  fact: FactOf<'account'>,
  impact: AccountImpact,
  reach: RuleFacts['reach'],
): JudgedAccount {
  const system = fact.system === undefined ? undefined : snapshot.inventory.get(fact.system)?.fact
  const facts: RuleFacts = {
    account: fact,
    system: system?.fact === 'system' ? system : {},
    impact: impact.impact,
    capabilities: impact.capabilities.map(({ capability }) => capability),
    reach,
  }
  const requirement = requirementOf(policy, facts)
  const requirementAtWorst = (): Requirement => requirementOf(policy, { ...facts, impact: 'high' })
  const it: Case = { snapshot, policy, fact, impact, requirement, requirementAtWorst }
  const own = (ways.get(fact.id) ?? []).map((way) => judgeWay(it, way, worths.ofWay(way), weakest))
  const judged = own.length === 0 ? own : [...own, ...judgePastWaysIn(it, weakest)]
  return {
    fact,
    human: fact.kind === 'human',
    impact,
    requirement,
    nominal: worths.nominal(fact.id),
    effective: judged.length === 0 ? null : settled(weakest.ofAccount(fact.id)),
    ways: judged,
    ...accountVerdict(fact, judged),
  }
}

/** Nodes of all accounts, in the order of the inventory. */
export function accountNodes({ inventory, indexOf }: Snapshot): Uint32Array {
  return Uint32Array.from(inventory.byKind.account, ({ fact }) => indexOf.get(fact.id)!)
}

/** Component visits that the exact count of a reach may cost, over all accounts; beyond it the rest are bounds. */
const SIZE_BUDGET = 2_000_000_000

/** How much each start reaches: R2. */
export function sizesOf(snapshot: Snapshot, program: Program, starts: Uint32Array): ReachSizes {
  const accountBits = new Uint8Array(snapshot.nodeIds.length)
  for (const node of accountNodes(snapshot)) accountBits[node] = 1
  return reachSizes(program, starts, accountBits, { budget: SIZE_BUDGET })
}
