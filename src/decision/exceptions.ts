/**
 * The life of an exception, as a pure state machine. Nothing here knows a clock or a store: whoever calls says what time it
 * is and what holds, keeps what comes back under its version, and records it.
 */
import type { StandingException } from '#contract/decision.ts'
import type { ExceptionDraft, RuntimeException, SafeguardState } from '#contract/exception.ts'
import { IMPACTS, SAFEGUARDS, type Capability, type Impact, type Safeguard } from '#contract/vocabulary.ts'

/** What is known now of an account that an exception names. */
export interface ExceptionAccount {
  readonly id: string
  /** the person, where the inventory says; two accounts of one person are one */
  readonly person: string | null
  readonly enabled: boolean
  readonly human: boolean
  readonly impact: Impact
  /** it may be worth more than is known */
  readonly uncertain: boolean
  /** what it reaches of moderate impact or more */
  readonly capabilities: readonly Capability[]
  /** its ways in */
  readonly waysIn: readonly string[]
}

/** What holds now. */
export interface ExceptionWorld {
  /** null for what is not known to be an account */
  readonly account: (id: string) => ExceptionAccount | null
  readonly safeguard: (safeguard: Safeguard, account: string, waysIn: readonly string[] | null) => SafeguardState
}

export interface ExceptionLimits {
  /** longest life, in days */
  readonly maxDays: number
  /** safeguards that the policy asks for; the default policy asks for all five */
  readonly safeguards: readonly Safeguard[]
}

/** Why something cannot be: a code for the audit log, and a sentence for whoever asked. */
export interface Refusal {
  readonly code: string
  readonly text: string
}

const DAY_MS = 86_400_000
const rank = (impact: Impact) => IMPACTS.indexOf(impact)
/** What an account counts as: the most it may be, where that is not known. */
const impactOf = ({ impact, uncertain }: ExceptionAccount): Impact => (uncertain ? 'high' : impact)

/** What is wrong with a request, all of it; empty where it may wait for an approver. */
export function requestRefusals(
  draft: ExceptionDraft,
  world: ExceptionWorld,
  { maxDays }: ExceptionLimits,
  now: number,
): readonly Refusal[] {
  const refusals: Refusal[] = []
  const refuse = (code: string, text: string) => refusals.push({ code, text })
  const { subjects, waysIn, start, end, review } = draft
  for (const id of subjects) {
    const account = world.account(id)
    if (account === null) refuse('subject_unknown', `\`${id}\` is no account of the current snapshot`)
    else if (!account.human)
      refuse('subject_not_human', `\`${id}\` is no person's account; give it a stronger secret instead`)
  }
  const known = new Set(subjects.flatMap((id) => world.account(id)?.waysIn ?? []))
  for (const id of waysIn ?? []) if (!known.has(id)) refuse('way_in_unknown', `\`${id}\` is no way in of a subject`)
  if (!(start < end)) refuse('no_end', 'it has to end after it begins')
  if (!(end - start <= maxDays * DAY_MS))
    refuse('too_long', `it may last ${maxDays} days at most; nobody's lasts for ever`)
  if (!(end > now)) refuse('over', 'its end has passed')
  if (!(review > now && review <= end)) refuse('no_review', 'its review has to come before its end')
  return refusals
}

/** An exception that waits for an approver. */
export const requestedException = (
  draft: ExceptionDraft,
  of: Pick<RuntimeException, 'id' | 'requester' | 'requestedBy' | 'requestedAt'>,
): RuntimeException => ({
  ...draft,
  ...of,
  state: 'requested',
  version: 1,
  approver: null,
  approvedAt: null,
  approvedImpact: null,
  why: [],
  uses: 0,
  lastUsedAt: null,
})

/** Who approves: the account, and the token by which it speaks. */
export interface Approver {
  readonly account: string
  readonly token: string
}

/** Why this account cannot approve it now; empty where it can. After a suspension it takes the same again. */
export function approvalRefusals(
  exception: RuntimeException,
  { account: id, token }: Approver,
  world: ExceptionWorld,
  limits: ExceptionLimits,
  now: number,
): readonly Refusal[] {
  const refusals: Refusal[] = []
  const refuse = (code: string, text: string) => refusals.push({ code, text })
  if (exception.state !== 'requested' && exception.state !== 'suspended') {
    refuse('not_open', `it is ${exception.state}; only what is requested or suspended can be approved`)
  }
  const approver = world.account(id)
  if (approver === null || !approver.enabled)
    refuse('approver_unknown', `\`${id}\` is no enabled account of the snapshot`)
  if (id === exception.requester || isSame(approver, world.account(exception.requester))) {
    refuse('approver_is_requester', 'whoever requested it cannot approve it')
  }
  if (token === exception.requestedBy)
    refuse('same_token', 'it was requested with this token; another person has to approve it')
  for (const subject of exception.subjects) {
    const account = world.account(subject)
    if (id === subject || isSame(approver, account)) {
      refuse('approver_is_subject', 'nobody approves an exception for themselves')
    }
    if (approver !== null && account !== null && rank(approver.impact) < rank(impactOf(account))) {
      refuse('approver_outranked', `\`${subject}\` reaches more than \`${id}\`, who therefore cannot answer for it`)
    }
  }
  for (const { code, text } of failures(exception, world, limits, impactNow(exception, world), now)) refuse(code, text)
  return refusals
}

const isSame = (one: ExceptionAccount | null, other: ExceptionAccount | null): boolean =>
  one !== null && other !== null && (one.id === other.id || (one.person !== null && one.person === other.person))

/** The exception with leave. Call it only where {@link approvalRefusals} has nothing to say of the same world and time. */
export const approvedException = (
  exception: RuntimeException,
  approver: Approver,
  world: ExceptionWorld,
  now: number,
): RuntimeException => ({
  ...exception,
  state: 'approved',
  version: exception.version + 1,
  approver: approver.account,
  approvedAt: now,
  approvedImpact: impactNow(exception, world),
  why: [],
})

/** Ends it for good, or refuses it where nobody approved it yet; null where it has ended already. */
export function revokedException(exception: RuntimeException): RuntimeException | null {
  if (isFinal(exception)) return null
  const state = exception.state === 'requested' ? 'refused' : 'revoked'
  return { ...exception, state, version: exception.version + 1, why: ['by_hand'] }
}

const isFinal = ({ state }: RuntimeException) => state === 'refused' || state === 'revoked' || state === 'ended'

/**
 * What time and world have made of it: ended when its end has come, suspended when a safeguard is gone or the reach has grown
 * past what was approved. It never comes back by itself. What is merely unknown suspends nothing, but see {@link standingException}.
 *
 * @returns the exception itself where nothing changed
 */
export function observedException(
  exception: RuntimeException,
  world: ExceptionWorld,
  limits: ExceptionLimits,
  now: number,
): RuntimeException {
  if (isFinal(exception)) return exception
  const version = exception.version + 1
  if (now >= exception.end) return { ...exception, state: 'ended', version, why: ['end_came'] }
  if (exception.state !== 'approved') return exception
  const broken = failures(exception, world, limits, exception.approvedImpact, now).filter(({ known }) => known)
  if (broken.length === 0) return exception
  return { ...exception, state: 'suspended', version, why: [...new Set(broken.map(({ code }) => code))] }
}

/** What a decision may be given of it now, for one of its subjects; null where it does not stand. */
export function standingException(
  exception: RuntimeException,
  account: string,
  world: ExceptionWorld,
  limits: ExceptionLimits,
  now: number,
): StandingException | null {
  const { id, state, subjects, start, end, capabilities, approvedImpact } = exception
  if (state !== 'approved' || !subjects.includes(account) || !(now >= start && now < end)) return null
  if (failures(exception, world, limits, approvedImpact, now).length > 0) return null
  return { id, capabilities, until: Math.floor(end / 1000) }
}

interface Failure extends Refusal {
  /** false where it is not known to hold, rather than known not to */
  readonly known: boolean
}

/** Everything that keeps it from standing, besides its state and its subject's name. */
function failures(
  { subjects, waysIn, capabilities, start, end }: RuntimeException,
  world: ExceptionWorld,
  { maxDays, safeguards }: ExceptionLimits,
  approvedImpact: Impact | null,
  now: number,
): readonly Failure[] {
  const found: Failure[] = []
  if (!(now < end)) found.push({ code: 'end_came', text: 'its end has come', known: true })
  if (!(end - start <= maxDays * DAY_MS)) {
    found.push({ code: 'too_long', text: `the policy allows ${maxDays} days at most`, known: true })
  }
  const covered = new Set(capabilities)
  const all = SAFEGUARDS.filter((each) => safeguards.includes(each))
  for (const subject of subjects) {
    const account = world.account(subject)
    if (account === null) {
      found.push({ code: 'subject_unknown', text: `\`${subject}\` is no account of the snapshot`, known: false })
      continue
    }
    const grown = account.capabilities.filter((capability) => !covered.has(capability))
    if (grown.length > 0) {
      found.push({ code: 'reach_grew', text: `\`${subject}\` also reaches ${grown.join(', ')}`, known: true })
    }
    if (approvedImpact === null || rank(impactOf(account)) > rank(approvedImpact)) {
      const known = approvedImpact !== null && rank(account.impact) > rank(approvedImpact)
      found.push({ code: 'impact_grew', text: `\`${subject}\` is, or may be, worth more than was approved`, known })
    }
    for (const safeguard of all) {
      const { holds, evidence } = world.safeguard(safeguard, subject, waysIn)
      if (holds !== true)
        found.push({ code: safeguard, text: `${safeguard} of \`${subject}\`: ${evidence}`, known: holds === false })
    }
  }
  return found
}

function impactNow({ subjects }: RuntimeException, world: ExceptionWorld): Impact | null {
  const impacts = subjects
    .map((id) => world.account(id))
    .map((account) => (account === null ? null : impactOf(account)))
  return impacts.includes(null) ? null : (IMPACTS.findLast((impact) => impacts.includes(impact)) ?? null)
}
