import { STRENGTHS, impactWords } from '#contract/vocabulary.ts'
import { buildScratch, type Scratch } from '#graph/explore.ts'
import type { Program } from '#graph/program.ts'
import { reachedAmong } from '#graph/reach.ts'
import type { Snapshot } from '#model/compile.ts'
import { proverOf } from '../costs.ts'
import type { AccountAnalysis, Analysis } from '../context.ts'
import { dutiesMissing } from '../duties.ts'
import { isExposed } from '../secrets.ts'
import { isSignIn, rankOf } from '../worth.ts'
import type { AuthenticatorFact } from '../ways-in.ts'
import { BY_IMPACT, MILD_BY_IMPACT, nameOf, type Draft } from './finding.ts'
import { kindsWords, kindWords, listOf, purposeWords } from './words.ts'

export function* restrictedWithoutDuties(analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  const seen = new Set<string>()
  for (const judged of account.ways) {
    for (const authenticator of authenticatorsOf(analysis.snapshot, judged.way.alternatives)) {
      if (!analysis.policy.authenticators[authenticator.kind].restricted || seen.has(authenticator.id)) continue
      seen.add(authenticator.id)
      const missing = dutiesMissing(authenticator)
      if (missing.length === 0) continue
      yield {
        code: 'restricted_without_duties',
        severity: account.impact.impact === 'high' ? 'high' : 'medium',
        account: account.fact.id,
        wayIn: judged.way.id,
        about: authenticator.id,
        message: `${nameOf(account)} uses ${kindWords(authenticator.kind)} without ${listOf(missing)} on record`,
        facts: [authenticator.id, judged.way.id],
        exception: judged.exception,
      }
    }
  }
}

/** Every authenticator that any alternative of a way in names, once. */
function authenticatorsOf(
  snapshot: Snapshot,
  alternatives: readonly (readonly string[])[] | null,
): AuthenticatorFact[] {
  const ids = new Set((alternatives ?? []).flat())
  return [...ids].flatMap((id) => {
    const fact = snapshot.inventory.get(id)?.fact
    return fact?.fact === 'authenticator' ? [fact] : []
  })
}

export function* noPhishingResistantOption(analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  const { inventory } = analysis.snapshot
  const system = account.fact.system === undefined ? undefined : inventory.get(account.fact.system)?.fact
  if (!account.human || system?.fact !== 'system' || system.offers === undefined) return
  if (
    rankOf(account.nominal?.strength ?? null) < STRENGTHS.indexOf('two_factor') &&
    account.impact.impact !== 'moderate' &&
    account.impact.impact !== 'high'
  )
    return
  if (system.offers.some((kind) => analysis.policy.authenticators[kind].phishingResistant)) return
  if (account.ways.some((judged) => isSignIn(judged.way) && judged.worth.phishingResistant === true)) return
  yield {
    code: 'no_phishing_resistant_option',
    severity: 'medium',
    account: account.fact.id,
    message: `${system.name ?? system.id} offers ${nameOf(account)} no authenticator that resists phishing, only ${kindsWords(system.offers)}`,
    facts: [system.id],
  }
}

export function* unknownAuthenticators(analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  if (!account.human || account.fact.enabled === false) return
  const impact = account.impact.impact
  const severity = ({ none: 'info', low: 'info', moderate: 'medium', high: 'high' } as const)[impact]
  const stated = account.ways.filter(({ way }) => way.fact !== null)
  if (stated.length === 0) {
    yield {
      code: 'unknown_authenticators',
      severity,
      account: account.fact.id,
      message: `no way into ${nameOf(account)} is on record, and its reach is of ${impactWords(impact)}`,
      facts: [account.fact.id],
    }
  }
  for (const judged of stated) {
    const unknown = (judged.way.alternatives ?? [])
      .flat()
      .filter((id) => proverOf(analysis.snapshot, id)?.kind === 'unknown')
    if (unknown.length === 0 && judged.way.alternatives !== null) continue
    yield {
      code: 'unknown_authenticators',
      severity,
      account: account.fact.id,
      wayIn: judged.way.id,
      message: `${nameOf(account)}: what ${purposeWords(judged)} asks for is not known, and the reach is of ${impactWords(impact)}`,
      facts: [judged.way.id, ...unknown],
    }
  }
}

/** One channel from which everything a sign-in asks for can be had. */
export function* sharedChannel(analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  if (!account.human) return
  for (const judged of account.ways) {
    if (!isSignIn(judged.way)) continue
    for (const leaves of judged.way.alternatives ?? []) {
      const authenticators = authenticatorsOf(analysis.snapshot, [leaves])
      if (authenticators.length < 2 || authenticators.length < leaves.length) continue
      const shared = channelThatGives(analysis, authenticators)
      if (shared === null) continue
      yield {
        code: 'shared_channel',
        severity: MILD_BY_IMPACT[account.impact.impact],
        account: account.fact.id,
        wayIn: judged.way.id,
        about: shared,
        message: `${kindsWords(authenticators.map(({ kind }) => kind))} of ${nameOf(account)} can all be had from ${shared}`,
        facts: [judged.way.id, shared, ...authenticators.map(({ id }) => id)],
        exception: judged.exception,
      }
      break
    }
  }
}

/** Room for searches, made once for a program: to make it costs more than most searches. */
function scratchOf(program: Program): Scratch {
  let scratch = scratches.get(program)
  if (scratch === undefined) scratches.set(program, (scratch = buildScratch(program)))
  return scratch
}
const scratches = new WeakMap<Program, Scratch>()

function channelThatGives(
  { snapshot, program }: Analysis,
  authenticators: readonly AuthenticatorFact[],
): string | null {
  const nodes = authenticators.map(({ id }) => snapshot.indexOf.get(id)!)
  for (const channel of new Set(authenticators.flatMap(({ on }) => on ?? []))) {
    const start = snapshot.indexOf.get(channel)
    if (start === undefined || snapshot.inventory.kindOf(channel) !== 'channel') continue
    const reached = reachedAmong(program, start, nodes, scratchOf(program))
    if (nodes.every((node) => reached.has(node))) return channel
  }
  return null
}

export function* noWayBack(_analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  const { canSignIn, lostWithout } = account.recoverability
  if (!account.human || canSignIn !== true || lostWithout.length === 0) return
  yield {
    code: 'single_authenticator_no_way_back',
    severity: account.impact.impact === 'high' ? 'medium' : 'low',
    account: account.fact.id,
    message: `${nameOf(account)} is locked out for good by losing ${listOf(lostWithout, 'or')}`,
    facts: account.ways.flatMap(({ way }) => (way.fact === null ? [] : [way.id])),
  }
}

/** Recovery sent to a channel that is opened by the very account it is to recover. */
export function* circularRecovery(analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  if (!account.human || account.recoverability.lostWithout.length === 0) return
  const { snapshot, program } = analysis
  // of each alternative, what lives behind an account; one without any is no circle
  const recoveries = account.ways.flatMap((judged) => {
    if (judged.way.purpose !== 'recovery') return []
    const alternatives = (judged.way.alternatives ?? []).map((leaves) =>
      leaves.filter((id) => throughAccount(snapshot, id)),
    )
    return alternatives.every(({ length }) => length > 0) ? [{ judged, alternatives }] : []
  })
  const nodeOf = (id: string): number => snapshot.indexOf.get(id)!
  const wanted = recoveries.flatMap(({ alternatives }) => alternatives.flat().map(nodeOf))
  const own = reachedAmong(program, nodeOf(account.fact.id), wanted, scratchOf(program))
  for (const { judged, alternatives } of recoveries) {
    const leaves = alternatives.map((through) => through.find((id) => own.has(nodeOf(id))))
    const circular = leaves.find((leaf) => leaf !== undefined)
    if (circular === undefined || leaves.includes(undefined)) continue
    yield {
      code: 'circular_recovery',
      severity: 'medium',
      account: account.fact.id,
      wayIn: judged.way.id,
      message: `recovery of ${nameOf(account)} needs ${circular}, which needs the account itself`,
      facts: [judged.way.id, circular],
    }
  }
}

/** Whether an authenticator or channel lives behind an account, such as a mailbox. */
function throughAccount(snapshot: Snapshot, id: string): boolean {
  const fact = snapshot.inventory.get(id)?.fact
  if (fact?.fact === 'channel') return (fact.heldBy ?? []).length > 0
  return fact?.fact === 'authenticator' && (fact.on ?? []).some((channel) => throughAccount(snapshot, channel))
}

/** Sessions, stated for a way in or live, that last longer than the reach allows; and sessions in other hands. */
export function* sessions(analysis: Analysis, account: AccountAnalysis): Generator<Draft> {
  for (const judged of account.ways) {
    if (judged.way.purpose === 'secret') continue
    const live = analysis.snapshot.inventory.get(judged.way.id)?.fact
    if (live?.fact === 'session' && isExposed(live)) {
      yield {
        code: 'exposed_session',
        severity: BY_IMPACT[account.impact.impact],
        account: account.fact.id,
        wayIn: judged.way.id,
        message: `a live session of ${nameOf(account)} is in other hands${live.exposed?.where === undefined ? '' : ` (${live.exposed.where})`}`,
        entry: {
          given: [live.id],
          goal: account.fact.id,
          steps: [{ node: account.fact.id, by: 'session', from: [live.id] }],
        },
        facts: [live.id],
      }
    }
    if (!account.human || !judged.reasons.some(({ code }) => code === 'session_too_long')) continue
    yield {
      code: 'session_too_long',
      severity: MILD_BY_IMPACT[account.impact.impact],
      account: account.fact.id,
      wayIn: judged.way.id,
      message: `${nameOf(account)}: ${judged.reasons.find(({ code }) => code === 'session_too_long')!.text}`,
      facts: [judged.way.id],
      exception: judged.exception,
    }
  }
}
