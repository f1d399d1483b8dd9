import type { Side, Standing } from '#contract/plan.ts'
import type { Account, Report } from '#contract/report.ts'
import type { Assessment } from './assess.ts'

/** What counts for or against an inventory as a whole. */
export function standingOf(assessment: Assessment): Standing {
  const accounts = [...assessment.accounts.values()]
  const masks = accounts.map(({ fact }) => takenBy(assessment, fact.id))
  const count = (test: (account: (typeof accounts)[number]) => boolean): number => accounts.filter(test).length
  return {
    unfit: count(({ verdict }) => verdict === 'unfit'),
    unknown: count(({ verdict }) => verdict === 'unknown'),
    highUnfit: count(({ verdict, impact }) => verdict === 'unfit' && impact.impact === 'high'),
    attackers: assessment.policy.attackers.map(({ name }, lane) => {
      const taken = accounts.filter((_, i) => (masks[i]! >>> lane) & 1)
      return {
        attacker: name,
        accounts: taken.length,
        highImpact: taken.filter(({ impact }) => impact.impact === 'high').length,
      }
    }),
    oneLossFromLockOut: count(({ fact }) => assessment.recoverability(fact.id).lostWithout.length > 0),
  }
}

/** The same of a report. */
export function standingIn({ accounts, summary }: Report): Standing {
  const count = (test: (account: Account) => boolean): number => accounts.filter(test).length
  return {
    unfit: count(({ verdict }) => verdict === 'unfit'),
    unknown: count(({ verdict }) => verdict === 'unknown'),
    highUnfit: count(({ verdict, impact }) => verdict === 'unfit' && impact === 'high'),
    attackers: summary.attackers.map((each) => ({ ...each })),
    oneLossFromLockOut: count(({ recoverable }) => recoverable.lostWithout.length > 0),
  }
}

/** The attackers to whom an account falls, a bit each. */
export function takenBy({ snapshot, takeover }: Assessment, account: string): number {
  const node = snapshot.indexOf.get(account)
  return node === undefined ? 0 : takeover.masks[node]!
}

export const fallsTo = (assessment: Assessment, account: string, lane: number): boolean =>
  ((takenBy(assessment, account) >>> lane) & 1) === 1

/** What a plan may change of one account. */
export const sideOf = (account: Account): Side => ({
  verdict: account.verdict,
  impact: account.impact,
  required: account.requiredStrength,
  effective: account.effectiveStrength,
  fallsTo: account.fallsTo.map(({ attacker }) => attacker),
  canSignIn: account.recoverable.canSignIn,
  lostWithout: [...account.recoverable.lostWithout],
})
