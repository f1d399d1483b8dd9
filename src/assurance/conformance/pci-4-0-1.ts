/** PCI DSS 4.0.1, for accounts of systems that hold cardholder data. */
import type { Capability, Purpose } from '#contract/vocabulary.ts'
import type { AccountView } from './view.ts'
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
  isHuman,
  isNonHuman,
  isTrue,
  OTP,
  type Profile,
  RECOVERY,
  SIGN_IN,
  TELEPHONE,
  waysFor,
  waysReach,
} from './rule.ts'

const inScope = ({ system }: AccountView) => system?.cardholderData === true
const person = allOf(isHuman, inScope)
const service = allOf(isNonHuman, inScope)
const withSecrets = allOf(service, ({ secrets }) => secrets.length > 0)
/** Rights that make an account an administrator (8.4.1). */
const ADMINISTRATIVE: readonly Capability[] = [
  'administer',
  'alter_auth_policy',
  'reset_authenticators',
  'alter_infrastructure',
]
const administrator = ({ capabilities }: AccountView) => ADMINISTRATIVE.some((each) => capabilities.includes(each))
/** Ways in which a factor is modified (8.3.3). */
const MODIFYING: readonly Purpose[] = [...RECOVERY, 'admin_reset', 'enrolment']
const onlyPhishingResistant = (view: AccountView) =>
  all(waysFor(view, SIGN_IN).map(({ phishingResistant }) => isTrue(phishingResistant)))

export const pci401: Profile = {
  name: 'pci-4.0.1',
  standard: 'PCI DSS 4.0.1',
  rules: [
    {
      id: 'PCI-8.2.6',
      section: '8.2.6',
      force: 'SHALL',
      text: 'an account unused for 90 days is disabled or removed',
      applies: person,
      check: ({ account }) => atMost(account.unusedDays, 90),
    },
    {
      id: 'PCI-8.2.8',
      section: '8.2.8',
      force: 'SHALL',
      text: 'a session asks again after 15 idle minutes',
      applies: allOf(person, hasWay(SIGN_IN)),
      check: (view) => all(waysFor(view, SIGN_IN).map(({ session }) => atMost(session.idleSeconds, 900))),
    },
    {
      id: 'PCI-8.3.3',
      section: '8.3.3',
      force: 'SHALL',
      text: 'identity is verified before an authentication factor is changed',
      applies: allOf(person, hasWay(MODIFYING)),
      check: (view) => waysReach(view, MODIFYING, 'single_factor'),
    },
    {
      id: 'PCI-8.3.4',
      section: '8.3.4',
      force: 'SHALL',
      text: 'an account is locked after at most 10 failures',
      applies: allOf(person, hasKind(GUESSABLE)),
      check: (view) => everyOf(view, GUESSABLE, ({ maxFailures }) => failuresAtMost(maxFailures, 10)),
    },
    {
      id: 'PCI-8.3.6',
      section: '8.3.6',
      force: 'SHALL',
      text: 'a password has at least 12 characters, with letters and digits',
      applies: allOf(person, hasKind(['password'])),
      check: (view) =>
        everyOf(view, ['password'], ({ minLength, compositionRules }) =>
          all([atLeast(minLength, 12), isTrue(compositionRules)]),
        ),
    },
    {
      id: 'PCI-8.3.9',
      section: '8.3.9',
      force: 'SHALL',
      text: 'a password that is the only factor is changed every 90 days',
      applies: allOf(person, ({ waysIn }) =>
        waysIn.some(
          ({ purpose, alternatives }) =>
            SIGN_IN.includes(purpose) &&
            alternatives?.some((alternative) => alternative.length === 1 && alternative[0]?.kind === 'password'),
        ),
      ),
      check: (view) =>
        everyOf(view, ['password'], ({ rotationDays }) => all([atMost(rotationDays, 90), atLeast(rotationDays, 1)])),
    },
    {
      id: 'PCI-8.4.1',
      section: '8.4.1',
      force: 'SHALL',
      text: 'administrators sign in with two factors',
      applies: allOf(person, administrator, hasWay(SIGN_IN)),
      check: (view) => waysReach(view, SIGN_IN, 'two_factor'),
    },
    {
      id: 'PCI-8.4.2',
      section: '8.4.2',
      force: 'SHALL',
      text: 'everybody signs in with two factors, or with phishing-resistant ones alone',
      applies: allOf(person, hasWay(SIGN_IN)),
      check: (view) => any([waysReach(view, SIGN_IN, 'two_factor'), onlyPhishingResistant(view)]),
    },
    {
      id: 'PCI-8.5.1',
      section: '8.5.1',
      force: 'SHALL',
      text: 'factors cannot be replayed, and nothing lets anybody past them',
      applies: allOf(person, hasWay(SIGN_IN)),
      check: (view) =>
        all([
          everyOf(view, [...OTP, ...TELEPHONE], ({ singleUse }) => isTrue(singleUse)),
          everyAlternative(view, SIGN_IN, (alternative) =>
            isTrue(!alternative.some(({ kind }) => kind === 'remembered_device')),
          ),
        ]),
    },
    {
      id: 'PCI-8.6.1',
      section: '8.6.1',
      force: 'SHALL',
      text: 'nobody signs in with a service account, but by exception',
      applies: service,
      check: ({ account }) => isTrue(account.interactive === undefined ? undefined : !account.interactive),
    },
    {
      id: 'PCI-8.6.2',
      section: '8.6.2',
      force: 'SHALL',
      text: 'secrets of service accounts do not lie in source, configuration or scripts',
      applies: withSecrets,
      check: ({ secrets }) =>
        all(
          secrets.map(({ leaked, sanctioned, ephemeral }) =>
            leaked ? 'not_met' : ephemeral ? 'met' : isTrue(sanctioned),
          ),
        ),
    },
    {
      id: 'PCI-8.6.3',
      section: '8.6.3',
      force: 'SHALL',
      text: 'secrets of service accounts are changed, as often as a risk analysis says; a year is taken where none is at hand',
      applies: withSecrets,
      check: ({ secrets }) => all(secrets.map(({ ephemeral, ageDays }) => (ephemeral ? 'met' : atMost(ageDays, 365)))),
    },
  ],
}
