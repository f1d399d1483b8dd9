import { analyse } from '#analysis/analyse.ts'
import type { Report } from '#contract/report.ts'
import { REVIEW_CHECKS, SUGGESTIONS, type Review, type ReviewItem, type Smaller } from '#contract/review.ts'
import { IMPACTS, type Impact } from '#contract/vocabulary.ts'
import type { CheckedInventory } from '#model/inventory.ts'
import type { Limits } from '#planning/search.ts'
import type { Policy } from '#policy/policy.ts'
import { changeBy } from './change.ts'
import { minimalCut, type Cut } from './cut.ts'
import { evidenceOf, suggestionOf } from './evidence.ts'
import { grantsOf, holdersOf, type Grants } from './grants.ts'
import { checkOf, type Item } from './items.ts'
import { marginals, type Marginal } from './marginal.ts'
import { NO_RIGHT, RANKS, worldOf, type World } from './standing.ts'

/** A review, and what reading decisions back needs of it. */
export interface Reviewed {
  readonly review: Review
  readonly world: World
  readonly report: Report
  /** by id */
  readonly items: ReadonlyMap<string, Item>
}

/** What is told while a review runs, for a progress line. */
export type OnStage = (stage: string) => void

/**
 * The whole review, pure: every item with the evidence on it and the reach that goes with it, ranked; the least to
 * withdraw so that no code reaches high impact; and the smaller role of each holder.
 */
export function reviewOf(
  inventory: CheckedInventory,
  policy: Policy,
  limits: Limits,
  onStage: OnStage = () => {},
): Reviewed {
  onStage('analysis')
  const report = analyse(inventory, policy)
  const world = worldOf(inventory, policy)
  const { list } = world.items
  onStage('marginal reach')
  const { of, leftOut } = marginals(world)
  onStage('evidence')
  const grants = grantsOf(world)
  const evidence = evidenceOf(world, grants)
  const holders = holdersOf(world, grants, () => true)
  const unranked = list.map((item, at) => itemOf(world, item, of[at]!, evidence(item), holders[at]!))
  const ranked = unranked.toSorted(byWeight).map((item, at) => ({ ...item, rank: at + 1 }))
  onStage('the least to withdraw')
  const cut = cutOf(world, report, grants, limits)
  const review: Review = {
    ambitReview: 1,
    snapshot: { id: report.snapshot.id, name: report.snapshot.name, at: report.snapshot.at },
    policy: { ...report.policy, unusedDays: policy.nonHuman.unusedDays },
    diagnostics: report.diagnostics,
    summary: summaryOf(world, ranked, leftOut),
    items: ranked,
    minimalSet: {
      accounts: [...cut.accounts],
      items: cut.items.map((at) => list[at]!.id),
      uncut: [...cut.uncut],
      cost: cut.cost,
      costAtLeast: cut.costAtLeast,
      optimal: cut.cost === cut.costAtLeast,
      rounds: cut.rounds,
    },
    minimalChange: changeBy(
      world,
      report,
      cut.items.map((at) => list[at]!),
    ),
    smaller: smallerOf(ranked),
    outcome: null,
  }
  return { review, world, report, items: new Map(list.map((item) => [item.id, item])) }
}

function itemOf(
  world: World,
  item: Item,
  marginal: Marginal,
  evidence: ReviewItem['evidence'],
  holders: number,
): ReviewItem {
  const { inventory } = world
  const on = item.kind === 'membership' ? item.group : item.fact.on
  const fact = item.kind === 'membership' ? undefined : item.fact
  const holderKind = inventory.kindOf(item.holder)
  return {
    id: item.id,
    check: checkOf(item),
    rank: 1,
    kind: item.kind,
    holder: item.holder,
    holderName: nameOf(inventory, item.holder),
    holderKind: holderKind === 'account' || holderKind === 'group' || holderKind === 'role' ? holderKind : null,
    right: fact === undefined ? 'member' : (fact.right ?? fact.capabilities.join(', ')),
    on,
    onName: nameOf(inventory, on),
    capabilities: [...(fact?.capabilities ?? [])],
    impact: ownImpact(world, item),
    grantedAt: fact?.grantedAt ?? null,
    grantedBy: fact?.grantedBy ?? null,
    lastUsed: fact?.lastUsed ?? null,
    place: { ...item.place },
    holders,
    evidence,
    marginal: { ...marginal, losers: marginal.losers.length },
    suggestion: suggestionOf(item, evidence),
    needed: fact?.needed === true,
  }
}

function nameOf(inventory: CheckedInventory, id: string): string | null {
  const fact = inventory.get(id)?.fact
  return fact !== undefined && 'name' in fact ? (fact.name ?? null) : null
}

function ownImpact({ snapshot, worth }: World, { rules }: Item): Impact {
  let highest = 0
  for (const rule of rules) {
    const right = worth[snapshot.rules.heads[rule]!]!
    if (right !== NO_RIGHT) highest = Math.max(highest, right % RANKS)
  }
  return IMPACTS[highest]!
}

/** Something stands against it. */
export const isFlagged = ({ evidence }: Pick<ReviewItem, 'evidence'>): boolean =>
  evidence.some(({ is, check }) => is === 'yes' && (REVIEW_CHECKS as readonly string[]).includes(check))

/** Withdrawing it would put high impact out of someone's reach, or let someone keep a code. */
export const matters = ({ marginal }: Pick<ReviewItem, 'marginal'>): boolean =>
  marginal.highCapabilities.length > 0 || marginal.mayKeepCode.length > 0

/** What stands against an item first; then by the reach that would go, high impact before all else. */
function byWeight(a: ReviewItem, b: ReviewItem): number {
  const weights = (item: ReviewItem) => [
    isFlagged(item) ? 1 : 0,
    item.marginal.highCapabilities.length,
    item.marginal.mayKeepCode.length,
    item.marginal.highRights,
    item.marginal.impactFalls.length,
    item.marginal.losers,
    -SUGGESTIONS.indexOf(item.suggestion),
  ]
  const [x, y] = [weights(a), weights(b)]
  const differs = x.findIndex((weight, at) => weight !== y[at])
  return differs < 0 ? (a.id < b.id ? -1 : 1) : y[differs]! - x[differs]!
}

/** An item costs one, and one more for each account that has it and is not to be cut off from anything. */
function cutOf(world: World, report: Report, grants: Grants, limits: Limits): Cut {
  const troubled = new Set(
    report.accounts.flatMap(({ id, impact }) => (impact === 'high' && isCoded(world, id) ? [id] : [])),
  )
  const costs = holdersOf(world, grants, (id) => !troubled.has(id)).map((others) => 1 + others)
  const stays = new Set<number>()
  world.items.list.forEach((item, at) => {
    if (item.kind === 'entitlement' && item.fact.needed === true) stays.add(at)
  })
  return minimalCut(world, { costs, stays, accounts: [...troubled] }, limits)
}

/** Someone who can be entered, by signing in with a code. */
const isCoded = ({ codeSignIns }: World, id: string): boolean => codeSignIns.has(id)

function summaryOf(world: World, items: readonly ReviewItem[], leftOut: number): Review['summary'] {
  const count = (is: (item: ReviewItem) => boolean) => items.filter(is).length
  const against = (check: string) => (item: ReviewItem) =>
    item.evidence.some((each) => each.check === check && each.is === 'yes')
  return {
    items: items.length,
    entitlements: count(({ kind }) => kind === 'entitlement'),
    memberships: count(({ kind }) => kind === 'membership'),
    unweighed: world.items.unweighed,
    leftOut,
    bySuggestion: Object.fromEntries(SUGGESTIONS.map((word) => [word, count(({ suggestion }) => suggestion === word)])),
    byCheck: Object.fromEntries(REVIEW_CHECKS.map((check) => [check, count(against(check))])),
    useUnknown: count(({ evidence }) => evidence.some(({ check, is }) => check === 'unused' && is === 'unknown')),
  }
}

/** Per holder of something to revoke: what is left of the account's rights, or of the role. */
function smallerOf(items: readonly ReviewItem[]): Smaller[] {
  const byHolder = new Map<string, ReviewItem[]>()
  for (const item of items) byHolder.set(item.holder, [...(byHolder.get(item.holder) ?? []), item])
  return [...byHolder.values()].flatMap((held): Smaller[] => {
    const { holder, holderName, holderKind } = held[0]!
    const dropped = held.filter(({ suggestion }) => suggestion === 'revoke').map(({ id }) => id)
    if (dropped.length === 0) return []
    const kept = held.filter(({ suggestion }) => suggestion !== 'revoke').map(({ id }) => id)
    return [{ holder, holderName, holderKind, kept, dropped }]
  })
}
