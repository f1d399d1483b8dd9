import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Decision, Evaluation } from '#contract/decision.ts'
import type { ServerContext } from './context.ts'
import { denied, evaluate, NO_CIRCUMSTANCES } from './evaluate.ts'

test('an answer counts among those that are compared once its exception was to be had, and never twice', async () => {
  const seen: (string | null)[] = []
  const look = (_: Evaluation, { exception }: Decision) => void seen.push(exception)
  const exceptions = [{ id: 'exc_1', capabilities: [], until: 2 }]
  const answering = async (isThere: boolean) => {
    const parts = {
      circumstances: () => Promise.resolve({ ...NO_CIRCUMSTANCES, exceptions }),
      // as the decider looks at whatever rests on no exception
      decide: (evaluation: Evaluation) => {
        const decision = { ...denied(evaluation, 'undecidable'), exception: evaluation.exceptions[0]?.id ?? null }
        if (decision.exception === null) look(evaluation, decision)
        return decision
      },
      exceptions: { use: () => Promise.resolve(isThere) },
      shadow: { look },
      audit: { append: () => Promise.resolve() },
      clock: () => 1000,
    } as unknown as ServerContext
    const request = { subject: { type: 'account', id: 'a' }, action: { name: 'b' }, resource: { type: 'c', id: 'd' } }
    await evaluate(parts, { request, session: null, stepUpsTried: 0, by: { type: 'node', id: 'n' }, requestId: 'r' })
  }
  await answering(true)
  await answering(false)
  assert.deepEqual(seen, ['exc_1', null])
})
