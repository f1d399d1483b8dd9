/** What a rule of a standard is, and the words its checks are written in. Nothing known counts as met unless it is. */
import {
  IMPACTS,
  STRENGTHS,
  type AuthenticatorKind,
  type Impact,
  type Purpose,
  type Strength,
} from '#contract/vocabulary.ts'
import type { AccountView, AuthenticatorView, WayInView } from './view.ts'

export type Status = 'met' | 'not_met' | 'unknown'

/** One clause of one standard; `section` is the clause. */
export interface StandardRule {
  readonly id: string
  readonly section: string
  /** where it is not that of the profile */
  readonly standard?: string
  readonly force: 'SHALL' | 'SHOULD' | 'MAY'
  /** what is asked, in our words */
  readonly text: string
  readonly applies: (view: AccountView) => boolean
  readonly check: (view: AccountView) => Status
}

export interface Profile {
  readonly name: string
  readonly standard: string
  readonly rules: readonly StandardRule[]
}

/** Met where true, not met where false, unknown where not stated. */
export const isTrue = (value: boolean | null | undefined): Status =>
  value === undefined || value === null ? 'unknown' : value ? 'met' : 'not_met'

/** Met where a text is written down. */
export const written = (text: string | undefined): Status => isTrue(text === undefined ? undefined : text.trim() !== '')

/** Holds a number against a bound, where it is stated. */
export const atLeast = (value: number | undefined, least: number): Status =>
  isTrue(value === undefined ? undefined : value >= least)
export const atMost = (value: number | undefined, most: number): Status =>
  isTrue(value === undefined ? undefined : value <= most)

/** Whether a code has as many digits as asked for, or as many bits. */
export const longEnough = ({ digits, bits }: AuthenticatorView, leastDigits: number, leastBits: number): Status =>
  digits === undefined ? atLeast(bits, leastBits) : isTrue(digits >= leastDigits || (bits ?? 0) >= leastBits)

/** At most so many failures in a row, where the limit is stated; 0 states that there is none. */
export const failuresAtMost = (maxFailures: number | undefined, most: number): Status =>
  maxFailures === 0 ? 'not_met' : atMost(maxFailures, most)

/** The worst of several: one that is not met decides, then one that is not known. */
export function all(statuses: readonly Status[]): Status {
  if (statuses.includes('not_met')) return 'not_met'
  return statuses.includes('unknown') ? 'unknown' : 'met'
}
/** The best of several; none at all is not met. */
export function any(statuses: readonly Status[]): Status {
  if (statuses.includes('met')) return 'met'
  return statuses.includes('unknown') ? 'unknown' : 'not_met'
}

/** As {@link all}, of what is on record; nothing on record is not known. */
const allRecorded = (statuses: readonly Status[]): Status => (statuses.length === 0 ? 'unknown' : all(statuses))

export const isHuman = ({ account }: AccountView) => account.kind === 'human'
export const isNonHuman = (view: AccountView) => !isHuman(view)
export const impactAtLeast =
  (least: Impact) =>
  ({ impact }: AccountView): boolean =>
    IMPACTS.indexOf(impact) >= IMPACTS.indexOf(least)

export const SIGN_IN: readonly Purpose[] = ['sign_in', 'federation']
/** Ways that put someone in without what they usually sign in with. */
export const RECOVERY: readonly Purpose[] = ['recovery', 'help_desk']
export const waysFor = ({ waysIn }: AccountView, purposes: readonly Purpose[]): readonly WayInView[] =>
  waysIn.filter(({ purpose }) => purposes.includes(purpose))
export const hasWay = (purposes: readonly Purpose[]) => (view: AccountView) => waysFor(view, purposes).length > 0

/** Every alternative of every way in of these purposes; unknown where a way in's are not known, or none is on record. */
export function everyAlternative(
  view: AccountView,
  purposes: readonly Purpose[],
  check: (alternative: readonly AuthenticatorView[], way: WayInView) => Status,
): Status {
  return allRecorded(
    waysFor(view, purposes).map((way) =>
      way.alternatives === null ? 'unknown' : all(way.alternatives.map((alternative) => check(alternative, way))),
    ),
  )
}

/** Whether a strength reaches another, where it is known. */
export const reaches = (strength: Strength | null, least: Strength): Status =>
  isTrue(strength === null ? null : STRENGTHS.indexOf(strength) >= STRENGTHS.indexOf(least))

/** Every way in of these purposes is at least so strong. */
export const waysReach = (view: AccountView, purposes: readonly Purpose[], least: Strength): Status =>
  allRecorded(waysFor(view, purposes).map(({ strength }) => reaches(strength, least)))

/** Authenticators of these kinds. */
export const ofKinds = ({ authenticators }: AccountView, kinds: readonly AuthenticatorKind[]) =>
  authenticators.filter(({ kind }) => kinds.includes(kind))
export const hasKind = (kinds: readonly AuthenticatorKind[]) => (view: AccountView) => ofKinds(view, kinds).length > 0
export const everyOf = (
  view: AccountView,
  kinds: readonly AuthenticatorKind[],
  check: (authenticator: AuthenticatorView) => Status,
): Status => all(ofKinds(view, kinds).map(check))

/** No way in of these purposes asks for one of these kinds; an unknown kind may be one of them. */
export const neverAsks = (
  view: AccountView,
  purposes: readonly Purpose[],
  kinds: readonly AuthenticatorKind[],
): Status =>
  everyAlternative(view, purposes, (alternative) =>
    all(alternative.map(({ kind }) => (kind === 'unknown' ? 'unknown' : isTrue(!kinds.includes(kind))))),
  )

export const allOf =
  (...conditions: readonly ((view: AccountView) => boolean)[]) =>
  (view: AccountView): boolean =>
    conditions.every((condition) => condition(view))

/** SP 800-63B-4 §3.1.4, §3.1.5. */
export const OTP: readonly AuthenticatorKind[] = ['totp', 'hotp', 'otp_multi_factor']
/** SP 800-63B-4 §3.1.3.3: over the telephone network. */
export const TELEPHONE: readonly AuthenticatorKind[] = ['sms_code', 'voice_code']
export const MAIL: readonly AuthenticatorKind[] = ['email_code', 'email_link']
export const PASSWORDS: readonly AuthenticatorKind[] = ['password', 'pin']
/** Phishing-resistant where bound to the verifier's name or channel (SP 800-63B-4 §3.2.5). */
export const PHISHING_RESISTANT: readonly AuthenticatorKind[] = [
  'passkey',
  'security_key',
  'smart_card',
  'client_certificate',
]
/** Something the person has, so that it makes a second factor beside a password (SP 800-63B-4 §2.2.1). */
export const PHYSICAL: readonly AuthenticatorKind[] = [
  ...OTP,
  ...TELEPHONE,
  ...PHISHING_RESISTANT,
  'push',
  'lookup_secret',
  'software_key',
]
/** Codes issued for one recovery (SP 800-63B-4 §4.2.1.2). */
export const ISSUED_CODES: readonly AuthenticatorKind[] = [...MAIL, ...TELEPHONE, 'postal_code']
/** What a stranger could guess, and so must be throttled (SP 800-63B-4 §3.2.2). */
export const GUESSABLE: readonly AuthenticatorKind[] = [
  ...PASSWORDS,
  ...OTP,
  ...TELEPHONE,
  ...MAIL,
  'lookup_secret',
  'recovery_code',
  'temporary_access_pass',
]
