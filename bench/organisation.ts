/** Organisations as inventories, for what reads facts rather than a graph. */
import type { Fact } from '#model/facts.ts'
import { randomOf } from './random.ts'

/** People share a system among so many. */
const PER_SYSTEM = 20_000
/** One in so many people works at the help desk of his system, and one in so many administers it. */
const PER_HELP_DESK = 500
const PER_ADMINISTRATOR = 2_000

/**
 * People with mailboxes, phones and recoveries in groups that nest; services that run code, read secrets and open other
 * accounts; help desks and administrators who can set others up again. About nine facts for each person.
 */
export function organisationOf(accounts: number): Fact[] {
  const random = randomOf(11)
  const groups = Math.max(10, Math.floor(accounts / 25))
  const services = Math.max(5, Math.floor(accounts / 50))
  const systems = Math.max(1, Math.ceil(accounts / PER_SYSTEM))
  const one = (kind: string, count: number): string => `org:${kind}${random.below(count)}`
  const facts: Fact[] = [{ fact: 'channel', id: 'org:sms', kind: 'message_provider' }]
  const right = (holder: string, on: string, ...capabilities: Extract<Fact, { fact: 'entitlement' }>['capabilities']) =>
    facts.push({ fact: 'entitlement', holder, on, capabilities, needed: random.chance(0.6) })
  for (let s = 0; s < systems; s++) {
    facts.push({ fact: 'system', id: `org:s${s}` }, { fact: 'group', id: `org:desk${s}` })
    facts.push({ fact: 'resource', id: `org:directory${s}`, sensitivity: 'high', governs: [] })
    right(`org:desk${s}`, `org:s${s}`, 'reset_authenticators')
    right(one('g', groups), `org:s${s}`, 'administer')
  }
  right(one('g', groups), 'org:sms', 'control_channel')
  for (let g = 0; g < groups; g++) {
    const memberOf = random.chance(0.25) ? [one('g', groups)].filter((id) => id !== `org:g${g}`) : []
    facts.push({ fact: 'group', id: `org:g${g}`, memberOf })
    if (random.chance(0.2)) right(`org:g${g}`, one('r', services), random.chance(0.5) ? 'change_code' : 'use_secrets')
    if (random.chance(0.1)) right(`org:g${g}`, one('r', services), 'read_sensitive_data')
    if (random.chance(0.05)) right(`org:g${g}`, one('r', services), 'approve_payments')
  }
  for (let v = 0; v < services; v++) {
    const sensitivity = random.chance(0.1) ? 'high' : random.chance(0.3) ? 'moderate' : 'low'
    facts.push(
      {
        fact: 'account',
        id: `org:svc${v}`,
        kind: random.chance(0.5) ? 'service' : 'workload',
        owner: one('a', accounts),
      },
      { fact: 'resource', id: `org:r${v}`, sensitivity, runsAs: [`org:svc${v}`], uses: [one('key', services)] },
      {
        fact: 'secret',
        id: `org:key${v}`,
        kind: 'api_token',
        opens: [one('svc', services)],
        storedIn: [one('r', services)],
        ...(random.chance(0.01) ? { leaked: { where: 'a public repository' } } : {}),
      },
    )
    right(`org:svc${v}`, one('r', services), random.chance(0.3) ? 'administer' : 'read_sensitive_data')
  }
  for (let a = 0; a < accounts; a++) facts.push(...personOf(a, { random, groups, systems }))
  return facts
}

interface Around {
  readonly random: ReturnType<typeof randomOf>
  readonly groups: number
  readonly systems: number
}

function personOf(a: number, { random, groups, systems }: Around): Fact[] {
  const [id, system] = [`org:a${a}`, random.below(systems)]
  const memberOf = new Set(Array.from({ length: 3 }, () => `org:g${random.below(groups)}`))
  if (a % PER_HELP_DESK === 0) memberOf.add(`org:desk${system}`)
  if (a % PER_ADMINISTRATOR === 1) memberOf.add('org:g0')
  const second = random.chance(0.4) ? 'security_key' : random.chance(0.6) ? 'totp' : 'sms_code'
  const on = second === 'sms_code' ? [`${id}/phone`] : []
  return [
    {
      fact: 'account',
      id,
      kind: 'human',
      population: 'workforce',
      system: `org:s${system}`,
      subject: `person:${a}`,
      job: `job ${random.below(200)}`,
      manager: `org:a${Math.floor(a / 10)}`,
      memberOf: [...memberOf],
      lastUsed: '2025-12-20',
    },
    { fact: 'channel', id: `${id}/mail`, kind: 'mailbox', heldBy: [id] },
    { fact: 'channel', id: `${id}/phone`, kind: 'phone_number', carriedBy: ['org:sms'], person: `person:${a}` },
    { fact: 'authenticator', id: `${id}/password`, kind: 'password', of: [id] },
    { fact: 'authenticator', id: `${id}/second`, kind: second, of: [id], ...(on.length > 0 ? { on } : {}) },
    { fact: 'authenticator', id: `${id}/link`, kind: 'email_link', of: [id], on: [`${id}/mail`] },
    {
      fact: 'wayIn',
      id: `${id}/in`,
      account: id,
      purpose: 'sign_in',
      requires: random.chance(0.02) ? `${id}/password` : { all: [`${id}/password`, `${id}/second`] },
      session: { overallSeconds: 28_800, idleSeconds: 600 },
    },
    {
      fact: 'wayIn',
      id: `${id}/back`,
      account: id,
      purpose: random.chance(0.1) ? 'help_desk' : 'recovery',
      requires: `${id}/link`,
      ...(random.chance(0.5) ? { yields: [`${id}/password`] } : {}),
    },
  ]
}
