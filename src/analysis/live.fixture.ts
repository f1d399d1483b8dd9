/**
 * For tests: facts that come and go. The inventories of `verify/arbitrary-inventory.ts`, with what a verdict hangs on beside
 * the rules: sensitivities, systems, populations, machines, leaks, limits of sessions, controls and exceptions.
 */
import fc from 'fast-check'
import type { Fact } from '#model/facts.ts'
import { arbitraryInventory } from '#verify/arbitrary-inventory.ts'

type Extras = Readonly<Record<string, fc.Arbitrary<unknown>>>

const level = fc.constantFrom('none', 'low', 'moderate', 'high')
const controls = fc.subarray(['device_binding', 'rate_limiting', 'monitored_recovery', 'notice_to_all_addresses'])
const session = fc.record(
  { overallSeconds: fc.constantFrom(600, 90_000), idleSeconds: fc.constantFrom(300, 9000) },
  { requiredKeys: [] },
)
const date = fc.constantFrom('2025-01-01', '2026-05-20')

/** By kind of fact: fields that may be there, and then stand for those that the inventory had. */
const EXTRAS: Partial<Record<Fact['fact'], Extras>> = {
  account: {
    kind: fc.constantFrom('human', 'human', 'service'),
    population: fc.constantFrom('workforce', 'customer'),
    system: fc.constantFrom('y:0', 'y:1'),
    subject: fc.constantFrom('p:0', 'p:1'),
    interactive: fc.boolean(),
    controls,
  },
  resource: { sensitivity: level, secretStore: fc.boolean() },
  channel: {
    kind: fc.constantFrom('mailbox', 'phone_number', 'device', 'vault'),
    sensitivity: level,
    secretStore: fc.boolean(),
  },
  secret: {
    kind: fc.constantFrom('access_key', 'ssh_key', 'otp_seed'),
    leaked: fc.constantFrom({}, { at: '2026-05-01' }),
    ephemeral: fc.boolean(),
    conditions: fc.constantFrom('strict', 'wildcard'),
    issuedAt: date,
    rotatedAt: date,
  },
  authenticator: {
    kind: fc.constantFrom('password', 'sms_code', 'push', 'security_key', 'recovery_code', 'unknown'),
    synced: fc.boolean(),
    keyProtection: fc.constantFrom('software', 'hardware'),
    fips140Level: fc.constantFrom(0, 2),
    userVerification: fc.boolean(),
    bits: fc.constantFrom(20, 128),
  },
  session: { exposed: fc.constant({}), overallSeconds: fc.constantFrom(600, 90_000) },
  wayIn: {
    purpose: fc.constantFrom('recovery', 'federation', 'help_desk', 'enrolment'),
    session,
    controls,
  },
}

const system: fc.Arbitrary<Fact> = fc
  .record({ id: fc.constantFrom('y:0', 'y:1'), session: fc.option(session, { nil: undefined }) })
  .map(({ id, session: limits }) => ({ fact: 'system', id, ...(limits === undefined ? {} : { session: limits }) }))

const TEXTS = { reason: 'legacy', rationale: 'r', comparability: 'c', residualRisk: 'r', migrationPlan: 'm' }

const exception: fc.Arbitrary<Fact> = fc
  .record({
    id: fc.constantFrom('e:0', 'e:1'),
    for: fc.subarray(['a:0', 'a:1', 'a:2', 'g:0', 'g:1'], { minLength: 1 }),
    approver: fc.constantFrom('p:0', 'p:9'),
    end: fc.constantFrom('2026-05-30', '2026-07-01'),
    holds: fc.constantFrom(true, true, false),
  })
  .map(({ holds, ...rest }) => ({
    fact: 'exception',
    ...rest,
    ...TEXTS,
    owner: 'p:9',
    start: '2026-05-01',
    capabilities: ['administer', 'impersonate', 'use_secrets', 'read_sensitive_data', 'reset_authenticators'],
    safeguards: {
      device_binding: holds,
      anomaly_detection: true,
      rate_limiting: true,
      monitored_recovery: true,
      privilege_separation: true,
    },
  }))

/** Facts with unique ids, and a time or none. */
export interface SomeFacts {
  readonly at: string | undefined
  readonly facts: readonly Fact[]
}

/** Whole sets of facts over the same few ids, so that those of one change what those of another say. */
export function arbitraryFacts(): fc.Arbitrary<SomeFacts> {
  return arbitraryInventory().chain(({ at, facts }) =>
    fc
      .tuple(
        fc.tuple(...facts.map(({ fact }) => withExtras(fact))),
        fc.uniqueArray(fc.oneof(system, exception), { maxLength: 4, selector: ({ id }) => id }),
      )
      .map(([own, others]) => ({ at, facts: [...own, ...others] })),
  )
}

function withExtras(fact: Fact): fc.Arbitrary<Fact> {
  const extras = fc.record(EXTRAS[fact.fact] ?? {}, { requiredKeys: [] })
  return extras.map((fields) => ({ ...fact, ...fields }) as Fact)
}

/** Changes in a row, each of a few facts at most. */
export interface SomeChange {
  readonly upsert: readonly Fact[]
  readonly remove: readonly string[]
  readonly at: string | undefined
}

const REMOVABLE = [
  'a:0',
  'a:1',
  'g:0',
  'r:0',
  's:0',
  'k:0',
  'c:0',
  'x:0',
  'x:1',
  't:0',
  'w:0',
  'w:0:1',
  'u:0',
  'e:0',
  'y:0',
]

/** Any few changes to sets of facts over the ids of {@link arbitraryFacts}. */
export function arbitraryChanges(): fc.Arbitrary<SomeChange[]> {
  const change = fc
    .tuple(arbitraryFacts(), fc.array(fc.nat(), { maxLength: 3 }), fc.subarray(REMOVABLE, { maxLength: 2 }), fc.nat(9))
    .map(([{ facts }, picks, remove, day]) => {
      const upsert = new Map(picks.map((pick) => facts[pick % facts.length]!).map((fact) => [fact.id ?? fact, fact]))
      return { upsert: [...upsert.values()], remove, at: day === 0 ? '2026-06-20T00:00:00Z' : undefined }
    })
  return fc.array(change, { minLength: 1, maxLength: 5 })
}
