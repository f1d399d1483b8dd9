import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rankOf } from '#assurance/strength.ts'
import { CAPABILITIES } from '#contract/vocabulary.ts'
import type { Fact } from '#model/facts.ts'
import { decide } from './decide.ts'
import { signInDemand, type WantedAccess } from './sign-in-demand.ts'
import { NOW, question, worldOf } from './world.fixture.ts'

/** Carla reads orders with what she has, and pays, which asks again; Ada administers. */
const FACTS: Fact[] = [
  { fact: 'system', id: 'shop' },
  { fact: 'resource', id: 'shop:orders', system: 'shop', sensitivity: 'low' },
  { fact: 'resource', id: 'shop:payments', system: 'shop', sensitivity: 'moderate' },
  { fact: 'resource', id: 'cloud', sensitivity: 'high' },
  ...['carla', 'ada', 'off'].flatMap((id): Fact[] => [
    { fact: 'account', id, kind: 'human', population: 'customer', ...(id === 'off' ? { enabled: false } : {}) },
    { fact: 'authenticator', id: `${id}/password`, kind: 'password', of: [id] },
    { fact: 'authenticator', id: `${id}/sms`, kind: 'sms_code', of: [id] },
    {
      fact: 'wayIn',
      id: `${id}/in`,
      account: id,
      purpose: 'sign_in',
      requires: { all: [`${id}/password`, `${id}/sms`] },
    },
  ]),
  { fact: 'account', id: 'job', kind: 'workload' },
  { fact: 'entitlement', holder: 'carla', on: 'shop:orders', capabilities: ['read_sensitive_data'], right: 'read' },
  { fact: 'entitlement', holder: 'carla', on: 'shop:payments', capabilities: ['approve_payments'], right: 'pay' },
  { fact: 'entitlement', holder: 'ada', on: 'shop:payments', capabilities: ['approve_payments'], right: 'pay' },
  { fact: 'entitlement', holder: 'ada', on: 'cloud', capabilities: ['administer'], right: 'administer' },
]
const world = worldOf(FACTS, { settings: { gated: ['shop'] } })
const CALM = { at: NOW, risk: [], exceptions: [] }
const READ: WantedAccess = { action: 'read', resource: { type: 'resource', id: 'shop:orders' } }
const PAY: WantedAccess = { action: 'pay', resource: { type: 'resource', id: 'shop:payments' } }
const signal = (level: 'low' | 'medium' | 'high') => ({ kind: 'new_device', level, at: NOW, source: 'test' })
const excepted = { id: 'ex-1', capabilities: ['approve_payments'] as const, until: NOW + 1000 }

void test('the same account may use a code for one access and not for another', () => {
  const codesFor = (access: WantedAccess | null) => signInDemand(world, 'carla', access, CALM)?.codes
  assert.deepEqual([codesFor(null), codesFor(READ), codesFor(PAY)], ['allowed', 'allowed', 'refused'])
  // what the inventory does not know asks for what the account asks by itself
  assert.equal(codesFor({ action: 'pay', resource: { type: 'resource', id: 'nowhere' } }), 'allowed')
  assert.equal(signInDemand(world, 'ada', READ, CALM)?.codes, 'refused')
  for (const nobody of ['off', 'job', 'zoe']) assert.equal(signInDemand(world, nobody, null, CALM), null)
})

void test('an exception that covers it lets a code do, and nothing that is at risk', () => {
  const demand = signInDemand(world, 'carla', PAY, { ...CALM, exceptions: [excepted] })
  assert.deepEqual([demand?.strength, demand?.codes, demand?.exception], ['single_factor', 'allowed', 'ex-1'])
  const refused = [
    { exceptions: [{ ...excepted, until: NOW }] },
    { exceptions: [{ ...excepted, until: NOW + 400 * 86_400 }] },
    { exceptions: [{ ...excepted, capabilities: ['read_sensitive_data'] as const }] },
    { exceptions: [excepted], risk: [signal('high')] },
  ]
  for (const changed of refused)
    assert.equal(signInDemand(world, 'carla', PAY, { ...CALM, ...changed })?.codes, 'refused', JSON.stringify(changed))
  // it is not used where it is not needed
  assert.equal(signInDemand(world, 'carla', READ, { ...CALM, exceptions: [excepted] })?.exception, null)
  // and covers one access, not all that the account reaches
  assert.equal(signInDemand(world, 'ada', PAY, { ...CALM, exceptions: [excepted] })?.codes, 'refused')
})

void test('no risk makes a sign-in ask less, and no code is taken that the decision would refuse', () => {
  const levels = fc.constantFrom('low' as const, 'medium' as const, 'high' as const)
  const accesses = fc.constantFrom(READ, PAY)
  const accounts = fc.constantFrom('carla', 'ada')
  const exceptions = fc.array(
    fc.record({
      id: fc.constantFrom('ex-1', 'ex-2'),
      capabilities: fc.subarray([...CAPABILITIES]),
      until: fc.integer({ min: NOW - 10, max: NOW + 86_400 }),
    }),
    { maxLength: 3 },
  )
  const property = fc.property(accounts, accesses, levels, exceptions, (account, access, level, standing) => {
    const around = { ...CALM, exceptions: standing }
    const calm = signInDemand(world, account, access, around)!
    const risky = signInDemand(world, account, access, { ...around, risk: [signal(level)] })!
    assert.ok(rankOf(risky.strength) >= rankOf(calm.strength))
    assert.ok(risky.codes === 'refused' || calm.codes === 'allowed')
    // what a session with a code alone is told at the door itself
    const { action, resource } = access
    const session = { acr: 'urn:ambit:loa:1', amr: ['sms'], keyClass: null, authTime: NOW } as const
    const asked = question(
      { subject: account, action, resource: resource.id, session },
      { exceptions: standing, risk: [signal(level)] },
    )
    const { outcome, reasons } = decide(asked, world)
    const entitled = !reasons.some(({ code }) => code === 'not_entitled')
    const beyond = outcome !== 'permit' && reasons.some(({ code }) => code === 'code_beyond_reach')
    if (beyond && entitled) assert.equal(risky.codes, 'refused')
  })
  fc.assert(property, { numRuns: 500 })
})
