import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { belongingsStore } from '#storage/belongings.ts'
import { identifierStore } from '#storage/identifiers.ts'
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

onEveryStore(
  'of changes at once in one session, exactly one opens it anew, and ends none of the others’ work',
  async (store) => {
    for (const nodes of [[await store.open()], [await store.open(), await store.open()]]) {
      const all = nodes.map((each) => toolsOver(each))
      const [tools] = all as [(typeof all)[number]]
      for (const each of all) each.now = NOW
      const { epoch } = await tools.accounts.stateOf('idp:ada')
      const mine = { ...session(proof('password')), id: `se_${nodes.length}`, epoch }
      await tools.sessions.begin(mine, `mine ${nodes.length}`)
      const opened = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          endOtherSessions(
            all[i % all.length]!,
            mine,
            `renewed ${nodes.length} ${i}`,
            'password_changed',
            async () => {},
          ),
        ),
      )
      const [one, ...more] = opened.filter((it) => it !== null)
      assert.deepEqual([one?.epoch, more.length], [epoch + 1, 0])
      assert.deepEqual(
        (await tools.sessions.listOf('idp:ada', NOW)).map(({ id }) => id),
        [one?.id],
      )
      await tools.accounts.endEverything('idp:ada', { reason: 'signed_out' }, NOW)
    }
  },
)

onEveryStore('whoever ended one session alone does not keep a change in it from ending the others', async (store) => {
  const tools = toolsOver(await store.open())
  tools.now = NOW
  await tools.sessions.begin(session(proof('password')), 'mine')
  await tools.sessions.begin({ ...session(proof('password')), id: 'se_2' }, 'theirs')
  await tools.sessions.end('se_1', 'ended_by_owner', NOW)
  assert.equal(
    await endOtherSessions(tools, session(proof('password')), 'new', 'password_changed', async () => {}),
    null,
  )
  assert.deepEqual(await tools.sessions.listOf('idp:ada', NOW), [])
})

onEveryStore('no change takes effect in a session that is over, whenever it began', async (store) => {
  const database = await store.open()
  const tools = toolsOver(database)
  const identifiers = identifierStore(database, () => NOW)
  const belongings = belongingsStore(database, () => NOW)
  tools.now = NOW
  const number = { kind: 'phone', shown: '', account: 'idp:ada', verifiedAt: NOW, addedAt: NOW, boundAtAal: 1 } as const
  const waiting = enrolled('totp', { id: 'waiting', state: 'pending' })
  await tools.authenticators.enrol(enrolled('passkey'))
  await tools.authenticators.enrol(waiting)
  await identifiers.add({ ...number, canonical: '+491', verifiedAt: null })
  const all = (in_: string) => [
    tools.authenticators.enrol(enrolled('push', { id: `push ${in_}` }), in_),
    tools.authenticators.replace('idp:ada', 'password', [enrolled('password', { id: `password ${in_}` })], in_),
    tools.authenticators.setState('waiting', 'idp:ada', ['pending'], 'active', in_),
    tools.authenticators.rename('passkey', 'idp:ada', in_, in_),
    identifiers.add({ ...number, canonical: `+49 ${in_}` }, in_),
    identifiers.verify('phone', '+491', 'idp:ada', NOW, 1, in_),
  ]
  const asItWas = [await tools.authenticators.listOf('idp:ada'), await identifiers.listOf('idp:ada')]
  const ends: Record<string, (id: string) => Promise<unknown>> = {
    nobodys: async () => {},
    ended: (id) => tools.sessions.end(id, 'ended_by_owner', NOW),
    old: (id) => tools.sessions.begin({ ...session(), id, endsAt: NOW }, id),
    anothers: (id) => tools.sessions.begin({ ...session(), id, account: 'idp:ben' }, id),
    everything: () => tools.accounts.endEverything('idp:ada', { reason: 'changed_by_administrator' }, NOW),
  }
  for (const [id, end] of Object.entries(ends)) {
    if (id === 'ended' || id === 'everything') await tools.sessions.begin({ ...session(proof('passkey')), id }, id)
    await end(id)
    assert.deepEqual(
      await Promise.all(all(id)),
      Array.from({ length: 6 }, () => false),
      id,
    )
    const taken = await belongings.takeAway('idp:ada', id, { authenticator: 'passkey' }, () => true)
    assert.equal(taken, 'gone', id)
  }
  assert.deepEqual([await tools.authenticators.listOf('idp:ada'), await identifiers.listOf('idp:ada')], asItWas)
  const { epoch } = await tools.accounts.stateOf('idp:ada')
  await tools.sessions.begin({ ...session(), id: 'alive', epoch }, 'alive')
  assert.deepEqual(
    await Promise.all(all('alive')),
    Array.from({ length: 6 }, () => true),
  )
})

onEveryStore('a change and the end of its session happen one after the other, never the change last', async (store) => {
  const [one, other] = [await store.open(), await store.open()].map((each) => toolsOver(each))
  for (let round = 0; round < 20; round++) {
    const account = `idp:${round}`
    one!.now = other!.now = NOW
    await one!.sessions.begin({ ...session(proof('password')), id: `se_${round}`, account }, `token ${round}`)
    const key = enrolled('passkey', { id: `key ${round}`, account, lookup: `key ${round}` })
    const [done] = await Promise.all([
      one!.authenticators.enrol(key, `se_${round}`),
      round % 2 === 0
        ? other!.accounts.endEverything(account, { reason: 'changed_by_administrator' }, NOW)
        : other!.sessions.end(`se_${round}`, 'ended_by_owner', NOW),
    ])
    const there = (await one!.authenticators.listOf(account)).length
    assert.equal(there, done ? 1 : 0)
    assert.equal(await one!.authenticators.enrol({ ...key, id: 'late', lookup: 'late' }, `se_${round}`), false)
  }
})
