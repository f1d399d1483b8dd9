/**
 * Counts how often somebody was sent to prove more for the same thing and came back without it, so that nobody is sent round
 * for ever. What is forgotten only starts the count again.
 */
import type { AccessRequest } from '#contract/access-request.ts'
import type { Decision, SessionEvidence } from '#contract/decision.ts'

/** Seconds after which a count starts again. Ours. */
const REMEMBERED_SECONDS = 900

/** Who wants what. What it is called is worked out only where tries of its subject are remembered: most have none. */
export interface StepUpKey {
  readonly subject: string
  /** different for everything that is counted apart */
  readonly text: () => string
}

interface Tries {
  readonly subject: string
  /** the token or session that was too weak last */
  readonly shown: string
  readonly count: number
  readonly at: number
}

export interface StepUpTries {
  /** times so far, with the token or session that is shown now, which is worked out only where it matters; `now` in seconds */
  readonly before: (key: StepUpKey, shown: () => string, now: number) => number
  readonly after: (key: StepUpKey, shown: () => string, outcome: Decision['outcome'], now: number) => void
}

/** The same client of the same subject, for the same action on the same thing. */
export const stepUpKey = (
  { issuer, subject, client }: SessionEvidence,
  { action, resource }: AccessRequest,
): StepUpKey => ({
  subject,
  text: () => JSON.stringify([issuer, subject, client, action.name, resource.type, resource.id]),
})

/** Remembers at most `limit` counts, the latest. */
export function stepUpTries(limit: number): StepUpTries {
  const kept = new Map<string, Tries>()
  /** how many of the kept are of a subject, where any is */
  const ofSubject = new Map<string, number>()
  const find = (text: string, now: number): Tries | null => {
    const found = kept.get(text)
    return found !== undefined && now - found.at < REMEMBERED_SECONDS ? found : null
  }
  const forget = (text: string) => {
    const found = kept.get(text)
    if (found === undefined) return
    kept.delete(text)
    const left = ofSubject.get(found.subject)! - 1
    if (left === 0) ofSubject.delete(found.subject)
    else ofSubject.set(found.subject, left)
  }
  // many requests with one token are one try: a page asks for twenty things at once
  const count = (found: Tries | null, shown: () => string) =>
    found === null ? 0 : found.count + (found.shown === shown() ? 0 : 1)
  return {
    before: ({ subject, text }, shown, now) => (ofSubject.has(subject) ? count(find(text(), now), shown) : 0),
    after({ subject, text: textOf }, shown, outcome, now) {
      if (outcome !== 'step_up' && !ofSubject.has(subject)) return
      const text = textOf()
      const found = find(text, now)
      forget(text)
      // a denial keeps the count, so that the next token is not asked for all over again
      if (outcome === 'permit') return
      if (outcome === 'deny' && found === null) return
      kept.set(text, { subject, shown: shown(), count: count(found, shown), at: now })
      ofSubject.set(subject, (ofSubject.get(subject) ?? 0) + 1)
      if (kept.size > limit) forget(kept.keys().next().value!)
    },
  }
}
