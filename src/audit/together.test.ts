import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Evaluation } from '#contract/decision.ts'
import { AmbitError } from '#lib/errors.ts'
import type { Masks } from './mask.ts'
import { aDecisionRecord, anEvaluation } from './records.fixture.ts'
import { checkRecord, type RecordOf } from './records.ts'
import { entriesOf, sealed, sealedTogether } from './seal.ts'
import { together } from './together.ts'

const masks: Masks = { pointers: [], key: new Uint8Array(32) }
const by = { type: 'client', id: 'pep-1' } as const

/** Decisions of one request; parts with one number are one object. */
function someOfOneRequest(parts: readonly (readonly [resource: number, context: number, outcome: number])[]) {
  const known = new Map<string, unknown>()
  const one = <T>(name: string, make: () => T): T => {
    if (!known.has(name)) known.set(name, make())
    return known.get(name) as T
  }
  return parts.map(([resource, context, outcome], index): RecordOf<'decision'> => {
    const { request, ...rest } = one('shared', () => anEvaluation())
    const { context: _, ...bare } = request
    const evaluation: Evaluation = {
      ...rest,
      id: `eval_${index}`,
      request: {
        ...bare,
        resource: one(`r${resource}`, () => ({ type: 'page', id: `p${resource}`, properties: { n: resource } })),
        ...(context === 0 ? {} : { context: one(`c${context}`, () => ({ amount: context })) }),
      },
    }
    const record = aDecisionRecord(evaluation)
    const permitUntil = outcome === 0 ? 1_790_000_060 : null
    return { ...record, by, request: 'req_1', decision: { ...record.decision, id: evaluation.id, permitUntil } }
  })
}

const alone = (records: readonly RecordOf<'decision'>[]) =>
  records.flatMap((record) => entriesOf(sealed(record, masks).text))

test('decisions asked for together come back each as it would have been written alone', () => {
  // more different resources than are looked at when one comes again
  const part = fc.tuple(fc.oneof(fc.nat(3), fc.nat(40)), fc.nat(2), fc.nat(1))
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 60 }), (parts) => {
      const records = someOfOneRequest(parts)
      const written = sealedTogether(records, masks)
      assert.equal(written.length, 1)
      assert.deepEqual(entriesOf(written[0]!.text), alone(records))
    }),
  )
})

test('what fifty decisions share is written once', () => {
  const records = someOfOneRequest(Array.from({ length: 50 }, (_, i) => [i, 1, 0]))
  const written = sealedTogether(records, masks)
  assert.equal(written.length, 1)
  const { text } = written[0]!
  assert.equal(text.match(/idp\.example/g)?.length, 1)
  assert.ok(text.length * 5 < records.reduce((sum, each) => sum + sealed(each, masks).text.length, 0))
})

test('a value that comes again after others is written once', () => {
  const others = Array.from({ length: 20 }, (_, i) => i + 2)
  const records = someOfOneRequest(others.flatMap((i) => [[1, 1, 0] as const, [i, 1, 1] as const]))
  const { resource, permitUntil } = together(records)!.columns
  assert.deepEqual([resource.values.length, permitUntil.values.length], [21, 2])
  assert.deepEqual(
    resource.of,
    others.flatMap((i) => [0, i - 1]),
  )
})

test('decisions of which something has to be masked are each written by itself, without it', () => {
  const records = someOfOneRequest([
    [1, 1, 0],
    [2, 1, 0],
  ])
  const leaks: Evaluation['request'][] = [
    { ...records[1]!.evaluation.request, context: { password: 'correct horse' } },
    { ...records[1]!.evaluation.request, resource: { type: 'url', id: 'https://a.example/?otp=correct horse' } },
    { ...records[1]!.evaluation.request, subject: { type: 'account', id: 'a', properties: { pin: 'correct horse' } } },
  ]
  for (const request of leaks) {
    const leaky = { ...records[1]!, evaluation: { ...records[1]!.evaluation, request } }
    const written = sealedTogether([records[0]!, leaky], masks)
    assert.equal(written.length, 2)
    assert.ok(written.every(({ text }) => !text.includes('correct')))
  }
  const pointers = ['/evaluation/session/subject']
  const masked = sealedTogether(records, { ...masks, pointers })
  assert.ok(masked.every(({ text }) => entriesOf(text)[0]!.masked?.[0] === pointers[0]))
})

test('decisions that do not belong to one request are not written as one', () => {
  const [one, two] = someOfOneRequest([
    [1, 1, 0],
    [2, 1, 0],
  ])
  assert.equal(together([]), null)
  assert.equal(together([one!, { ...two!, at: two!.at + 1 }]), null)
  assert.equal(together([one!, { ...two!, request: 'req_2' }]), null)
  assert.equal(together([one!, { ...two!, by: { type: 'client', id: 'another' } }]), null)
  assert.equal(together([one!, { ...two!, decision: { ...two!.decision, id: 'eval_x' } }]), null)
})

test('a decision that does not fit its schema is refused among others as it is alone', () => {
  const [one, two] = someOfOneRequest([
    [1, 1, 0],
    [2, 1, 0],
  ])
  const bad = { ...two!, decision: { ...two!.decision, outcome: 'maybe' as never } }
  const isInvalid = (error: unknown) => error instanceof AmbitError && error.code === 'audit_invalid'
  assert.throws(() => sealedTogether([one!, bad], masks), isInvalid)
  assert.throws(() => checkRecord({ ...together([one!, two!])!, code: '123456' } as never), isInvalid)
})
