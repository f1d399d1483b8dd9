import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Decision, Evaluation } from '#contract/decision.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Fact } from '#model/facts.ts'
import { answerText, type AuthzenAnswer } from './authzen.ts'
import { decide } from './decide.ts'
import { searchActions, searchResources, searchSubjects } from './search.ts'
import { NOW, question, worldOf } from './world.fixture.ts'

const FACTS: readonly Fact[] = [
  ...Array.from({ length: 25 }, (_, i): Fact => ({
    fact: 'account',
    id: `p:${String(i).padStart(2, '0')}`,
    kind: i % 5 === 0 ? 'service' : 'human',
    memberOf: i % 2 === 0 ? ['g'] : [],
  })),
  { fact: 'group', id: 'g' },
  { fact: 'resource', id: 'doc:1', kind: 'document', sensitivity: 'moderate' },
  { fact: 'resource', id: 'doc:2', kind: 'document', sensitivity: 'moderate' },
  { fact: 'resource', id: 'box', kind: 'folder', sensitivity: 'low' },
  { fact: 'entitlement', holder: 'g', on: 'doc:1', capabilities: ['read_sensitive_data'], right: 'read' },
  { fact: 'entitlement', holder: 'p:02', on: 'doc:2', capabilities: ['approve_payments'], right: 'pay' },
]
const world = worldOf(FACTS, { settings: { mode: 'entitled_only' } })
const assured = worldOf(FACTS)
const template = (subject: string, action: string, resource: string, type = 'document'): Evaluation => {
  const { session, ...rest } = question({ subject, action, resource, type })
  return { ...rest, session: session?.subject === subject ? session : null }
}

const answerOf = (...of: Parameters<typeof answerText>) => JSON.parse(answerText(...of)) as AuthzenAnswer

suite('The answer to an AuthZEN request', () => {
  const stepUp: Decision = decide(
    question({ subject: 'p:02', action: 'read', resource: 'doc:1', session: { acr: 'urn:ambit:loa:2' } }),
    assured,
  )

  test('says how to step up in all three ways that are in use', () => {
    assert.equal(stepUp.outcome, 'step_up')
    const { decision, context } = answerOf(stepUp, {})
    assert.equal(decision, false)
    assert.deepEqual(context, {
      evaluation_id: 'e-1',
      evaluated_at: '2026-06-01T12:00:00.000Z',
      reason: 'assurance_too_low',
      reasons: ['code_beyond_reach', 'below_required'],
      reason_admin: { 403: stepUp.reasons.map(({ text }) => text).join('; ') },
      reason_user: { 403: 'Confirm that it is you with a passkey or security key.' },
      next_action: 'retry',
      acr_values: 'phr urn:ambit:loa:2:phr phrh urn:ambit:loa:3',
      amr_values: 'mfa',
      max_age: 3600,
      obligations: [
        {
          id: 'step-up',
          type: 'step-up',
          properties: {
            acr_value: 'phr',
            amr_values: ['mfa'],
            max_age: 3600,
            alternatives: ['urn:ambit:loa:2:phr', 'phrh', 'urn:ambit:loa:3'],
          },
        },
      ],
    })
  })

  test('obliges nobody who says that he knows other obligations only', () => {
    for (const supported_obligations of [[], ['notification'], 'step-up', null]) {
      assert.ok(!('obligations' in answerOf(stepUp, { supported_obligations }).context))
    }
    assert.ok('obligations' in answerOf(stepUp, { supported_obligations: ['notification', 'step-up'] }).context)
    assert.ok('obligations' in answerOf(stepUp, undefined).context)
  })

  test('is JSON whatever it has to say, and names nothing twice', () => {
    const odd = '"\\\u2028\n</script>\ud800`é'
    const [first, ...others] = stepUp.reasons.map((reason) => ({ ...reason, text: odd }))
    const all = answerOf(
      {
        ...stepUp,
        id: odd,
        reasons: [first!, ...others],
        reasonUser: odd,
        stepUp: { ...stepUp.stepUp!, acrValues: [odd] },
      },
      {},
    )
    assert.deepEqual(
      [all.context.evaluation_id, all.context.reason_admin, all.context.reason_user, all.context.acr_values],
      [odd, { 403: [odd, ...others.map(() => odd)].join('; ') }, { 403: odd }, odd],
    )
    const excused = { ...stepUp, outcome: 'permit', stepUp: null, permitUntil: NOW, exception: odd } as const
    assert.deepEqual(answerOf(excused, {}).context.exception, odd)
    const nothing = { ...stepUp, stepUp: { acrValues: [], amrValues: [], maxAge: null } }
    assert.deepEqual(Object.keys(answerOf(nothing, {}).context).slice(-2), ['reason_user', 'next_action'])
    for (const text of [answerText(stepUp, {}), answerText(excused, {}), answerText(nothing, {})])
      assert.equal(JSON.stringify(JSON.parse(text)), text)
  })

  test('of a deny gives no hope, and of a permit says how long it lasts', () => {
    const deny = answerOf(decide(question({ subject: 'p:01', action: 'read', resource: 'doc:1' }), assured), {})
    assert.deepEqual([deny.decision, deny.context.reason, deny.context.next_action], [false, 'not_entitled', 'none'])
    assert.ok(!('acr_values' in deny.context) && !('obligations' in deny.context))
    const permit = answerOf(decide(question({ subject: 'p:02', action: 'read', resource: 'doc:1' }), assured), {})
    assert.deepEqual([permit.decision, permit.context.permit_until], [true, new Date((NOW + 300) * 1000).toISOString()])
  })
})

/** Every page, one after the other. */
function allPages<T>(search: (token: string) => { results: readonly T[]; nextToken: string }): T[] {
  const all: T[] = []
  let token = ''
  do {
    const found = search(token)
    all.push(...found.results)
    token = found.nextToken
  } while (token !== '')
  return all
}

suite('A search', () => {
  const readers = template('', 'read', 'doc:1')
  const humans = { ...readers, request: { ...readers.request, subject: { type: 'user', id: 'ignored' } } }

  test('finds exactly those whom a decision permits', () => {
    const found = searchSubjects(world, humans, { limit: 100 })
    const permitted = FACTS.filter(({ fact, id }) => {
      const request = { ...humans.request, subject: { type: 'user', id: id ?? '' } }
      return fact === 'account' && decide({ ...humans, request }, world).outcome === 'permit'
    })
    assert.deepEqual(found, { results: permitted.map(({ id }) => ({ type: 'user', id })), nextToken: '' })
    assert.equal(found.results.length, 10)
  })

  test('gives the same in pages of any size', () => {
    const whole = searchSubjects(world, humans, { limit: 100 }).results
    for (const limit of [1, 3, 10, 11]) {
      assert.deepEqual(
        allPages((token) => searchSubjects(world, humans, { limit, token })),
        whole,
        String(limit),
      )
    }
  })

  test('refuses the token of another search', () => {
    const { nextToken } = searchSubjects(world, humans, { limit: 3 })
    assert.notEqual(nextToken, '')
    const other = { ...humans, request: { ...humans.request, resource: { type: 'document', id: 'doc:2' } } }
    for (const search of [
      () => searchSubjects(world, other, { limit: 3, token: nextToken }),
      () => searchSubjects(world, humans, { limit: 4, token: nextToken }),
      () => searchSubjects(world, humans, { limit: 3, token: 'x' }),
    ]) {
      assert.throws(search, (error: unknown) => error instanceof AmbitError && error.code === 'request_invalid')
    }
  })

  test('finds nothing for what is not known, without an error', () => {
    const none = { results: [], nextToken: '' }
    const about = (parts: object) => ({ ...humans, request: { ...humans.request, ...parts } })
    assert.deepEqual(searchSubjects(world, about({ subject: { type: 'robot', id: '' } }), { limit: 9 }), none)
    assert.deepEqual(searchSubjects(world, about({ resource: { type: 'document', id: 'doc:9' } }), { limit: 9 }), none)
    assert.deepEqual(searchResources(world, about({ subject: { type: 'user', id: 'nobody' } }), { limit: 9 }), none)
    assert.deepEqual(searchResources(world, template('p:02', 'read', '', 'planet'), { limit: 9 }), none)
    assert.deepEqual(searchActions(world, template('nobody', '', 'doc:1'), { limit: 9 }), none)
    assert.deepEqual(searchActions(world, template('p:02', '', 'doc:9'), { limit: 9 }), none)
  })

  test('finds resources of a type, and actions by every name they have', () => {
    assert.deepEqual(searchResources(world, template('p:02', 'read', 'ignored'), { limit: 9 }).results, [
      { type: 'document', id: 'doc:1' },
    ])
    assert.deepEqual(searchActions(world, template('p:02', 'ignored', 'doc:2'), { limit: 9 }).results, [
      { name: 'approve_payments' },
      { name: 'pay' },
    ])
  })

  test('is of no more than the session shows', () => {
    const weak = { ...template('p:02', 'ignored', 'doc:2'), session: null }
    assert.deepEqual(searchActions(assured, weak, { limit: 9 }).results, [])
    assert.equal(searchActions(assured, template('p:02', 'ignored', 'doc:2'), { limit: 9 }).results.length, 2)
  })
})
