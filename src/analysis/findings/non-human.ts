import { impactWords } from '#contract/vocabulary.ts'
import type { AccountAnalysis, Analysis } from '../context.ts'
import { MILD_BY_IMPACT, nameOf, type Draft } from './finding.ts'

/** OWASP NHI checks that are about the account and not about one of its secrets. */
export function* nonHumanFindings(analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  if (account.human || account.fact.enabled === false) return
  const severity = MILD_BY_IMPACT[account.impact.impact]
  const { fact } = account
  if (fact.interactive === true) {
    yield {
      code: 'non_human_used_by_people',
      severity,
      account: fact.id,
      message: `people sign in with ${nameOf(account)} by hand, and its reach is of ${impactWords(account.impact.impact)}`,
      facts: [fact.id],
    }
  }
  const why = ownerless(analysis, account)
  if (why !== null) {
    yield {
      code: 'non_human_without_owner',
      severity,
      account: fact.id,
      message: `${nameOf(account)} ${why}`,
      facts: [fact.id],
    }
  }
}

function ownerless({ snapshot }: Analysis, { fact }: AccountAnalysis): string | null {
  if (fact.ownerActive === false) return `answers to ${fact.owner ?? 'someone'} who has left`
  if (fact.owner === undefined) return 'has no owner on record'
  const owner = snapshot.inventory.get(fact.owner)?.fact
  if (owner?.fact === 'account' && owner.enabled === false) return `answers to ${fact.owner}, whose account is disabled`
  return null
}
