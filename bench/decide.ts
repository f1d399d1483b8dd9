/**
 * Decisions in process, beside two policy engines on one rule: whoever is a member may view a page, if his session is as
 * strong and as fresh as the page needs. Ours weighs the account's reach besides, and says why; the others say yes or no.
 */
import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import { newEnforcer, newModelFromString } from 'casbin'
import { liveAnalysis } from '#analysis/live.ts'
import { readPolicyFile } from '#cli/read-policy.ts'
import type { Evaluation } from '#contract/decision.ts'
import { buildWorld } from '#decision/build-world.ts'
import { decide } from '#decision/decide.ts'
import { settingsFrom } from '#decision/settings.ts'
import type { Fact } from '#model/facts.ts'
import { timed, type Measured } from './timing.ts'

const ISSUER = 'https://bench.example'
const NOW = 1_780_315_200
const PAGES = 20
/** Questions put to Ambit, and to each of the others, which are slower. */
const OURS = 1_000_000
const THEIRS = 20_000
/** Different questions; a multiple of pages and sessions, so that the millionth is as the first. */
const QUESTIONS = 120_000
/** Repetitions before and while measuring; the best counts. */
const ROUNDS = 3
/** Strengths as numbers, and seconds, that a page of low and of moderate sensitivity needs under the default policy. */
const NEEDS = [
  { sensitivity: 'low', strength: 1, age: 86_400 },
  { sensitivity: 'moderate', strength: 3, age: 3600 },
] as const
const SESSIONS = [
  { acr: 'code', strength: 2, age: 60 },
  { acr: 'passkey', strength: 3, age: 60 },
  { acr: 'passkey', strength: 3, age: 4000 },
] as const

const needsOf = (page: number) => NEEDS[page % NEEDS.length]!
/** The i-th question: who asks, for which page, with which session. */
const asked = (i: number, accounts: number) => ({
  account: `bench:a${(i * 7919) % accounts}`,
  page: i % PAGES,
  session: SESSIONS[i % SESSIONS.length]!,
})

export async function timeDecide(accounts: number): Promise<Omit<Measured, 'peakMb'>> {
  const built = await timed(() => worldOf(accounts))
  const world = built.value
  const evaluations = Array.from({ length: QUESTIONS }, (_, i) => evaluationOf(i, accounts))
  const ours = await best(OURS, (i) => decide(evaluations[i % evaluations.length]!, world).outcome === 'permit')
  const cedar = await best(THEIRS, cedarOn(accounts))
  const casbin = await best(THEIRS, await casbinOn(accounts))
  const agrees = [cedar, casbin].every(({ permits }) => permits === permitsOf(THEIRS))
  return {
    wallMs: ours.wallMs,
    cpuMs: ours.cpuMs,
    checksum: [ours.permits],
    notes: {
      'decisions per second of CPU': Math.round((OURS / ours.cpuMs) * 1000),
      'times cedar-wasm': ratio(ours, cedar),
      'times casbin': ratio(ours, casbin),
      'same answers': agrees && ours.permits === permitsOf(OURS) ? 'yes' : 'NO',
      'build ms': Math.round(built.wallMs),
    },
  }
}

interface Rate {
  readonly wallMs: number
  readonly cpuMs: number
  readonly count: number
  readonly permits: number
}
const ratio = (a: Rate, b: Rate): number => Math.round(b.cpuMs / b.count / (a.cpuMs / a.count))

async function best(count: number, permits: (i: number) => boolean): Promise<Rate> {
  let found: Rate | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const { value, wallMs, cpuMs } = await timed(() => {
      let sum = 0
      for (let i = 0; i < count; i++) if (permits(i)) sum++
      return sum
    })
    if (found === undefined || cpuMs < found.cpuMs) found = { wallMs, cpuMs, count, permits: value }
  }
  return found!
}

/** How many of the first questions the rule permits, by arithmetic. */
function permitsOf(count: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) {
    const { page, session } = asked(i, 1)
    if (session.strength >= needsOf(page).strength && session.age <= needsOf(page).age) sum++
  }
  return sum
}

async function worldOf(accounts: number) {
  const facts: Fact[] = [
    { fact: 'system', id: 'bench' },
    { fact: 'group', id: 'bench:g' },
  ]
  for (let page = 0; page < PAGES; page++) {
    const on = `bench:p${page}`
    facts.push(
      { fact: 'resource', id: on, kind: 'page', system: 'bench', sensitivity: needsOf(page).sensitivity },
      { fact: 'entitlement', holder: 'bench:g', on, right: 'view', capabilities: ['read_sensitive_data'] },
    )
  }
  for (let a = 0; a < accounts; a++)
    facts.push({ fact: 'account', id: `bench:a${a}`, kind: 'human', memberOf: ['bench:g'] })
  const placed = facts.map((fact) => ({ fact, place: { file: 'bench' } }))
  const inventory = { at: '2026-01-01T00:00:00Z', sources: [], facts: placed, diagnostics: [] }
  const settings = settingsFrom({
    gated: ['bench'],
    issuers: { [ISSUER]: { acr: { code: { strength: 'two_factor' }, passkey: { strength: 'phishing_resistant' } } } },
  })
  return buildWorld(liveAnalysis(inventory, await readPolicyFile()), settings)
}

function evaluationOf(i: number, accounts: number): Evaluation {
  const { account, page, session } = asked(i, accounts)
  return {
    id: `e${i}`,
    at: NOW,
    request: {
      subject: { type: 'account', id: account },
      action: { name: 'view' },
      resource: { type: 'page', id: `bench:p${page}` },
    },
    session: {
      issuer: ISSUER,
      subject: account,
      client: null,
      sessionId: null,
      acr: session.acr,
      amr: [],
      authTime: NOW - session.age,
      startedAt: NOW - session.age,
      lastUsedAt: NOW,
      keyClass: null,
      boundAtAal: null,
      senderConstrained: null,
    },
    device: null,
    risk: [],
    exceptions: [],
    stepUpsTried: 0,
  }
}

const CEDAR = `permit(principal in Group::"g", action == Action::"view", resource)
when { context.strength >= resource.strength && context.age <= resource.age };`

function cedarOn(accounts: number): (i: number) => boolean {
  const parsed = preparsePolicySet('bench', { staticPolicies: CEDAR })
  if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed))
  return (i) => {
    const { account, page, session } = asked(i, accounts)
    const { strength, age } = needsOf(page)
    const principal = { type: 'User', id: account }
    const resource = { type: 'Page', id: `p${page}` }
    const answer = statefulIsAuthorized({
      principal,
      resource,
      action: { type: 'Action', id: 'view' },
      context: { strength: session.strength, age: session.age },
      preparsedPolicySetId: 'bench',
      entities: [
        { uid: principal, attrs: {}, parents: [{ type: 'Group', id: 'g' }] },
        { uid: resource, attrs: { strength, age }, parents: [] },
      ],
    })
    return answer.type === 'success' && answer.response.decision === 'allow'
  }
}

const CASBIN = `
[request_definition]
r = sub, obj, strength, age
[policy_definition]
p = sub, obj, strength, age
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.obj == p.obj && r.strength >= p.strength && r.age <= p.age && g(r.sub, p.sub)
`

/** Only as many members as are asked about: it keeps each membership as a rule of its own. */
async function casbinOn(accounts: number): Promise<(i: number) => boolean> {
  const enforcer = await newEnforcer(newModelFromString(CASBIN))
  for (let page = 0; page < PAGES; page++) {
    const { strength, age } = needsOf(page)
    await enforcer.addPolicy('g', `p${page}`, String(strength), String(age))
  }
  const members = new Set(Array.from({ length: THEIRS }, (_, i) => asked(i, accounts).account))
  await enforcer.addGroupingPolicies([...members].map((account) => [account, 'g']))
  return (i) => {
    const { account, page, session } = asked(i, accounts)
    return enforcer.enforceSync(account, `p${page}`, session.strength, session.age)
  }
}
