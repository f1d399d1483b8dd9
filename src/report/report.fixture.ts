/**
 * A made-up report for the tests of the renderings: every verdict, severity and sort of finding, nulls, unicode, very long
 * ids, and names that try to break out of HTML, CSV, JSON and the terminal. The same arguments give the same report.
 */
import type { Account, Finding, Proof, ProofStep, Report, WayIn } from '#contract/report.ts'
import { STRENGTHS, type Strength } from '#contract/vocabulary.ts'
import {
  ARCHETYPES,
  CSF,
  HOSTILE_NAMES,
  MACHINE,
  NIST,
  PEOPLE,
  TEAMS,
  type Archetype,
  type Shape,
} from './report.fixture-shapes.ts'

/** mulberry32, a small seeded generator; the fixture needs variety, not secrecy. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface Made {
  readonly account: Account
  readonly findings: Finding[]
}

/** A report of `accounts` accounts. */
export function syntheticReport({ accounts = 40, seed = 7 }: { accounts?: number; seed?: number } = {}): Report {
  const next = random(seed)
  const made = Array.from({ length: accounts }, (_, index) => makeAccount(index, next))
  const list = made.map(({ account }) => account)
  const findings = made.flatMap((one) => one.findings)
  return {
    ambit: 1,
    snapshot: {
      id: 'sha256:3f9ac1d27b40e58a6c5d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d',
      name: 'Acme Holding <production>',
      at: '2026-03-01T06:00:00Z',
      sources: [
        { file: 'idp.yaml', importer: 'inventory', facts: 812 },
        { file: 'aws/authz-details.json', importer: 'aws', facts: 2210 },
      ],
      facts: 3022,
      nodes: 1904,
      rules: 5120,
    },
    policy: { name: 'default', hash: 'sha256:90ab3344d1e2f0091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d3f9ac1d2' },
    diagnostics: DIAGNOSTICS,
    summary: summaryOf(list, findings),
    accounts: list,
    findings,
  }
}

const DIAGNOSTICS: Report['diagnostics'] = [
  {
    code: 'dangling_reference',
    level: 'warning',
    message: '`okta:grp-<gone>` is named here and declared nowhere',
    place: { file: 'idp.yaml', line: 214 },
    remedy: 'declare it, or remove the reference',
  },
  {
    code: 'record_unread',
    level: 'info',
    message: '3 records of kind `device` are covered by no importer rule',
    place: { file: 'aws/authz-details.json', pointer: '/Devices/0' },
    remedy: 'nothing to do unless the devices hold keys',
  },
]

function nameOf(index: number): string | undefined {
  if (index % 13 === 12) return undefined
  if (index % 5 === 4) return HOSTILE_NAMES[Math.floor(index / 5) % HOSTILE_NAMES.length]
  const person = PEOPLE[index % PEOPLE.length]!
  return index < PEOPLE.length ? person : `${person} ${Math.floor(index / PEOPLE.length) + 1}`
}

function makeAccount(index: number, next: () => number): Made {
  if (index % 7 === 6) return makeMachine(index)
  const shape = ARCHETYPES[index < ARCHETYPES.length ? index : Math.floor(next() * ARCHETYPES.length)]!
  const id = index === 3 ? `okta:${'very-long-identifier-'.repeat(18)}${index}` : `okta:u${index}`
  const name = nameOf(index)
  const team = TEAMS[Math.floor(next() * TEAMS.length)]!
  const entry = entryProof(id, shape.effective)
  const reach = shape.capabilities[0] ? reachProof(id, `okta:${team}`, shape.capabilities[0][0]) : null
  const weak = shape.effective !== shape.nominal || shape.verdict === 'unfit'
  const account: Account = {
    id,
    ...(name === undefined ? {} : { name }),
    kind: 'human',
    population: (['workforce', 'workforce', 'partner', 'customer', null] as const)[index % 5]!,
    system: index % 11 === 0 ? null : 'okta',
    impact: shape.impact,
    impactUncertain: shape.uncertain ?? false,
    capabilities: shape.capabilities.map(([capability]) => capability),
    reach: {
      nodes: Math.floor(next() * 900),
      accounts: Math.floor(next() * 60),
      exact: index % 3 !== 0,
      capabilities: shape.capabilities.map(([capability, impact, hops]) => ({ capability, impact, hops })),
    },
    ...levelsOf(shape),
    verdict: shape.verdict,
    reasons: reasonsOf(shape),
    waysIn: waysOf(id, shape),
    weakest:
      shape.effective === null
        ? null
        : {
            wayIn: weak ? `${id}/recovery` : `${id}/sign-in`,
            defeats: entry.given,
            effort: 10 + (index % 4) * 5,
            proof: entry,
          },
    fallsTo: weak
      ? [
          { attacker: 'sim_swapper', step: 2 },
          { attacker: 'phisher', step: 1 },
        ]
      : [],
    recoverable: { canSignIn: index % 9 === 0 ? null : true, lostWithout: index % 4 === 0 ? [`${id}/phone`] : [] },
    conformance: conformanceOf(shape),
  }
  return { account, findings: shape.findings.map((finding) => makeFinding(account, finding, entry, reach)) }
}

const AALS = [0, 1, 2, 2, 3] as const
const aalOf = (strength: Strength | null) => (strength === null ? null : AALS[STRENGTHS.indexOf(strength)]!)

function levelsOf(shape: Archetype) {
  return {
    required: aalOf(shape.required),
    nominal: aalOf(shape.nominal),
    effective: aalOf(shape.effective),
    requiredStrength: shape.required,
    nominalStrength: shape.nominal,
    effectiveStrength: shape.effective,
  }
}

function reasonsOf(shape: Archetype): Account['reasons'] {
  if (shape.verdict === 'fit') return []
  const text =
    shape.verdict === 'unknown'
      ? 'an authenticator is of unknown kind'
      : `the weakest way in is ${shape.effective ?? 'unknown'}; ${shape.impact} impact asks for ${shape.required}`
  return [{ code: 'effective_below_required', text, citations: [NIST('2.1'), CSF('PR.AA-03')] }]
}

function waysOf(id: string, shape: Archetype): WayIn[] {
  const strong = shape.nominal === 'hardware' || shape.nominal === 'phishing_resistant'
  const signIn: WayIn = {
    id: `${id}/sign-in`,
    name: 'Sign-in',
    purpose: 'sign_in',
    authenticators: strong ? [`${id}/key`] : [`${id}/password`, `${id}/sms`],
    aal: aalOf(shape.nominal),
    strength: shape.nominal,
    effective: shape.nominal,
    phishingResistant: shape.nominal === null ? null : strong,
    hardwareBacked: shape.nominal === null ? null : shape.nominal === 'hardware',
    verdict: shape.effective === shape.nominal ? shape.verdict : 'fit',
    reasons: [],
  }
  if (shape.effective === shape.nominal && shape.verdict !== 'unfit') return [signIn]
  const recovery: WayIn = {
    ...signIn,
    id: `${id}/recovery`,
    name: 'Recovery by code',
    purpose: 'recovery',
    authenticators: [`${id}/sms`],
    aal: aalOf(shape.effective),
    strength: shape.effective,
    effective: shape.effective,
    phishingResistant: shape.effective === null ? null : false,
    hardwareBacked: shape.effective === null ? null : false,
    verdict: shape.verdict,
    reasons: reasonsOf(shape),
  }
  return [recovery, signIn]
}

function conformanceOf(shape: Archetype): Account['conformance'] {
  const met = shape.effective !== null && STRENGTHS.indexOf(shape.effective) >= STRENGTHS.indexOf(shape.required)
  return [
    {
      profile: 'nist-63b-4',
      status: shape.effective === null ? 'unknown' : met ? 'conformant' : 'nonconformant',
      rules: [
        {
          id: 'REC-07',
          citation: NIST('4.2.2.2'),
          force: 'SHALL',
          status: met ? 'met' : 'not_met',
          text: 'recovery at AAL2 needs two recovery codes, or one and an authenticator, or repeated proofing',
        },
        {
          id: 'RST-03',
          citation: NIST('3.2.9'),
          force: 'SHOULD',
          status: 'unknown',
          text: 'users of a restricted authenticator are offered another',
        },
      ],
    },
    { profile: 'asvs-5', status: 'conformant', rules: [] },
    { profile: 'psd2', status: 'not_applicable', rules: [] },
  ]
}

function entryProof(id: string, effective: Strength | null): Proof {
  if (effective === 'none' || effective === 'single_factor') {
    const sms = `${id}/sms`
    return {
      given: [`${id}/phone`],
      goal: id,
      steps: [
        { node: sms, by: 'on_channel', from: [`${id}/phone`], place: { file: 'idp.yaml', line: 31 } },
        { node: id, by: 'way_in', from: [sms], place: { file: 'idp.yaml', line: 44 } },
      ],
    }
  }
  return {
    given: [`${id}/password`, `${id}/sms`],
    goal: id,
    steps: [{ node: id, by: 'way_in', from: [`${id}/password`, `${id}/sms`], place: { file: 'idp.yaml', line: 40 } }],
  }
}

function reachProof(id: string, team: string, capability: string): Proof {
  const steps: ProofStep[] = [
    { node: team, by: 'member_of', from: [id], place: { file: 'idp.yaml', line: 12 } },
    {
      node: 'right:administer:aws:role/operators',
      by: 'entitled',
      from: [team],
      place: { file: 'aws/authz-details.json', pointer: '/RoleDetailList/3' },
    },
    {
      node: `right:${capability}:aws:role/operators`,
      by: 'administer_all',
      from: ['right:administer:aws:role/operators'],
    },
  ]
  const kept = capability === 'administer' ? steps.slice(0, 2) : steps
  return { given: [id], goal: kept.at(-1)!.node, steps: kept }
}

function makeFinding(account: Account, shape: Shape, entry: Proof, reach: Proof | null): Finding {
  return {
    id: `f-${shape.code}-${account.id}`,
    code: shape.code,
    severity: shape.severity,
    account: account.id,
    wayIn: shape.entry ? (account.waysIn[0]?.id ?? null) : null,
    capability: shape.reach ? (account.capabilities[0] ?? null) : null,
    message: shape.say(account.name ?? account.id),
    citations: [...shape.citations],
    proof: {
      reach: shape.reach ? reach : null,
      entry: shape.entry ? entry : null,
      facts: shape.entry || shape.reach ? [] : [account.id],
    },
    remedy: [...shape.remedy],
    exception: shape.exception ?? null,
  }
}

function makeMachine(index: number): Made {
  const id = `aws:user/deploy-${index}`
  const shape = MACHINE[Math.floor(index / 7) % MACHINE.length]!
  const entry: Proof = {
    given: [`${id}/key`],
    goal: id,
    steps: [
      {
        node: id,
        by: 'opens',
        from: [`${id}/key`],
        place: { file: 'aws/authz-details.json', pointer: `/UserDetailList/${index}` },
      },
    ],
  }
  const leaked = shape.code === 'leaked_secret'
  const account: Account = {
    id,
    kind: index % 2 === 0 ? 'service' : 'workload',
    population: null,
    system: 'aws',
    impact: 'high',
    impactUncertain: false,
    capabilities: ['alter_infrastructure'],
    reach: {
      nodes: 120,
      accounts: 4,
      exact: true,
      capabilities: [{ capability: 'alter_infrastructure', impact: 'high', hops: 1 }],
    },
    required: null,
    nominal: null,
    effective: null,
    requiredStrength: null,
    nominalStrength: null,
    effectiveStrength: null,
    verdict: leaked ? 'unfit' : 'unknown',
    reasons: [],
    waysIn: [
      {
        id: `${id}/key-way`,
        purpose: 'secret',
        authenticators: [`${id}/key`],
        aal: null,
        strength: null,
        effective: leaked ? 'none' : null,
        phishingResistant: null,
        hardwareBacked: null,
        verdict: leaked ? 'unfit' : 'unknown',
        reasons: [],
      },
    ],
    weakest: leaked ? { wayIn: `${id}/key-way`, defeats: [`${id}/key`], effort: 1, proof: entry } : null,
    fallsTo: leaked ? [{ attacker: 'secret_finder', step: 0 }] : [],
    recoverable: { canSignIn: null, lostWithout: [] },
    conformance: [],
  }
  const reach: Proof = {
    given: [id],
    goal: 'right:alter_infrastructure:aws:cluster/prod',
    steps: [
      {
        node: 'right:alter_infrastructure:aws:cluster/prod',
        by: 'entitled',
        from: [id],
        place: { file: 'aws/authz-details.json', pointer: '/Policies/9' },
      },
    ],
  }
  return { account, findings: [makeFinding(account, shape, entry, reach)] }
}

function tally<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1
  return counts
}

function summaryOf(accounts: readonly Account[], findings: readonly Finding[]): Report['summary'] {
  const people = accounts.filter((account) => account.kind === 'human')
  const matrix: Record<string, Record<string, number>> = {}
  for (const impact of ['none', 'low', 'moderate', 'high']) {
    matrix[impact] = tally(
      people.filter((account) => account.impact === impact),
      (account) => account.effectiveStrength ?? 'unknown',
    )
  }
  const weaker = people.filter(
    (p) =>
      p.effectiveStrength !== null &&
      p.nominalStrength !== null &&
      STRENGTHS.indexOf(p.effectiveStrength) < STRENGTHS.indexOf(p.nominalStrength),
  )
  const attackers = ['phisher', 'sim_swapper', 'secret_finder', 'insider']
  return {
    accounts: accounts.length,
    humans: people.length,
    nonHumans: accounts.length - people.length,
    verdicts: tally(accounts, (account) => account.verdict),
    matrix,
    diagnostics: DIAGNOSTICS.length,
    findings: findings.length,
    bySeverity: tally(findings, (finding) => finding.severity),
    byCode: tally(findings, (finding) => finding.code),
    weakerThanTheyLook: weaker.length,
    attackers: attackers.map((attacker) => {
      const taken = accounts.filter((account) => account.fallsTo.some((fall) => fall.attacker === attacker))
      return {
        attacker,
        accounts: taken.length,
        highImpact: taken.filter((account) => account.impact === 'high').length,
      }
    }),
    conformance: {
      'nist-63b-4': tally(people, (person) => person.conformance[0]!.status),
      'asvs-5': tally(people, (person) => person.conformance[1]!.status),
    },
  }
}
