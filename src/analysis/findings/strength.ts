import { IMPACTS, impactWords } from '#contract/vocabulary.ts'
import type { AccountAnalysis, Analysis, JudgedWay } from '../context.ts'
import { isSignIn, rankOf } from '../worth.ts'
import { BY_IMPACT, MILD_BY_IMPACT, nameOf, type Draft } from './finding.ts'
import { kindsWords, kindWords, listOf, plain, purposeWords, stepsOf, strengthWords } from './words.ts'

/** Ways that need no ceremony are reported by their own findings, about secrets and sessions. */
const asksForSomething = ({ way }: JudgedWay): boolean =>
  way.fact !== null || (way.purpose !== 'secret' && way.purpose !== 'session')

/** Weaker first; unknown counts as weakest. */
const byStrength = (a: JudgedWay, b: JudgedWay): number => rankOf(a.effective) - rankOf(b.effective)

/** Ways in that rest on a code which the account's reach does not allow. */
export const codeWays = (account: AccountAnalysis): JudgedWay[] =>
  account.requirement.codes === 'refused'
    ? account.ways.filter((judged) => asksForSomething(judged) && judged.worth.code).toSorted(byStrength)
    : []

export function* codeBeyondReach(analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  const judged = codeWays(account)[0]
  if (!account.human || judged === undefined) return
  const codes = judged.worth.authenticators
    .map(({ kind }) => kind)
    .filter((kind) => analysis.policy.authenticators[kind].code)
  for (const reached of account.impact.capabilities) {
    if (analysis.policy.requirements[reached.impact].codes !== 'refused') continue
    yield {
      code: 'code_beyond_reach',
      severity: BY_IMPACT[reached.impact],
      account: account.fact.id,
      wayIn: judged.way.id,
      capability: reached.capability,
      message: `${nameOf(account)} can be entered with ${kindsWords(codes)} (${purposeWords(judged)}) and can ${plain(reached.capability)} (${impactWords(reached.impact)}) in ${stepsOf(reached.hops)}`,
      reach: analysis.reachProof(account.fact.id, reached),
      entry: analysis.entryProof(account.fact.id),
      facts: [judged.way.id, ...judged.worth.authenticators.map(({ id }) => id)],
      exception: judged.exception,
    }
  }
}

/** Sign-ins that are too weak for the reach, where no code is to blame. */
export function* belowRequired(analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  if (!account.human) return
  for (const judged of account.ways) {
    if (judged.verdict !== 'unfit' && judged.verdict !== 'excepted') continue
    if (judged.reasons.some(({ code }) => code === 'leaked_secret' || code === 'exposed_session')) continue // said by their own findings
    if (judged.worth.code && account.requirement.codes === 'refused') continue
    if (judged.effective === null || rankOf(judged.effective) >= rankOf(account.requirement.strength)) continue
    if (!isSignIn(judged.way) && rankOf(judged.effective) < rankOf(account.nominal?.strength ?? null)) continue // recovery_weaker_than_sign_in, weaker_than_it_looks
    const bare = account.impact.impact === 'high' && rankOf(judged.effective) <= 1
    const top = account.impact.capabilities.toSorted((a, b) => IMPACTS.indexOf(b.impact) - IMPACTS.indexOf(a.impact))[0]
    yield {
      code: 'below_required',
      severity: bare ? 'critical' : MILD_BY_IMPACT[account.impact.impact],
      account: account.fact.id,
      wayIn: judged.way.id,
      message: `${nameOf(account)}: ${purposeWords(judged)} proves ${strengthWords(judged.effective)}, the reach (${impactWords(account.impact.impact)}) requires ${strengthWords(account.requirement.strength)}`,
      reach: top === undefined ? null : analysis.reachProof(account.fact.id, top),
      entry: analysis.entryProof(account.fact.id),
      facts: factsOf(analysis, judged),
      exception: judged.exception,
    }
  }
}

/** Facts a finding about a way in rests on: itself, unless a right implies it, and its authenticators. */
const factsOf = ({ snapshot }: Analysis, { way, worth }: JudgedWay): string[] =>
  [way.id, ...worth.authenticators.map(({ id }) => id)].filter(
    (id) => way.fact?.id === id || snapshot.inventory.get(id) !== undefined,
  )

const BACK_DOORS = new Set(['recovery', 'help_desk', 'admin_reset'])

export function* recoveryWeakerThanSignIn(analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  const nominal = account.nominal?.strength ?? null
  if (!account.human || nominal === null) return
  for (const judged of account.ways) {
    if (!BACK_DOORS.has(judged.way.purpose) || judged.way.fact === null) continue
    if (judged.effective === null || rankOf(judged.effective) >= rankOf(nominal)) continue
    yield {
      code: 'recovery_weaker_than_sign_in',
      severity: BY_IMPACT[account.impact.impact],
      account: account.fact.id,
      wayIn: judged.way.id,
      message: `${nameOf(account)} signs in with ${strengthWords(nominal)}, but ${purposeWords(judged)} asks only for ${strengthWords(judged.effective)}`,
      entry: analysis.entryProof(account.fact.id),
      facts: [judged.way.id, ...judged.worth.authenticators.map(({ id }) => id)],
      exception: judged.exception,
    }
  }
}

export function* weakerThanItLooks(analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  const nominal = account.nominal?.strength ?? null
  if (!account.human || nominal === null || account.effective === null) return
  if (rankOf(account.effective) >= rankOf(nominal)) return
  const entry = analysis.weakest.entry(account.fact.id)
  yield {
    code: 'weaker_than_it_looks',
    severity: MILD_BY_IMPACT[account.impact.impact],
    account: account.fact.id,
    ...(entry?.way ? { wayIn: entry.way.id } : {}),
    message: `${nameOf(account)} looks like ${strengthWords(nominal)} and is worth ${strengthWords(account.effective)}: ${(entry?.defeats ?? []).length === 0 ? 'nothing needs to be defeated' : `it falls with ${listOf(entry!.defeats)}`}`,
    entry: analysis.entryProof(account.fact.id),
  }
}

export function* enrolmentWeakerThanAuthenticator(analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  const nominal = account.nominal?.strength ?? null
  if (!account.human || nominal === null) return
  for (const judged of account.ways) {
    if (judged.way.purpose !== 'enrolment' || judged.effective === null) continue
    for (const kind of judged.way.fact?.enrols ?? []) {
      const worth = analysis.policy.authenticators[kind]
      const bound = Math.min(rankOf(nominal), Math.max(rankOf(worth.alone), rankOf(worth.combined)))
      if (rankOf(judged.effective) >= bound) continue
      yield {
        code: 'enrolment_weaker_than_authenticator',
        severity: MILD_BY_IMPACT[account.impact.impact],
        account: account.fact.id,
        wayIn: judged.way.id,
        about: kind,
        message: `${nameOf(account)}: ${kindWords(kind)} can be enrolled with ${strengthWords(judged.effective)}`,
        entry: analysis.entryProof(account.fact.id),
        facts: [judged.way.id],
        exception: judged.exception,
      }
    }
  }
}
