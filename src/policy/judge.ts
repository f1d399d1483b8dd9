/** The verdict of one way in: what it must show, against what is known that it shows. */
import { STRENGTHS, type Control, type Strength, type Verdict } from '#contract/vocabulary.ts'
import type { Citation, Reason } from '#contract/report.ts'
import type { Requirement } from './policy.ts'
import { shorter } from './requirement.ts'

/** What is known of one way in. Null means: not known. */
export interface WayFacts {
  readonly strength: Strength | null
  /** bounds of the strength where it is not known, or may be higher; `strength` where absent */
  readonly atLeast?: Strength
  readonly atMost?: Strength
  readonly phishingResistant: boolean | null
  readonly hardwareBacked: boolean | null
  /** rests on a code or approval that can be relayed */
  readonly code: boolean
  /** limits of the sessions it opens; an absent limit is not stated */
  readonly session: { readonly overallSeconds?: number; readonly idleSeconds?: number }
  /** controls recorded as in place */
  readonly controls: readonly Control[]
  /** whether the duties of a restricted authenticator are met; absent where it uses none */
  readonly restrictedDutiesMet?: boolean | null
}

export interface Judgement {
  /** never `excepted`: exceptions are applied to an unfit way in afterwards */
  readonly verdict: Exclude<Verdict, 'excepted'>
  readonly reasons: readonly Reason[]
}

type Weight = 'unfit' | 'unknown' | 'control'
interface Ground extends Reason {
  readonly weight: Weight
}
/** A check abstains, or says what stands against the way in, or what it needed to pass. */
type Check = (requirement: Requirement, way: WayFacts) => Ground | undefined

const nist = (section: string): Citation => ({ standard: 'NIST SP 800-63B-4', section })
const rank = (strength: Strength) => STRENGTHS.indexOf(strength)

const said = (weight: Weight, code: string, text: string, ...citations: readonly Citation[]): Ground => ({
  weight,
  code,
  text,
  citations: [...citations],
})

const strengthCheck: Check = ({ strength: required }, { strength, atLeast, atMost, hardwareBacked }) => {
  const low = atLeast ?? strength ?? 'none'
  // AAL3 in doubt is told by the key: a strength of AAL2 whose key may lie in hardware may be more
  const high =
    atMost ??
    (strength === null || (strength === 'phishing_resistant' && hardwareBacked === null) ? 'hardware' : strength)
  if (rank(low) >= rank(required)) return undefined
  if (rank(high) < rank(required)) {
    return said('unfit', 'below_required', `it proves ${spoken(high)}, and ${spoken(required)} is asked for`, nist('2'))
  }
  return said('unknown', 'strength_unknown', `whether it proves ${spoken(required)} is not known`, nist('2'))
}

const codeCheck: Check = ({ codes }, { code, phishingResistant }) => {
  if (codes === 'allowed' || !code) return undefined
  if (phishingResistant === null) {
    return said('unknown', 'code_unknown', 'whether it rests on a code that can be relayed is not known', nist('3.2.5'))
  }
  const text = 'it rests on a code or approval that can be relayed, and what lies behind it is worth more than that'
  return said('unfit', 'code_beyond_reach', text, nist('3.2.5'))
}

const flagCheck =
  (flag: 'phishingResistant' | 'hardwareBacked', code: string, what: string, citation: Citation): Check =>
  (requirement, way) => {
    if (!requirement[flag] || way[flag] === true) return undefined
    return way[flag] === null
      ? said('unknown', `${code}_unknown`, `whether it is ${what} is not known`, citation)
      : said('unfit', `not_${code}`, `it is not ${what}`, citation)
  }

const LIMITS = [
  ['overallSeconds', 'a session lasts'],
  ['idleSeconds', 'an idle session lasts'],
] as const

/** One check per limit. A session that a code opened answers to `codeSession` too. */
const sessionChecks: readonly Check[] = LIMITS.map(([limit, lasts]) => (requirement, way) => {
  const limits = way.code ? shorter(requirement.session, requirement.codeSession ?? {}) : requirement.session
  const most = limits[limit]
  if (most === undefined) return undefined
  const stated = way.session[limit]
  const citation = nist('2.1.3, 2.2.3, 2.3.3')
  if (stated === undefined) {
    return said(
      'unknown',
      'session_unstated',
      `how long ${lasts} is not stated; ${duration(most)} at most are allowed`,
      citation,
    )
  }
  if (stated <= most) return undefined
  return said(
    'unfit',
    'session_too_long',
    `${lasts} ${duration(stated)}; ${duration(most)} at most are allowed`,
    citation,
  )
})

const controlCheck: Check = ({ controls }, way) => {
  if (controls.length === 0) return undefined
  const missing = controls.filter((control) => !way.controls.includes(control))
  return missing.length > 0
    ? said('unfit', 'control_missing', `not recorded as in place: ${missing.map(spoken).join(', ')}`)
    : said('control', 'controls_in_place', `fit with: ${controls.map(spoken).join(', ')}`)
}

const dutyCheck: Check = (_, { restrictedDutiesMet }) => {
  if (restrictedDutiesMet === undefined) return undefined
  const duties = 'the duties of a restricted authenticator'
  if (restrictedDutiesMet === null)
    return said('unknown', 'duties_unstated', `whether ${duties} are met is not stated`, nist('3.2.9'))
  return restrictedDutiesMet
    ? said('control', 'duties_met', `fit with ${duties}`, nist('3.2.9'))
    : said('unfit', 'duties_not_met', `${duties} are not met`, nist('3.2.9'))
}

/** Every check, in the order in which reasons are told. */
const CHECKS: readonly Check[] = [
  codeCheck,
  strengthCheck,
  flagCheck('phishingResistant', 'phishing_resistant', 'phishing-resistant', nist('3.2.5')),
  flagCheck('hardwareBacked', 'hardware_backed', 'held in hardware', nist('3.2.13')),
  ...sessionChecks,
  controlCheck,
  dutyCheck,
]

/**
 * Returns the verdict of a way in and the reasons for it. Whatever is known to be wrong makes it `unfit`, whatever else
 * is not known; else whatever is needed and not known makes it `unknown`; else it is fit, with controls where it
 * needed them. Reasons of an unfit way in include what is not known.
 */
export function judge(requirement: Requirement, way: WayFacts): Judgement {
  const grounds = CHECKS.flatMap((check) => check(requirement, way) ?? [])
  const has = (weight: Weight) => grounds.some((ground) => ground.weight === weight)
  const verdict = has('unfit') ? 'unfit' : has('unknown') ? 'unknown' : has('control') ? 'fit_with_controls' : 'fit'
  const reasons = grounds
    .filter(({ weight }) => weight !== 'control' || verdict === 'fit_with_controls')
    .map(({ code, text, citations }) => ({ code, text, citations: citationsOf(citations, requirement) }))
  if (reasons.length > 0) return { verdict, reasons }
  const text = 'it shows everything that is asked for'
  return { verdict, reasons: [{ code: 'meets_requirement', text, citations: [...requirement.citations] }] }
}

/** A reason cites its own clause; one that has none cites what the requirement rests on. */
const citationsOf = (own: readonly Citation[], { citations }: Requirement): Citation[] =>
  own.length > 0 ? [...own] : [...citations]

const spoken = (word: string) => word.replaceAll('_', ' ')

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

/** `43200` is `12 hours`. */
function duration(seconds: number): string {
  for (const [unit, size] of UNITS) {
    const count = seconds / size
    if (count >= 1 && Number.isInteger(count)) return `${count} ${unit}${count === 1 ? '' : 's'}`
  }
  return `${seconds} seconds`
}
