import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Decision } from '#contract/decision.ts'
import type { Fact } from '#model/facts.ts'
import { parseAccessPolicy } from './access-policy.ts'
import { decide } from './decide.ts'
import { accessWithTried, decideBeside, differenceOf, isReproduced, type Change } from './shadow.ts'
import { question, worldOf } from './world.fixture.ts'

const FACTS: Fact[] = [
  { fact: 'account', id: 'ana', kind: 'human' },
  { fact: 'resource', id: 'doc', sensitivity: 'low' },
  { fact: 'entitlement', holder: 'ana', on: 'doc', capabilities: ['read_sensitive_data'], right: 'read' },
]
const reads = question({ subject: 'ana', action: 'read', resource: 'doc', session: { acr: 'urn:ambit:loa:2' } })

suite('A world that is tried', () => {
  test('tells of a snapshot that would ask for more, and decides nothing', () => {
    const wider: Fact[] = [
      ...FACTS,
      { fact: 'resource', id: 'prod', sensitivity: 'high' },
      { fact: 'entitlement', holder: 'ana', on: 'prod', capabilities: ['administer'] },
    ]
    const { decision, difference } = decideBeside(reads, worldOf(FACTS), worldOf(wider))
    assert.equal(decision.outcome, 'permit')
    assert.deepEqual([difference?.change, difference?.after.outcome], ['asked_for_more', 'step_up'])
    assert.equal(decideBeside(reads, worldOf(wider), worldOf(FACTS)).difference?.change, 'asked_for_less')
  })

  test('tells of a rule of an access policy that would lock somebody out', () => {
    const text = `access: 1\nname: p\nrules:\n  - { id: no, effect: forbid, reportOnly: true }\n`
    const world = worldOf(FACTS, { access: [text] })
    assert.equal(decide(reads, world).outcome, 'permit')
    const tried = worldOf(FACTS, { access: [text.replace(', reportOnly: true', '')] })
    const { difference } = decideBeside(reads, world, tried)
    assert.deepEqual([difference?.change, difference?.after.reasons[0]?.code], ['locked_out', 'forbidden'])
    const promoted = accessWithTried(parseAccessPolicy(text, 'p.yaml'))
    assert.deepEqual([promoted.rules.length, promoted.tried.length], [1, 0])
  })

  test('says of each change from one outcome to another what it means for whoever asked', () => {
    const [permit, stepUp, deny] = (['permit', 'step_up', 'deny'] as const).map((outcome) => {
      return { ...decide(reads, worldOf(FACTS)), outcome }
    }) as [Decision, Decision, Decision]
    const stronger: Decision = { ...stepUp, required: { ...stepUp.required, strength: 'hardware' } }
    const cases: [Decision, Decision, Change | null][] = [
      [permit, permit, null],
      [permit, stepUp, 'asked_for_more'],
      [permit, deny, 'locked_out'],
      [stepUp, permit, 'asked_for_less'],
      [stepUp, stepUp, null],
      [stepUp, stronger, 'asked_for_more'],
      [stronger, stepUp, 'asked_for_less'],
      [stepUp, deny, 'locked_out'],
      [deny, permit, 'let_in'],
      [deny, stepUp, 'asked_instead'],
      [deny, deny, null],
      [deny, { ...deny, reasons: [] }, 'other'],
    ]
    for (const [before, after, change] of cases) {
      const found = differenceOf(reads, before, after)
      assert.equal(found?.change ?? null, change, `${before.outcome} → ${after.outcome}`)
    }
  })

  test('tells nothing where it agrees', () => {
    assert.equal(decideBeside(reads, worldOf(FACTS), worldOf(FACTS)).difference, null)
    assert.ok(isReproduced(decide(reads, worldOf(FACTS)), decide(reads, worldOf(FACTS))))
  })
})
