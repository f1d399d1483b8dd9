/** For tests: arbitrary worlds, and questions about them. */
import fc from 'fast-check'
import { arbitraryFacts, type SomeFacts } from '#analysis/live.fixture.ts'
import { KNOWN_SIGNALS, type Evaluation, type SessionEvidence } from '#contract/decision.ts'
import { CAPABILITIES, type Capability } from '#contract/vocabulary.ts'
import { parsePolicy } from '#policy/parse.ts'
import type { Policy } from '#policy/policy.ts'
import { MODES, type DecisionSettingsFile } from './settings.ts'
import { DEFAULT_TEXT, ISSUER, NOW, worldOf } from './world.fixture.ts'
import type { World } from './world.ts'

const OWN = `
policy: 1
extends: default
name: own
version: '1'
live:
  access:
    moderate: { device: managed, source: 'Test §1' }
    high: { maxAgeSeconds: 400, senderConstrained: true, device: compliant, source: 'Test §1' }
  risk: { high: { strength: hardware, blocks: false, source: 'Test §1' } }
rules:
  - { code: big, when: 'reach.nodes > 3', requires: { strength: two_factor, controls: [rate_limiting] }, reason: big, source: 'Test §1' }
  - { code: staff, when: 'has(account.population) && account.population == "workforce" && impact != "none"', requires: { phishingResistant: true, codes: refused }, reason: staff, source: 'Test §1' }
`
const POLICIES: readonly Policy[] = [
  parsePolicy(DEFAULT_TEXT, { hash: 'sha256:default' }),
  parsePolicy(OWN, { hash: 'sha256:own', base: DEFAULT_TEXT }),
]

/** What an entitlement of the arbitrary facts may be on. */
const TARGETS = ['s:0', 's:1', 's:2', 'a:0', 'a:1', 'g:0', 'r:0', 'c:0', 'x:0', 'k:0', 't:0']

/** What a world is made of, so that a counterexample can be read. */
export interface SomeWorld {
  readonly some: SomeFacts
  readonly policy: number
  readonly settings: DecisionSettingsFile
}

export const arbitraryWorld: fc.Arbitrary<SomeWorld> = fc.record({
  some: arbitraryFacts(),
  policy: fc.nat(POLICIES.length - 1),
  settings: fc.record({
    mode: fc.constantFrom(...MODES, 'entitled_and_assured' as const, 'assurance_only' as const),
    gated: fc.subarray(['s:0', 's:1', 'y:0']),
    actions: fc.dictionary(fc.constantFrom('go', 'administer', 'see'), fc.constantFrom<Capability>(...CAPABILITIES)),
  }),
})

export const built = ({ some: { at, facts }, policy, settings }: SomeWorld): World =>
  worldOf(facts, { policy: POLICIES[policy]!, settings, ...(at === undefined ? {} : { at }) })

const time = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: NOW - 250, max: NOW }) },
  { weight: 3, arbitrary: fc.integer({ min: NOW - 2000, max: NOW }) },
  fc.integer({ min: NOW - 3_000_000, max: NOW + 120 }),
  fc.constantFrom(-1, Number.NaN, Infinity),
)
const orNull = <T>(it: fc.Arbitrary<T>) => fc.option(it, { nil: null, freq: 6 })
const account = fc.constantFrom('a:0', 'a:1', 'a:2')

const session: fc.Arbitrary<SessionEvidence> = fc.record({
  issuer: fc.constantFrom(ISSUER, ISSUER, ISSUER, 'https://other.example'),
  subject: account,
  client: fc.constant(null),
  sessionId: fc.constant(null),
  acr: orNull(
    fc.constantFrom('urn:ambit:loa:1', 'urn:ambit:loa:2', 'phr', 'phrh', 'phrh', 'phrh', 'toString', '__proto__'),
  ),
  amr: fc.subarray(['pwd', 'otp', 'hwk']),
  authTime: orNull(time),
  startedAt: orNull(fc.integer({ min: NOW - 2000, max: NOW })),
  lastUsedAt: orNull(time),
  keyClass: orNull(fc.constantFrom('hardware', 'hardware', 'synced', 'software')),
  boundAtAal: fc.option(fc.constantFrom(0, 1, 2, 3), { nil: null, freq: 2 }),
  senderConstrained: orNull(fc.constantFrom('dpop', 'mtls')),
})

export const arbitraryEvaluation: fc.Arbitrary<Evaluation> = account.chain((subject) =>
  fc.record({
    id: fc.constant('e'),
    at: fc.constant(NOW),
    request: fc.record({
      subject: fc.record({
        type: fc.constantFrom(...Array<string>(7).fill('account'), 'user', 'service', 'nobody'),
        id: fc.constant(subject),
      }),
      action: fc.record({ name: fc.constantFrom('go', 'see', 'none', ...CAPABILITIES) }),
      resource: fc.record({
        type: fc.constantFrom('resource', 'resource', 'account', 'group'),
        id: fc.constantFrom(...TARGETS),
      }),
    }),
    session: fc.option(
      session.map((it) => (it.subject === 'a:2' ? it : { ...it, subject })),
      { nil: null, freq: 9 },
    ),
    device: orNull(
      fc.record({ id: fc.constant(null), managed: orNull(fc.boolean()), compliant: orNull(fc.boolean()) }),
    ),
    risk: fc.array(
      fc.record({
        kind: fc.constantFrom(...Array<string>(12).fill('x'), ...Object.values(KNOWN_SIGNALS), KNOWN_SIGNALS.revoked),
        level: fc.constantFrom('low', 'low', 'low', 'medium', 'high'),
        at: fc.integer({ min: NOW - 500, max: NOW + 10 }),
        source: fc.constant('s'),
      }),
      { maxLength: 2, size: 'xsmall' },
    ),
    exceptions: fc.array(
      fc.record({
        id: fc.constantFrom('ex:1', 'ex:2', 'ex:3'),
        capabilities: fc.oneof(fc.constant([...CAPABILITIES]), fc.subarray([...CAPABILITIES])),
        until: fc.integer({ min: NOW - 10, max: NOW + 1000 }),
      }),
      { maxLength: 3 },
    ),
    stepUpsTried: fc.constantFrom(0, 0, 0, 1, 2),
  }),
)

/** A question turned to a right that somebody holds, since most others are refused before anything else is weighed. */
export function aimed(evaluation: Evaluation, { some: { facts } }: SomeWorld, pick: number): Evaluation {
  const entitlements = facts.filter((fact) => fact.fact === 'entitlement')
  const { holder, on, capabilities } = entitlements[pick % entitlements.length] ?? {
    holder: '',
    on: '',
    capabilities: [],
  }
  const capability = capabilities[pick % capabilities.length]
  if (pick % 4 === 0 || capability === undefined) return evaluation
  const { request, session } = evaluation
  const subject = holder.startsWith('a:') ? { type: 'account', id: holder } : request.subject
  return {
    ...evaluation,
    request: { ...request, subject, action: { name: capability }, resource: { type: 'resource', id: on } },
    session: session === null || session.subject !== request.subject.id ? session : { ...session, subject: subject.id },
  }
}
