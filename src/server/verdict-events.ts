/** What those are told who follow the verdicts. */
import type { AccountState, LiveAnalysis } from '#analysis/live.ts'
import type { NewEvent } from '#storage/events.ts'

export function snapshotChanged(next: LiveAnalysis, before: LiveAnalysis | null): NewEvent {
  return {
    type: 'snapshot.changed',
    data: {
      snapshot: next.snapshotId,
      before: before?.snapshotId ?? null,
      policy: next.policy.hash,
      facts: next.counts.facts,
    },
  }
}

export function policyChanged(next: LiveAnalysis, before: LiveAnalysis): NewEvent {
  return {
    type: 'policy.changed',
    data: { policy: next.policy.hash, before: before.policy.hash, snapshot: next.snapshotId },
  }
}

/**
 * One event for each account whose verdict is another than before; an account that came or went has null on one side. One more where the
 * strength of its weakest way in changed, and one where the impact of what it reaches did.
 */
export function verdictChanges(before: LiveAnalysis, next: LiveAnalysis): NewEvent[] {
  const events: NewEvent[] = []
  const tell = (account: string, old: AccountState | undefined, young: AccountState | undefined) => {
    const snapshot = next.snapshotId
    if (old?.verdict !== young?.verdict) {
      const data = { account, before: told(old), after: told(young), snapshot }
      events.push({ type: 'verdict.changed', data })
    }
    if (old === undefined || young === undefined) return
    if (old.effective !== young.effective)
      events.push({
        type: 'assurance.changed',
        data: { account, before: old.effective, after: young.effective, snapshot },
      })
    if (old.impact !== young.impact) {
      const data = { account, before: old.impact, after: young.impact, requiredStrength: young.requirement.strength }
      events.push({ type: 'reach.changed', data: { ...data, snapshot } })
    }
  }
  for (const id of next.accountIds())
    if (next.held(id) !== before.held(id)) tell(id, before.account(id), next.account(id))
  for (const id of before.accountIds()) if (next.held(id) === undefined) tell(id, before.account(id), undefined)
  return events
}

const told = (state: AccountState | undefined) =>
  state === undefined
    ? null
    : {
        verdict: state.verdict,
        impact: state.impact,
        requiredStrength: state.requirement.strength,
        effectiveStrength: state.effective,
        reasons: state.reasons.map(({ code, text }) => ({ code, text })),
      }
