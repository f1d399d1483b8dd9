/**
 * Changes that a person makes to how they sign in. Each needs a proof as strong as the strongest thing that is enrolled, not older
 * than five minutes; afterwards every session but the one that made the change is over, everywhere.
 */
import type { Worths } from '#assurance/authenticator.ts'
import type { Channel } from '#assurance/shared-channel.ts'
import { rankOf } from '#assurance/strength.ts'
import { AAL_OF_STRENGTH, STRENGTHS, type Aal, type Strength } from '#contract/vocabulary.ts'
import { newId } from '#lib/ids.ts'
import type { Tools } from './ceremony.ts'
import { proofBy } from './enrolled-proof.ts'
import { factorsShown, shown, type Session } from './session.ts'
import { hasBoth } from './sign-in.ts'
import type { EnrolledAuthenticator } from './stores.ts'

/** Milliseconds for which a proof is good for changes: as long as a code that was sent. */
const FRESH_MS = 300_000

/** The least a session must show to change anything: what the strongest of the enrolled, alone or in pairs, would show. */
export function strengthForChanges(enrolled: readonly EnrolledAuthenticator[], worths: Worths): Strength {
  const active = enrolled.filter(
    ({ kind, state }) => state === 'active' && kind !== 'recovery_code' && kind !== 'enrolment_pass',
  )
  // what a key is worth beyond phishing resistance is sealed, and asking for it would ask for no other key
  const { strength } = shown(
    active.map((it) => proofBy(it, new Map(), 'step_up', 0)),
    worths,
  )
  return rankOf(strength) === 0 ? 'single_factor' : strength
}

export interface ChangeLeave {
  readonly granted: boolean
  /** what has to be shown, within {@link FRESH_MS} */
  readonly strength: Strength
  readonly maxAgeSeconds: number
  /** level of what the session shows, which caps whatever it enrols (SP 800-63B-4 §4.1.2.1) */
  readonly aal: Aal
}

/** Whether this session may change things now. */
export function leaveForChanges(
  session: Session,
  enrolled: readonly EnrolledAuthenticator[],
  worths: Worths,
  channels: readonly Channel[],
  now: number,
): ChangeLeave {
  const strength = strengthForChanges(enrolled, worths)
  const young = session.proofs.filter(({ at }) => at >= now - FRESH_MS)
  const fresh = shown(young, worths, { channels })
  const { know, have } = factorsShown(young, worths)
  const bothShown = !hasBoth(enrolled, worths) || (know && have)
  const whole = shown(session.proofs, worths, { channels })
  return {
    granted: rankOf(fresh.strength) >= rankOf(strength) && bothShown,
    strength,
    maxAgeSeconds: FRESH_MS / 1000,
    aal: AAL_OF_STRENGTH[STRENGTHS.indexOf(whole.strength)]!,
  }
}

/**
 * Ends every session, code and known browser of the account, and opens the one that made the change anew under `token` (a
 * hash), with its proofs, its end and its browser. `beforeIt` hears the id of the new one before it begins. One without proofs, because
 * what they were of is gone, is not opened, nor one that somebody else ended while the change was made, be it another change: null then.
 */
export async function endOtherSessions(
  tools: Tools,
  session: Session,
  token: string,
  reason: string,
  beforeIt: (session: string) => Promise<void>,
): Promise<Session | null> {
  const now = tools.clock()
  if (session.proofs.length === 0) {
    await tools.accounts.endEverything(session.account, { reason }, now)
    return null
  }
  const renewed: Session = { ...session, id: newId('se'), usedAt: now }
  await beforeIt(renewed.id)
  const begun = await tools.sessions.renew(session, renewed, token, reason, now)
  if (begun !== null) await tools.budgets.remember(session.browser, session.account, now)
  return begun
}
