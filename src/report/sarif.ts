/** The findings as SARIF 2.1.0 (OASIS), for code scanning services and viewers. */
import type { Account, Finding, Place, Proof, Report } from '#contract/report.ts'
import { namesOf, type Names } from './names.ts'
import { documentPieces } from './json.ts'
import { stepSentence } from './phrases.ts'
import { sarifTaxonomies, type Taxonomies } from './sarif-taxonomies.ts'
import { findingTitle } from './finding-titles.ts'
import { byText, findingsByWeight, type Severity } from './words.ts'
import { visible } from './visible.ts'

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

/** SARIF 2.1.0 §3.27.10 knows three levels of failure. */
const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
}
/** GitHub reads `security-severity` as a CVSS score: over 9 critical, 7 to 8.9 high, 4 to 6.9 medium, below low. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '3.0',
  info: '1.0',
}
const IMPACT_RANK: Readonly<Record<Account['impact'], number>> = { none: 0, low: 25, moderate: 50, high: 75 }

/** The results are a list of the run, which is one of a list. */
const LISTS_OF_A_RUN = 4

interface Context {
  readonly names: Names
  readonly accounts: ReadonlyMap<string, Account>
  readonly ruleIndex: ReadonlyMap<string, number>
  readonly taxonomies: Taxonomies
}

/** The findings as a SARIF log: rules are finding codes, taxonomies are the standards cited, code flows are the proofs. */
export function sarifPieces(report: Report): Generator<string> {
  const findings = findingsByWeight(report)
  const codes = [...new Set(findings.map(({ code }) => code))].toSorted(byText)
  const context: Context = {
    names: namesOf(report),
    accounts: new Map(report.accounts.map((account) => [account.id, account])),
    ruleIndex: new Map(codes.map((code, index) => [code, index])),
    taxonomies: sarifTaxonomies(findings),
  }
  const run = {
    tool: {
      driver: {
        name: 'Ambit',
        rules: codes.map((code) => ruleOf(code, findings, context)),
        supportedTaxonomies: context.taxonomies.components.map(({ name }, index) => ({ name, index })),
      },
    },
    invocations: [invocationOf(report)],
    artifacts: report.snapshot.sources.map(({ file }) => ({
      location: { uri: uriOf(file) },
      roles: ['analysisTarget'],
    })),
    taxonomies: context.taxonomies.components,
    results: findings.map((finding) => resultOf(finding, context)),
    columnKind: 'utf16CodeUnits',
    properties: { snapshot: report.snapshot.id, policy: report.policy.name, policyHash: report.policy.hash },
  }
  return documentPieces({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, LISTS_OF_A_RUN)
}

function ruleOf(code: string, findings: readonly Finding[], { taxonomies }: Context) {
  const mine = findings.filter((finding) => finding.code === code)
  const worst = mine[0]!.severity
  return {
    id: code,
    shortDescription: { text: findingTitle(code) },
    defaultConfiguration: { level: LEVELS[worst] },
    relationships: taxonomies
      .references(mine.flatMap((finding) => finding.citations))
      .map((target) => ({ target, kinds: ['relevant'] })),
    properties: { 'security-severity': SECURITY_SEVERITY[worst], tags: ['security', 'identity'] },
  }
}

function resultOf(finding: Finding, context: Context) {
  const account = context.accounts.get(finding.account)
  const kind = kindOf(finding)
  const flows = [
    flowOf('How the account is entered', finding.proof.entry, context.names),
    flowOf('What the account leads to', finding.proof.reach, context.names),
  ].filter((flow) => flow !== undefined)
  return {
    ruleId: finding.code,
    ruleIndex: context.ruleIndex.get(finding.code)!,
    kind,
    level: kind === 'fail' ? LEVELS[finding.severity] : 'none',
    ...(kind === 'fail' ? { rank: rankOf(account) } : {}),
    message: { text: messageOf(finding) },
    locations: [locationOf(finding)],
    partialFingerprints: { 'ambitFinding/v1': finding.id },
    ...(flows.length > 0 ? { codeFlows: flows } : {}),
    taxa: context.taxonomies.references(finding.citations),
    suppressions: suppressionsOf(finding),
    properties: {
      severity: finding.severity,
      ...(finding.capability === null ? {} : { capability: finding.capability }),
      ...(account === undefined ? {} : { impact: account.impact, verdict: account.verdict }),
    },
  }
}

/** Codes of which the facts alone can't tell whether something is wrong (SARIF 2.1.0 §3.27.9): `open` lacks facts, `review` a person. */
const UNDECIDED: Readonly<Record<string, 'open' | 'review'>> = {
  unknown_authenticators: 'open',
  unused_entitlement: 'review',
  excess_entitlement: 'review',
}

function kindOf({ code }: Finding): 'fail' | 'open' | 'review' {
  return Object.hasOwn(UNDECIDED, code) ? UNDECIDED[code]! : 'fail'
}

/** 0 to 100: the impact sets the quarter, the size of the reach the place in it (doubling the reach adds about 1.5). */
function rankOf(account: Account | undefined): number {
  if (account === undefined) return -1
  const size = Math.min(25, 1.5 * Math.log2(1 + account.reach.nodes))
  return Math.round((IMPACT_RANK[account.impact] + size) * 10) / 10
}

function messageOf(finding: Finding): string {
  const remedy = finding.remedy.length === 0 ? '' : ` To fix it: ${finding.remedy.map(visible).join('; ')}.`
  return `${visible(finding.message)}.${remedy}`
}

/** SARIF 2.1.0 §3.27.23: either all results of a run have suppressions, even if empty, or none has. */
function suppressionsOf(finding: Finding) {
  if (finding.exception === null) return []
  return [{ kind: 'external', status: 'accepted', justification: `exception ${visible(finding.exception)}` }]
}

function locationOf(finding: Finding) {
  const proofs = [finding.proof.entry, finding.proof.reach].filter((proof) => proof !== null)
  const place = proofs.flatMap(({ steps }) => steps.toReversed()).find((step) => step.place !== undefined)?.place
  const nodes = [finding.account, ...(finding.wayIn === null ? [] : [finding.wayIn])]
  return { ...physicalOf(place), logicalLocations: nodes.map(logicalOf) }
}

const logicalOf = (id: string) => ({ fullyQualifiedName: id.toWellFormed(), kind: 'resource' })

function physicalOf(place: Place | undefined) {
  if (place === undefined) return {}
  const region = place.line === undefined ? {} : { region: { startLine: place.line } }
  const pointer = place.pointer === undefined ? {} : { properties: { pointer: place.pointer } }
  return { physicalLocation: { artifactLocation: { uri: uriOf(place.file) }, ...region, ...pointer } }
}

function flowOf(text: string, proof: Proof | null, names: Names) {
  if (proof === null) return undefined
  const given = proof.given.map((node) => ({ place: undefined, text: `given: ${names.noun(node)}`, node }))
  const steps = proof.steps.map((step) => ({ place: step.place, text: stepSentence(step, names), node: step.node }))
  const locations = [...given, ...steps].map((one) => ({
    location: { ...physicalOf(one.place), logicalLocations: [logicalOf(one.node)], message: { text: one.text } },
  }))
  return locations.length === 0 ? undefined : { message: { text }, threadFlows: [{ locations }] }
}

function invocationOf(report: Report) {
  return {
    executionSuccessful: report.diagnostics.every(({ level }) => level !== 'error'),
    toolExecutionNotifications: report.diagnostics.map((diagnostic) => ({
      descriptor: { id: diagnostic.code },
      level: diagnostic.level === 'info' ? 'note' : diagnostic.level,
      message: { text: `${visible(diagnostic.message)}; ${visible(diagnostic.remedy)}` },
      ...(diagnostic.place === undefined ? {} : { locations: [physicalOf(diagnostic.place)] }),
    })),
  }
}

/** A file path as a URI reference (RFC 3986): separators forward, everything else escaped, never read as a scheme. */
export function uriOf(file: string): string {
  const path = file.toWellFormed().replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/')
  return path.startsWith('/') ? `file://${path}` : path
}
