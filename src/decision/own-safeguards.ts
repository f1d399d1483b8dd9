/** Safeguards of sign-ins here: the server that keeps them is asked whether they are at work, not what somebody stated of them. */
import type { DeviceEvidence, SessionEvidence } from '#contract/decision.ts'
import type { SafeguardState } from '#contract/exception.ts'
import type { Safeguard } from '#contract/vocabulary.ts'
import type { Safeguards } from './exception-world.ts'

/** Whether one holds, and by what that is known; null is not known, and does not hold. */
export type Word = Omit<SafeguardState, 'safeguard'>

/** Safeguards that hold for every sign-in here, or for none. */
export type OwnSafeguard = Exclude<Safeguard, 'device_binding' | 'privilege_separation'>

/** What this server sees of its own sign-ins. */
export interface OwnSafeguards {
  /** `iss` of the sessions that begin here */
  readonly issuer: string
  readonly words: Readonly<Record<OwnSafeguard, Word>>
}

/** A session that is asked for, and what ties it to a device. */
export interface SessionAtHand {
  readonly session: SessionEvidence
  readonly device: DeviceEvidence | null
  /** whether it is bound to a key of its browser; null where that cannot be known */
  readonly isBound: boolean | null
}

/** Of accounts that sign in here: what holds before a session of theirs is at hand. Of all others there is no word. */
export function seenOfAccounts({ words }: OwnSafeguards, signsInHere: (account: string) => boolean): Safeguards {
  const of = (word: Word) => (account: string) => (signsInHere(account) ? word : null)
  const { anomaly_detection, rate_limiting, monitored_recovery } = words
  return {
    anomaly_detection: of(anomaly_detection),
    rate_limiting: of(rate_limiting),
    monitored_recovery: of(monitored_recovery),
  }
}

/** Of a session: what holds of sign-ins here where it began here, and then also that it works on one device only. */
export function seenOfSession(own: OwnSafeguards, hand: SessionAtHand): Safeguards {
  if (hand.session.issuer !== own.issuer) return {}
  return { ...seenOfAccounts(own, () => true), device_binding: () => bindingOf(hand) }
}

/** A token that is worth nothing without its key, a browser that proves one, or a device that somebody looks after. */
function bindingOf({ session, device, isBound }: SessionAtHand): Word {
  if (session.senderConstrained !== null)
    return { holds: true, evidence: `the session is held by a key (${session.senderConstrained})` }
  if (isBound === true) return { holds: true, evidence: 'the session is bound to a key of its browser' }
  if (device?.managed === true && device.compliant === true)
    return { holds: true, evidence: 'the session is on a device that is looked after' }
  if (isBound === null) return { holds: null, evidence: 'nothing says which session it is' }
  return { holds: false, evidence: 'the session is bound to no device' }
}
