import { CAPABILITIES, IMPACTS, type Capability, type Safeguard } from '#contract/vocabulary.ts'
import type { FactOf } from '#model/facts.ts'
import type { FactNodes } from '#model/compile.ts'
import type { Policy } from '#policy/policy.ts'
import type { AccountImpact } from './impact.ts'
import { daysBetween } from './time.ts'
import type { Way } from './ways-in.ts'

type ExceptionFact = FactOf<'exception'>

/** Whether an exception excuses a way in today, and if not, why not. */
export type ExceptionState =
  | { readonly is: 'live' }
  | { readonly is: 'not_in_force'; readonly why: string }
  | { readonly is: 'safeguard_false'; readonly safeguards: readonly Safeguard[] }
  | { readonly is: 'outgrown'; readonly capabilities: readonly Capability[] }

export interface AppliedException {
  readonly fact: ExceptionFact
  readonly state: ExceptionState
}

/** Exceptions that name the account, or a group it is in through any nesting, and this way in or none in particular. */
export function exceptionsFor(
  snapshot: FactNodes,
  policy: Policy,
  way: Way,
  impact: AccountImpact,
): readonly AppliedException[] {
  const named = new Set([way.account, ...groupsOf(snapshot, way.account)])
  const applied: AppliedException[] = []
  for (const { fact } of snapshot.inventory.byKind.exception) {
    if (!fact.for.some((id) => named.has(id))) continue
    if (fact.waysIn !== undefined && !fact.waysIn.includes(way.id)) continue
    applied.push({ fact, state: stateOf(snapshot, policy, fact, way, impact) })
  }
  return applied
}

function stateOf(
  snapshot: FactNodes,
  policy: Policy,
  exception: ExceptionFact,
  way: Way,
  impact: AccountImpact,
): ExceptionState {
  const why = notInForce(snapshot, policy, exception, way)
  if (why !== null) return { is: 'not_in_force', why }
  const failing = policy.exceptions.safeguards.filter((safeguard) => !holds(exception, way, safeguard))
  if (failing.length > 0) return { is: 'safeguard_false', safeguards: failing }
  const covered = new Set<string>(exception.capabilities)
  const grown = impact.capabilities
    .filter(
      (reached) => IMPACTS.indexOf(reached.impact) >= IMPACTS.indexOf('moderate') && !covered.has(reached.capability),
    )
    .map(({ capability }) => capability)
  if (grown.length > 0) return { is: 'outgrown', capabilities: CAPABILITIES.filter((c) => grown.includes(c)) }
  return { is: 'live' }
}

function notInForce(snapshot: FactNodes, policy: Policy, exception: ExceptionFact, way: Way): string | null {
  const { at } = snapshot.inventory.snapshot
  const account = snapshot.inventory.get(way.account)?.fact
  const subject = account?.fact === 'account' ? account.subject : undefined
  if (exception.approver === way.account || (subject !== undefined && exception.approver === subject)) {
    return 'its own subject approved it'
  }
  if (daysBetween(exception.start, exception.end) > policy.exceptions.maxDays) {
    return `it runs longer than the ${policy.exceptions.maxDays} days that the policy allows`
  }
  if (at === null) return 'the inventory does not say at what time it holds'
  if (Date.parse(exception.start) > Date.parse(at)) return `it begins only on ${exception.start}`
  if (Date.parse(exception.end) <= Date.parse(at)) return `it ended on ${exception.end}`
  return null
}

/** A safeguard holds when the exception shows it, or the way in has it as a control; silence is not a safeguard. */
function holds(exception: ExceptionFact, way: Way, safeguard: Safeguard): boolean {
  return exception.safeguards?.[safeguard] ?? way.controls.has(safeguard)
}

/** Groups and roles an account is in, through any nesting. */
export function groupsOf(snapshot: FactNodes, account: string): Set<string> {
  const groups = new Set<string>()
  const queue = [account]
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    const fact = snapshot.inventory.get(id)?.fact
    if (fact?.fact !== 'account' && fact?.fact !== 'group' && fact?.fact !== 'role') continue
    for (const group of fact.memberOf ?? []) {
      if (groups.has(group)) continue
      groups.add(group)
      queue.push(group)
    }
  }
  return groups
}
