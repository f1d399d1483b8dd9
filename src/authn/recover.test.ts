import { strict as assert } from 'node:assert'
import { recoveryStore } from '#storage/recoveries.ts'
import type { Database } from '#storage/database.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import type { Impact } from '#contract/vocabulary.ts'
import { answerPass, approvePass, issuePass, type PassRequest } from './enrolment-pass.ts'
import { decideRecovery, happen, openRecovery, sweepRecoveries, vetoRecovery, type RecoveryParts } from './recover.ts'
import { DEFAULT_RECOVERY } from './recovery.ts'
import { LOCKS, type Lock } from './stores.ts'
import { attemptOf, toolsOver, type TestTools } from './tools.fixture.ts'

const DAY = 86_400_000
function partsOver(database: Database, impact: Impact = 'moderate'): RecoveryParts & { tools: TestTools } {
  return { tools: toolsOver(database), store: recoveryStore(database), rules: DEFAULT_RECOVERY, impactOf: () => impact }
}
const prove = (parts: RecoveryParts, id: string, method: 'issued_code' | 'saved_code', channel: string) =>
  happen(parts, id, { is: 'prove', browser: 'asker', proof: { method, channel, at: parts.tools.clock() } })
const session = (now: number) => ({
  id: 'se_1',
  account: 'idp:ada',
  epoch: 0,
  browser: 'thief',
  proofs: [],
  startedAt: now,
  usedAt: now,
  endsAt: now + 30 * DAY,
  idleMs: null,
})

onEveryStore('a recovery that nobody stops ends every session, and holds authority back', async (store) => {
  const parts = partsOver(await store.open())
  const { tools } = parts
  await tools.sessions.begin(session(tools.now), 'token')
  const { id } = await openRecovery(parts, 'idp:ada', 'asker')
  await prove(parts, id!, 'issued_code', 'mailbox')
  assert.equal((await prove(parts, id!, 'saved_code', 'paper'))?.state, 'held')
  assert.equal(await sweepRecoveries(parts), 0)
  tools.now += 3 * DAY
  assert.equal(await sweepRecoveries(parts), 1)
  const complete = () => happen(parts, id!, { is: 'complete', browser: 'asker', at: tools.now })
  const outcomes = await Promise.all(Array.from({ length: 20 }, complete))
  assert.equal(outcomes.filter((each) => each?.state === 'completed').length, 1)
  assert.equal(await tools.sessions.resume('token', tools.now), null)
  const state = await tools.accounts.stateOf('idp:ada')
  assert.deepEqual([state.status, state.withheldUntil], ['active', tools.now + 3 * DAY])
  assert.deepEqual(
    tools.notices.map(({ template }) => template),
    ['recovery_requested', 'recovery_proved', 'recovery_held', 'recovery_ready', 'recovery_completed'],
  )
  assert.ok(tools.records.every(({ kind }) => kind === 'recovery'))
})

onEveryStore('two claims at once freeze the account until people decide', async (store) => {
  const parts = partsOver(await store.open(), 'high')
  const other = { ...partsOver(await store.open(), 'high') }
  const claims = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      openRecovery(i % 2 === 0 ? parts : other, 'idp:ada', i % 2 === 0 ? 'asker' : 'thief'),
    ),
  )
  assert.equal(claims.filter(({ outcome }) => outcome === 'opened').length, 1)
  assert.ok(claims.some(({ outcome }) => outcome === 'frozen'))
  assert.equal((await parts.tools.accounts.stateOf('idp:ada')).status, 'frozen')
  const { id } = await openRecovery(parts, 'idp:ada', 'third')
  const decide = (by: string, allow = true, outranks = true) => decideRecovery(parts, id!, by, allow, outranks)
  assert.equal(await decide('idp:mallory', true, false), null)
  assert.equal((await decide('idp:grace'))?.state, 'frozen')
  assert.equal(await decide('idp:grace'), null)
  assert.equal((await parts.tools.accounts.stateOf('idp:ada')).status, 'frozen')
  assert.equal((await decide('idp:heidi'))?.state, 'requested')
  assert.equal((await parts.tools.accounts.stateOf('idp:ada')).status, 'active')
})

onEveryStore('the decision about a recovery lifts no lock that was put on for something else', async (store) => {
  const parts = partsOver(await store.open(), 'low')
  const { accounts } = parts.tools
  const standing = async () => {
    const { status, locks } = await accounts.stateOf('idp:ada')
    return [status, ...locks]
  }
  for (const [lock, status] of [
    ['not_me', 'frozen'],
    ['administrator', 'disabled'],
  ] as const) {
    for (const allow of [false, true]) {
      const { id } = await openRecovery(parts, 'idp:ada', 'asker')
      assert.equal((await openRecovery(parts, 'idp:ada', 'thief')).outcome, 'frozen')
      assert.deepEqual(await standing(), ['frozen', 'contested_recovery'])
      await accounts.endEverything('idp:ada', { locks: [lock], reason: 'test' }, parts.tools.now)
      assert.deepEqual(await standing(), [status, lock, 'contested_recovery'])
      assert.ok(await decideRecovery(parts, id!, 'idp:grace', allow, true))
      assert.deepEqual(await standing(), [status, lock])
      await accounts.endEverything('idp:ada', { unlocks: lock, reason: 'test' }, parts.tools.now)
      assert.deepEqual(await standing(), ['active'])
      if (allow) assert.ok(await vetoRecovery(parts, id!, 'number', 0))
    }
  }
})

onEveryStore('of locks put on and lifted at once, none is lost and none lifts another', async (store) => {
  const nodes = [partsOver(await store.open()), partsOver(await store.open())].map(({ tools }) => tools)
  const all = (change: (lock: Lock) => { locks: readonly Lock[] } | { unlocks: Lock }, locks: readonly Lock[]) =>
    Promise.all(
      locks.map((lock, i) => nodes[i % 2]!.accounts.endEverything('idp:ada', { ...change(lock), reason: 'test' }, 1)),
    )
  await all((lock) => ({ locks: [lock] }), LOCKS)
  assert.deepEqual((await nodes[0]!.accounts.stateOf('idp:ada')).locks, LOCKS)
  await all((lock) => ({ unlocks: lock }), ['administrator', 'contested_recovery'])
  const { status, locks, epoch } = await nodes[1]!.accounts.stateOf('idp:ada')
  assert.deepEqual([status, locks, epoch], ['frozen', ['not_me'], 5])
})

onEveryStore('to stop and begin again makes no wait shorter, and stopping for ever ends with people', async (store) => {
  const parts = partsOver(await store.open(), 'low')
  const { tools } = parts
  const known = tools.now - 30 * DAY
  const states: string[] = []
  for (let round = 0; round < 3; round++) {
    const { id } = await openRecovery(parts, 'idp:ada', 'asker')
    const held = await prove(parts, id!, 'issued_code', 'mailbox')
    assert.equal(held?.heldUntil, tools.now + DAY)
    assert.equal(await vetoRecovery(parts, id!, 'young', tools.now - DAY), null)
    const stopped = await vetoRecovery(parts, id!, 'number', known)
    assert.ok(stopped !== null && stopped !== 'used')
    states.push(stopped.state)
    tools.now += 3_600_000
  }
  assert.deepEqual(states, ['vetoed', 'vetoed', 'frozen'])
})

const request = (changed: Partial<PassRequest> = {}): PassRequest => ({
  account: 'idp:ada',
  enrols: 'passkey',
  issuedBy: 'idp:frank',
  client: 'token-1',
  outranks: true,
  needsSecond: false,
  issuerAal: 3,
  validFor: 3_600_000,
  ...changed,
})

onEveryStore('a pass enrols one thing for one person once', async (store) => {
  const [one, other] = [toolsOver(await store.open()), toolsOver(await store.open())]
  assert.equal(await issuePass(one, request({ outranks: false })), null)
  assert.equal(await issuePass(one, request({ issuedBy: 'idp:ada' })), null)
  assert.equal(await issuePass(one, request({ validFor: 10 * DAY })), null)
  const pass = (await issuePass(one, request()))!
  const answer = (changed = {}, tools = one) =>
    answerPass(tools, { ...attemptOf({ purpose: 'enrol', ...changed }), typed: pass.code })
  assert.ok(!(await answer({ purpose: 'sign_in' })).outcome.accepted)
  assert.ok(!(await answer({ account: 'idp:eve' })).outcome.accepted)
  const outcomes = await Promise.all(Array.from({ length: 30 }, (_, i) => answer({}, i % 2 === 0 ? one : other)))
  const won = outcomes.filter(({ outcome }) => outcome.accepted)
  assert.deepEqual(
    won.map(({ enrols }) => enrols),
    ['passkey'],
  )
  one.now = other.now += DAY
  assert.ok(!(await answer()).outcome.accepted)
})

onEveryStore('above the threshold a pass is worth nothing until a second person agrees', async (store) => {
  const tools = toolsOver(await store.open())
  const pass = (await issuePass(tools, request({ needsSecond: true })))!
  const answer = () => answerPass(tools, { ...attemptOf({ purpose: 'enrol' }), typed: pass.code })
  assert.ok(!(await answer()).outcome.accepted)
  assert.ok(!(await approvePass(tools, 'idp:ada', pass.id, 'idp:frank', 'token-2', true)))
  assert.ok(!(await approvePass(tools, 'idp:ada', pass.id, 'idp:ada', 'token-2', true)))
  assert.ok(!(await approvePass(tools, 'idp:ada', pass.id, 'idp:grace', 'token-2', false)))
  assert.ok(!(await approvePass(tools, 'idp:ada', pass.id, 'idp:grace', 'token-1', true)))
  assert.ok(await approvePass(tools, 'idp:ada', pass.id, 'idp:grace', 'token-2', true))
  assert.ok(!(await approvePass(tools, 'idp:ada', pass.id, 'idp:grace', 'token-2', true)))
  assert.ok((await answer()).outcome.accepted)
  const late = (await issuePass(tools, request()))!
  tools.now += 3_600_000
  assert.ok(!(await answerPass(tools, { ...attemptOf({ purpose: 'enrol' }), typed: late.code })).outcome.accepted)
})
