import type { Proof, ProofStep } from '#contract/report.ts'
import type { RuleKindName } from '#model/kinds.ts'
import { RULE_KIND_NAMES } from '#model/compile.ts'
import type { AccountAnalysis, Analysis } from '../context.ts'
import { ruleStep } from '../proofs.ts'
import { rankOf } from '../worth.ts'
import { BY_IMPACT, nameOf, type Draft } from './finding.ts'
import { strengthWords } from './words.ts'

/** Rules by which a right comes to its holder in the ordinary course: no theft, no code, no secret on the way. */
const ORDINARY = new Set<RuleKindName>(['member_of', 'entitled', 'scope', 'inherited', 'administer_all', 'full_reset'])
/** Rules by which a right over an account gives the account or one of its authenticators. */
const TAKES = new Set<RuleKindName>(['act_as', 'administer_account', 'reset_one'])

interface Step {
  readonly from: number
  readonly rule: number
}

/** The account of whoever may reset this one is guarded less than this one claims to be. */
export function* assuranceInversions(analysis: Analysis): Generator<Draft> {
  const incoming = incomingRules(analysis)
  for (const account of analysis.accounts.values()) {
    const nominal = account.nominal?.strength ?? null
    if (!account.human || nominal === null) continue
    const found = weakestResetter(analysis, incoming, account)
    if (found === null || rankOf(found.holder.effective) >= rankOf(nominal)) continue
    const { holder, steps } = found
    yield {
      code: 'assurance_inversion',
      severity: BY_IMPACT[account.impact.impact],
      account: account.fact.id,
      about: holder.fact.id,
      message: `${nameOf(account)} signs in with ${strengthWords(nominal)}, and ${nameOf(holder)}, who can reset it, is guarded by ${strengthWords(holder.effective!)}`,
      entry: joined(analysis, holder.fact.id, account.fact.id, steps),
      facts: [holder.fact.id],
    }
  }
}

/** Rules by head, of the two kinds above. */
function incomingRules({ snapshot }: Analysis): Map<number, { readonly ordinary: Step[]; readonly takes: Step[] }> {
  const { rules, ruleKinds } = snapshot
  const incoming = new Map<number, { ordinary: Step[]; takes: Step[] }>()
  for (let rule = 0; rule < rules.heads.length; rule++) {
    const kind = RULE_KIND_NAMES[ruleKinds[rule]!]!
    if (!ORDINARY.has(kind) && !TAKES.has(kind)) continue
    const head = rules.heads[rule]!
    let entry = incoming.get(head)
    if (entry === undefined) incoming.set(head, (entry = { ordinary: [], takes: [] }))
    const step = { from: rules.bodies[rules.bodyOffsets[rule]!]!, rule }
    if (TAKES.has(kind)) entry.takes.push(step)
    else entry.ordinary.push(step)
  }
  return incoming
}

/** Walks back from the account over rights to reset it, to the account of least strength that holds one. */
function weakestResetter(
  analysis: Analysis,
  incoming: ReturnType<typeof incomingRules>,
  account: AccountAnalysis,
): { holder: AccountAnalysis; steps: readonly { node: number; step: Step }[] } | null {
  const { indexOf, nodeIds } = analysis.snapshot
  const target = indexOf.get(account.fact.id)!
  const next = new Map<number, { node: number; step: Step }>()
  const queue: number[] = []
  const visit = (node: number, steps: readonly Step[]) => {
    for (const step of steps) {
      if (step.from === target || next.has(step.from)) continue
      next.set(step.from, { node, step })
      queue.push(step.from)
    }
  }
  visit(target, incoming.get(target)?.takes ?? [])
  let holder: AccountAnalysis | undefined
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at]!
    const candidate = analysis.accounts.get(nodeIds[node]!)
    if (candidate !== undefined && candidate.human && candidate.effective !== null) {
      if (holder === undefined || rankOf(candidate.effective) < rankOf(holder.effective)) holder = candidate
      continue
    }
    visit(node, incoming.get(node)?.ordinary ?? [])
  }
  if (holder === undefined) return null
  const steps: { node: number; step: Step }[] = []
  for (let node = indexOf.get(holder.fact.id)!; node !== target;) {
    const hop = next.get(node)!
    steps.push(hop)
    node = hop.node
  }
  return { holder, steps }
}

/** Entry into the holder, then the rights that lead on to the account. */
function joined(
  analysis: Analysis,
  holder: string,
  goal: string,
  hops: readonly { node: number; step: Step }[],
): Proof | null {
  const entry = analysis.entryProof(holder)
  if (entry === null) return null
  const { nodeIds } = analysis.snapshot
  const steps: ProofStep[] = [...entry.steps]
  const proved = new Set([...entry.given, ...steps.map(({ node }) => node)])
  for (const { node, step } of hops) {
    const id = nodeIds[node]!
    if (proved.has(id)) continue
    proved.add(id)
    steps.push(ruleStep(analysis.snapshot, step.rule, { ...step, node, from: [step.from] }))
  }
  return steps.at(-1)?.node === goal ? { given: entry.given, goal, steps } : null
}
