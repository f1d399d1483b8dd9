import type { Reason } from '#contract/report.ts'
import { STRENGTHS, VERDICTS, type Strength, type Verdict } from '#contract/vocabulary.ts'
import type { FactOf } from '#model/facts.ts'
import type { FactNodes } from '#model/compile.ts'
import { judge, type Judgement, type WayFacts } from '#policy/judge.ts'
import type { Policy, Requirement } from '#policy/policy.ts'
import type { JudgedWay } from './context.ts'
import { exceptionsFor } from './exceptions.ts'
import { dutiesMissing } from './duties.ts'
import type { AccountImpact } from './impact.ts'
import { judgeNonHuman } from './non-human.ts'
import { isExposed, isOut } from './secrets.ts'
import { settled, type Bounds, type WeakestWays } from './weakest-way.ts'
import { isLiveSession, type Way } from './ways-in.ts'
import { isSignIn, UNKNOWN, type Worth } from './worth.ts'

/** What judging one account needs. */
export interface Case {
  readonly snapshot: FactNodes
  readonly policy: Policy
  readonly fact: FactOf<'account'>
  readonly impact: AccountImpact
  readonly requirement: Requirement
  /** what would be required if an unstated sensitivity were high */
  readonly requirementAtWorst: () => Requirement
}

/** Verdict of one way in, before and after exceptions. */
export function judgeWay(it: Case, way: Way, worth: Worth, weakest: Omit<WeakestWays, 'entry'>): JudgedWay {
  const bounds = weakest.ofWay(way)
  const atLeast = lesser(worth.strength ?? worth.atLeast, bounds.atLeast)
  const atMost = lesser(worth.strength ?? worth.atMost, bounds.atMost)
  const effective = settled({ atLeast, atMost })
  const judgement =
    it.fact.kind === 'human'
      ? (judgeImplied(it, way, bounds) ?? judgeHuman(it, way, worth, effective, atLeast, atMost))
      : judgeNonHuman(it, way, worth)
  return excused(it, way, worth, effective, judgement)
}

/** The verdict of a way in, unless a live exception excuses it. */
function excused(it: Case, way: Way, worth: Worth, effective: Strength | null, judgement: Judgement): JudgedWay {
  const excuse =
    judgement.verdict === 'unfit'
      ? exceptionsFor(it.snapshot, it.policy, way, it.impact).find(({ state }) => state.is === 'live')
      : undefined
  if (excuse === undefined) return { way, worth, effective, ...judgement, exception: null }
  const text = `excused by ${excuse.fact.id} until ${excuse.fact.end}: ${excuse.fact.reason}`
  const citations = [...it.policy.exceptions.citations]
  return {
    way,
    worth,
    effective,
    verdict: 'excepted',
    reasons: [{ code: 'excepted', text, citations }, ...judgement.reasons],
    exception: excuse.fact.id,
  }
}

const lesser = (a: Strength, b: Strength): Strength => (STRENGTHS.indexOf(a) <= STRENGTHS.indexOf(b) ? a : b)

function judgeHuman(
  it: Case,
  way: Way,
  worth: Worth,
  effective: Strength | null,
  atLeast: Strength,
  atMost: Strength,
): Judgement {
  const facts = wayFacts(it.policy, way, worth, effective, atLeast, atMost)
  // sessions are opened by signing in; a reset or an enrolment leads back to one
  const opensSession =
    isSignIn(way) || way.session.overallSeconds !== undefined || way.session.idleSeconds !== undefined
  const { codeSession: _, ...rest } = it.requirement
  const requirement = opensSession ? it.requirement : { ...rest, session: {} }
  const judgement = judge(requirement, facts)
  if (effectiveBelow(worth, effective) && judgement.verdict === 'unfit') {
    const text = `by itself it proves ${spoken(worth.strength!)}; what leads to its authenticators leaves ${spoken(effective!)}`
    return { ...judgement, reasons: [...judgement.reasons, { code: 'led_to_by_weaker', text, citations: [] }] }
  }
  if (it.impact.uncertain && (judgement.verdict === 'fit' || judgement.verdict === 'fit_with_controls')) {
    const worst = it.requirementAtWorst()
    const worstCase = judge(opensSession ? worst : { ...worst, session: {}, codeSession: {} }, facts)
    if (worstCase.verdict === 'unfit' || worstCase.verdict === 'unknown') {
      const text =
        'the reach includes something that is declared nowhere, or whose sensitivity nobody stated; were it high, this way in would not do'
      return { verdict: 'unknown', reasons: [{ code: 'sensitivity_unstated', text, citations: [] }] }
    }
  }
  return judgement
}

const effectiveBelow = (worth: Worth, effective: Strength | null): boolean =>
  worth.strength !== null && effective !== null && STRENGTHS.indexOf(effective) < STRENGTHS.indexOf(worth.strength)

const spoken = (word: string): string => word.replaceAll('_', ' ')

function wayFacts(
  policy: Policy,
  way: Way,
  worth: Worth,
  effective: Strength | null,
  atLeast: Strength,
  atMost: Strength,
): WayFacts {
  const weakened = effectiveBelow(worth, effective)
  const restricted = worth.authenticators.filter(({ kind }) => policy.authenticators[kind].restricted)
  return {
    strength: effective,
    // a doubt about AAL3 alone is no doubt about what was taken away on the way
    ...(weakened
      ? {}
      : { atLeast, atMost: effective === null ? atMost : worth.strength === null ? atMost : worth.atMost }),
    phishingResistant: weakened
      ? STRENGTHS.indexOf(effective!) >= STRENGTHS.indexOf('phishing_resistant')
      : worth.phishingResistant,
    hardwareBacked: weakened ? effective === 'hardware' : worth.hardwareBacked,
    code: worth.code,
    session: way.session,
    controls: [...way.controls],
    ...(restricted.length === 0 ? {} : { restrictedDutiesMet: dutiesMet(restricted) }),
  }
}

function dutiesMet(restricted: Worth['authenticators']): boolean | null {
  if (restricted.some((it) => it.duties === undefined)) return null
  return restricted.every((it) => dutiesMissing(it).length === 0)
}

/**
 * Verdict of a way in that asks for nothing itself and is as strong as what leads to it: a live session, a secret made for
 * one use. Null for any other.
 */
function judgeImplied(it: Case, way: Way, bounds: Bounds): Judgement | null {
  const fact = it.snapshot.inventory.get(way.id)?.fact
  if (fact?.fact === 'session' && isLiveSession(way)) {
    if (isExposed(fact)) return unfit('exposed_session', 'the session is in other hands', 'NIST SP 800-63B-4', '5.1')
    return judgeByGraph(it, bounds, way.session)
  }
  if (fact?.fact !== 'secret') return null
  if (isOut(fact)) return unfit('leaked_secret', 'the secret is out', 'OWASP NHI Top 10', 'NHI2:2025')
  return fact.ephemeral === true ? judgeByGraph(it, bounds, null) : null
}

/** Holds what leads to the account against what its reach requires; session limits only where a session is judged. */
function judgeByGraph(it: Case, { atLeast, atMost }: Bounds, session: Way['session'] | null): Judgement {
  const known = (least: Strength): boolean | null =>
    STRENGTHS.indexOf(atLeast) >= STRENGTHS.indexOf(least)
      ? true
      : STRENGTHS.indexOf(atMost) < STRENGTHS.indexOf(least)
        ? false
        : null
  return judge(
    { ...it.requirement, controls: [], session: session === null ? {} : it.requirement.session },
    {
      strength: settled({ atLeast, atMost }),
      atLeast,
      atMost,
      phishingResistant: known('phishing_resistant'),
      hardwareBacked: known('hardware'),
      code: false,
      session: session ?? {},
      controls: [],
    },
  )
}

/**
 * Rights and rules that give the account without any of its ways in, judged as ways in themselves: whoever may reset or
 * act as it is a back door, as strong as what guards its holder. Only for people; a service is judged by the reach of
 * whoever can act as it.
 */
export function judgePastWaysIn(it: Case, weakest: Omit<WeakestWays, 'entry'>): JudgedWay[] {
  if (it.fact.kind !== 'human') return []
  const judged = new Map<string, JudgedWay>()
  for (const past of weakest.pastWaysIn(it.fact.id)) {
    const { way } = past
    if (judged.has(way.id)) continue
    const judgement = judgeByGraph(it, past, null)
    const text = `\`${way.id}\` gives the account past its own ways in`
    const reasons = [
      { code: 'past_ways_in', text, citations: [{ standard: 'NIST CSF 2.0', section: 'PR.AA-05' }] },
      ...judgement.reasons,
    ]
    const effective = settled(past)
    judged.set(way.id, excused(it, way, UNKNOWN, effective, { verdict: judgement.verdict, reasons }))
  }
  // in order of id, so that the order of the facts is not seen
  return [...judged.values()].toSorted((a, b) => (a.way.id < b.way.id ? -1 : 1))
}

/** A verdict of `unfit` for one reason with one citation. */
export function unfit(code: string, text: string, standard: string, section: string): Judgement {
  return { verdict: 'unfit', reasons: [{ code, text, citations: [{ standard, section }] }] }
}

/** Worst verdict of several; `fit` of none. */
export function worstVerdict(verdicts: Iterable<Verdict>): Verdict {
  let worst = VERDICTS.length - 1
  for (const verdict of verdicts) worst = Math.min(worst, VERDICTS.indexOf(verdict))
  return VERDICTS[worst]!
}

/** Verdict of the account: the worst of its ways in, and what the account itself says. */
export function accountVerdict(
  fact: FactOf<'account'>,
  ways: readonly JudgedWay[],
): { verdict: Verdict; reasons: Reason[] } {
  if (fact.enabled === false) {
    return {
      verdict: 'fit',
      reasons: [{ code: 'account_disabled', text: 'the account is disabled, so no way in is open', citations: [] }],
    }
  }
  if (ways.length === 0) {
    const text = 'no way in is on record, so nothing can be said of how it is guarded'
    return {
      verdict: 'unknown',
      reasons: [{ code: 'no_way_in_known', text, citations: [{ standard: 'OWASP ASVS 5.0', section: '6.1.3' }] }],
    }
  }
  const verdict = worstVerdict(ways.map((way) => way.verdict))
  const seen = new Set<string>()
  const reasons = ways
    .filter((way) => way.verdict === verdict)
    .flatMap((way) => way.reasons)
    .filter(({ code }) => !seen.has(code) && seen.add(code))
  return { verdict, reasons }
}
