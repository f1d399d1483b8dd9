/**
 * Whether somebody can still sign in without something that he is about to take away. Whoever takes away the last of it is locked out, and
 * has recovery left at best, which takes days.
 */
import type { Worths } from '#assurance/authenticator.ts'
import type { Channel } from '#assurance/shared-channel.ts'
import { askedOf } from './asked-of.ts'
import { FACTORS, type FactorName } from './factors.ts'
import { isEnough, needOf, type Floor } from './sign-in.ts'
import { waysOf, type Holding, type Way } from './ways.ts'

/** What a sign-in is holding to. */
export interface Measure {
  /** what the reach asks; null where nobody knows */
  readonly floor: Floor | null
  readonly worths: Worths
  readonly channels: readonly Channel[]
  /** kinds that are switched on */
  readonly factors: readonly FactorName[]
}

/** What anybody has to show who is signed in for anything, be it by an exception. */
const LEAST: Floor = { strength: 'single_factor', codes: 'allowed', session: {}, codeSession: {}, exception: null }

/** What is for losses and for beginning is no way to sign in day by day. */
const isForLosses = ({ offer: { factor } }: Way): boolean => factor === 'recovery_code' || factor === 'enrolment_pass'

/** What somebody signs in with day by day. */
const usual = (holding: Holding, { codes }: Floor, factors: readonly FactorName[]): Way[] =>
  waysOf(holding, factors, 'sign_in', 0).filter((it) => !isForLosses(it) && !(it.code && codes === 'refused'))

/** Whether all of it together is enough for a sign-in. */
function signsIn(holding: Holding, floor: Floor, { worths, channels, factors }: Measure): boolean {
  const { codes } = floor
  const asked = askedOf(holding, { factors, codes, channels })
  const need = needOf(floor, { acceptable: null, maxAge: null }, asked, worths, 0)
  return isEnough(
    usual(holding, floor, factors).flatMap(({ proofs }) => proofs),
    need,
    worths,
    channels,
  )
}

/**
 * Whether what is left does what all of it did: sign in as the reach asks, or at all where that is out of reach anyway. Where not even
 * that is so, because of something that is switched off or cannot be read for the time being, something is left for when it is again.
 */
export const staysIn = (before: Holding, after: Holding, measure: Measure): boolean =>
  (usual(after, LEAST, measure.factors).length > 0 || usual(before, LEAST, measure.factors).length === 0) &&
  [measure.floor ?? LEAST, LEAST].every((floor) => !signsIn(before, floor, measure) || signsIn(after, floor, measure))

/** What is left without one authenticator. */
const without = (holding: Holding, lost: string): Holding => ({
  ...holding,
  enrolled: holding.enrolled.filter(({ id }) => id !== lost),
})

/** The authenticators of which the loss of any one shuts its owner out: there is no other way for it. */
export const irreplaceable = (holding: Holding, measure: Measure): Holding['enrolled'] =>
  holding.enrolled.filter(({ id, state }) => state === 'active' && !staysIn(holding, without(holding, id), measure))

/** What somebody adds for himself. */
const ADDED = ['passkey', 'totp', 'password', 'sms_code', 'push'] as const

/** The kinds of which one more, worth as much as its kind can be, would do to take the rest away. */
export const wouldDo = (before: Holding, after: Holding, measure: Measure): FactorName[] =>
  ADDED.filter(
    (kind) =>
      measure.factors.includes(kind) &&
      !(FACTORS[kind].code && measure.floor?.codes === 'refused') &&
      staysIn(before, withOneMore(after, kind), measure),
  )

function withOneMore({ enrolled, identifiers, keys, upstreams }: Holding, kind: (typeof ADDED)[number]): Holding {
  const id = 'one more'
  const common = { account: '', boundAtAal: 3, addedAt: 0 }
  const number = { ...common, kind: 'phone', canonical: id, shown: '', verifiedAt: 0 } as const
  if (kind === 'sms_code') return { enrolled, identifiers: [...identifiers, number], keys, upstreams }
  const state = { name: '', state: 'active', material: '', lookup: null, counter: 0, expiresAt: null } as const
  const one = { ...common, ...state, id, kind, channel: null, usedAt: null }
  const facts = { keyClass: 'hardware', fips140Level: 2 } as const
  return { enrolled: [...enrolled, one], identifiers, keys: new Map([...keys, [id, facts]]), upstreams }
}
