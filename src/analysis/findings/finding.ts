import type { Citation, Finding, Proof } from '#contract/report.ts'
import { type Capability, type Impact, type Severity } from '#contract/vocabulary.ts'
import type { AccountAnalysis } from '../context.ts'
import { FINDING_KINDS, type FindingCode } from './catalogue.ts'

/** A finding as a check states it; what its code implies is filled in from the catalogue. */
export interface Draft {
  readonly code: FindingCode
  readonly severity: Severity
  readonly account: string
  readonly wayIn?: string
  readonly capability?: Capability
  readonly message: string
  readonly citations?: readonly Citation[]
  readonly reach?: Proof | null
  readonly entry?: Proof | null
  readonly facts?: readonly string[]
  /** said before the catalogue's remedies */
  readonly remedy?: readonly string[]
  readonly exception?: string | null
  /** tells two findings of one code, account and way in apart */
  readonly about?: string
}

/** Completes a draft. The id is made of what identifies the finding, so it is the same in every run. */
export function findingOf(draft: Draft): Finding {
  const kind = FINDING_KINDS[draft.code]
  const about = draft.about ?? draft.capability
  const parts = [draft.code, draft.account, draft.wayIn ?? '', about ?? '']
  return {
    id: parts.filter((part, i) => i < 2 || part !== '').join('|'),
    code: draft.code,
    severity: draft.exception == null ? draft.severity : lower(draft.severity),
    account: draft.account,
    wayIn: draft.wayIn ?? null,
    capability: draft.capability ?? null,
    message: draft.message,
    citations: draft.citations === undefined ? kind.citations : [...draft.citations],
    proof: { reach: draft.reach ?? null, entry: draft.entry ?? null, facts: [...new Set(draft.facts ?? [])] },
    remedy: draft.remedy === undefined ? kind.remedy : [...draft.remedy, ...kind.remedy],
    exception: draft.exception ?? null,
  }
}

/** A live exception does not silence a finding; it lowers it by one step. */
const lower = (severity: Severity): Severity =>
  ({ critical: 'high', high: 'medium', medium: 'low', low: 'info', info: 'info' } as const)[severity]

/** Weaknesses of entry: as bad as what lies behind. */
export const BY_IMPACT: Readonly<Record<Impact, Severity>> = {
  none: 'info',
  low: 'low',
  moderate: 'high',
  high: 'critical',
}
/** One step milder: weaknesses that need another to be used, or that standards leave open. */
export const MILD_BY_IMPACT: Readonly<Record<Impact, Severity>> = {
  none: 'info',
  low: 'low',
  moderate: 'medium',
  high: 'high',
}

/** What people call the account, with its id where that says more. */
export const nameOf = ({ fact }: AccountAnalysis): string => fact.name ?? fact.id
