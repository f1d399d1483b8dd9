import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { AccessRequest } from '#contract/access-request.ts'
import { AmbitError } from '#lib/errors.ts'
import { parseAccessPolicy } from './access-policy.ts'
import { decide } from './decide.ts'
import { NOW, question, worldOf } from './world.fixture.ts'

const rules = (...lines: string[]) => `access: 1\nname: p\nrules:\n${lines.map((line) => `  - ${line}\n`).join('')}`
const errorOf = (text: string): string => {
  try {
    parseAccessPolicy(text, 'p.yaml')
  } catch (error) {
    assert.ok(error instanceof AmbitError && error.code === 'policy_invalid')
    return error.message
  }
  throw new Error('it was read')
}

const FACTS = [
  { fact: 'account', id: 'ana', kind: 'human', memberOf: ['g:staff'], subject: 'ana@example.org' },
  { fact: 'group', id: 'g:staff', memberOf: ['r:reader'] },
  { fact: 'role', id: 'r:reader' },
  { fact: 'resource', id: 'doc', kind: 'document', sensitivity: 'low' },
  { fact: 'entitlement', holder: 'r:reader', on: 'doc', capabilities: ['read_sensitive_data'], right: 'read' },
] as const

function asks(access: readonly string[], parts: Partial<AccessRequest> = {}) {
  const world = worldOf(FACTS as never, { settings: { mode: 'entitled_only' }, access })
  const { request, ...rest } = question({ subject: 'ana', action: 'read', resource: 'doc', type: 'document' })
  const decision = decide({ ...rest, request: { ...request, ...parts } }, world)
  return [decision.outcome, decision.reasons[0]!.code]
}
const EDIT = { action: { name: 'edit' } }

suite('An access policy', () => {
  test('permits what no entitlement does', () => {
    assert.deepEqual(asks([], EDIT), ['deny', 'not_entitled'])
    assert.deepEqual(
      asks([rules(`{ id: a, effect: permit, actions: [edit], when: '"r:reader" in subject.roles' }`)], EDIT),
      ['permit', 'entitled'],
    )
    assert.deepEqual(asks([rules(`{ id: a, effect: permit, actions: [edit], resources: [folder] }`)], EDIT), [
      'deny',
      'not_entitled',
    ])
    assert.deepEqual(asks([rules(`{ id: a, effect: permit, subjects: [user] }`)], EDIT), ['deny', 'not_entitled'])
  })

  test('forbids over any permit and over every entitlement, in whatever order', () => {
    const permit = `{ id: a, effect: permit }`
    const forbid = `{ id: b, effect: forbid, when: 'context.hour < 8' }`
    for (const text of [rules(permit, forbid), rules(forbid, permit)]) {
      assert.deepEqual(asks([text], { context: { hour: 7 } }), ['deny', 'forbidden'])
      assert.deepEqual(asks([text], { context: { hour: 9 } }), ['permit', 'entitled'])
    }
    assert.deepEqual(asks([rules(permit), rules(forbid)], { context: { hour: 7 } }), ['deny', 'forbidden'])
  })

  test('that cannot be evaluated never permits and always forbids', () => {
    for (const when of ['context.hour < 8', 'subject.properties.team == "x"', 'subject.population == "customer"']) {
      assert.deepEqual(
        asks([rules(`{ id: a, effect: permit, when: '${when}' }`)], EDIT),
        ['deny', 'not_entitled'],
        when,
      )
      assert.deepEqual(asks([rules(`{ id: a, effect: forbid, when: '${when}' }`)]), ['deny', 'forbidden'], when)
    }
    const odd = { context: { hour: 'seven' } }
    assert.deepEqual(asks([rules(`{ id: a, effect: forbid, when: 'context.hour < 8' }`)], odd), ['deny', 'forbidden'])
  })

  test('is not told by the caller what the snapshot knows', () => {
    const text = rules(`{ id: a, effect: permit, when: '"admin" in subject.roles || subject.person == "root"' }`)
    const subject = {
      type: 'account',
      id: 'ana',
      roles: ['admin'],
      person: 'root',
      properties: { roles: ['admin'], person: 'root' },
    }
    assert.deepEqual(asks([text], { ...EDIT, subject }), ['deny', 'not_entitled'])
  })

  test('tells each fault with its line and what to write instead', () => {
    assert.match(errorOf(rules(`{ id: a, efect: permit }`)), /p\.yaml:4: .*`effect` is missing/)
    assert.match(errorOf(rules(`{ id: a, efect: permit }`)), /unknown key `efect` \(did you mean `effect`\?\)/)
    assert.match(errorOf(rules(`{ id: a, effect: allow }`)), /unknown word `allow`/)
    assert.match(
      errorOf(rules(`{ id: a, effect: permit }`, `{ id: a, effect: permit }`)),
      /p\.yaml:5: .*`a` is already taken/,
    )
    assert.match(errorOf(rules(`{ id: a, effect: permit, when: 'subject.rolez == "x"' }`)), /did you mean `roles`/)
    assert.match(
      errorOf(rules(`{ id: a, effect: permit, when: 'subject.id.matches("(a+)+")' }`)),
      /`matches` is not among the functions/,
    )
    assert.match(errorOf('access: 1\naccess: 1\n'), /p\.yaml:/)
    assert.match(errorOf('access: 2\nname: p\nrules: []\n'), /`2` is not allowed here/)
  })
})

suite('An entitlement', () => {
  test('counts until the moment it ends, and a permit lasts no longer', () => {
    const end = new Date((NOW + 30) * 1000).toISOString()
    const facts = FACTS.map((fact) => (fact.fact === 'entitlement' ? { ...fact, expiresAt: end } : fact))
    const world = worldOf(facts as never, { settings: { mode: 'entitled_only' } })
    const it = question({ subject: 'ana', action: 'read', resource: 'doc', type: 'document' })
    assert.equal(decide(it, world).permitUntil, NOW + 30)
    assert.equal(decide({ ...it, at: NOW + 30 }, world).outcome, 'deny')
  })

  test('on a container counts for what lies in it, and on nothing around it', () => {
    const facts = [
      ...FACTS,
      { fact: 'resource', id: 'page', in: 'doc' },
      { fact: 'resource', id: 'other', in: 'page' },
      { fact: 'entitlement', holder: 'ana', on: 'page', capabilities: [], right: 'write' },
    ] as const
    const world = worldOf(facts as never, { settings: { mode: 'entitled_only' } })
    const outcome = (action: string, resource: string) =>
      decide(question({ subject: 'ana', action, resource }), world).outcome
    assert.deepEqual(
      ['doc', 'page', 'other'].map((id) => outcome('read', id)),
      ['permit', 'permit', 'permit'],
    )
    assert.deepEqual(
      ['doc', 'page', 'other'].map((id) => outcome('write', id)),
      ['deny', 'permit', 'permit'],
    )
  })

  test('is of the thing of that type, not of another that has its id', () => {
    const world = worldOf(FACTS as never, { settings: { mode: 'entitled_only' } })
    assert.equal(
      decide(question({ subject: 'ana', action: 'read', resource: 'doc', type: 'invoice' }), world).outcome,
      'deny',
    )
  })
})
