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
import { CHECKS, revokedAt, type Ground, type Weighing } from './grounds.ts'
import { least, requiredOf, riskOf } from './required.ts'
import { sentenceFor } from './sentences.ts'
import type { IssuerTable } from './settings.ts'
import type { Asked, Standing, Target, World } from './world.ts'

/** Decides. It never throws and never answers more than what was shown allows: what is missing or malformed proves nothing. */
export function decide(evaluation: Evaluation, world: World): Decision {
  const { request, at } = evaluation
  const standing = standingOf(world, request.subject)
  if (standing === undefined) return refused(evaluation, world, SUBJECT_UNKNOWN)
  if (!Number.isFinite(at)) return refused(evaluation, world, TIME_UNKNOWN)
  const weighing = weigh(evaluation, world, standing)
  let grounds = NO_GROUNDS
  for (const check of CHECKS[world.settings.mode][standing.kind === 'human' ? 'person' : 'service']) {
    const ground = check(weighing)
    if (ground !== undefined) grounds = [...grounds, ground]
  }
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
  const standing = world.account(prefix === '' ? id : `${prefix}${id}`)
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
  const required = requiredOf(world.policy, asked, risk, presented.code, standing.kind === 'human')
  return { world, evaluation, standing, entitlement, asked, risk, required, presented }
}

/** Whatever nobody can cure by proving more refuses; then what is excused falls away; what is left is to be proved. */
function outcomeOf(weighing: Weighing, grounds: readonly Ground[]): Decision {
  const { standing, required, presented, evaluation, world } = weighing
  if (grounds.length === 0) return permitted(weighing, null, NO_GROUNDS)
  const refusing = grounds.filter(({ weight }) => weight === 'refuse')
  const proving = grounds.filter(({ weight }) => weight === 'prove')
  if (refusing.length > 0) return denied(weighing, [...refusing, ...proving])
  const exception = exceptionFor(weighing)
  const left = exception === null ? proving : proving.filter(({ excusable }) => !excusable)
  if (left.length === 0) return permitted(weighing, exception, proving)
  const asks = exception === null ? required.assurance.strength : stronger(required.atRisk, presented.strength)
  if (!(evaluation.stepUpsTried < world.policy.live.stepUps.most)) {
    return denied(weighing, [loop(world), ...left])
  }
  if (rankOf(standing.canProve) < rankOf(asks)) {
    return denied(weighing, [enrolmentNeeded(standing, asks), ...left])
  }
  return denied(weighing, left, stepUpOf(weighing, asks, left))
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

function stepUpOf({ evaluation, world, risk, required }: Weighing, asks: Strength, left: readonly Ground[]): StepUp {
  const { session, at } = evaluation
  const { issuers } = world.settings
  const table = session !== null && Object.hasOwn(issuers, session.issuer) ? issuers[session.issuer] : undefined
  const anew = left.some(({ code }) => code === 'before_signal') ? Math.max(0, Math.floor(at - risk.since!)) : null
  const idle = left.some(({ code }) => code === 'session_idle') ? required.assurance.maxIdle : null
  const revoked = left.some(({ code }) => code === 'session_revoked')
    ? Math.max(0, at - revokedAt(evaluation)! - 1)
    : null
  return {
    acrValues: namesOf(asks, table),
    amrValues: AMR_OF_STRENGTH[asks],
    maxAge: least([required.assurance.maxAge, anew, idle, revoked]),
  }
}

const NAMES = new WeakMap<IssuerTable, Map<Strength, readonly string[]>>()

/** The names that the issuer of the session has for it, weakest first; Ambit's where it has none, or there is no session. */
export function namesOf(asks: Strength, table: IssuerTable | undefined): readonly string[] {
  if (asks === 'none' || table === undefined || !('acr' in table)) return ambitNamesOf(asks)
  let known = NAMES.get(table)
  if (known === undefined) NAMES.set(table, (known = new Map<Strength, readonly string[]>()))
  let names = known.get(asks)
  if (names === undefined) {
    const own = Object.entries(table.acr)
      .filter(([, shown]) => rankOf(shown.strength) >= rankOf(asks))
      .toSorted(([a, x], [b, y]) => rankOf(x.strength) - rankOf(y.strength) || (a < b ? -1 : 1))
    names = own.length === 0 ? ambitNamesOf(asks) : own.map(([name]) => name)
    known.set(asks, names)
  }
  return names
}

const ambitNamesOf = (asks: Strength): readonly string[] =>
  asks === 'none' ? [] : STRENGTHS.slice(rankOf(asks)).flatMap((strength) => ACR_OF_STRENGTH[strength])

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
  let until = at + required.permitSeconds
  const endsAt = (end: number | null) => {
    if (end !== null && end < until) until = end
  }
  if (exception !== null) endsAt(exception.until)
  if (mode !== 'assurance_only') endsAt(entitlement.until)
  if (mode !== 'entitled_only') {
    const { maxAge, maxIdle } = required.assurance
    if (maxAge !== null && presented.age !== null) endsAt(at - presented.age + maxAge)
    if (maxIdle !== null && presented.idle !== null) endsAt(at - presented.idle + maxIdle)
  }
  const met = mode === 'entitled_only' ? ENTITLED : metBy(asked)
  const reasons = exception === null ? met : [excusedBy(exception, world), ...excused.map(reasonOf)]
  return answer(weighing, 'permit', reasons, null, until, exception?.id ?? null)
}

const ENTITLED: readonly Reason[] = [
  {
    code: 'entitled',
    text: 'the subject is entitled to it; how it was authenticated is not asked here',
    citations: [{ standard: 'NIST CSF 2.0', section: 'PR.AA-05' }],
  },
]

const MET = new WeakMap<Asked, readonly Reason[]>()
function metBy(asked: Asked): readonly Reason[] {
  let reasons = MET.get(asked)
  if (reasons === undefined) {
    const text = 'the session shows everything that is asked for'
    reasons = [{ code: 'meets_requirement', text, citations: [...asked.requirement.citations] }]
    MET.set(asked, reasons)
  }
  return reasons
}

const excusedBy = ({ id }: StandingException, { policy }: World): Reason => ({
  code: 'excepted',
  text: `excused by \`${id}\``,
  citations: [...policy.exceptions.citations],
})

const reasonOf = ({ code, text, citations }: Reason): Reason => ({ code, text, citations })

/** Reasons after which it is told which rules raised what is asked. */
const RAISED = new Set(['below_required', 'code_beyond_reach', 'session_over', 'session_idle', 'control_missing'])

function denied(weighing: Weighing, why: readonly Reason[], stepUp: StepUp | null = null): Decision {
  const reasons = why.map(reasonOf)
  if (reasons.some(({ code }) => RAISED.has(code))) reasons.push(...weighing.asked.requirement.raisedBy)
  return answer(weighing, stepUp === null ? 'deny' : 'step_up', reasons, stepUp, null, null)
}

function answer(
  { evaluation, world, required, presented }: Weighing,
  outcome: Decision['outcome'],
  reasons: readonly Reason[],
  stepUp: StepUp | null,
  permitUntil: number | null,
  exception: string | null,
): Decision {
  return {
    id: evaluation.id,
    at: evaluation.at,
    outcome,
    reasons,
    reasonUser: sentenceFor(outcome, reasons[0]!.code, required.assurance.strength),
    required: required.assurance,
    presented: presented.told,
    stepUp,
    permitUntil,
    exception,
    snapshot: world.snapshot,
    policy: world.policy.hash,
    settings: world.settingsHash,
  }
}

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

/** What is asked for where nothing is known. */
export const MOST: RequiredAssurance = {
  strength: 'hardware',
  codes: 'refused',
  phishingResistant: true,
  hardwareBacked: true,
  maxAge: 0,
  maxIdle: 0,
  senderConstrained: true,
  device: 'compliant',
}
