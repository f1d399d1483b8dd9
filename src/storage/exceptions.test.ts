import { strict as assert } from 'node:assert'
import type { RuntimeException } from '#contract/exception.ts'
import { addException, replaceException, storedException, storedExceptions, useException } from './exceptions.ts'
import { onEveryStore } from './stores.fixture.ts'

const exception: RuntimeException = {
  id: 'exc_1',
  subjects: ['ada'],
  waysIn: null,
  capabilities: ['approve_payments'],
  reason: 'r',
  owner: 'otto',
  start: 100,
  end: 200,
  review: 150,
  rationale: 'r',
  comparability: 'c',
  residualRisk: 'rr',
  migrationPlan: 'm',
  state: 'approved',
  version: 1,
  requester: 'bob',
  requestedBy: 't1',
  requestedAt: 50,
  approver: 'cai',
  approvedAt: 60,
  approvedImpact: 'moderate',
  why: [],
  uses: 0,
  lastUsedAt: null,
}

onEveryStore('an exception comes back as it was kept', async (store) => {
  const database = await store.open()
  await addException(database, exception, 50)
  assert.deepEqual(await storedException(database, 'exc_1'), exception)
  assert.deepEqual(await storedExceptions(database, ['requested', 'suspended']), [])
  assert.equal(await storedException(database, 'exc_2'), null)
})

onEveryStore('of two changes of one version, one is made', async (store) => {
  const [one, other] = [await store.open(), await store.open()]
  await addException(one, exception, 50)
  const suspended: RuntimeException = { ...exception, state: 'suspended', version: 2, why: ['rate_limiting'] }
  assert.equal(await replaceException(one, suspended, 60), true)
  assert.equal(await replaceException(other, { ...exception, state: 'revoked', version: 2 }, 60), false)
  assert.equal((await storedException(other, 'exc_1'))?.state, 'suspended')
})

onEveryStore('every use is counted, and none outside its time or without its leave', async (store) => {
  const [one, other] = [await store.open(), await store.open()]
  await addException(one, exception, 50)
  assert.equal(await useException(one, 'exc_1', 99), false)
  for (let at = 100; at < 110; at++) {
    assert.deepEqual(await Promise.all([useException(one, 'exc_1', at), useException(other, 'exc_1', at)]), [
      true,
      true,
    ])
  }
  assert.equal(await useException(one, 'exc_1', 200), false)
  assert.equal(await replaceException(other, { ...exception, state: 'revoked', version: 2 }, 120), true)
  assert.equal(await useException(one, 'exc_1', 130), false)
  const kept = await storedException(one, 'exc_1')
  assert.deepEqual([kept?.uses, kept?.lastUsedAt, kept?.state], [20, 109, 'revoked'])
})
