/** The numbers of the ceremonies. A policy may choose its own within what the profile allows; outside it the server does not start. */
import { AmbitError } from '#lib/errors.ts'
import { DEFAULT_BUDGET, type Budget } from './budget.ts'

export interface AuthnRules {
  readonly codes: {
    /** digits of a code that is sent */
    readonly digits: number
    /** milliseconds */
    readonly ttl: number
    readonly checks: number
  }
  /** numbers that are typed into an app */
  readonly pushes: {
    readonly digits: number
    /** milliseconds */
    readonly ttl: number
    readonly checks: number
    /** milliseconds for which an account and a device are sent none, once somebody said "it was not me" */
    readonly pause: number
  }
  readonly totp: {
    /** time steps before and after the present one that are taken */
    readonly pastSteps: number
    readonly futureSteps: number
  }
  readonly hotp: { readonly lookAhead: number }
  readonly passwords: { readonly minLength: number; readonly maxLength: number }
  readonly recoveryCodes: { readonly count: number; readonly bits: number }
  readonly budget: Budget
  /** wrong answers at a step-up after which the session itself ends */
  readonly stepUpFailures: number
  readonly sends: SendRules
}

/** How often something may be sent; every limit must have room. */
export interface SendRules {
  readonly perRecipient: readonly Window[]
  readonly perAccount: readonly Window[]
  /** numbers with the same first seven characters */
  readonly perPrefix: readonly Window[]
  readonly perCountry: readonly Window[]
  /** of everything that costs money, together */
  readonly inAll: readonly Window[]
  /** countries whose mobiles are sent codes, ISO 3166-1 alpha-2, with what a message costs in thousandths; none by itself */
  readonly countries: Readonly<Record<string, number>>
  /** of what all of it costs, in thousandths */
  readonly cost: readonly Window[]
  /** least share, of what was sent to a prefix within a day, that must have been answered rightly once `sample` were sent */
  readonly answered: { readonly share: number; readonly sample: number }
  /** most share, of what receipts told of within a day, that may not have arrived once `sample` did tell */
  readonly undelivered: { readonly share: number; readonly sample: number }
}

export interface Window {
  /** milliseconds */
  readonly within: number
  readonly most: number
}

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000

export const DEFAULT_RULES: AuthnRules = {
  // six digits are the least (SP 800-63B-4 §3.1.3.1); eight make a guess a hundred times dearer and are still read out.
  // §3.1.3 allows ten minutes. Three wrong answers are typing errors, more are guesses
  codes: { digits: 8, ttl: 5 * MINUTE, checks: 3 },
  // SP 800-63B-4 §3.1.3.2: a secret of six digits at least, for ten minutes at most. Two digits, as many products show, are fewer than it
  // asks. The pause is ours
  pushes: { digits: 6, ttl: 5 * MINUTE, checks: 3, pause: HOUR },
  // RFC 6238 §5.2 recommends one step back; one forward forgives a fast clock
  totp: { pastSteps: 1, futureSteps: 1 },
  // RFC 4226 §7.4 wants it small
  hotp: { lookAhead: 10 },
  // SP 800-63B-4 §3.1.1.2: 15 where the password is the only factor; at least 64 must be taken
  passwords: { minLength: 15, maxLength: 256 },
  // SP 800-63B-4 §4.2.1.1 asks for 64 bits
  recoveryCodes: { count: 10, bits: 80 },
  budget: DEFAULT_BUDGET,
  stepUpFailures: 3,
  sends: {
    perRecipient: [
      { within: 10 * MINUTE, most: 3 },
      { within: DAY, most: 10 },
    ],
    perAccount: [{ within: HOUR, most: 5 }],
    perPrefix: [
      { within: HOUR, most: 20 },
      { within: DAY, most: 200 },
    ],
    perCountry: [{ within: HOUR, most: 500 }],
    inAll: [{ within: DAY, most: 20_000 }],
    countries: {},
    cost: [{ within: DAY, most: 1_000_000 }],
    answered: { share: 0.2, sample: 20 },
    undelivered: { share: 0.5, sample: 20 },
  },
}

/** What no policy may go beyond. */
const BOUNDS: readonly (readonly [string, (rules: AuthnRules) => boolean])[] = [
  ['codes.digits is 6 to 10 (SP 800-63B-4 §3.1.3.1)', ({ codes }) => within(codes.digits, 6, 10)],
  [
    'codes.ttl is 10 seconds to 10 minutes (SP 800-63B-4 §3.1.3)',
    ({ codes }) => within(codes.ttl, 10_000, 10 * MINUTE),
  ],
  ['codes.checks is 1 to 5', ({ codes }) => within(codes.checks, 1, 5)],
  ['pushes.digits is 6 to 10 (SP 800-63B-4 §3.1.3.2)', ({ pushes }) => within(pushes.digits, 6, 10)],
  [
    'pushes.ttl is 10 seconds to 5 minutes (SP 800-63B-4 §3.1.3.2 allows ten)',
    ({ pushes }) => within(pushes.ttl, 10_000, 5 * MINUTE),
  ],
  ['pushes.checks is 1 to 5', ({ pushes }) => within(pushes.checks, 1, 5)],
  ['pushes.pause is 10 minutes to 7 days', ({ pushes }) => within(pushes.pause, 10 * MINUTE, 7 * DAY)],
  [
    'totp takes at most 2 minutes of clock drift (SP 800-63B-4 §3.1.4.2)',
    ({ totp }) => within(totp.pastSteps, 0, 2) && within(totp.futureSteps, 0, 1),
  ],
  ['hotp.lookAhead is 0 to 10 (RFC 4226 §7.4)', ({ hotp }) => within(hotp.lookAhead, 0, 10)],
  ['passwords.minLength is 8 at least (SP 800-63B-4 §3.1.1.2)', ({ passwords }) => within(passwords.minLength, 8, 64)],
  [
    'passwords.maxLength is 64 at least (SP 800-63B-4 §3.1.1.2)',
    ({ passwords }) => within(passwords.maxLength, 64, 4096),
  ],
  [
    'recoveryCodes.bits is 64 at least (SP 800-63B-4 §4.2.1.1)',
    ({ recoveryCodes }) => within(recoveryCodes.bits, 64, 256),
  ],
  ['recoveryCodes.count is 1 to 50', ({ recoveryCodes }) => within(recoveryCodes.count, 1, 50)],
  ['budget.inARow is 100 at most (SP 800-63B-4 §3.2.2)', ({ budget }) => within(budget.inARow, 1, 100)],
  ['budget.perHour is 10 at most (PCI DSS 4.0.1 §8.3.4)', ({ budget }) => within(budget.perHour, 1, 10)],
  ['budget.perDay is 1 to 100', ({ budget }) => within(budget.perDay, 1, 100)],
  [
    'sends.perPrefix has a window of a day, which the approval rate is measured in',
    ({ sends }) => sends.perPrefix.some((each) => each.within === DAY),
  ],
  ['stepUpFailures is 1 to 5', ({ stepUpFailures }) => within(stepUpFailures, 1, 5)],
]

const within = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most

/** @throws {AmbitError} `config_invalid`, with every bound that is broken */
export function checkRules(rules: AuthnRules): AuthnRules {
  const broken = BOUNDS.filter(([, holds]) => !holds(rules)).map(([text]) => text)
  if (broken.length === 0) return rules
  throw new AmbitError('config_invalid', `authentication: ${broken.join('; ')}`, { broken })
}
