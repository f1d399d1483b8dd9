/** A report of one account of the fixture world, small enough to be forged field by field. */
import type { Account, Finding, Report } from '#contract/report.ts'
import type { Inventory } from '#model/facts.ts'
import { WORLD } from './world.fixture.ts'

/** What is left of the world: `idp:ben`, who may be reset by his team, and a bot. */
export const SMALL_WORLD: Inventory = {
  ...WORLD,
  name: 'small',
  facts: WORLD.facts.filter(({ fact }) => fact.fact !== 'account' || fact.id === 'idp:ben' || fact.id === 'ci:bot'),
}

const entry = {
  given: ['ben:session'],
  goal: 'idp:ben',
  steps: [{ node: 'idp:ben', by: 'session', from: ['ben:session'] }],
}
const reach = {
  given: ['idp:ben'],
  goal: 'right:reset_authenticators/totp:idp:ben',
  steps: [
    { node: 'idp:team', by: 'member_of', from: ['idp:ben'] },
    { node: 'right:reset_authenticators/totp:idp:ben', by: 'entitled', from: ['idp:team'] },
  ],
}

const way = (id: string, purpose: string, verdict: Account['verdict']): Account['waysIn'][number] => ({
  id,
  purpose,
  authenticators: [],
  aal: 1,
  strength: 'single_factor',
  effective: 'single_factor',
  phishingResistant: false,
  hardwareBacked: false,
  verdict,
  reasons: [],
})

const ben: Account = {
  id: 'idp:ben',
  kind: 'human',
  population: null,
  system: null,
  impact: 'high',
  impactUncertain: false,
  capabilities: ['reset_authenticators'],
  reach: {
    nodes: 3,
    accounts: 1,
    exact: true,
    capabilities: [{ capability: 'reset_authenticators', impact: 'high', hops: 2 }],
  },
  required: 3,
  nominal: 2,
  effective: 1,
  requiredStrength: 'hardware',
  nominalStrength: 'two_factor',
  effectiveStrength: 'single_factor',
  verdict: 'unfit',
  reasons: [],
  waysIn: [
    way('ben:sign:in', 'sign_in', 'unfit'),
    way('ben:recovery', 'recovery', 'unknown'),
    way('ben:session', 'session', 'fit'),
  ],
  weakest: { wayIn: 'ben:session', defeats: ['ben:session'], effort: 1, proof: entry },
  fallsTo: [{ attacker: 'thief', step: 1 }],
  recoverable: { canSignIn: true, lostWithout: [] },
  conformance: [{ profile: 'nist-63b-4', status: 'nonconformant', rules: [] }],
}

const bot: Account = {
  ...ben,
  id: 'ci:bot',
  kind: 'workload',
  impact: 'none',
  capabilities: [],
  reach: { nodes: 1, accounts: 0, exact: true, capabilities: [] },
  verdict: 'excepted',
  waysIn: [way('ci:key', 'secret', 'excepted'), way('bot:session', 'session', 'fit')],
  weakest: null,
  fallsTo: [],
  conformance: [{ profile: 'nist-63b-4', status: 'not_applicable', rules: [] }],
}

const finding: Finding = {
  id: 'code_beyond_reach|idp:ben',
  code: 'code_beyond_reach',
  severity: 'critical',
  account: 'idp:ben',
  wayIn: 'ben:sign:in',
  capability: 'reset_authenticators',
  message: 'a code is asked for, and that is not enough',
  citations: [],
  proof: { reach, entry, facts: ['ben:sign:in', 'idp:undeclared'] },
  remedy: [],
  exception: null,
}

/** The report, made anew at every call, each part by itself, so that a test may spoil one. */
export const soundReport = (): Report => JSON.parse(JSON.stringify(REPORT))

const REPORT: Report = {
  ambit: 1,
  snapshot: {
    id: 'sha256:unchecked',
    name: 'small',
    at: '2026-06-01T00:00:00Z',
    sources: [],
    facts: SMALL_WORLD.facts.length,
    nodes: 50,
    rules: 60,
  },
  policy: { name: 'default', hash: 'sha256:0' },
  diagnostics: [],
  summary: {
    accounts: 2,
    humans: 1,
    nonHumans: 1,
    verdicts: { unfit: 1, excepted: 1, fit: 0 },
    matrix: { high: { single_factor: 1, hardware: 0 }, low: { none: 0 } },
    diagnostics: 0,
    findings: 2,
    bySeverity: { critical: 1, low: 1 },
    byCode: { code_beyond_reach: 1, no_way_back: 1 },
    weakerThanTheyLook: 1,
    attackers: [{ attacker: 'thief', accounts: 1, highImpact: 1 }],
    conformance: { 'nist-63b-4': { nonconformant: 1, not_applicable: 1 } },
  },
  accounts: [bot, ben],
  findings: [
    finding,
    {
      ...finding,
      id: 'no_way_back|idp:ben',
      code: 'no_way_back',
      severity: 'low',
      capability: null,
      wayIn: null,
      proof: { reach: null, entry: null, facts: [] },
    },
  ],
}

/** A parsed line of a report. */
export interface Line {
  readonly line: string
  readonly [member: string]: unknown
}

/** The lines of a report, parsed, as `ndjsonLines` of `report/` writes them. */
export function linesOf({
  ambit,
  snapshot,
  policy,
  diagnostics,
  accounts,
  findings,
  summary,
}: Report): readonly Line[] {
  return [
    { line: 'header', ambit, snapshot, policy },
    ...diagnostics.map((each) => ({ line: 'diagnostic', ...each })),
    ...accounts.map((each) => ({ line: 'account', ...each })),
    ...findings.map((each) => ({ line: 'finding', ...each })),
    { line: 'summary', ...summary },
  ]
}
