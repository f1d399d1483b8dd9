import type { AuthenticatorFact } from './ways-in.ts'

/** The four things owed for a restricted authenticator (SP 800-63B-4 §3.2.9), and how a report calls them. */
const DUTIES = [
  ['alternativeOffered', 'an alternative'],
  ['noticeGiven', 'notice to the holder'],
  ['riskAssessment', 'a risk assessment'],
  ['migrationPlan', 'a migration plan'],
] as const

/** Duties of a restricted authenticator that are not on record, in words. */
export const dutiesMissing = ({ duties }: AuthenticatorFact): string[] =>
  DUTIES.flatMap(([field, words]) => {
    const value = duties?.[field]
    return value === undefined || value === false || value === '' ? [words] : []
  })
