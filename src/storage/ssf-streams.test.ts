import assert from 'node:assert/strict'
import { addStream, pauseStream, setStreamStatus, streamsOf } from './ssf-streams.ts'
import { onEveryStore } from './stores.fixture.ts'
import { addToken } from './tokens.ts'

const wishes = { pushUrl: null, events: null, description: null }
const token = {
  id: 'a',
  name: 'siem',
  hash: 'x',
  scopes: ['ssf.manage'],
  expiresAt: null,
  createdAt: 1,
  lastUsedAt: null,
} as const
const stream = (id: string) => ({ id, owner: 'siem', wishes, pushSealed: null })

onEveryStore('Of many streams that a receiver makes at once, no more are made than it may have', async ({ open }) => {
  const [one, other] = [await open(), await open()]
  await addToken(one, token)
  const made = await Promise.all(
    Array.from({ length: 12 }, (_, i) => addStream(i % 2 === 0 ? one : other, stream(`s${i}`), { most: 3, now: i })),
  )
  assert.equal(made.filter(Boolean).length, 3)
  assert.equal((await streamsOf(one, 'siem')).length, 3)
})

onEveryStore('A stream that its receiver disabled is not paused over that', async ({ open }) => {
  const database = await open()
  await addStream(database, stream('s'), { most: 1, now: 1 })
  assert.equal(await pauseStream(database, 's', 'deliveries failed'), true)
  await setStreamStatus(database, 's', { status: 'disabled', reason: 'ours' })
  assert.equal(await pauseStream(database, 's', 'deliveries failed'), false)
  const [kept] = await streamsOf(database, 'siem')
  assert.deepEqual([kept?.status, kept?.reason], ['disabled', 'ours'])
})
