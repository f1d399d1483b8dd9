import { IMPACTS, STRENGTHS } from '#contract/vocabulary.ts'
import { settled } from '#analysis/weakest-way.ts'
import type { Assessment } from './assess.ts'
import { rightsWorth, type Goal } from './goals.ts'
import { fallsTo, takenBy } from './standing.ts'

/** Whether goals hold, by what they say: without asking what a violation would rest on. */
export const holdIn = (assessment: Assessment, goals: readonly Goal[]): boolean =>
  goals.every((goal) => holdsIn(assessment, goal))

function holdsIn(assessment: Assessment, goal: Goal): boolean {
  const { accounts, policy, snapshot } = assessment
  switch (goal.is) {
    case 'no-unfit':
      return !accounts.values().some(({ verdict, impact }) => verdict === 'unfit' && matters(impact.impact, goal.least))
    case 'no-attacker': {
      const lane = policy.attackers.findIndex(({ name }) => name === goal.attacker)
      return !accounts
        .values()
        .some(({ fact, impact }) => matters(impact.impact, goal.least) && fallsTo(assessment, fact.id, lane))
    }
    case 'protect': {
      const node = snapshot.indexOf.get(goal.id)
      return node === undefined || !fallsToAny(assessment, node)
    }
    case 'no-reach':
      return !rightsWorth(assessment, goal.least, goal.capability)
        .values()
        .some((node) => fallsToAny(assessment, node))
  }
}

const fallsToAny = ({ policy, takeover }: Assessment, node: number): boolean =>
  policy.attackers.some((_, lane) => ((takeover.masks[node]! >>> lane) & 1) === 1)

const matters = (impact: (typeof IMPACTS)[number], least: (typeof IMPACTS)[number]): boolean =>
  IMPACTS.indexOf(impact) >= IMPACTS.indexOf(least)

/** Accounts that fall to an attacker to whom they did not fall before, or that are protected by less than before. */
export function easierIn(after: Assessment, before: Assessment): string[] {
  return after.accounts
    .values()
    .filter(({ fact: { id }, human, effective }) => {
      if (before.inventory.kindOf(id) === undefined) return false
      if ((takenBy(after, id) & ~takenBy(before, id)) !== 0) return true
      const old = human ? settled(before.weakest.ofAccount(id)) : null
      return old !== null && effective !== null && STRENGTHS.indexOf(effective) < STRENGTHS.indexOf(old)
    })
    .map(({ fact: { id } }) => id)
    .toArray()
    .toSorted()
}
