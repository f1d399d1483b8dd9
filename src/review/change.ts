/** Before and after: what the whole analysis says with some items gone. */
import { analyse } from '#analysis/analyse.ts'
import type { Account, Report } from '#contract/report.ts'
import type { Change } from '#contract/review.ts'
import { IMPACTS, VERDICTS } from '#contract/vocabulary.ts'
import type { Item } from './items.ts'
import type { World } from './standing.ts'
import { withdraw } from './withdraw.ts'

/** A full analysis of what is left, held against the one of what is there. */
export function changeBy(world: World, before: Report, items: readonly Item[]): Change {
  const after = items.length === 0 ? before : analyse(withdraw(world.snapshot, items), world.policy)
  const later = new Map(after.accounts.map((account) => [account.id, account]))
  const accounts = before.accounts.flatMap((was) => {
    const is = later.get(was.id)
    return is === undefined ? [] : (difference(was, is) ?? [])
  })
  return { before: sideOf(world, before), after: sideOf(world, after), accounts }
}

function sideOf({ codeSignIns }: World, { accounts, summary }: Report): Change['before'] {
  const impacts = Object.fromEntries(IMPACTS.toReversed().map((impact) => [impact, 0]))
  for (const { impact } of accounts) impacts[impact]!++
  return {
    verdicts: Object.fromEntries(VERDICTS.map((verdict) => [verdict, summary.verdicts[verdict] ?? 0])),
    impacts,
    codesAtHighImpact: accounts.filter(({ id, impact }) => impact === 'high' && codeSignIns.has(id)).length,
  }
}

function difference(was: Account, is: Account): Change['accounts'][number] | null {
  const reached = new Map(is.reach.capabilities.map(({ capability, impact }) => [capability, impact]))
  const lost = was.reach.capabilities.flatMap(({ capability, impact }) =>
    reached.get(capability) === impact ? [] : [capability],
  )
  // whoever runs a service can set it up anew; only people are locked out
  const canSignIn = ({ kind, recoverable }: Account) => (kind === 'human' ? recoverable.canSignIn : null)
  const same =
    was.impact === is.impact &&
    was.verdict === is.verdict &&
    was.requiredStrength === is.requiredStrength &&
    canSignIn(was) === canSignIn(is) &&
    lost.length === 0
  if (same) return null
  return {
    id: was.id,
    name: was.name ?? null,
    impact: { from: was.impact, to: is.impact },
    verdict: { from: was.verdict, to: is.verdict },
    required: { from: was.requiredStrength, to: is.requiredStrength },
    canSignIn: { from: canSignIn(was), to: canSignIn(is) },
    capabilitiesLost: lost,
  }
}
