/** What a person can prove something with here, as a table. The inventory's words are used, so that both halves agree. */
import type { AuthenticatorKind } from '#contract/vocabulary.ts'

export interface Factor {
  /** what it counts as in the assurance model */
  readonly kind: AuthenticatorKind
  /** whether it is typed or approved, so that it can be relayed: an account whose reach forbids codes may not use it */
  readonly code: boolean
  /** whether a guess can succeed, so that guesses are counted; nothing that can be guessed is without a budget */
  readonly guessable: boolean
  /** whether something is sent to a channel, so that sends are counted */
  readonly sent: boolean
  /** `amr` value that says what was proved and no more (RFC 8176 §2); null where there is none */
  readonly amr: string | null
}

const factors = <const T extends Readonly<Record<string, Factor>>>(table: T): T => table

export const FACTORS = factors({
  password: { kind: 'password', code: false, guessable: true, sent: false, amr: 'pwd' },
  totp: { kind: 'totp', code: true, guessable: true, sent: false, amr: 'otp' },
  hotp: { kind: 'hotp', code: true, guessable: true, sent: false, amr: 'otp' },
  // no amr value says "a code by mail": `otp` would claim a factor that it is not
  email_code: { kind: 'email_code', code: true, guessable: true, sent: true, amr: null },
  sms_code: { kind: 'sms_code', code: true, guessable: true, sent: true, amr: 'sms' },
  push: { kind: 'push', code: true, guessable: true, sent: true, amr: null },
  recovery_code: { kind: 'recovery_code', code: true, guessable: true, sent: false, amr: null },
  enrolment_pass: { kind: 'temporary_access_pass', code: true, guessable: true, sent: false, amr: null },
  // the class of the key decides between hwk and swk, see session.ts
  passkey: { kind: 'passkey', code: false, guessable: false, sent: false, amr: 'pop' },
  // by itself worth nothing: what another provider proved stands in the proof, see upstream.ts
  upstream: { kind: 'unknown', code: false, guessable: false, sent: false, amr: null },
})

export type FactorName = keyof typeof FACTORS
export const FACTOR_NAMES = Object.keys(FACTORS) as readonly FactorName[]

/** What a proof is given for; one given for another purpose is worth nothing. */
export const CEREMONY_PURPOSES = ['sign_in', 'step_up', 'enrol', 'recover', 'verify_channel'] as const
export type CeremonyPurpose = (typeof CEREMONY_PURPOSES)[number]
