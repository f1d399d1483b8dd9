/** What people read where the report has a word of a closed set. Shared by every rendering, so that a thing has one name. */
import type { Account, Citation, Finding, Report } from '#contract/report.ts'

export type Verdict = Account['verdict']
export type Impact = Account['impact']
export type Severity = Finding['severity']
export type StrengthOrUnknown = NonNullable<Account['effectiveStrength']> | 'unknown'

/** Verdicts from worst to best. `mark` carries the meaning where there is no colour. */
export const VERDICT_WORDS: readonly { readonly word: Verdict; readonly label: string; readonly mark: string }[] = [
  { word: 'unfit', label: 'unfit', mark: '✕' },
  { word: 'unknown', label: 'unknown', mark: '?' },
  { word: 'excepted', label: 'excepted', mark: '◷' },
  { word: 'fit_with_controls', label: 'fit with controls', mark: '◐' },
  { word: 'fit', label: 'fit', mark: '✓' },
]

/** Severities from worst to least. */
export const SEVERITY_ORDER: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info']

/** Impacts from highest to none, in the order of the matrix. */
export const IMPACT_ORDER: readonly Impact[] = ['high', 'moderate', 'low', 'none']

/** Effective strengths from weakest, in the order of the matrix; `unknown` stands apart, at the end. */
export const STRENGTH_WORDS: readonly {
  readonly word: StrengthOrUnknown
  readonly label: string
  readonly gloss: string
}[] = [
  { word: 'none', label: 'None', gloss: 'nothing has to be proved' },
  { word: 'single_factor', label: 'Single factor', gloss: 'one thing to steal or intercept' },
  { word: 'two_factor', label: 'Two factors', gloss: 'but can be phished or relayed' },
  { word: 'phishing_resistant', label: 'Phishing-resistant', gloss: 'bound to the site it is for' },
  { word: 'hardware', label: 'Hardware', gloss: 'phishing-resistant, key in hardware' },
  { word: 'unknown', label: 'Unknown', gloss: 'a fact is missing; never a pass' },
]

/** What a capability lets its holder do to a target. `{}` stands for the target. */
const CAPABILITY_PHRASES: Readonly<Record<string, string>> = {
  administer: 'administer {}',
  alter_auth_policy: 'change which factors {} asks for',
  reset_authenticators: 'reset the authenticators of {}',
  control_channel: 'read or redirect {}',
  impersonate: 'act as {}',
  mint_credentials: 'mint credentials for {}',
  use_secrets: 'read and use the secrets of {}',
  rotate_secrets: 'replace the secrets of {}',
  alter_infrastructure: 'alter the infrastructure of {}',
  change_code: 'change the code of {}',
  approve_payments: 'approve payments in {}',
  approve_business_action: 'approve business actions in {}',
  read_sensitive_data: 'read sensitive data in {}',
}

/** What a capability lets its holder do to a named target, as a verb phrase: `approve payments in bank`. */
export function capabilityPhrase(capability: string, target: string): string {
  const [name = '', kind] = capability.split('/')
  if (name === 'reset_authenticators' && kind !== undefined) return `reset the ${plain(kind)} of ${target}`
  const phrase = CAPABILITY_PHRASES[name]
  return phrase === undefined ? `${plain(name)} on ${target}` : phrase.replace('{}', () => target)
}

/** Words of a closed set as people write them: `sms_code` → `SMS code`, `read_sensitive_data` → `read sensitive data`. */
export function plain(word: string): string {
  return word
    .replaceAll('_', ' ')
    .replace(/\b(sms|sim|otp|totp|hotp|mfa|dns|api|nhi|aal|ssh|oidc)\b/gi, (acronym) => acronym.toUpperCase())
}

/** A word of a closed set at the start of a line. */
export function title(word: string): string {
  const words = plain(word)
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}

export const verdictLabel = (verdict: Verdict): string => VERDICT_WORDS.find((row) => row.word === verdict)!.label
export const verdictMark = (verdict: Verdict): string => VERDICT_WORDS.find((row) => row.word === verdict)!.mark
export const strengthLabel = (strength: Account['effectiveStrength']): string =>
  STRENGTH_WORDS.find((row) => row.word === (strength ?? 'unknown'))!.label
/** A strength within a sentence; null is `unknown`. */
export const strengthWords = (strength: Account['effectiveStrength']): string => strengthLabel(strength).toLowerCase()

/** `NIST SP 800-63B-4 §3.1.3.1`; a section that is already an id of its own (`NHI2:2025`, `v5.0.0-6.5.5`) gets no sign. */
export function citationText({ standard, section }: Citation): string {
  if (section === '') return standard
  return /^\d/.test(section) ? `${standard} §${section}` : `${standard} ${section}`
}

/** What a way in asks for, in a sentence; `listedNames` are the names of its authenticators. */
export function asksText({ purpose, authenticators }: Account['waysIn'][number], listedNames: string): string {
  if (authenticators.length > 0) return `asks for ${listedNames}`
  return purpose === 'secret' || purpose === 'session'
    ? `whoever holds the ${purpose} is in`
    : 'asks for no authenticator'
}

/** `1 person`, `3 people`; counts with thousands separated, the same in every locale. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}

/** An integer with thousands separated by commas, independent of the locale. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',')

/** Compares by code units: the same order on every machine. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A time as people write it: the day alone where the time is midnight UTC. */
export const timeText = (at: string): string => at.replace(/T00:00(:00(\.0+)?)?Z$/, '')

/**
 * Findings worst first: by severity, then the impact of the account, then how weakly it is guarded, then by code and ids.
 */
export function findingsByWeight(report: Report): Finding[] {
  const ranks = new Map(
    report.accounts.map((account) => [account.id, [IMPACT_ORDER.indexOf(account.impact), guardRank(account)]]),
  )
  const last = [IMPACT_ORDER.length, STRENGTH_WORDS.length]
  return report.findings.toSorted((a, b) => {
    const [impactA = 0, guardA = 0] = ranks.get(a.account) ?? last
    const [impactB = 0, guardB = 0] = ranks.get(b.account) ?? last
    return (
      SEVERITY_ORDER.indexOf(a.severity) - SEVERITY_ORDER.indexOf(b.severity) ||
      impactA - impactB ||
      guardA - guardB ||
      byText(a.code, b.code) ||
      byText(a.account, b.account) ||
      byText(a.id, b.id)
    )
  })
}

/** Weakest first; of an account that is no person only the verdict tells. */
function guardRank({ kind, verdict, effectiveStrength }: Account): number {
  if (kind !== 'human') return verdict === 'unfit' ? 0 : STRENGTH_WORDS.length
  return STRENGTH_WORDS.findIndex(({ word }) => word === (effectiveStrength ?? 'unknown'))
}
