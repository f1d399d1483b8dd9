/** OMB memorandum M-22-09, for people's accounts of federal systems. Stricter on recovery than SP 800-63B-4. */
import type { AccountView } from './view.ts'
import {
  MAIL,
  OTP,
  PHISHING_RESISTANT,
  RECOVERY,
  SIGN_IN,
  TELEPHONE,
  all,
  allOf,
  everyAlternative,
  everyOf,
  hasKind,
  hasWay,
  isHuman,
  isTrue,
  neverAsks,
  waysReach,
  type Profile,
} from './rule.ts'

const federal = allOf(isHuman, ({ system }: AccountView) => system?.federal === true)
const customer = ({ account }: AccountView) => account.population === 'customer'
const staff = allOf(federal, (view) => !customer(view), hasWay(SIGN_IN))

export const m2209: Profile = {
  name: 'm-22-09',
  standard: 'OMB M-22-09',
  rules: [
    {
      id: 'M2209-methods',
      section: 'identity',
      force: 'SHALL',
      text: 'staff, contractors and partners use no telephone number, one-time code or push notification',
      applies: staff,
      check: (view) => neverAsks(view, SIGN_IN, [...TELEPHONE, ...OTP, ...MAIL, 'push', 'lookup_secret']),
    },
    {
      id: 'M2209-mfa',
      section: 'identity',
      force: 'SHALL',
      text: 'staff, contractors and partners sign in with several factors, at the application',
      applies: staff,
      check: (view) => waysReach(view, SIGN_IN, 'two_factor'),
    },
    {
      id: 'M2209-public',
      section: 'identity',
      force: 'SHALL',
      text: 'the public is offered a phishing-resistant option',
      applies: allOf(federal, customer, hasWay(SIGN_IN)),
      check: (view) =>
        hasKind(PHISHING_RESISTANT)(view)
          ? 'met'
          : isTrue(view.system?.offers?.some((kind) => PHISHING_RESISTANT.includes(kind))),
    },
    {
      id: 'M2209-passwords',
      section: 'identity',
      force: 'SHALL',
      text: 'no composition rules and no periodic change of passwords',
      applies: allOf(federal, hasKind(['password'])),
      check: (view) =>
        everyOf(view, ['password'], ({ compositionRules, rotationDays }) =>
          all([
            isTrue(compositionRules === undefined ? undefined : !compositionRules),
            isTrue(rotationDays === undefined ? undefined : rotationDays === 0),
          ]),
        ),
    },
    {
      id: 'M2209-recovery',
      section: 'identity',
      force: 'SHALL',
      text: 'recovery is exceptional and of high friction: in person or by live video',
      applies: allOf(federal, (view) => !customer(view), hasWay(RECOVERY)),
      check: (view) =>
        everyAlternative(view, RECOVERY, (alternative) => {
          if (alternative.some(({ kind }) => kind === 'identity_proofing')) return 'met'
          return alternative.some(({ kind }) => kind === 'unknown') ? 'unknown' : 'not_met'
        }),
    },
  ],
}
