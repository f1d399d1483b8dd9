import type { Recoverability } from '#analysis/recovery.ts'
import type { Assessment } from './assess.ts'

/** What each account could lose, and whether it could be entered by its owner, before any change. */
export type Losses = (account: string) => Recoverability

/** Owners who are worse off than before: out, or out for good after one loss that they would have survived. */
export function lockOutsOf(assessment: Assessment, before: Losses): { account: string; by: string }[] {
  const found: { account: string; by: string }[] = []
  for (const { fact } of assessment.inventory.byKind.account) {
    if (fact.kind !== 'human' || fact.enabled === false) continue
    const old = before(fact.id)
    const now = assessment.recoverability(fact.id)
    if (old.canSignIn !== false && now.canSignIn === false) found.push({ account: fact.id, by: 'sign-in' })
    else if (old.canSignIn === true && now.canSignIn !== true) found.push({ account: fact.id, by: 'sign-in' })
    for (const loss of now.lostWithout) {
      if (!old.lostWithout.includes(loss)) found.push({ account: fact.id, by: loss })
    }
  }
  return found
}
