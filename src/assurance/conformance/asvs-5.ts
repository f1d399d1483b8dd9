/** OWASP ASVS 5.0. Rules of level 3 apply where the impact is high; that mapping of levels is ours. */
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
  isHuman as person,
  isNonHuman,
  isTrue,
  longEnough,
  MAIL,
  neverAsks,
  OTP,
  PHISHING_RESISTANT,
  type Profile,
  reaches,
  RECOVERY,
  SIGN_IN,
  TELEPHONE,
  waysFor,
  waysReach,
} from './rule.ts'

const personWith = (kinds: Parameters<typeof hasKind>[0]) => allOf(person, hasKind(kinds))
const signsIn = allOf(person, hasWay(SIGN_IN))
const recovers = allOf(person, hasWay(RECOVERY))
const level3 = impactAtLeast('high')
const withSecrets = allOf(isNonHuman, ({ secrets }) => secrets.length > 0)

export const asvs5: Profile = {
  name: 'asvs-5',
  standard: 'OWASP ASVS 5.0',
  rules: [
    {
      id: 'v5.0.0-6.2.1',
      section: '6.2.1',
      force: 'SHALL',
      text: 'a password has at least 8 characters',
      applies: personWith(['password']),
      check: (view) => everyOf(view, ['password'], ({ minLength }) => atLeast(minLength, 8)),
    },
    {
      id: 'v5.0.0-6.2.10',
      section: '6.2.10',
      force: 'SHALL',
      text: 'passwords are not changed by the calendar',
      applies: personWith(['password']),
      check: (view) =>
        everyOf(view, ['password'], ({ rotationDays }) =>
          isTrue(rotationDays === undefined ? undefined : rotationDays === 0),
        ),
    },
    {
      id: 'v5.0.0-6.2.12',
      section: '6.2.12',
      force: 'SHALL',
      text: 'passwords are compared with those known from breaches',
      applies: personWith(['password']),
      check: (view) => everyOf(view, ['password'], ({ breachedListChecked }) => isTrue(breachedListChecked)),
    },
    {
      id: 'v5.0.0-6.3.3',
      section: '6.3.3',
      force: 'SHALL',
      text: 'every sign-in asks for two factors; at level 3 one of them is in hardware and phishing-resistant',
      applies: signsIn,
      check: (view) =>
        all([
          waysReach(view, SIGN_IN, 'two_factor'),
          ...(level3(view) ? [waysReach(view, SIGN_IN, 'phishing_resistant'), inHardware(view)] : []),
        ]),
    },
    {
      id: 'v5.0.0-6.3.4',
      section: '6.3.4',
      force: 'SHALL',
      text: 'no pathway into the account is weaker than its sign-in',
      applies: person,
      check: ({ nominalStrength, effectiveStrength }) =>
        nominalStrength === null ? 'unknown' : reaches(effectiveStrength, nominalStrength),
    },
    {
      id: 'v5.0.0-6.3.6',
      section: '6.3.6',
      force: 'SHALL',
      text: 'mail is neither a single factor nor one of several (level 3)',
      applies: allOf(signsIn, level3),
      check: (view) => neverAsks(view, SIGN_IN, MAIL),
    },
    {
      id: 'v5.0.0-6.4.2',
      section: '6.4.2',
      force: 'SHALL',
      text: 'no password hints and no security questions',
      applies: allOf(person, hasWay([...SIGN_IN, ...RECOVERY])),
      check: (view) => neverAsks(view, [...SIGN_IN, ...RECOVERY], ['security_question']),
    },
    {
      id: 'v5.0.0-6.4.3',
      section: '6.4.3',
      force: 'SHALL',
      text: 'a reset of the password does not bypass the second factor',
      applies: allOf(recovers, ({ nominalStrength }) => reaches(nominalStrength, 'two_factor') !== 'not_met'),
      check: (view) => waysReach(view, RECOVERY, 'two_factor'),
    },
    {
      id: 'v5.0.0-6.4.4',
      section: '6.4.4',
      force: 'SHALL',
      text: 'a lost factor is replaced only after proof of identity at the level of enrolment',
      applies: allOf(recovers, ({ nominalStrength }) => reaches(nominalStrength, 'two_factor') !== 'not_met'),
      check: (view) =>
        everyAlternative(view, RECOVERY, (alternative, { strength }) =>
          any([
            isTrue(alternative.some(({ kind }) => kind === 'identity_proofing')),
            // a spare authenticator as strong as the sign-in means that nothing is lost
            view.nominalStrength === null ? 'unknown' : reaches(strength, view.nominalStrength),
          ]),
        ),
    },
    {
      id: 'v5.0.0-6.5.1',
      section: '6.5.1',
      force: 'SHALL',
      text: 'codes are usable once',
      applies: personWith([...OTP, ...TELEPHONE, ...MAIL, 'lookup_secret', 'recovery_code']),
      check: (view) =>
        everyOf(view, [...OTP, ...TELEPHONE, ...MAIL, 'lookup_secret', 'recovery_code'], ({ singleUse }) =>
          isTrue(singleUse),
        ),
    },
    {
      id: 'v5.0.0-6.5.4',
      section: '6.5.4',
      force: 'SHALL',
      text: 'look-up and out-of-band codes have at least 20 bits, which is 6 digits',
      applies: personWith([...TELEPHONE, 'email_code', 'lookup_secret', 'recovery_code']),
      check: (view) =>
        everyOf(view, [...TELEPHONE, 'email_code', 'lookup_secret', 'recovery_code'], (it) => longEnough(it, 6, 20)),
    },
    {
      id: 'v5.0.0-6.5.5',
      section: '6.5.5',
      force: 'SHALL',
      text: 'an out-of-band code lives 10 minutes, a time-based one 30 seconds',
      applies: personWith(['totp', ...TELEPHONE, 'email_code', 'push']),
      check: (view) =>
        all([
          everyOf(view, [...TELEPHONE, 'email_code', 'push'], ({ lifetimeSeconds }) => atMost(lifetimeSeconds, 600)),
          everyOf(view, ['totp'], ({ lifetimeSeconds, periodSeconds }) => atMost(lifetimeSeconds ?? periodSeconds, 30)),
        ]),
    },
    {
      id: 'v5.0.0-6.6.1',
      section: '6.6.1',
      force: 'SHALL',
      text: 'texts and calls only beside a stronger alternative and with the risk explained; not at all at level 3',
      applies: personWith(TELEPHONE),
      check: (view) =>
        level3(view)
          ? neverAsks(view, SIGN_IN, TELEPHONE)
          : everyOf(view, TELEPHONE, ({ duties }) =>
              all([isTrue(duties?.alternativeOffered), isTrue(duties?.noticeGiven)]),
            ),
    },
    {
      id: 'v5.0.0-6.6.3',
      section: '6.6.3',
      force: 'SHALL',
      text: 'guesses at codes are limited',
      applies: personWith([...TELEPHONE, ...MAIL]),
      check: (view) =>
        everyOf(
          view,
          GUESSABLE.filter((kind) => TELEPHONE.includes(kind) || MAIL.includes(kind)),
          ({ maxFailures }) => failuresAtMost(maxFailures, Infinity),
        ),
    },
    {
      id: 'v5.0.0-7.3.1',
      section: '7.3.1',
      force: 'SHALL',
      text: 'a session ends when it was idle for long',
      applies: signsIn,
      check: (view) => all(waysFor(view, SIGN_IN).map(({ session }) => atLeast(session.idleSeconds, 1))),
    },
    {
      id: 'v5.0.0-7.3.2',
      section: '7.3.2',
      force: 'SHALL',
      text: 'a session has a longest life',
      applies: signsIn,
      check: (view) => all(waysFor(view, SIGN_IN).map(({ session }) => atLeast(session.overallSeconds, 1))),
    },
    {
      id: 'v5.0.0-13.2.1',
      section: '13.2.1',
      force: 'SHALL',
      text: 'services do not authenticate with credentials that never change',
      applies: withSecrets,
      check: ({ secrets }) => all(secrets.map(({ ephemeral, expires }) => any([isTrue(ephemeral), isTrue(expires)]))),
    },
    {
      id: 'v5.0.0-13.3.1',
      section: '13.3.1',
      force: 'SHALL',
      text: 'secrets lie in a vault',
      applies: withSecrets,
      check: ({ secrets }) =>
        all(
          secrets.map(({ leaked, sanctioned, ephemeral }) =>
            leaked ? 'not_met' : ephemeral ? 'met' : isTrue(sanctioned),
          ),
        ),
    },
  ],
}

const HARDWARE = ['hardware', 'tee', 'secure_element'] as const
/** Each sign-in asks for a key that is known to lie in hardware. */
function inHardware(view: Parameters<typeof person>[0]) {
  return everyAlternative(view, SIGN_IN, (alternative) =>
    any(
      alternative.map(({ kind, keyProtection, synced }) => {
        if (kind === 'unknown') return 'unknown'
        if (!PHISHING_RESISTANT.includes(kind) || synced === true) return 'not_met'
        return isTrue(keyProtection === undefined ? undefined : HARDWARE.some((word) => word === keyProtection))
      }),
    ),
  )
}
