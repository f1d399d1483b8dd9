/** One plain sentence for the person who is asked; nothing in it tells a stranger what the account reaches. */
import type { Outcome } from '#contract/decision.ts'
import type { Strength } from '#contract/vocabulary.ts'

const DENIED: Readonly<Record<string, string>> = {
  subject_unknown: 'You do not have access to this.',
  account_disabled: 'This account is disabled.',
  account_frozen: 'This account is stopped until its recovery is sorted out; ask your help desk.',
  authority_withheld: 'This account was recovered a short while ago; this is possible again in a few days.',
  session_revoked: 'This session was ended; sign in again.',
  not_entitled: 'You do not have access to this.',
  forbidden: 'You do not have access to this.',
  risk_too_high: 'Something about this session looks wrong, so access is stopped; ask your help desk.',
  device_not_shown: 'This takes a device that your organisation manages.',
  not_sender_constrained: 'This takes an app that proves which device it runs on.',
  step_up_loop: 'It could not be confirmed that it is you; ask your help desk.',
  exposed: 'A secret of this account is known to be out; replace it first.',
}
const ANY_DENIAL = 'This is not possible at the moment; ask your help desk.'

const WITH: Readonly<Record<Strength, string>> = {
  none: 'Sign in again.',
  single_factor: 'Sign in again.',
  two_factor: 'Confirm that it is you with a second factor.',
  phishing_resistant: 'Confirm that it is you with a passkey or security key.',
  hardware: 'Confirm that it is you with your hardware security key.',
}
const SET_UP: Readonly<Record<Strength, string>> = {
  none: ANY_DENIAL,
  single_factor: ANY_DENIAL,
  two_factor: 'This takes a second factor; set one up first.',
  phishing_resistant: 'This takes a passkey or security key; set one up first.',
  hardware: 'This takes a hardware security key; set one up first.',
}

/** @param worst  code of the first reason */
export function sentenceFor(outcome: Outcome, worst: string, strength: Strength): string {
  if (outcome === 'permit') return 'You have access.'
  if (outcome === 'step_up') return WITH[strength]
  return worst === 'enrolment_needed' ? SET_UP[strength] : (DENIED[worst] ?? ANY_DENIAL)
}
