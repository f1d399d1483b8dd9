/** What a session showed, read by the table of its issuer. Whatever is missing, malformed or ahead of time shows nothing. */
import type { PresentedAssurance, SessionEvidence } from '#contract/decision.ts'
import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import { rankOf } from '#assurance/strength.ts'
import type { DecisionSettings, ShownBy } from './settings.ts'

/** {@link PresentedAssurance}, with what the limits are held against. */
export interface Presented extends PresentedAssurance {
  /** what a decision tells of it: one object for all decisions on it */
  readonly told: PresentedAssurance
  /** whether there is a session of this subject at all */
  readonly session: boolean
  /** seconds since it was last used or authenticated; null where neither is shown */
  readonly idle: number | null
  readonly senderConstrained: boolean
}

const NOTHING: PresentedAssurance = { strength: 'none', code: false, age: null }
const NOTHING_SHOWN: Presented = { told: NOTHING, ...NOTHING, session: false, idle: null, senderConstrained: false }

/** What a session showed last: many questions are asked of one, one after another. */
let last: {
  readonly session: SessionEvidence
  readonly issuers: DecisionSettings['issuers']
  readonly at: number
  readonly skew: number
  readonly presented: Presented
} | null = null

/** Strongest strength of a level; a session never proves more than the one in which its authenticator was enrolled (63B-4 §4.1.2.1). */
const CAP_OF_AAL: readonly Strength[] = ['single_factor', 'single_factor', 'phishing_resistant', 'hardware']

/**
 * Returns what the session of `account` showed at a time (seconds since 1970), by clocks at most `skew` seconds ahead.
 *
 * A statement that speaks against the session (a key in software, an enrolment at AAL1) always counts. One that speaks for
 * it counts as far as the table of the issuer goes; hardware only if the session or the table says where the key lies.
 */
export function presentedBy(
  session: SessionEvidence | null,
  account: string,
  { issuers }: Pick<DecisionSettings, 'issuers'>,
  at: number,
  skew: number,
): Presented {
  if (session === null || session.subject !== account) return NOTHING_SHOWN
  if (last?.session !== session || last.issuers !== issuers || last.at !== at || last.skew !== skew)
    last = { session, issuers, at, skew, presented: shownBy(session, issuers, at, skew) }
  return last.presented
}

function shownBy(session: SessionEvidence, issuers: DecisionSettings['issuers'], at: number, skew: number): Presented {
  const { authTime, startedAt, lastUsedAt } = session
  const senderConstrained = CONSTRAINTS.has(session.senderConstrained)
  // a clock that is ahead, or a time that is no number, makes everything it dates worth nothing
  const latest = at + skew
  if (isOdd(authTime, latest) || isOdd(startedAt, latest) || isOdd(lastUsedAt, latest)) {
    return { ...NOTHING_SHOWN, session: true, senderConstrained }
  }
  const age = authTime === null ? null : Math.max(0, at - authTime)
  const used = lastUsedAt === null ? null : Math.max(0, at - lastUsedAt)
  const idle = age === null ? used : used === null ? age : Math.min(age, used)
  const { strength, code } = strengthShown(session, issuers)
  const told = { strength, code, age }
  return { told, ...told, session: true, idle, senderConstrained }
}

const CONSTRAINTS: ReadonlySet<unknown> = new Set(['dpop', 'mtls', 'dbsc'])

const isOdd = (time: unknown, latest: number): boolean =>
  time !== null && !(typeof time === 'number' && time >= 0 && time <= latest)

function strengthShown(
  session: SessionEvidence,
  issuers: DecisionSettings['issuers'],
): Pick<Presented, 'strength' | 'code'> {
  const shown = rowFor(session, issuers)
  if (shown === undefined) return NOTHING_SHOWN
  const inHardware = session.keyClass === 'hardware' || (session.keyClass === null && shown.vouches === 'hardware')
  const enrolled = session.boundAtAal === null ? 'hardware' : capOf(session.boundAtAal)
  let rank = Math.min(rankOf(shown.strength), rankOf(enrolled))
  if (!inHardware) rank = Math.min(rank, rankOf('phishing_resistant'))
  const code = shown.code ?? rankOf(shown.strength) < rankOf('phishing_resistant')
  // a code is never phishing-resistant, whatever a table says (63B-4 §3.2.5)
  if (code) rank = Math.min(rank, rankOf('two_factor'))
  return { strength: STRENGTHS[rank]!, code: code && rank > 0 }
}

const capOf = (aal: unknown): Strength => (typeof aal === 'number' ? CAP_OF_AAL[aal] : undefined) ?? 'single_factor'

function rowFor({ issuer, acr, amr }: SessionEvidence, issuers: DecisionSettings['issuers']): ShownBy | undefined {
  if (!Object.hasOwn(issuers, issuer)) return undefined
  const table = issuers[issuer]!
  if ('acr' in table) return typeof acr === 'string' && Object.hasOwn(table.acr, acr) ? table.acr[acr] : undefined
  if (!Array.isArray(amr) || amr.some((method) => typeof method !== 'string')) return undefined
  let best: ShownBy | undefined
  for (const row of table.amr) {
    if (row.all.every((method) => amr.includes(method)) && (best === undefined || isBetter(row, best))) best = row
  }
  return best
}

/** Stronger; of two as strong, the one without a code, then the one that vouches for hardware. */
function isBetter(a: ShownBy, b: ShownBy): boolean {
  const ranks = (it: ShownBy) => [rankOf(it.strength), it.code === false ? 1 : 0, it.vouches === undefined ? 0 : 1]
  const [x, y] = [ranks(a), ranks(b)]
  const at = x.findIndex((rank, i) => rank !== y[i])
  return at >= 0 && x[at]! > y[at]!
}
