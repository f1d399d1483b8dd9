import type { Finding } from '#contract/report.ts'
import { SEVERITIES } from '#contract/vocabulary.ts'
import type { AccountAnalysis, Analysis } from '../context.ts'
import type { Impacts } from '../impact.ts'
import {
  circularRecovery,
  noPhishingResistantOption,
  noWayBack,
  restrictedWithoutDuties,
  sessions,
  sharedChannel,
  unknownAuthenticators,
} from './authenticators.ts'
import { entitlementFindings } from './entitlements.ts'
import { exceptionFindings } from './exceptions.ts'
import { findingOf, type Draft } from './finding.ts'
import { assuranceInversions } from './inversion.ts'
import { nonHumanFindings } from './non-human.ts'
import { secretFindings } from './secrets.ts'
import {
  belowRequired,
  codeBeyondReach,
  enrolmentWeakerThanAuthenticator,
  recoveryWeakerThanSignIn,
  weakerThanItLooks,
} from './strength.ts'

/** Every check that looks at one account. */
const ACCOUNT_CHECKS: readonly ((analysis: Analysis, account: AccountAnalysis) => Iterable<Draft>)[] = [
  codeBeyondReach,
  belowRequired,
  recoveryWeakerThanSignIn,
  weakerThanItLooks,
  enrolmentWeakerThanAuthenticator,
  sharedChannel,
  noPhishingResistantOption,
  restrictedWithoutDuties,
  unknownAuthenticators,
  noWayBack,
  circularRecovery,
  sessions,
  exceptionFindings,
  nonHumanFindings,
]

/** All findings, the worst first, then by code, account and id. */
export function allFindings(analysis: Analysis, impacts: Impacts): Finding[] {
  const findings = new Map<string, Finding>()
  const add = (drafts: Iterable<Draft>) => {
    for (const draft of drafts) {
      const finding = findingOf(draft)
      if (!findings.has(finding.id)) findings.set(finding.id, finding)
    }
  }
  for (const account of analysis.accounts.values()) for (const check of ACCOUNT_CHECKS) add(check(analysis, account))
  add(assuranceInversions(analysis))
  add(secretFindings(analysis))
  add(entitlementFindings(analysis, impacts))
  return [...findings.values()].toSorted(
    (a, b) =>
      SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || byText(a.code, b.code) || byText(a.id, b.id),
  )
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
