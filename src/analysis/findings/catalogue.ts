import type { Citation } from '#contract/report.ts'

/** What one finding code means, rests on and asks for. `docs/findings.md` is generated from this table. */
export interface FindingKind {
  readonly title: string
  readonly meaning: string
  /** this list and the next are those of every finding of the code, not copies: nobody may change them */
  readonly citations: Citation[]
  readonly remedy: string[]
  /** how its severity is set */
  readonly severity: string
}

const nist = (section: string): Citation => ({ standard: 'NIST SP 800-63B-4', section })
const csf = (section: string): Citation => ({ standard: 'NIST CSF 2.0', section })
const nhi = (section: string): Citation => ({ standard: 'OWASP NHI Top 10', section })
const asvs = (section: string): Citation => ({ standard: 'OWASP ASVS 5.0', section })
const pci = (section: string): Citation => ({ standard: 'PCI DSS 4.0.1', section })

const BY_IMPACT = 'by what the account reaches: high impact critical, moderate high, low low'
const MILD = 'by what the account reaches: high impact high, moderate medium, low low'

export const FINDING_KINDS = {
  code_beyond_reach: {
    title: 'A code guards more than a code may',
    meaning:
      'The account can be entered with a code, link or approval that can be relayed, and reaches a capability for which the policy refuses codes. One finding for each capability.',
    citations: [csf('PR.AA-03'), csf('PR.AA-05'), nist('2.2.2'), nist('3.2.5')],
    remedy: [
      'enrol a phishing-resistant authenticator and remove the code from this way in',
      'or take away the entitlement that leads to the capability',
      'or open a time-boxed exception with all five safeguards',
    ],
    severity: BY_IMPACT,
  },
  below_required: {
    title: 'A way in is weaker than the reach requires',
    meaning: 'The way in proves less than the policy requires for what the account reaches, and no code is the reason.',
    citations: [csf('PR.AA-03'), nist('2')],
    remedy: ['raise this way in to the required strength', 'or scope the account down until the requirement falls'],
    severity: `${MILD}; critical where high impact is guarded by one factor or none`,
  },
  recovery_weaker_than_sign_in: {
    title: 'Recovery is weaker than sign-in',
    meaning:
      'A recovery, reset, help-desk or enrolment path gives the account for less than its best sign-in asks. The account is as strong as this path.',
    citations: [nist('4.2'), asvs('6.4.3'), asvs('6.3.4'), csf('PR.AA-03')],
    remedy: [
      'make recovery ask for two codes by different methods, or a code and another bound authenticator',
      'guard the channel the code is sent to as strongly as the account',
      'or drop this path and keep a second strong authenticator instead',
    ],
    severity: BY_IMPACT,
  },
  weaker_than_it_looks: {
    title: 'Effective strength is below nominal',
    meaning:
      'The best sign-in promises more than the cheapest way in asks for: another account, channel, secret or reset leads here more easily.',
    citations: [csf('PR.AA-03'), asvs('6.3.4')],
    remedy: [
      'close the step of the chain that is cheapest to close',
      'or raise the account it starts from to the same strength',
    ],
    severity: MILD,
  },
  shared_channel: {
    title: 'One channel is counted twice',
    meaning:
      'Everything a way in asks for can be had from one channel: a vault with password and seed, a phone that receives the code and resets the password. Two factors on one channel are one.',
    citations: [nist('2.2.1'), { standard: 'PSD2 RTS (EU) 2018/389', section: 'Article 9' }],
    remedy: [
      'keep the second factor on another device or account than the first',
      'or replace both by one phishing-resistant authenticator',
    ],
    severity: MILD,
  },
  assurance_inversion: {
    title: 'An account outranks whoever can reset it',
    meaning:
      'Someone whose own account is guarded less can reset, administer or act as this one, so their guard is its guard.',
    citations: [nist('4.2'), csf('PR.AA-05'), pci('8.3.3')],
    remedy: [
      'let only accounts of at least the same strength reset this one, two people above a threshold',
      'or raise the accounts that can reset it',
    ],
    severity: BY_IMPACT,
  },
  no_phishing_resistant_option: {
    title: 'No phishing-resistant option is offered',
    meaning:
      'The system offers no authenticator that resists phishing, so no one there can meet a requirement for one.',
    citations: [nist('2.2.2')],
    remedy: ['offer passkeys or security keys in this system, or put it behind a sign-in that does'],
    severity: 'medium',
  },
  restricted_without_duties: {
    title: 'A restricted authenticator without its duties',
    meaning:
      'A code sent over the telephone network is in use, and one of its duties is not on record: an alternative, notice to the holder, a risk assessment, a migration plan.',
    citations: [nist('3.1.3.3'), nist('3.2.9')],
    remedy: ['record the missing duties, or replace the code by an authenticator that is not restricted'],
    severity: 'medium; high where the impact is high',
  },
  session_too_long: {
    title: 'A session outlives what its reach allows',
    meaning: 'The session of this way in lasts longer, or may idle longer, than the policy allows for what it reaches.',
    citations: [nist('2.1.3'), nist('2.2.3'), nist('2.3.3')],
    remedy: [
      'shorten the overall or idle limit to the required one',
      'bind sessions to a device key (DPoP, mTLS, DBSC)',
    ],
    severity: MILD,
  },
  exposed_session: {
    title: 'A live session is exposed',
    meaning: 'A session of the account is known to be in other hands. No factor is asked of whoever presents it.',
    citations: [nist('5.1'), nhi('NHI7:2025')],
    remedy: ['revoke the session now', 'bind sessions to a device key and shorten them'],
    severity: BY_IMPACT,
  },
  leaked_secret: {
    title: 'A leaked secret reaches this account',
    meaning: 'A secret that is known to be out opens the account or proves one of its authenticators.',
    citations: [nhi('NHI2:2025'), csf('PR.AA-01')],
    remedy: ['revoke and replace the secret now', 'replace static secrets by short-lived federated credentials'],
    severity: 'critical where the impact is moderate or high, else high',
  },
  unsanctioned_secret: {
    title: 'A secret lies where secrets are not meant to lie',
    meaning:
      'A secret that opens the account is stored in a place that is not a secret store; whoever reads the place has it.',
    citations: [nhi('NHI2:2025'), asvs('13.3.1')],
    remedy: ['move the secret to a secret store and replace its value', 'search the place for others'],
    severity: MILD,
  },
  long_lived_secret: {
    title: 'A secret lives too long',
    meaning: 'The secret is older than the policy allows and was never replaced, or it has no end.',
    citations: [nhi('NHI7:2025'), { standard: 'CISA SCuBA Entra baseline', section: 'MS.AAD.5.6v1' }],
    remedy: ['replace it and set an end', 'use short-lived federated credentials instead'],
    severity: 'medium; low where the impact is low',
  },
  wildcard_trust: {
    title: 'A federated trust without strict conditions',
    meaning: 'Anyone whose token matches a wildcard, or no condition at all, may become this account.',
    citations: [nhi('NHI6:2025')],
    remedy: ['name issuer, audience and exact subject in the trust'],
    severity: BY_IMPACT,
  },
  non_human_used_by_people: {
    title: 'A service account that people use by hand',
    meaning:
      'People sign in with a non-human account, so nothing they do can be attributed and no factor of theirs is asked.',
    citations: [nhi('NHI10:2025'), pci('8.6.1')],
    remedy: ['give people accounts of their own, and bar interactive sign-in of the service'],
    severity: MILD,
  },
  non_human_without_owner: {
    title: 'A non-human account without an owner',
    meaning: 'Nobody answers for the account, or its owner has left.',
    citations: [nhi('NHI1:2025'), csf('PR.AA-01')],
    remedy: ['name an owner, or disable the account'],
    severity: MILD,
  },
  single_authenticator_no_way_back: {
    title: 'Losing one thing locks the owner out',
    meaning: 'After the loss of one authenticator or channel no way in is left to the owner.',
    citations: [nist('4.1.2.1'), nist('4.2.1')],
    remedy: [
      'bind a second authenticator of the same strength',
      'or set up recovery that does not depend on the lost thing',
    ],
    severity: 'low; medium where the impact is high',
  },
  circular_recovery: {
    title: 'Recovery goes through the account it recovers',
    meaning: 'The recovery of the account is sent to a channel that can be opened only with the account itself.',
    citations: [nist('4.2.1')],
    remedy: ['send recovery to a channel that does not depend on this account'],
    severity: 'medium',
  },
  unknown_authenticators: {
    title: 'Nobody knows what guards this account',
    meaning:
      'No way in is on record, or one rests on an authenticator of unknown kind, so no verdict but `unknown` is honest.',
    citations: [asvs('6.1.3'), nist('4.1')],
    remedy: ['record every way in of this account with its authenticators'],
    severity: 'by what the account reaches: high impact high, moderate medium, else info',
  },
  enrolment_weaker_than_authenticator: {
    title: 'A strong authenticator can be enrolled weakly',
    meaning:
      'Whoever passes this enrolment binds an authenticator stronger than what the enrolment asked, and inherits its strength.',
    citations: [nist('4.1.2.1'), asvs('7.5.1')],
    remedy: ['ask for the strongest authenticator of the account, or repeated proofing, before binding a new one'],
    severity: MILD,
  },
  exception_lapsed: {
    title: 'An exception is not in force',
    meaning:
      'The exception that was to excuse this way in is past its end, has not begun, runs longer than the policy allows, or was approved by its own subject.',
    citations: [{ standard: 'NIST SP 800-63-4', section: '3.4.2' }, pci('8.5.1'), csf('ID.RA-07')],
    remedy: ['fix what the exception excused, or approve a new one with a hard end'],
    severity: BY_IMPACT,
  },
  exception_safeguard_false: {
    title: 'A safeguard of an exception does not hold',
    meaning: 'One of the five safeguards that the exception stands on is false or not shown.',
    citations: [{ standard: 'NIST SP 800-63-4', section: '3.4.2' }, pci('8.5.1'), csf('ID.RA-07')],
    remedy: ['restore the safeguard, or end the exception'],
    severity: BY_IMPACT,
  },
  exception_outgrown: {
    title: 'The reach grew past what was approved',
    meaning: 'The account now reaches capabilities that the approver of its exception did not cover.',
    citations: [{ standard: 'NIST SP 800-63-4', section: '3.4.2' }, csf('ID.RA-07')],
    remedy: ['have the exception approved anew for the reach of today, or take the new entitlements away'],
    severity: BY_IMPACT,
  },
  unused_entitlement: {
    title: 'An entitlement nobody uses',
    meaning:
      'The entitlement has not been used for longer than the policy allows, and it raises what the account reaches.',
    citations: [csf('PR.AA-05'), nhi('NHI5:2025')],
    remedy: ['take the entitlement away, or make it time-boxed'],
    severity: 'low; medium where its impact is high',
  },
  excess_entitlement: {
    title: 'An entitlement beyond the job',
    meaning: 'The entitlement is marked as not needed for the job of its holder.',
    citations: [csf('PR.AA-05'), nhi('NHI5:2025')],
    remedy: ['take the entitlement away'],
    severity: 'medium; high where its impact is high',
  },
} as const satisfies Record<string, FindingKind>

export type FindingCode = keyof typeof FINDING_KINDS
