import { strict as assert } from 'node:assert'
import {
  addGateReturn,
  addGateSession,
  endGateSessions,
  findGateSession,
  noteGateSessionUse,
  signingKeys,
  takeGateReturn,
  takeProof,
} from './gate.ts'
import { onEveryStore } from './stores.fixture.ts'

onEveryStore('nodes that start at once agree on one signing key', async (store) => {
  const nodes = await Promise.all([store.open(), store.open(), store.open()])
  const seen = await Promise.all(
    nodes.map((node, i) => signingKeys(node, { kid: 'period-1', make: async () => `{"node":${i}}`, createdAt: 1 })),
  )
  const again = await Promise.all(
    nodes.map((node) => signingKeys(node, { kid: 'period-1', make: async () => '{}', createdAt: 2 })),
  )
  assert.equal(new Set(again.map((keys) => JSON.stringify(keys))).size, 1)
  for (const keys of seen) assert.equal(keys.length, 1)
})

onEveryStore('a session of a browser ends for good, by time, alone, or with all of its subject', async (store) => {
  const database = await store.open()
  const session = (id: string, subject = 'ada') => ({
    id,
    issuer: 'https://id.example.test',
    subject,
    claims: '{}',
    startedAt: 1000,
    usedAt: 1000,
    endsAt: 5000,
  })
  for (const id of ['a', 'b', 'c']) await addGateSession(database, session(id))
  await addGateSession(database, session('d', 'bob'))
  assert.deepEqual(await findGateSession(database, 'a', 4999), session('a'))
  assert.equal(await findGateSession(database, 'a', 5000), null)
  await noteGateSessionUse(database, 'a', 2000)
  await noteGateSessionUse(database, 'a', 1500)
  assert.equal((await findGateSession(database, 'a', 4000))?.usedAt, 2000)
  await endGateSessions(database, { id: 'a' }, 3000)
  assert.equal(await findGateSession(database, 'a', 4000), null)
  assert.notEqual(await findGateSession(database, 'b', 4000), null)
  await endGateSessions(database, { issuer: 'https://id.example.test', subject: 'ada' }, 3000)
  assert.deepEqual(await Promise.all(['b', 'c'].map((id) => findGateSession(database, id, 4000))), [null, null])
  assert.notEqual(await findGateSession(database, 'd', 4000), null)
})

onEveryStore('a state is taken once, by the browser that was sent, in time', async (store) => {
  const nodes = await Promise.all([store.open(), store.open()])
  const kept = (state: string) => ({
    state,
    browser: 'mine',
    evaluation: 'eval_1',
    returnTo: 'https://app.example.test/',
    issuer: 'https://id.example.test',
    nonce: 'n',
    verifier: 'v',
    expiresAt: 2000,
  })
  for (const state of ['one', 'two', 'late']) await addGateReturn(nodes[0]!, kept(state), 1000)
  assert.equal(await takeGateReturn(nodes[0]!, 'one', 'theirs', 1500), null)
  const taken = await Promise.all(
    Array.from({ length: 8 }, (_, i) => takeGateReturn(nodes[i % 2]!, 'one', 'mine', 1500)),
  )
  assert.deepEqual(
    taken.filter((each) => each !== null),
    [kept('one')],
  )
  assert.equal(await takeGateReturn(nodes[0]!, 'late', 'mine', 2000), null)
  assert.equal(await takeGateReturn(nodes[0]!, 'none', 'mine', 1500), null)
})

onEveryStore('a proof is taken once on all nodes, and forgotten once it has lapsed', async (store) => {
  const nodes = await Promise.all([store.open(), store.open()])
  const taken = await Promise.all(Array.from({ length: 8 }, (_, i) => takeProof(nodes[i % 2]!, 'p', 100, 50)))
  assert.equal(taken.filter(Boolean).length, 1)
  assert.equal(await takeProof(nodes[0]!, 'p', 300, 200), true)
})
