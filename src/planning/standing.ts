import type { Side, Standing } from '#contract/plan.ts'
import type { Account, Report } from '#contract/report.ts'
import { NEVER } from '#graph/closure.ts'
import type { Assessment } from './assess.ts'

/** What counts for or against an inventory as a whole. */
export function standingOf(assessment: Assessment): Standing {
  const accounts = [...assessment.accounts.values()]
  const count = (test: (account: (typeof accounts)[number]) => boolean): number => accounts.filter(test).length
  return {
    unfit: count(({ verdict }) => verdict === 'unfit'),
    unknown: count(({ verdict }) => verdict === 'unknown'),
    highUnfit: count(({ verdict, impact }) => verdict === 'unfit' && impact.impact === 'high'),
    attackers: assessment.policy.attackers.map(({ name }, lane) => {
      const taken = accounts.filter(({ fact }) => fallsTo(assessment, fact.id, lane))
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

export function fallsTo({ snapshot, takeover }: Assessment, account: string, lane: number): boolean {
  const node = snapshot.indexOf.get(account)
  return node !== undefined && takeover.ranks[node * 32 + lane] !== NEVER
}

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
