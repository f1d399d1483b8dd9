import type { Account, Finding, Report, WayIn } from '#contract/report.ts'
import { IMPACTS, SEVERITIES, STRENGTHS, VERDICTS } from '#contract/vocabulary.ts'
import { NEVER, type Closure } from '#graph/closure.ts'
import type { ReachSizes } from '#graph/size.ts'
import { conformanceFor } from './conformance.ts'
import type { AccountAnalysis, Analysis, JudgedWay } from './context.ts'
import { allFindings } from './findings/all.ts'
import type { Impacts } from './impact.ts'
import { aalOfStrength } from './worth.ts'

/** What the report needs beside the analysis that findings see. */
export interface Measures {
  readonly sizes: ReachSizes
  readonly takeover: Closure
  readonly rightImpacts: Impacts
  readonly snapshotId: string
}

/** Puts everything in its place; the order is fixed, so the same analysis gives the same report. */
export function assemble(analysis: Analysis, measures: Measures): Report {
  const { snapshot, policy } = analysis
  const { inventory } = snapshot
  const accounts = [...analysis.accounts.values()].map((account, i) => accountOf(analysis, measures, account, i))
  accounts.sort((a, b) => byText(a.id, b.id))
  const findings = allFindings(analysis, measures.rightImpacts)
  return {
    ambit: 1,
    snapshot: {
      id: measures.snapshotId,
      name: inventory.snapshot.name,
      at: inventory.snapshot.at,
      sources: inventory.sources.map((source) => ({ ...source })),
      facts: inventory.facts.length,
      nodes: snapshot.nodeIds.length,
      rules: snapshot.rules.heads.length,
    },
    policy: { name: policy.name, hash: policy.hash },
    diagnostics: inventory.diagnostics.map(({ place, ...rest }) => ({
      ...rest,
      ...(place === undefined ? {} : { place }),
    })),
    summary: summaryOf(analysis, accounts, findings),
    accounts,
    findings,
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function accountOf(analysis: Analysis, { sizes, takeover }: Measures, account: AccountAnalysis, i: number): Account {
  const { fact, human, impact, requirement, nominal, effective } = account
  const entry = analysis.weakest.entry(fact.id)
  return {
    id: fact.id,
    ...(fact.name === undefined ? {} : { name: fact.name }),
    kind: fact.kind,
    population: fact.population ?? null,
    system: fact.system ?? null,
    impact: impact.impact,
    impactUncertain: impact.uncertain,
    capabilities: impact.capabilities.map(({ capability }) => capability),
    reach: {
      nodes: sizes.nodes[i]!,
      accounts: sizes.accounts[i]!,
      exact: sizes.exact[i] === 1,
      capabilities: impact.capabilities.map((reached) => ({ ...reached })),
    },
    required: human ? aalOfStrength(requirement.strength) : null,
    nominal: human ? aalOfStrength(nominal?.strength ?? null) : null,
    effective: human ? aalOfStrength(effective) : null,
    requiredStrength: human ? requirement.strength : null,
    nominalStrength: human ? (nominal?.strength ?? null) : null,
    effectiveStrength: human ? effective : null,
    verdict: account.verdict,
    reasons: [...account.reasons],
    waysIn: account.ways.map((judged) => wayInOf(judged, human)),
    weakest:
      entry === null
        ? null
        : { wayIn: entry.way?.id ?? null, defeats: [...entry.defeats], effort: entry.effort, proof: entry.proof },
    fallsTo: fallsTo(analysis, takeover, fact.id),
    recoverable: { canSignIn: account.recoverability.canSignIn, lostWithout: [...account.recoverability.lostWithout] },
    conformance: conformanceFor(analysis, account),
  }
}

function wayInOf({ way, worth, effective, verdict, reasons }: JudgedWay, human: boolean): WayIn {
  return {
    id: way.id,
    ...(way.name === undefined ? {} : { name: way.name }),
    purpose: way.purpose,
    authenticators: worth.authenticators.map(({ id }) => id),
    aal: human ? worth.aal : null,
    strength: human ? worth.strength : null,
    effective: human ? effective : null,
    phishingResistant: human ? worth.phishingResistant : null,
    hardwareBacked: human ? worth.hardwareBacked : null,
    verdict,
    reasons: [...reasons],
  }
}

function fallsTo({ policy, snapshot }: Analysis, { ranks }: Closure, account: string): Account['fallsTo'] {
  const node = snapshot.indexOf.get(account)!
  return policy.attackers.flatMap(({ name }, lane) => {
    const step = ranks[node * 32 + lane]!
    return step === NEVER ? [] : [{ attacker: name, step }]
  })
}

function summaryOf(analysis: Analysis, accounts: readonly Account[], findings: readonly Finding[]): Report['summary'] {
  const humans = accounts.filter(({ kind }) => kind === 'human')
  const matrix: Record<string, Record<string, number>> = {}
  for (const impact of IMPACTS.toReversed()) matrix[impact] = zeroes([...STRENGTHS, 'unknown'])
  for (const account of humans) matrix[account.impact]![account.effectiveStrength ?? 'unknown']!++
  return {
    accounts: accounts.length,
    humans: humans.length,
    nonHumans: accounts.length - humans.length,
    verdicts: countBy(VERDICTS, accounts, ({ verdict }) => verdict),
    matrix,
    diagnostics: analysis.snapshot.inventory.diagnostics.length,
    findings: findings.length,
    bySeverity: countBy(SEVERITIES.toReversed(), findings, ({ severity }) => severity),
    byCode: countBy([...new Set(findings.map(({ code }) => code))].toSorted(), findings, ({ code }) => code),
    weakerThanTheyLook: humans.filter(looksStronger).length,
    attackers: analysis.policy.attackers.map(({ name }) => {
      const taken = accounts.filter(({ fallsTo: list }) => list.some(({ attacker }) => attacker === name))
      return {
        attacker: name,
        accounts: taken.length,
        highImpact: taken.filter(({ impact }) => impact === 'high').length,
      }
    }),
    conformance: Object.fromEntries(
      analysis.policy.profiles.map((profile) => [
        profile,
        countBy(
          ['conformant', 'nonconformant', 'unknown', 'not_applicable'],
          accounts.flatMap(({ conformance }) => conformance.filter((each) => each.profile === profile)),
          ({ status }) => status,
        ),
      ]),
    ),
  }
}

const looksStronger = ({ effectiveStrength, nominalStrength }: Account): boolean =>
  effectiveStrength !== null &&
  nominalStrength !== null &&
  STRENGTHS.indexOf(effectiveStrength) < STRENGTHS.indexOf(nominalStrength)

const zeroes = (keys: readonly string[]): Record<string, number> => Object.fromEntries(keys.map((key) => [key, 0]))

function countBy<T>(keys: readonly string[], items: readonly T[], keyOf: (item: T) => string): Record<string, number> {
  const counts = zeroes(keys)
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1
  return counts
}
