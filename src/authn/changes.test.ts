import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { DEFAULT_BUDGET } from './budget.ts'
import { endOtherSessions, leaveForChanges, strengthForChanges } from './changes.ts'
import { enrolled, NOW, worths } from './enrolled.fixture.ts'
import type { Proof, Session } from './session.ts'
import type { EnrolledAuthenticator } from './stores.ts'
import { toolsOver } from './tools.fixture.ts'

const proof = (factor: Proof['factor'], at = NOW): Proof => ({
  factor,
  authenticator: factor,
  channel: null,
  purpose: 'sign_in',
  binding: '',
  at,
  userVerified: true,
  keyClass: factor === 'passkey' ? 'synced' : null,
  fips140Level: null,
  boundAtAal: 3,
})
const session = (...proofs: Proof[]): Session => ({
  id: 'se_1',
  account: 'idp:ada',
  epoch: 0,
  browser: 'b',
  proofs,
  startedAt: NOW,
  usedAt: NOW,
  endsAt: NOW + 1e7,
  idleMs: null,
})

test('whoever has a strong authenticator must show one as strong to change anything', () => {
  const all = (...kinds: EnrolledAuthenticator['kind'][]) =>
    strengthForChanges(
      kinds.map((kind) => enrolled(kind)),
      worths,
    )
  assert.equal(all(), 'single_factor')
  assert.equal(all('password'), 'single_factor')
  assert.equal(all('password', 'totp'), 'two_factor')
  assert.equal(all('password', 'totp', 'passkey'), 'phishing_resistant')
  assert.equal(all('password', 'recovery_code'), 'single_factor')
  assert.equal(
    strengthForChanges([enrolled('password'), enrolled('passkey', { state: 'suspended' })], worths),
    'single_factor',
  )
})

test('neither an old proof nor a weak one changes anything', () => {
  const mine = [enrolled('password'), enrolled('passkey')]
  const leave = (...proofs: Proof[]) => leaveForChanges(session(...proofs), mine, worths, [], NOW)
  assert.equal(leave(proof('password')).granted, false)
  assert.equal(leave(proof('passkey', NOW - 300_001)).granted, false)
  assert.deepEqual([leave(proof('passkey')).granted, leave(proof('passkey')).aal], [true, 2])
  assert.equal(leaveForChanges(session(proof('password')), [enrolled('password')], worths, [], NOW).aal, 1)
})

onEveryStore('a change ends every session but the one that made it', async (store) => {
  const tools = toolsOver(await store.open())
  tools.now = NOW
  await tools.sessions.begin(session(proof('password')), 'mine')
  await tools.sessions.begin({ ...session(proof('password')), id: 'se_2' }, 'theirs')
  await tools.budgets.remember('thief', 'idp:ada', NOW)
  await endOtherSessions(tools, session(proof('password')), 'renewed', 'authenticator_added', async () => {})
  assert.equal(await tools.sessions.resume('mine', NOW), null)
  assert.equal(await tools.sessions.resume('theirs', NOW), null)
  assert.equal((await tools.sessions.resume('renewed', NOW))?.proofs.length, 1)
  const poolOf = (browser: string) => tools.budgets.reserve('idp:ada', 'totp', browser, DEFAULT_BUDGET, NOW)
  assert.deepEqual([await poolOf('thief'), await poolOf('b')], ['strange', 'known'])
})

onEveryStore(
  'a session that was ended meanwhile is not opened anew by a change that was under way in it',
  async (store) => {
    const tools = toolsOver(await store.open())
    tools.now = NOW
    const change = (token: string) =>
      endOtherSessions(tools, session(proof('password')), token, 'ended_by_owner', async () => {})
    await tools.sessions.begin(session(proof('password')), 'thief')
    // its owner ends that one session, or everything
    await tools.sessions.end('se_1', 'ended_by_owner', NOW)
    assert.equal(await change('renewed'), null)
    assert.equal(await tools.sessions.resume('renewed', NOW), null)

    const { epoch } = await tools.accounts.stateOf('idp:ada')
    const next = { ...session(proof('password')), id: 'se_2', epoch }
    await tools.sessions.begin(next, 'thief again')
    await Promise.all([
      endOtherSessions(tools, next, 'renewed again', 'ended_by_owner', async () => {}),
      tools.accounts.endEverything('idp:ada', { reason: 'changed_by_administrator' }, NOW),
    ])
    assert.equal(await tools.sessions.resume('renewed again', NOW), null, 'it outlived the end of everything')
  },
)

onEveryStore('of changes at once in one session, no more than one opens it anew', async (store) => {
  const tools = toolsOver(await store.open())
  tools.now = NOW
  await tools.sessions.begin(session(proof('password')), 'mine')
  const tokens = Array.from({ length: 20 }, (_, i) => `renewed ${i}`)
  const opened = await Promise.all(
    tokens.map((token) => endOtherSessions(tools, session(proof('password')), token, 'ended_by_owner', async () => {})),
  )
  assert.ok(opened.filter((it) => it !== null).length <= 1)
  assert.ok((await tools.sessions.listOf('idp:ada', NOW)).length <= 1)
})
