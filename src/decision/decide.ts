/** One question, weighed on one world. Pure: the same evaluation on the same world gives the same decision. */
import {
  ACR_OF_STRENGTH,
  type Decision,
  type Evaluation,
  type RequiredAssurance,
  type StandingException,
  type StepUp,
} from '#contract/decision.ts'
import type { Reason } from '#contract/report.ts'
import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import { rankOf } from '#assurance/strength.ts'
import { entitlementOf } from './entitled.ts'
import { presentedBy } from './evidence.ts'
import { exceptionFor } from './excused.ts'
import { OF_ENTITLEMENT, OF_PERSON, OF_SERVICE, OF_SUBJECT, type Ground, type Weighing } from './grounds.ts'
import { least, requiredOf, requiredOfService, riskOf, type Required } from './required.ts'
import { sentenceFor } from './sentences.ts'
import type { Asked, Standing, Target, World } from './world.ts'

/** Decides. It never throws and never answers more than what was shown allows: what is missing or malformed proves nothing. */
export function decide(evaluation: Evaluation, world: World): Decision {
  const { request, at } = evaluation
  const standing = standingOf(world, request.subject)
  if (standing === undefined) return refused(evaluation, world, SUBJECT_UNKNOWN)
  if (!Number.isFinite(at)) return refused(evaluation, world, TIME_UNKNOWN)
  const weighing = weigh(evaluation, world, standing)
  const { mode } = world.settings
  const grounds: Ground[] = []
  const look = (checks: typeof OF_SUBJECT) => {
    for (const check of checks) {
      const ground = check(weighing)
      if (ground !== undefined) grounds.push(ground)
    }
  }
  look(OF_SUBJECT)
  if (mode !== 'assurance_only') look(OF_ENTITLEMENT)
  if (mode !== 'entitled_only') look(standing.kind === 'human' ? OF_PERSON : OF_SERVICE)
  return outcomeOf(weighing, grounds)
}

/** The account that a request names; undefined where its type names no accounts, or not of this kind. */
export function standingOf(
  world: World,
  { type, id }: { readonly type: string; readonly id: string },
): Standing | undefined {
  const { subjects } = world.settings
  if (!Object.hasOwn(subjects, type)) return undefined
  const { kinds, prefix = '' } = subjects[type]!
  const standing = world.account(`${prefix}${id}`)
  return standing === undefined || (kinds !== undefined && !kinds.includes(standing.kind)) ? undefined : standing
}

/** The thing that a request names, by its own type or as any `resource`; null where there is none. */
export function targetOf(world: World, { type, id }: { readonly type: string; readonly id: string }): Target | null {
  const target = world.target(id)
  return target !== undefined && (target.type === type || type === 'resource' || target.type === 'resource')
    ? target
    : null
}

function weigh(evaluation: Evaluation, world: World, standing: Standing): Weighing {
  const { request, at, session } = evaluation
  const target = targetOf(world, request.resource)
  const entitlement = entitlementOf(world, request, standing, target, at)
  const { capabilities } = entitlement
  const path = target === null || capabilities === 0 ? null : world.path(standing, capabilities, target)
  const asked = world.asked(standing, path)
  const presented = presentedBy(session, standing.id, world.settings, at, world.policy.live.clock.skewSeconds)
  const risk = riskOf(evaluation.risk, standing.exposed, world.policy, at)
  const required = (standing.kind === 'human' ? requiredOf : requiredOfService)(world.policy, asked, risk, presented)
  return { world, evaluation, standing, entitlement, asked, required, presented }
}

/** Whatever nobody can cure by proving more refuses; then what is excused falls away; what is left is to be proved. */
function outcomeOf(weighing: Weighing, grounds: readonly Ground[]): Decision {
  const { standing, required, presented, evaluation, world } = weighing
  if (grounds.length === 0) return permitted(weighing, null, NO_GROUNDS)
  const refusing = grounds.filter(({ weight }) => weight === 'refuse')
  const proving = grounds.filter(({ weight }) => weight === 'prove')
  if (refusing.length > 0) return answer(weighing, { outcome: 'deny', reasons: [...refusing, ...proving] })
  const exception = exceptionFor(weighing)
  const left = exception === null ? proving : proving.filter(({ excusable }) => !excusable)
  if (left.length === 0) return permitted(weighing, exception, proving)
  const asks = exception === null ? required.strength : stronger(required.atRisk, presented.strength)
  if (!(evaluation.stepUpsTried < world.policy.live.stepUps.most)) {
    return answer(weighing, { outcome: 'deny', reasons: [loop(world), ...left] })
  }
  if (rankOf(standing.canProve) < rankOf(asks)) {
    return answer(weighing, { outcome: 'deny', reasons: [enrolmentNeeded(standing, asks), ...left] })
  }
  return answer(weighing, { outcome: 'step_up', reasons: left, stepUp: stepUpOf(weighing, asks, left) })
}

const NO_GROUNDS: readonly Ground[] = []
const stronger = (a: Strength, b: Strength): Strength => (rankOf(a) >= rankOf(b) ? a : b)

const loop = ({ policy: { live } }: World): Reason => ({
  code: 'step_up_loop',
  text: `the session came back ${live.stepUps.most} times without what it was sent for`,
  citations: [...live.stepUps.citations],
})

const enrolmentNeeded = ({ id, canProve }: Standing, asks: Strength): Reason => ({
  code: 'enrolment_needed',
  text: `nothing that \`${id}\` signs in with proves ${spoken(asks)}; the most is ${spoken(canProve)}`,
  citations: [{ standard: 'NIST CSF 2.0', section: 'PR.AA-03' }],
})

const spoken = (word: string): string => word.replaceAll('_', ' ')

/** The names that the issuer of the session has for it, weakest first; Ambit's where it has none, or there is no session. */
function stepUpOf({ evaluation, world, required }: Weighing, asks: Strength, left: readonly Ground[]): StepUp {
  const { session, at } = evaluation
  const issuers = world.settings.issuers
  const table = session !== null && Object.hasOwn(issuers, session.issuer) ? issuers[session.issuer] : undefined
  const own = table !== undefined && 'acr' in table ? Object.entries(table.acr) : []
  const named = own
    .filter(([, shown]) => rankOf(shown.strength) >= rankOf(asks))
    .toSorted(([a, x], [b, y]) => rankOf(x.strength) - rankOf(y.strength) || (a < b ? -1 : 1))
    .map(([name]) => name)
  const ambit = STRENGTHS.slice(rankOf(asks)).flatMap((strength) => ACR_OF_STRENGTH[strength])
  const anew = left.some(({ code }) => code === 'before_signal') ? Math.max(0, Math.floor(at - required.since!)) : null
  const idle = left.some(({ code }) => code === 'session_idle') ? required.maxIdle : null
  return {
    acrValues: asks === 'none' ? [] : named.length > 0 ? named : ambit,
    amrValues: AMR_OF_STRENGTH[asks],
    maxAge: least([required.maxAge, anew, idle]),
  }
}

/** Methods that stand for a strength whichever authenticator is used (RFC 8176 §2). */
const AMR_OF_STRENGTH: Readonly<Record<Strength, readonly string[]>> = {
  none: [],
  single_factor: [],
  two_factor: ['mfa'],
  phishing_resistant: ['mfa'],
  hardware: ['mfa', 'hwk'],
}

/** Ends with the first of all that it rests on. */
function permitted(weighing: Weighing, exception: StandingException | null, excused: readonly Ground[]): Decision {
  const { evaluation, required, presented, entitlement, asked, world } = weighing
  const { at } = evaluation
  const { mode } = world.settings
  const ends: (number | null)[] = [at + required.permitSeconds, exception?.until ?? null]
  if (mode !== 'assurance_only') ends.push(entitlement.until)
  if (mode !== 'entitled_only') {
    if (required.maxAge !== null && presented.age !== null) ends.push(at - presented.age + required.maxAge)
    if (required.maxIdle !== null && presented.idle !== null) ends.push(at - presented.idle + required.maxIdle)
  }
  const reasons =
    exception === null
      ? [mode === 'entitled_only' ? ENTITLED : metBy(asked)]
      : [excusedBy(exception, world), ...excused]
  return answer(weighing, { outcome: 'permit', reasons, permitUntil: least(ends), exception: exception?.id ?? null })
}

const ENTITLED: Reason = {
  code: 'entitled',
  text: 'the subject is entitled to it; how it was authenticated is not asked here',
  citations: [{ standard: 'NIST CSF 2.0', section: 'PR.AA-05' }],
}

const MET = new WeakMap<Asked, Reason>()
function metBy(asked: Asked): Reason {
  let reason = MET.get(asked)
  if (reason === undefined) {
    const text = 'the session shows everything that is asked for'
    reason = { code: 'meets_requirement', text, citations: [...asked.requirement.citations] }
    MET.set(asked, reason)
  }
  return reason
}

const excusedBy = ({ id }: StandingException, { policy }: World): Reason => ({
  code: 'excepted',
  text: `excused by \`${id}\``,
  citations: [...policy.exceptions.citations],
})

interface Answer {
  readonly outcome: Decision['outcome']
  readonly reasons: readonly (Reason | Ground)[]
  readonly stepUp?: StepUp
  readonly permitUntil?: number | null
  readonly exception?: string | null
}

const RAISED = new Set(['below_required', 'code_beyond_reach', 'session_over', 'session_idle', 'control_missing'])

function answer({ evaluation, world, required, presented, asked }: Weighing, given: Answer): Decision {
  const { id, at } = evaluation
  const { outcome, stepUp = null, permitUntil = null, exception = null } = given
  const reasons = given.reasons.map(({ code, text, citations }) => ({ code, text, citations }))
  // what raised the requirement is told where it was not met
  const raised = outcome !== 'permit' && reasons.some(({ code }) => RAISED.has(code)) ? asked.requirement.raisedBy : []
  return {
    id,
    at,
    outcome,
    reasons: [...reasons, ...raised],
    reasonUser: sentenceFor(outcome, reasons[0]!.code, required.strength),
    required: assuranceOf(required),
    presented: { strength: presented.strength, code: presented.code, age: presented.age },
    stepUp,
    permitUntil,
    exception,
    snapshot: world.snapshot,
    policy: world.policy.hash,
    settings: world.settingsHash,
  }
}

const assuranceOf = (required: Required): RequiredAssurance => ({
  strength: required.strength,
  codes: required.codes,
  phishingResistant: required.phishingResistant,
  hardwareBacked: required.hardwareBacked,
  maxAge: required.maxAge,
  maxIdle: required.maxIdle,
  senderConstrained: required.senderConstrained,
  device: required.device,
})

const SUBJECT_UNKNOWN: Reason = {
  code: 'subject_unknown',
  text: 'the inventory has no such account',
  citations: [{ standard: 'NIST CSF 2.0', section: 'PR.AA-01' }],
}
const TIME_UNKNOWN: Reason = { code: 'time_unknown', text: 'the time of the question is no number', citations: [] }

/** Of nobody who is known, nothing can be said but that the most is asked. */
function refused({ id, at }: Evaluation, world: World, reason: Reason): Decision {
  return {
    id,
    at,
    outcome: 'deny',
    reasons: [reason],
    reasonUser: sentenceFor('deny', reason.code, 'hardware'),
    required: MOST,
    presented: { strength: 'none', code: false, age: null },
    stepUp: null,
    permitUntil: null,
    exception: null,
    snapshot: world.snapshot,
    policy: world.policy.hash,
    settings: world.settingsHash,
  }
}

const MOST: RequiredAssurance = {
  strength: 'hardware',
  codes: 'refused',
  phishingResistant: true,
  hardwareBacked: true,
  maxAge: 0,
  maxIdle: 0,
  senderConstrained: true,
  device: 'compliant',
}
