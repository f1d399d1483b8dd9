/** PSD2 regulatory technical standards, Regulation (EU) 2018/389, for people's accounts of payment services. */
import { fallTogether } from '../shared-channel.ts'
import type { AccountView } from './view.ts'
import {
  all,
  allOf,
  atMost,
  everyAlternative,
  everyOf,
  failuresAtMost,
  GUESSABLE,
  hasKind,
  hasWay,
  isHuman,
  isTrue,
  MAIL,
  OTP,
  type Profile,
  SIGN_IN,
  TELEPHONE,
  waysFor,
  waysReach,
} from './rule.ts'

const person = allOf(isHuman, ({ system }: AccountView) => system?.paymentService === true)
const signsIn = allOf(person, hasWay(SIGN_IN))
const CODES = [...OTP, ...TELEPHONE, ...MAIL, 'lookup_secret'] as const

export const psd2: Profile = {
  name: 'psd2',
  standard: 'PSD2 RTS (EU) 2018/389',
  rules: [
    {
      id: 'PSD2-4.1',
      section: '4(1)',
      force: 'SHALL',
      text: 'two or more elements, of different sorts',
      applies: signsIn,
      check: (view) => waysReach(view, SIGN_IN, 'two_factor'),
    },
    {
      id: 'PSD2-4.1-once',
      section: '4(1)',
      force: 'SHALL',
      text: 'a code is accepted once',
      applies: allOf(person, hasKind(CODES)),
      check: (view) => everyOf(view, CODES, ({ singleUse }) => isTrue(singleUse)),
    },
    {
      id: 'PSD2-4.3b',
      section: '4(3)(b)',
      force: 'SHALL',
      text: 'access is blocked after at most 5 failures in a row',
      applies: allOf(person, hasKind(GUESSABLE)),
      check: (view) => everyOf(view, GUESSABLE, ({ maxFailures }) => failuresAtMost(maxFailures, 5)),
    },
    {
      id: 'PSD2-4.3d',
      section: '4(3)(d)',
      force: 'SHALL',
      text: 'a session ends after 5 idle minutes',
      applies: signsIn,
      check: (view) => all(waysFor(view, SIGN_IN).map(({ session }) => atMost(session.idleSeconds, 300))),
    },
    {
      id: 'PSD2-5',
      section: '5',
      force: 'SHALL',
      text: 'whoever approves a payment sees amount and payee, and the code holds for these alone',
      applies: allOf(person, ({ capabilities }) => capabilities.includes('approve_payments')),
      check: () => 'unknown', // no inventory says what a payer sees
    },
    {
      id: 'PSD2-9',
      section: '9',
      force: 'SHALL',
      text: 'the elements are independent: what breaks one does not break another',
      applies: signsIn,
      check: (view) =>
        everyAlternative(view, SIGN_IN, (alternative) => {
          if (alternative.length < 2) return 'met'
          if (fallTogether(alternative, view.channels).length > 0) return 'not_met'
          // a password in somebody's head lives nowhere; of the rest it must be known where
          const placed = alternative.filter(({ kind, on }) => kind === 'password' || kind === 'pin' || on !== undefined)
          return placed.length === alternative.length ? 'met' : 'unknown'
        }),
    },
  ],
}
