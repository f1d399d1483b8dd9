import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { receivedStreams } from '#storage/received-signals.ts'
import { signalled } from './signals.fixture.ts'

test('a verification is not noted where it cannot be put on record, and counts when it comes again', async (context) => {
  const { push, server } = await signalled(context)
  const { audit, database } = server.context
  const verified = async () => (await receivedStreams(database)).find(({ name }) => name === 'idp')?.verifiedAt ?? null
  const same = { claims: { jti: 'verification-1' } }
  const append = audit.append.bind(audit)
  Object.assign(audit, { append: () => Promise.reject(new Error('full')) })
  try {
    assert.ok((await push('verification', {}, same)).status >= 500)
  } finally {
    Object.assign(audit, { append })
  }
  assert.equal(await verified(), null)
  assert.equal((await push('verification', {}, same)).status, 202)
  assert.notEqual(await verified(), null)
})

test('whoever uses the store does not wait while a verification is put on record', async (context) => {
  const { push, server } = await signalled(context)
  const { audit, database } = server.context
  const append = audit.append.bind(audit)
  const isFree: boolean[] = []
  Object.assign(audit, {
    append: async (record: Parameters<typeof append>[0]) => {
      const read = receivedStreams(database).then(() => true)
      isFree.push(await Promise.race([read, setTimeout(15_000, false, { ref: false })]))
      await append(record)
    },
  })
  try {
    assert.equal((await push('verification', {})).status, 202)
  } finally {
    Object.assign(audit, { append })
  }
  assert.deepEqual(isFree, [true])
})
