/** NIST SP 800-63B-4 §4: binding and recovery. Part of the profile in `nist-63b-4.ts`. */
import type { Strength } from '#contract/vocabulary.ts'
import type { AccountView, AuthenticatorView } from './view.ts'
import {
  ISSUED_CODES,
  PHYSICAL,
  RECOVERY,
  TELEPHONE,
  all,
  allOf,
  any,
  atLeast,
  atMost,
  everyAlternative,
  everyOf,
  hasKind,
  hasWay,
  isHuman as person,
  isTrue,
  reaches,
  waysFor,
  waysReach,
  written,
  type StandardRule,
  type Status,
} from './rule.ts'

const DAY = 86_400

const levelOf = (strength: Strength): Strength => (strength === 'phishing_resistant' ? 'two_factor' : strength)
const codeLife = (kind: string): number =>
  (TELEPHONE as readonly string[]).includes(kind) ? 600 : kind === 'postal_code' ? 21 * DAY : DAY
const reachesAal2 = (view: AccountView): Status => reaches(view.nominalStrength, 'two_factor')
const onSite = ({ account, nominalStrength }: AccountView): boolean =>
  account.proofed === 'ial3' && nominalStrength === 'hardware'
const kindsIn = (alternative: readonly AuthenticatorView[], ...kinds: readonly string[]): boolean =>
  alternative.some(({ kind }) => kinds.includes(kind))

/** Methods of recovery among authenticators; mail and telephone are one method, since both are issued (§4.2.2.2). */
function methodsIn(alternative: readonly AuthenticatorView[]): number {
  const found = [
    kindsIn(alternative, 'recovery_code'),
    kindsIn(alternative, ...ISSUED_CODES),
    kindsIn(alternative, 'identity_proofing'),
  ]
  return found.filter(Boolean).length
}

/** Not met, unless one of the authenticators is of a kind that nobody knows. */
const unlessUnknown = (met: boolean, alternative: readonly AuthenticatorView[]): Status =>
  met ? 'met' : kindsIn(alternative, 'unknown') ? 'unknown' : 'not_met'

const oneMethod = (alternative: readonly AuthenticatorView[]) => unlessUnknown(methodsIn(alternative) > 0, alternative)

/** Two methods, or one and a bound authenticator, or proofing. */
function recoversAal2(alternative: readonly AuthenticatorView[]): Status {
  const methods = methodsIn(alternative)
  const bound = alternative.some(
    ({ kind }) => kind === 'password' || (PHYSICAL.includes(kind) && !ISSUED_CODES.includes(kind)),
  )
  const met = kindsIn(alternative, 'identity_proofing') || methods >= 2 || (methods === 1 && bound)
  return unlessUnknown(met, alternative)
}

/** What asks for bound authenticators of AAL2 is signing in, whatever it is called (§4.2 note). */
const asSignIn = (strength: Strength | null, alternative: readonly AuthenticatorView[]): Status =>
  kindsIn(alternative, 'help_desk_check') ? 'not_met' : reaches(strength, 'two_factor')

export const RECOVERY_RULES: readonly StandardRule[] = [
  {
    id: 'BND-03',
    section: '4.1.2.1',
    force: 'SHALL',
    text: 'a new authenticator is bound only in a session of the level the account has',
    applies: allOf(person, hasWay(['enrolment'])),
    check: (view) =>
      view.nominalStrength === null ? 'unknown' : waysReach(view, ['enrolment'], levelOf(view.nominalStrength)),
  },
  {
    id: 'REC-01',
    section: '4.2.1',
    force: 'SHALL',
    text: 'recovery uses saved or issued codes, contacts or repeated proofing; anything else rests on a risk analysis',
    applies: allOf(person, hasWay(RECOVERY)),
    check: (view) =>
      everyAlternative(view, RECOVERY, (alternative, { riskAnalysis, strength }) =>
        any([oneMethod(alternative), written(riskAnalysis ?? ''), asSignIn(strength, alternative)]),
      ),
  },
  {
    id: 'REC-02',
    section: '4.2.1.1',
    force: 'SHALL',
    text: 'a saved recovery code has at least 64 bits',
    applies: allOf(person, hasKind(['recovery_code'])),
    check: (view) => everyOf(view, ['recovery_code'], ({ bits }) => atLeast(bits, 64)),
  },
  {
    id: 'REC-03',
    section: '4.2.1.2',
    force: 'SHALL',
    text: 'an issued recovery code lives 10 minutes by telephone, 24 hours by mail, 21 days by post',
    applies: allOf(person, hasWay(RECOVERY)),
    check: (view) =>
      everyAlternative(view, RECOVERY, (alternative) =>
        all(
          alternative
            .filter(({ kind }) => ISSUED_CODES.includes(kind))
            .map(({ kind, lifetimeSeconds }) => atMost(lifetimeSeconds, codeLife(kind))),
        ),
      ),
  },
  {
    id: 'REC-06',
    section: '4.2.2.1',
    force: 'SHALL',
    text: 'an account of AAL1 is recovered with one saved or issued code',
    applies: allOf(person, hasWay(RECOVERY), (view) => reachesAal2(view) === 'not_met'),
    check: (view) =>
      everyAlternative(view, RECOVERY, (alternative, { strength }) =>
        any([oneMethod(alternative), asSignIn(strength, alternative)]),
      ),
  },
  {
    id: 'REC-07',
    section: '4.2.2.2',
    force: 'SHALL',
    text: 'an account of AAL2 is recovered with two codes of different methods, one code and one bound authenticator, or repeated proofing',
    applies: allOf(person, hasWay(RECOVERY), (view) => reachesAal2(view) !== 'not_met' && !onSite(view)),
    check: (view) =>
      everyAlternative(view, RECOVERY, (alternative, { strength }) =>
        any([recoversAal2(alternative), asSignIn(strength, alternative)]),
      ),
  },
  {
    id: 'REC-08',
    section: '4.2.2.3',
    force: 'SHALL',
    text: 'an account of AAL3 proofed on site is recovered by comparing the biometric taken then',
    applies: allOf(person, hasWay(RECOVERY), onSite),
    check: (view) =>
      everyAlternative(view, RECOVERY, (alternative) =>
        alternative.some(({ kind }) => kind === 'identity_proofing') ? 'unknown' : 'not_met',
      ),
  },
  {
    id: 'REC-11',
    section: '4.2.3, 4.6',
    force: 'SHALL',
    text: 'every recovery is told to all addresses of the account',
    applies: allOf(person, hasWay(RECOVERY)),
    check: (view) =>
      all(waysFor(view, RECOVERY).map(({ controls }) => isTrue(controls?.includes('notice_to_all_addresses')))),
  },
]
