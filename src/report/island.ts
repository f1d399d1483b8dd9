/** What the script of the page needs to list accounts: names and labels resolved here, repeated texts kept once. */
import type { Account, Finding, Report } from '#contract/report.ts'
import { chainLines } from './chain-diagram.ts'
import { namesOf, type Names } from './names.ts'
import { listed } from './phrases.ts'
import { visible } from './visible.ts'
import {
  asksText,
  citationText,
  findingsByWeight,
  IMPACT_ORDER,
  plain,
  SEVERITY_ORDER,
  strengthWords,
  STRENGTH_WORDS,
  VERDICT_WORDS,
} from './words.ts'

/** Keeps each text once; a text is then a number. State with a lifetime: one page. */
class Texts {
  readonly list: string[] = []
  private readonly known = new Map<string, number>()

  of(text: string): number {
    const found = this.known.get(text)
    if (found !== undefined) return found
    this.known.set(text, this.list.length)
    this.list.push(text)
    return this.list.length - 1
  }
}

/**
 * The data of the page: `texts`, `accounts` (numbers are positions in `texts`), and the closed sets in order.
 *
 * @param shown  ids of findings that the page draws itself; of the others the steps are kept here
 * @param listed  the accounts that the page lists
 */
export function islandOf(report: Report, shown: ReadonlySet<string>, listed: readonly Account[]): unknown {
  const texts = new Texts()
  const names = namesOf(report)
  const findings = new Map<string, Finding[]>(listed.map(({ id }) => [id, []]))
  for (const finding of findingsByWeight(report)) {
    const mine = findings.get(finding.account)
    mine?.push(finding)
  }
  return {
    verdicts: VERDICT_WORDS,
    impacts: IMPACT_ORDER,
    severities: SEVERITY_ORDER,
    strengths: STRENGTH_WORDS.map(({ word, label }) => ({ word, label })),
    accounts: listed.map((account) => {
      return accountEntry(account, findings.get(account.id) ?? [], { texts, names, shown })
    }),
    texts: texts.list,
  }
}

interface Making {
  readonly texts: Texts
  readonly names: Names
  readonly shown: ReadonlySet<string>
}

function accountEntry(account: Account, findings: readonly Finding[], making: Making): unknown {
  const { texts, names } = making
  const { reach, weakest } = account
  return {
    id: account.id,
    label: visible(account.id),
    ...(account.name === undefined || account.name.trim() === '' ? {} : { name: visible(account.name) }),
    kind: account.kind,
    population: account.population,
    system: account.system === null ? null : visible(account.system),
    impact: account.impact,
    uncertain: account.impactUncertain,
    verdict: account.verdict,
    required: account.requiredStrength,
    nominal: account.nominalStrength,
    effective: account.kind === 'human' ? (account.effectiveStrength ?? 'unknown') : null,
    reasons: account.reasons.map((reason) => texts.of(reasonLine(reason))),
    reach: { nodes: reach.nodes, accounts: reach.accounts, exact: reach.exact },
    capabilities: reach.capabilities.map((one) => [texts.of(plain(one.capability)), one.impact, one.hops]),
    ways: account.waysIn.map((way) => ({
      name: texts.of(visible(way.name ?? way.id)),
      purpose: texts.of(plain(way.purpose)),
      asks: asksText(way, listed(way.authenticators.map(names.noun))),
      ...(account.kind === 'human'
        ? { strength: texts.of(strengthWords(way.strength)), effective: texts.of(strengthWords(way.effective)) }
        : {}),
      verdict: way.verdict,
      reasons: way.reasons.map((reason) => texts.of(reasonLine(reason))),
    })),
    weakest: weakest && {
      defeats: weakest.defeats.length === 0 ? '' : listed(weakest.defeats.map(names.noun)),
      effort: weakest.effort,
      steps: chainLines(weakest.proof, names).map((line) => texts.of(line)),
    },
    falls: account.fallsTo.map(({ attacker, step }) => [texts.of(plain(visible(attacker))), step]),
    lockedOut: account.recoverable.lostWithout.map((id) => names.noun(id)),
    canSignIn: account.recoverable.canSignIn,
    conformance: account.conformance.map(({ profile, status, rules }) => ({
      profile: texts.of(visible(profile)),
      status: texts.of(plain(status)),
      rules: rules.filter((rule) => rule.status !== 'met').map((rule) => texts.of(ruleLine(rule))),
    })),
    findings: findings.map((finding) => findingEntry(finding, making)),
  }
}

function findingEntry(finding: Finding, { texts, names, shown }: Making): unknown {
  const proofs = [finding.proof.entry, finding.proof.reach].filter((proof) => proof !== null)
  return {
    severity: finding.severity,
    message: visible(finding.message),
    remedy: finding.remedy.map((remedy) => texts.of(visible(remedy))),
    steps: shown.has(finding.id)
      ? []
      : proofs.flatMap((proof) => chainLines(proof, names).map((line) => texts.of(line))),
  }
}

const sources = (citations: Finding['citations']) => citations.map(citationText).map(visible).join('; ')

const reasonLine = ({ text, citations }: Account['reasons'][number]) =>
  citations.length === 0 ? visible(text) : `${visible(text)} (${sources(citations)})`

function ruleLine(rule: Account['conformance'][number]['rules'][number]): string {
  return `${visible(rule.id)}, ${rule.force}, ${plain(rule.status)}: ${visible(rule.text)} (${sources([rule.citation])})`
}
