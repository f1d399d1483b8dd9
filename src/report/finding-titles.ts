import { title } from './words.ts'

/** Headings of the codes that the analysis has; a test holds them equal to its catalogue. */
export const FINDING_TITLES: Readonly<Record<string, string>> = {
  code_beyond_reach: 'A code guards more than a code may',
  below_required: 'A way in is weaker than the reach requires',
  recovery_weaker_than_sign_in: 'Recovery is weaker than sign-in',
  weaker_than_it_looks: 'Effective strength is below nominal',
  shared_channel: 'One channel is counted twice',
  assurance_inversion: 'An account outranks whoever can reset it',
  no_phishing_resistant_option: 'No phishing-resistant option is offered',
  restricted_without_duties: 'A restricted authenticator without its duties',
  session_too_long: 'A session outlives what its reach allows',
  exposed_session: 'A live session is exposed',
  leaked_secret: 'A leaked secret reaches this account',
  unsanctioned_secret: 'A secret lies where secrets are not meant to lie',
  long_lived_secret: 'A secret lives too long',
  wildcard_trust: 'A federated trust without strict conditions',
  non_human_used_by_people: 'A service account that people use by hand',
  non_human_without_owner: 'A non-human account without an owner',
  single_authenticator_no_way_back: 'Losing one thing locks the owner out',
  circular_recovery: 'Recovery goes through the account it recovers',
  unknown_authenticators: 'Nobody knows what guards this account',
  enrolment_weaker_than_authenticator: 'A strong authenticator can be enrolled weakly',
  exception_lapsed: 'An exception is not in force',
  exception_safeguard_false: 'A safeguard of an exception does not hold',
  exception_outgrown: 'The reach grew past what was approved',
  unused_entitlement: 'An entitlement nobody uses',
  excess_entitlement: 'An entitlement beyond the job',
}

/** The heading of a code. A code that is not listed, as in the report of a newer version, is read out as it is. */
export const findingTitle = (code: string): string =>
  Object.hasOwn(FINDING_TITLES, code) ? FINDING_TITLES[code]! : title(code)
