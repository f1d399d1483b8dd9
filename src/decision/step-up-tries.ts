/**
 * Counts how often somebody was sent to prove more for the same thing and came back without it, so that nobody is sent round
 * for ever. What is forgotten only starts the count again.
 */
import type { AccessRequest } from '#contract/access-request.ts'
import type { Decision, SessionEvidence } from '#contract/decision.ts'

/** Seconds after which a count starts again. Ours. */
const REMEMBERED_SECONDS = 900

interface Tries {
  /** the token or session that was too weak last */
  readonly shown: string
  readonly count: number
  readonly at: number
}

export interface StepUpTries {
  /** times so far, with the token or session that is shown now, which is worked out only where it matters; `now` in seconds */
  readonly before: (key: string, shown: () => string, now: number) => number
  readonly after: (key: string, shown: () => string, outcome: Decision['outcome'], now: number) => void
}

/** Who wants what: the same client of the same subject, for the same action on the same thing. */
export function stepUpKey({ issuer, subject, client }: SessionEvidence, { action, resource }: AccessRequest): string {
  return JSON.stringify([issuer, subject, client, action.name, resource.type, resource.id])
}

/** Remembers at most `limit` counts, the latest. */
export function stepUpTries(limit: number): StepUpTries {
  const kept = new Map<string, Tries>()
  const find = (key: string, now: number): Tries | null => {
    const found = kept.get(key)
    return found !== undefined && now - found.at < REMEMBERED_SECONDS ? found : null
  }
  // many requests with one token are one try: a page asks for twenty things at once
  const count = (found: Tries | null, shown: () => string) =>
    found === null ? 0 : found.count + (found.shown === shown() ? 0 : 1)
  return {
    before: (key, shown, now) => count(find(key, now), shown),
    after(key, shown, outcome, now) {
      const found = find(key, now)
      kept.delete(key)
      // a denial keeps the count, so that the next token is not asked for all over again
      if (outcome === 'permit') return
      if (outcome === 'deny' && found === null) return
      kept.set(key, { shown: shown(), count: count(found, shown), at: now })
      if (kept.size > limit) kept.delete(kept.keys().next().value!)
    },
  }
}
