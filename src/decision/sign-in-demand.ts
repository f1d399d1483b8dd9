/** What a person's sign-in has to show for what it is for: the same rules as for the access itself, before there is a session. */
import type { RiskSignal, StandingException } from '#contract/decision.ts'
import type { Strength } from '#contract/vocabulary.ts'
import { rankOf } from '#assurance/strength.ts'
import type { RaisedRequirement } from '#policy/requirement.ts'
import type { CapabilitySet } from './capabilities.ts'
import { targetOf } from './decide.ts'
import { entitlementOf } from './entitled.ts'
import { coveringException } from './excused.ts'
import { requiredOf, riskOf } from './required.ts'
import type { Asked, Standing, World } from './world.ts'

/** What somebody signs in for, as far as it is known. */
export interface WantedAccess {
  readonly action: string
  readonly resource: { readonly type: string; readonly id: string }
}

export interface SignInDemand {
  readonly strength: Strength
  readonly codes: 'allowed' | 'refused'
  readonly session: RaisedRequirement['session']
  readonly codeSession: RaisedRequirement['session']
  /** id of the exception without which more would be asked; null for none */
  readonly exception: string | null
}

/** What stands around the account at the moment. */
export interface SignInCircumstances {
  /** seconds since 1970 */
  readonly at: number
  readonly risk: readonly RiskSignal[]
  readonly exceptions: readonly StandingException[]
}

/** Null for what is no enabled account of a person. Without a known access, what the account reaches without asking again is asked. */
export function signInDemand(
  world: World,
  account: string,
  access: WantedAccess | null,
  { at, risk, exceptions }: SignInCircumstances,
): SignInDemand | null {
  const standing = world.account(account)
  if (standing === undefined || !standing.enabled || standing.kind !== 'human' || !Number.isFinite(at)) return null
  const { asked, reached } = askedFor(world, standing, access, at)
  const dangers = riskOf(risk, standing.exposed, world.policy, at)
  const { beforeRisk, atRisk, blocked } = requiredOf(world.policy, asked, dangers, false, true)
  const { session, codeSession = {} } = asked.requirement
  const common = { session, codeSession }
  const codesAtRisk = blocked || rankOf(atRisk) >= PHISHING_RESISTANT ? 'refused' : 'allowed'
  const exception = coveringException(exceptions, reached, at, world.policy)
  if (exception !== null && (beforeRisk.codes === 'refused' || rankOf(beforeRisk.strength) > SINGLE)) {
    // it excuses a weak factor, never the want of one, and nothing that risk asks
    return { ...common, strength: 'single_factor', codes: codesAtRisk, exception: exception.id }
  }
  const codes = rankOf(beforeRisk.strength) >= PHISHING_RESISTANT ? 'refused' : beforeRisk.codes
  return { ...common, strength: beforeRisk.strength, codes: codes === 'refused' ? codes : codesAtRisk, exception: null }
}

const SINGLE = rankOf('single_factor')
const PHISHING_RESISTANT = rankOf('phishing_resistant')

/** What is asked, and what an exception would have to name. */
function askedFor(
  world: World,
  standing: Standing,
  access: WantedAccess | null,
  at: number,
): { readonly asked: Asked; readonly reached: CapabilitySet } {
  const whole = standing.floorCapabilities | standing.wholeCapabilities
  const target = access === null ? null : targetOf(world, access.resource)
  if (access === null || target === null) return { asked: floorAlone(standing), reached: whole }
  const request = { subject: SUBJECT, action: { name: access.action }, resource: access.resource }
  const { capabilities } = entitlementOf(world, request, standing, target, at)
  const path = capabilities === 0 ? null : world.path(standing, capabilities, target)
  const reached = path === null ? whole : standing.floorCapabilities | capabilities
  return { asked: world.asked(standing, path), reached }
}

/** The account is looked up already; a request names one all the same. */
const SUBJECT = { type: 'token', id: '' } as const

const FLOORS = new WeakMap<Standing['floor'], Asked>()
function floorAlone({ floor }: Standing): Asked {
  const { requirement, impact } = floor
  let asked = FLOORS.get(floor)
  if (asked === undefined) FLOORS.set(floor, (asked = { floor, access: floor, hasPath: false, requirement, impact }))
  return asked
}
