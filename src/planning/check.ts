import type { Report } from '#contract/report.ts'
import { IMPACTS, STRENGTHS } from '#contract/vocabulary.ts'
import { settled } from '#analysis/weakest-way.ts'
import type { Assessment } from './assess.ts'
import type { Goal } from './goals.ts'
import { fallsTo } from './standing.ts'

/** Whether goals hold as far as a report can tell: what is said of accounts, not of other things. */
export function holdIn(report: Report, goals: readonly Goal[]): boolean {
  const fallen = new Set(report.accounts.filter(({ fallsTo: takers }) => takers.length > 0).map(({ id }) => id))
  return goals.every((goal) => holdsIn(report, goal, fallen))
}

function holdsIn({ accounts }: Report, goal: Goal, fallen: ReadonlySet<string>): boolean {
  switch (goal.is) {
    case 'no-unfit':
      return !accounts.some(({ verdict, impact }) => verdict === 'unfit' && matters(impact, goal.least))
    case 'no-attacker':
      return !accounts.some(
        (account) =>
          matters(account.impact, goal.least) && account.fallsTo.some(({ attacker }) => attacker === goal.attacker),
      )
    case 'protect':
      return !fallen.has(goal.id)
    case 'no-reach':
      return true // rights are no accounts
  }
}

const matters = (impact: (typeof IMPACTS)[number], least: (typeof IMPACTS)[number]): boolean =>
  IMPACTS.indexOf(impact) >= IMPACTS.indexOf(least)

/** Accounts that fall to an attacker to whom they did not fall before, or that are protected by less than before. */
export function easierIn(report: Report, before: Assessment): string[] {
  const lanes = new Map(before.policy.attackers.map(({ name }, lane) => [name, lane]))
  return report.accounts
    .filter(({ id, kind, fallsTo: takers, effectiveStrength }) => {
      if (before.inventory.kindOf(id) === undefined) return false
      if (takers.some(({ attacker }) => !fallsTo(before, id, lanes.get(attacker)!))) return true
      const old = kind === 'human' ? settled(before.weakest.ofAccount(id)) : null
      return old !== null && effectiveStrength !== null && STRENGTHS.indexOf(effectiveStrength) < STRENGTHS.indexOf(old)
    })
    .map(({ id }) => id)
}
