import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { aimed, arbitraryEvaluation, arbitraryWorld, built } from './arbitrary.ts'
import { decide } from './decide.ts'
import { decideByDefinition } from './reference.ts'

/** Questions put to each world, since building one costs more than asking it; and worlds. */
const QUESTIONS = 100
const WORLDS = 110

suite('The decision and its definition', () => {
  test('agree on arbitrary worlds and questions', () => {
    const seen = new Map<string, number>()
    const questions = fc.array(arbitraryEvaluation, { minLength: QUESTIONS, maxLength: QUESTIONS })
    fc.assert(
      fc.property(arbitraryWorld, questions, (parts, asked) => {
        const world = built(parts)
        for (const [i, each] of asked.entries()) {
          const evaluation = aimed(each, parts, i)
          const { outcome, exception, permitUntil } = decide(evaluation, world)
          assert.deepEqual({ outcome, exception, permitUntil }, decideByDefinition(world, evaluation))
          const what = exception === null ? outcome : 'excepted'
          seen.set(what, (seen.get(what) ?? 0) + 1)
        }
      }),
      { numRuns: WORLDS, endOnFailure: true },
    )
    for (const what of ['permit', 'step_up', 'deny', 'excepted']) assert.ok((seen.get(what) ?? 0) > 0, what)
  })
})
