import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Fact } from '#model/facts.ts'
import { parseAccessPolicy } from './access-policy.ts'
import { decide } from './decide.ts'
import { accessWithTried, decideBeside, isReproduced } from './shadow.ts'
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

  test('tells nothing where it agrees', () => {
    assert.equal(decideBeside(reads, worldOf(FACTS), worldOf(FACTS)).difference, null)
    assert.ok(isReproduced(decide(reads, worldOf(FACTS)), decide(reads, worldOf(FACTS))))
  })
})
