import type { AuthenticatorKind, Strength } from '#contract/vocabulary.ts'
import type { JudgedWay } from '../context.ts'

/** How a sentence calls an authenticator of each kind. */
const KIND_WORDS: Readonly<Record<AuthenticatorKind, string>> = {
  password: 'a password',
  pin: 'a PIN',
  security_question: 'a security question',
  totp: 'a TOTP code',
  hotp: 'an HOTP code',
  otp_multi_factor: 'a code of an unlocked token',
  sms_code: 'an SMS code',
  voice_code: 'a code read out by telephone',
  email_code: 'a code sent by mail',
  email_link: 'a link sent by mail',
  push: 'an approval on the phone',
  lookup_secret: 'a code from a list',
  recovery_code: 'a recovery code',
  passkey: 'a passkey',
  security_key: 'a security key',
  smart_card: 'a smart card',
  client_certificate: 'a client certificate',
  software_key: 'a key in software',
  biometric: 'a biometric',
  remembered_device: 'a remembered device',
  identity_proofing: 'repeated identity proofing',
  help_desk_check: 'a check by the help desk',
  postal_code: 'a code sent by post',
  temporary_access_pass: 'a temporary access pass',
  unknown: 'an authenticator of unknown kind',
}
export const kindWords = (kind: AuthenticatorKind): string => KIND_WORDS[kind]
export const kindsWords = (kinds: readonly AuthenticatorKind[]): string => listOf([...new Set(kinds)].map(kindWords))

const STRENGTH_WORDS: Readonly<Record<Strength, string>> = {
  none: 'nothing',
  single_factor: 'one factor',
  two_factor: 'two factors that can be phished',
  phishing_resistant: 'phishing-resistant authentication',
  hardware: 'a hardware-backed key',
}
export const strengthWords = (strength: Strength): string => STRENGTH_WORDS[strength]

const PURPOSE_WORDS = {
  sign_in: 'sign-in',
  federation: 'federated sign-in',
  recovery: 'recovery',
  enrolment: 'enrolment',
  help_desk: 'the help desk',
  admin_reset: 'an administrator’s reset',
  session: 'a session',
  secret: 'a secret',
} as const
export const purposeWords = ({ way }: JudgedWay): string => PURPOSE_WORDS[way.purpose]

/** A word of the vocabulary as people say it: `approve_payments` is "approve payments". */
export const plain = (word: string): string => word.replaceAll('_', ' ')

export const stepsOf = (hops: number): string => (hops === 1 ? '1 step' : `${hops} steps`)

/** "a", "a and b", "a, b and c"; "nothing" of none. */
export function listOf(words: readonly string[], last = 'and'): string {
  if (words.length <= 1) return words[0] ?? 'nothing'
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)!}`
}
