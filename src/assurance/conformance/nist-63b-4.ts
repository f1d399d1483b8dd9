/** NIST SP 800-63B-4 (final, August 2025). The ids are those under which docs/policy.md lists the rules. */
import type { Strength } from '#contract/vocabulary.ts'
import { RECOVERY_RULES } from './nist-63b-4-recovery.ts'
import type { AccountView, AuthenticatorView } from './view.ts'
import {
  all,
  allOf,
  any,
  atLeast,
  atMost,
  everyAlternative,
  everyOf,
  failuresAtMost,
  GUESSABLE,
  hasKind,
  hasWay,
  impactAtLeast,
  isHuman,
  isTrue,
  longEnough,
  MAIL,
  neverAsks,
  OTP,
  PHISHING_RESISTANT,
  PHYSICAL,
  type Profile,
  RECOVERY,
  SIGN_IN,
  type StandardRule,
  type Status,
  TELEPHONE,
  waysFor,
  waysReach,
  written,
} from './rule.ts'

const DAY = 86_400
const person = isHuman
const personWith = (kinds: Parameters<typeof hasKind>[0]) => allOf(person, hasKind(kinds))
const personOf = (impact: 'moderate' | 'high') => allOf(person, impactAtLeast(impact), hasWay(SIGN_IN))

/** Strength that stands for the level of an impact (SP 800-63-4 §3.3.3.2: low AAL1, moderate AAL2, high AAL3). */
const LEVEL: Readonly<Record<AccountView['impact'], Strength>> = {
  none: 'none',
  low: 'single_factor',
  moderate: 'two_factor',
  high: 'hardware',
}
/** Replay-resistant are one-time codes, keys and look-up secrets (§3.2.7). */
const NOT_REPLAY_RESISTANT: readonly string[] = [
  'password',
  'pin',
  'security_question',
  'biometric',
  'remembered_device',
  'help_desk_check',
  'identity_proofing',
]

const limitOf = (limit: 'overallSeconds' | 'idleSeconds', most: number) => (view: AccountView) =>
  all(waysFor(view, SIGN_IN).map(({ session }) => atMost(session[limit], most)))

const RULES: readonly StandardRule[] = [
  {
    id: 'DIR-04',
    standard: 'NIST SP 800-63-4',
    section: '3.3.3.2',
    force: 'SHALL',
    text: 'every sign-in reaches the level of the impact: low AAL1, moderate AAL2, high AAL3',
    applies: allOf(person, hasWay(SIGN_IN)),
    check: (view) => waysReach(view, SIGN_IN, LEVEL[view.impact]),
  },
  {
    id: 'AAL-04',
    section: '2.2.2',
    force: 'SHALL',
    text: 'at AAL2 each sign-in uses at least one replay-resistant authenticator',
    applies: personOf('moderate'),
    check: (view) =>
      everyAlternative(view, SIGN_IN, (alternative) => any(alternative.map((it) => replayResistant(it)))),
  },
  {
    id: 'AAL-05',
    section: '2.2.2',
    force: 'SHALL',
    text: 'at AAL2 a phishing-resistant option is offered',
    applies: personOf('moderate'),
    check: (view) => {
      if (hasKind(PHISHING_RESISTANT)(view)) return 'met'
      const offers = view.system?.offers
      return isTrue(offers?.some((kind) => PHISHING_RESISTANT.includes(kind)))
    },
  },
  {
    id: 'AAL-06',
    section: '2.2.2',
    force: 'SHALL',
    text: 'staff, contractors and partners of federal agencies sign in phishing-resistantly',
    applies: allOf(
      person,
      (view) => view.system?.federal === true && view.account.population !== 'customer',
      hasWay(SIGN_IN),
    ),
    check: (view) => all(waysFor(view, SIGN_IN).map(({ phishingResistant }) => isTrue(phishingResistant))),
  },
  {
    id: 'AAL-10',
    section: '2.3.2',
    force: 'SHALL',
    text: 'at AAL3 no authenticator that syncs is used',
    applies: allOf(personOf('high'), hasKind(['passkey', 'security_key'])),
    check: (view) =>
      everyAlternative(view, SIGN_IN, (alternative) =>
        all(
          alternative
            .filter(({ kind }) => kind === 'passkey' || kind === 'security_key')
            .map(({ synced }) => isTrue(synced === undefined ? undefined : !synced)),
        ),
      ),
  },
  {
    id: 'OTP-01',
    section: '3.1.4.1',
    force: 'SHALL',
    text: 'the key of a one-time password device has at least 112 bits',
    applies: personWith(OTP),
    check: (view) => everyOf(view, OTP, ({ bits }) => atLeast(bits, 112)),
  },
  {
    id: 'OTP-02',
    section: '3.1.4.1',
    force: 'SHALL',
    text: 'a one-time password has at least 6 digits',
    applies: personWith(OTP),
    check: (view) => everyOf(view, OTP, ({ digits }) => atLeast(digits, 6)),
  },
  {
    id: 'OTP-03',
    section: '3.1.4.1',
    force: 'SHALL',
    text: 'a time-based password changes at least every 2 minutes',
    applies: personWith(['totp']),
    check: (view) => everyOf(view, ['totp'], ({ periodSeconds }) => atMost(periodSeconds, 120)),
  },
  {
    id: 'OTP-04',
    section: '3.1.4.2',
    force: 'SHALL',
    text: 'a one-time password is accepted once',
    applies: personWith(OTP),
    check: (view) => everyOf(view, OTP, ({ singleUse }) => isTrue(singleUse)),
  },
  {
    id: 'OOB-01',
    section: '3.1.3.2',
    force: 'SHALL',
    text: 'an out-of-band secret is invalid after 10 minutes',
    applies: personWith([...TELEPHONE, 'push']),
    check: (view) => everyOf(view, [...TELEPHONE, 'push'], ({ lifetimeSeconds }) => atMost(lifetimeSeconds, 600)),
  },
  {
    id: 'OOB-02',
    section: '3.1.3.2',
    force: 'SHALL',
    text: 'an out-of-band secret has at least 6 digits',
    applies: personWith(TELEPHONE),
    check: (view) => everyOf(view, TELEPHONE, ({ digits }) => atLeast(digits, 6)),
  },
  {
    id: 'OOB-05',
    section: '3.1.3.1',
    force: 'SHALL',
    text: 'mail is not used to sign in',
    applies: allOf(person, hasWay(SIGN_IN)),
    check: (view) => neverAsks(view, SIGN_IN, MAIL),
  },
  {
    id: 'OOB-06',
    section: '3.1.3',
    force: 'SHALL',
    text: 'a push transfers a secret between the channels; approving or picking from a list does not count',
    applies: personWith(['push']),
    check: (view) =>
      everyOf(view, ['push'], ({ pushMode }) => isTrue(pushMode === undefined ? undefined : pushMode === 'transfer')),
  },
  {
    id: 'RST-02',
    section: '3.2.9(1)',
    force: 'SHALL',
    text: 'whoever uses the telephone network is offered an unrestricted alternative',
    applies: personWith(TELEPHONE),
    check: (view) => everyOf(view, TELEPHONE, ({ duties }) => isTrue(duties?.alternativeOffered)),
  },
  {
    id: 'RST-03',
    section: '3.2.9(2)',
    force: 'SHALL',
    text: 'whoever uses the telephone network is told of the risk and of alternatives',
    applies: personWith(TELEPHONE),
    check: (view) => everyOf(view, TELEPHONE, ({ duties }) => isTrue(duties?.noticeGiven)),
  },
  {
    id: 'RST-04',
    section: '3.2.9(3)',
    force: 'SHALL',
    text: 'the risk of the telephone network is covered in the risk assessment',
    applies: personWith(TELEPHONE),
    check: (view) => everyOf(view, TELEPHONE, ({ duties }) => written(duties?.riskAssessment)),
  },
  {
    id: 'RST-05',
    section: '3.2.9(4)',
    force: 'SHALL',
    text: 'a plan to leave the telephone network exists',
    applies: personWith(TELEPHONE),
    check: (view) => everyOf(view, TELEPHONE, ({ duties }) => written(duties?.migrationPlan)),
  },
  {
    id: 'LUS-01',
    section: '3.1.2.1',
    force: 'SHALL',
    text: 'a look-up secret has at least 6 digits',
    applies: personWith(['lookup_secret']),
    check: (view) => everyOf(view, ['lookup_secret'], (it) => longEnough(it, 6, 20)),
  },
  {
    id: 'LUS-02',
    section: '3.1.2.1',
    force: 'SHALL',
    text: 'look-up secrets are handed out online only in a session of AAL2 or above',
    applies: personWith(['lookup_secret']),
    check: (view) => everyOf(view, ['lookup_secret'], ({ boundAtAal }) => atLeast(boundAtAal, 2)),
  },
  {
    id: 'PWD-01',
    section: '3.1.1.2',
    force: 'SHALL',
    text: 'a password has at least 15 characters where it is the only factor, 8 beside another',
    applies: personWith(['password']),
    check: (view) =>
      everyAlternative(view, SIGN_IN, (alternative) =>
        all(
          alternative
            .filter(({ kind }) => kind === 'password')
            .map((it) => atLeast(it.minLength, alone(it, alternative) ? 15 : 8)),
        ),
      ),
  },
  {
    id: 'PWD-03',
    section: '3.1.1.2',
    force: 'SHALL',
    text: 'no composition rules and no periodic change of passwords',
    applies: personWith(['password']),
    check: (view) =>
      everyOf(view, ['password'], ({ compositionRules, rotationDays }) =>
        all([
          isTrue(compositionRules === undefined ? undefined : !compositionRules),
          isTrue(rotationDays === undefined ? undefined : rotationDays === 0),
        ]),
      ),
  },
  {
    id: 'PWD-04',
    section: '3.1.1.2',
    force: 'SHALL',
    text: 'passwords are compared with a list of those that are known',
    applies: personWith(['password']),
    check: (view) => everyOf(view, ['password'], ({ breachedListChecked }) => isTrue(breachedListChecked)),
  },
  {
    id: 'KBA-01',
    section: '3.1.1.2',
    force: 'SHALL',
    text: 'no security questions',
    applies: allOf(person, hasWay([...SIGN_IN, ...RECOVERY])),
    check: (view) => neverAsks(view, [...SIGN_IN, ...RECOVERY], ['security_question']),
  },
  {
    id: 'GEN-01',
    section: '3.2.2',
    force: 'SHALL',
    text: 'an authenticator is disabled after at most 100 failures in a row',
    applies: personWith(GUESSABLE),
    check: (view) => everyOf(view, GUESSABLE, ({ maxFailures }) => failuresAtMost(maxFailures, 100)),
  },
  {
    id: 'GEN-04',
    section: '3.2.3',
    force: 'SHALL',
    text: 'a biometric is used only together with something the person has',
    applies: personWith(['biometric']),
    check: (view) =>
      everyAlternative(view, SIGN_IN, (alternative) =>
        isTrue(
          !alternative.some(({ kind }) => kind === 'biometric') ||
            alternative.some(({ kind }) => PHYSICAL.includes(kind)),
        ),
      ),
  },
  {
    id: 'BND-02',
    section: '4.1.2.1',
    force: 'SHOULD',
    text: 'the person has at least two separate authenticators that are not passwords',
    applies: allOf(person, hasWay(SIGN_IN)),
    check: ({ authenticators }) => isTrue(authenticators.filter(({ kind }) => PHYSICAL.includes(kind)).length >= 2),
  },
  ...RECOVERY_RULES,
  {
    id: 'NTF-01',
    section: '4.6',
    force: 'SHALL',
    text: 'at least two notification addresses are supported',
    applies: person,
    check: ({ account }) => atLeast(account.notificationAddresses, 2),
  },
  {
    id: 'SES-01',
    section: '2.1.3',
    force: 'SHOULD',
    text: 'at AAL1 a session ends after 30 days',
    applies: allOf(person, hasWay(SIGN_IN), (view) => !impactAtLeast('moderate')(view)),
    check: limitOf('overallSeconds', 30 * DAY),
  },
  {
    id: 'SES-02',
    section: '2.2.3',
    force: 'SHOULD',
    text: 'at AAL2 a session ends after 24 hours, and after one idle hour',
    applies: allOf(personOf('moderate'), (view) => !impactAtLeast('high')(view)),
    check: (view) => all([limitOf('overallSeconds', DAY)(view), limitOf('idleSeconds', 3600)(view)]),
  },
  {
    id: 'SES-03',
    section: '2.3.3',
    force: 'SHALL',
    text: 'at AAL3 a session ends after 12 hours',
    applies: personOf('high'),
    check: limitOf('overallSeconds', 12 * 3600),
  },
  {
    id: 'SES-03b',
    section: '2.3.3',
    force: 'SHOULD',
    text: 'at AAL3 a session ends after 15 idle minutes',
    applies: personOf('high'),
    check: limitOf('idleSeconds', 900),
  },
  {
    id: 'SES-07',
    section: '5.1',
    force: 'SHALL',
    text: 'a remembered device does not stand in for authentication',
    applies: allOf(person, hasWay(SIGN_IN)),
    check: (view) => neverAsks(view, SIGN_IN, ['remembered_device']),
  },
]

const replayResistant = ({ kind, singleUse }: AuthenticatorView): Status =>
  kind === 'unknown' ? 'unknown' : isTrue(!NOT_REPLAY_RESISTANT.includes(kind) && singleUse !== false)
const alone = (it: AuthenticatorView, alternative: readonly AuthenticatorView[]) =>
  !alternative.some((other) => other !== it && PHYSICAL.includes(other.kind))

export const nist63b4: Profile = { name: 'nist-63b-4', standard: 'NIST SP 800-63B-4', rules: RULES }
