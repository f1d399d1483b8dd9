/** The races that authenticators are lost in, on both stores. */
import { strict as assert } from 'node:assert'
import { DEFAULT_BUDGET } from '#authn/budget.ts'
import type { Answer, Challenge } from '#authn/challenge.ts'
import type { Proof } from '#authn/session.ts'
import type { EnrolledAuthenticator } from '#authn/stores.ts'
import { accountStateStore } from './account-states.ts'
import { authenticatorStore } from './authenticators.ts'
import { budgetStore } from './budgets.ts'
import { challengeStore } from './challenges.ts'
import { identifierStore } from './identifiers.ts'
import { sessionStore } from './sessions.ts'
import { onEveryStore } from './stores.fixture.ts'

const NOW = 1_800_000_000_000
const challenge: Challenge = {
  id: 'ch_1',
  account: 'idp:ada',
  factor: 'sms_code',
  purpose: 'sign_in',
  browser: 'browser-a',
  binding: '',
  epoch: 0,
  mac: 'k.right',
  checksLeft: 3,
  createdAt: NOW,
  expiresAt: NOW + 300_000,
}
const right: Answer = {
  id: 'ch_1',
  account: 'idp:ada',
  factor: 'sms_code',
  purpose: 'sign_in',
  browser: 'browser-a',
  binding: '',
  macs: ['k.right'],
}
const authenticator: EnrolledAuthenticator = {
  id: 'au_1',
  account: 'idp:ada',
  kind: 'totp',
  name: 'telephone',
  state: 'active',
  channel: null,
  boundAtAal: 2,
  material: 'sealed',
  lookup: null,
  counter: 100,
  addedAt: NOW,
  expiresAt: null,
  usedAt: null,
}
const count = (results: readonly unknown[], wanted: unknown) => results.filter((each) => each === wanted).length
const atOnce = <T>(times: number, work: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: times }, (_, i) => work(i)))

onEveryStore('of two hundred right answers at once, one is accepted', async (store) => {
  const nodes = [challengeStore(await store.open()), challengeStore(await store.open())]
  for (let round = 0; round < 10; round++) {
    const id = `ch_${round}`
    await nodes[0]!.begin({ ...challenge, id })
    const results = await atOnce(200, (i) => nodes[i % 2]!.answer({ ...right, id }, NOW + 1))
    assert.equal(count(results, 'accepted'), 1)
  }
})

onEveryStore('three wrong answers at most are compared, however many come at once', async (store) => {
  const challenges = challengeStore(await store.open())
  await challenges.begin(challenge)
  await atOnce(50, (i) => challenges.answer({ ...right, macs: [`k.wrong${i}`] }, NOW + 1))
  assert.equal((await challenges.find('ch_1'))?.checksLeft, 0)
  assert.equal(await challenges.answer(right, NOW + 1), 'refused')
})

onEveryStore('an answer with anything else about it changed is refused and costs the owner nothing', async (store) => {
  const challenges = challengeStore(await store.open())
  await challenges.begin(challenge)
  const others: readonly Partial<Answer>[] = [
    { account: 'idp:eve' },
    { factor: 'email_code' },
    { purpose: 'recover' },
    { browser: 'browser-b' },
    { binding: 'pay' },
    { id: 'ch_2' },
    { macs: [] },
  ]
  for (const other of others) assert.equal(await challenges.answer({ ...right, ...other }, NOW + 1), 'refused')
  assert.equal((await challenges.find('ch_1'))?.checksLeft, 3)
  assert.equal(await challenges.answer(right, NOW + 300_000), 'refused') // its time is over
  assert.equal(await challenges.answer(right, NOW - 1), 'refused') // the clock was set back
  assert.equal(await challenges.answer(right, NOW + 299_999), 'accepted')
})

onEveryStore('what ends every session ends every code that waits', async (store) => {
  const database = await store.open()
  const challenges = challengeStore(database)
  await challenges.begin(challenge)
  const state = await accountStateStore(database).endEverything('idp:ada', { reason: 'factor_changed' }, NOW)
  assert.equal(state.epoch, 1)
  assert.equal(await challenges.answer(right, NOW + 1), 'refused')
  // begun before the change, written after it
  await challenges.begin({ ...challenge, id: 'ch_2' })
  assert.equal(await challenges.answer({ ...right, id: 'ch_2' }, NOW + 1), 'refused')
  await challenges.begin({ ...challenge, id: 'ch_3', epoch: 1 })
  assert.equal(await challenges.answer({ ...right, id: 'ch_3' }, NOW + 1), 'accepted')
})

onEveryStore('of two hundred guesses at once, no more than the budget are granted', async (store) => {
  const nodes = [budgetStore(await store.open()), budgetStore(await store.open())]
  const reserve = (i: number, now: number) => nodes[i % 2]!.reserve('idp:ada', 'totp', '', DEFAULT_BUDGET, now)
  const results = await atOnce(200, (i) => reserve(i, NOW))
  assert.equal(results.filter(Boolean).length, DEFAULT_BUDGET.perHour)
  // the owner's browser has a budget of its own, and so has another factor
  await nodes[0]!.remember('own', 'idp:ada', NOW)
  assert.equal(await nodes[0]!.reserve('idp:ada', 'totp', 'own', DEFAULT_BUDGET, NOW), 'known')
  assert.equal(await nodes[0]!.reserve('idp:ada', 'sms_code', '', DEFAULT_BUDGET, NOW), 'strange')
  // a clock set back gives nothing anew
  assert.equal(await reserve(0, NOW - 86_400_000 * 2), null)
  // hours go by: twenty a day, a hundred in a row
  let granted = DEFAULT_BUDGET.perHour
  for (let hour = 1; hour <= 24 * 8; hour++) {
    for (let i = 0; i < 6; i++) if (await reserve(i, NOW + hour * 3_600_000)) granted++
    if (hour === 23) assert.equal(granted, DEFAULT_BUDGET.perDay)
  }
  assert.equal(granted, DEFAULT_BUDGET.inARow)
  assert.equal(await reserve(0, NOW + 86_400_000 * 365), null)
})

onEveryStore('whoever is right is never refused for it, and pays for every failure of the day', async (store) => {
  const budgets = budgetStore(await store.open())
  const reserve = () => budgets.reserve('idp:ada', 'totp', '', DEFAULT_BUDGET, NOW)
  for (let i = 0; i < 3 * DEFAULT_BUDGET.perDay; i++) {
    assert.ok(await reserve(), `success ${i}`)
    await budgets.succeeded('idp:ada', 'totp', 'strange')
  }
  // four failures between successes never reach the hour's limit, and the day's ends them
  let failures = 0
  for (let i = 0; i < 60; i++) {
    if (!(await reserve())) break
    if (i % 5 === 4) await budgets.succeeded('idp:ada', 'totp', 'strange')
    else failures++
  }
  assert.equal(failures, DEFAULT_BUDGET.perDay)
})

onEveryStore('a step is used once, and none before it after it', async (store) => {
  const nodes = [authenticatorStore(await store.open()), authenticatorStore(await store.open())]
  await nodes[0]!.enrol(authenticator)
  const results = await atOnce(200, (i) => nodes[i % 2]!.useCounter('au_1', 'idp:ada', 101, NOW))
  assert.equal(count(results, true), 1)
  assert.ok(!(await nodes[0]!.useCounter('au_1', 'idp:ada', 100, NOW)))
  assert.ok(!(await nodes[0]!.useCounter('au_1', 'idp:eve', 102, NOW)))
  assert.ok(await nodes[0]!.setState('au_1', 'idp:ada', ['active'], 'suspended'))
  assert.ok(!(await nodes[0]!.useCounter('au_1', 'idp:ada', 102, NOW)))
})

onEveryStore('a code for one use is used once', async (store) => {
  const nodes = [authenticatorStore(await store.open()), authenticatorStore(await store.open())]
  await nodes[0]!.enrol({ ...authenticator, kind: 'recovery_code', lookup: 'k.mac', expiresAt: NOW + 10 })
  assert.ok(!(await nodes[0]!.useOnce('au_1', 'idp:eve', NOW)))
  assert.ok(!(await nodes[0]!.useOnce('au_1', 'idp:ada', NOW + 10)))
  assert.equal(count(await atOnce(200, (i) => nodes[i % 2]!.useOnce('au_1', 'idp:ada', NOW)), true), 1)
  assert.equal(await nodes[0]!.findBy('recovery_code', 'k.mac'), null)
})

const proof: Proof = {
  factor: 'password',
  authenticator: 'au_0',
  channel: null,
  purpose: 'sign_in',
  binding: '',
  at: NOW,
  userVerified: false,
  keyClass: null,
  fips140Level: null,
  boundAtAal: 1,
}
const session = {
  id: 'se_1',
  account: 'idp:ada',
  epoch: 0,
  browser: 'browser-a',
  proofs: [proof],
  startedAt: NOW,
  usedAt: NOW,
  endsAt: NOW + 3_600_000,
  idleMs: 900_000,
}

onEveryStore('a session lives until its time, idleness, end or epoch', async (store) => {
  const database = await store.open()
  const sessions = sessionStore(database)
  await sessions.begin(session, 'token-1')
  assert.deepEqual((await sessions.resume('token-1', NOW))?.proofs, [proof])
  assert.equal(await sessions.resume('token-', NOW), null)
  assert.equal(await sessions.resume('token-1', NOW + 900_000), null)
  for (let at = NOW; at < NOW + 3_600_000; at += 600_000) assert.ok(await sessions.resume('token-1', at))
  assert.equal(await sessions.resume('token-1', NOW + 3_600_000), null)
  await accountStateStore(database).endEverything('idp:ada', { reason: 'recovered' }, NOW)
  assert.equal(await sessions.resume('token-1', NOW + 1), null)
  await sessions.begin({ ...session, id: 'se_2', epoch: 1 }, 'token-2')
  assert.equal((await sessions.listOf('idp:ada', NOW)).length, 1)
  await accountStateStore(database).endEverything('idp:ada', { locks: ['administrator'], reason: 'disabled' }, NOW)
  await sessions.begin({ ...session, id: 'se_3', epoch: 2 }, 'token-3')
  assert.equal(await sessions.resume('token-3', NOW), null)
})

onEveryStore('every elevation changes the token, and of many at once one holds', async (store) => {
  const nodes = [sessionStore(await store.open()), sessionStore(await store.open())]
  await nodes[0]!.begin(session, 'token-0')
  const results = await atOnce(50, (i) =>
    nodes[i % 2]!.elevate('se_1', { from: 'token-0', to: `token-${i + 1}` }, { ...proof, factor: 'totp' }, NOW),
  )
  const held = results.flatMap((each, i) => (each === null ? [] : [i + 1]))
  assert.equal(held.length, 1)
  assert.equal(await nodes[0]!.resume('token-0', NOW), null)
  assert.equal((await nodes[0]!.resume(`token-${held[0]}`, NOW))?.proofs.length, 2)
})

onEveryStore('a name belongs to one account', async (store) => {
  const nodes = [identifierStore(await store.open()), identifierStore(await store.open())]
  const results = await atOnce(20, (i) =>
    nodes[i % 2]!.add({
      kind: 'mail',
      canonical: 'ada@example.org',
      shown: 'Ada@example.org',
      account: `idp:${i}`,
      verifiedAt: null,
      addedAt: NOW,
      boundAtAal: 2,
    }),
  )
  assert.equal(count(results, true), 1)
})
