import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { loadPolicy } from '#policy/load.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { answerPush, beginPush, collectPush, confirmDevice, deviceOf, isDevice, type PushRequest } from './push.ts'
import { checkRules, DEFAULT_RULES } from './rules.ts'
import { shown } from './session.ts'
import { attemptOf, toolsOver, type TestTools } from './tools.fixture.ts'

const text = readFileSync(new URL('../policy/default.yaml', import.meta.url), 'utf8')
const worths = (await loadPolicy({ text, file: 'default.yaml' }, text)).authenticators

const DEVICE = 'device-of-ada-1'
const request = (changed: Partial<PushRequest> = {}): PushRequest => ({
  ...attemptOf(),
  device: DEVICE,
  authenticator: 'au_ada',
  language: 'en',
  client: 'The shop',
  network: '192.0.2.0/24',
  agent: 'Browser',
  ...changed,
})

async function withDevice(tools: TestTools, account = 'idp:ada', device = DEVICE, id = 'au_ada') {
  await tools.authenticators.enrol({
    id,
    account,
    kind: 'push',
    name: 'phone',
    state: 'active',
    channel: device,
    boundAtAal: 2,
    material: '',
    lookup: null,
    counter: 0,
    addedAt: tools.now,
    expiresAt: null,
    usedAt: null,
  })
}

async function asked(tools: TestTools, changed: Partial<PushRequest> = {}) {
  const begun = await beginPush(tools, request(changed))
  assert.equal(begun.outcome, 'queued')
  return begun as Extract<typeof begun, { outcome: 'queued' }>
}
const outcomeOf = async (tools: TestTools, changed: Partial<PushRequest> = {}) =>
  (await beginPush(tools, request(changed))).outcome
const type = (tools: TestTools, id: string, number: string | undefined, device = DEVICE) =>
  answerPush(tools, { id, device, answer: 'approved', number })
const deny = (tools: TestTools, id: string, device = DEVICE) => answerPush(tools, { id, device, answer: 'denied' })
const collect = (tools: TestTools, id: string, changed = {}) => collectPush(tools, { ...attemptOf(changed), id })
const wrong = (number: string) => String((Number(number) + 1) % 10 ** number.length).padStart(number.length, '0')

onEveryStore(
  'a number that was typed into the app lets in once, in the browser that shows it, for its purpose',
  async (store) => {
    const tools = toolsOver(await store.open())
    await withDevice(tools)
    const { id, number } = await asked(tools)
    assert.match(number, /^[0-9]{6}$/)
    const [message] = tools.sent
    assert.deepEqual([message?.channel, message?.to, message?.id], ['push', DEVICE, id])
    assert.ok(!JSON.stringify(message).includes(number), 'the app is told the number')
    assert.deepEqual(await collect(tools, id), { accepted: false, waits: true })
    assert.equal(await type(tools, id, number), 'approved')
    tools.now += 60_000
    for (const changed of [
      { browser: 'b' },
      { purpose: 'step_up' },
      { binding: 'pay' },
      { account: 'idp:eve' },
    ] as const)
      assert.deepEqual(await collect(tools, id, changed), { accepted: false, waits: false }, JSON.stringify(changed))
    const got = await collect(tools, id)
    assert.ok(got.accepted)
    const { factor, authenticator, channel, at } = got.proof
    // as old as the answer
    assert.deepEqual([factor, authenticator, channel, at], ['push', 'au_ada', DEVICE, tools.now - 60_000])
    assert.deepEqual(await collect(tools, id), { accepted: false, waits: false })
    assert.equal(await type(tools, id, number), 'refused')
  },
)

onEveryStore(
  'wrong numbers, no number and a mere yes are refused, and three of them end the question',
  async (store) => {
    const tools = toolsOver(await store.open())
    await withDevice(tools)
    const { id, number } = await asked(tools)
    for (const typed of [undefined, '', number.slice(1), 'yes']) assert.equal(await type(tools, id, typed), 'refused')
    assert.deepEqual(await collect(tools, id), { accepted: false, waits: true })
    // the budget is another test's business
    await tools.budgets.succeeded('idp:ada', 'push', 'strange')
    for (let i = 0; i < 3; i++) assert.equal(await type(tools, id, wrong(number)), 'refused')
    assert.equal(await type(tools, id, number), 'refused')
    assert.deepEqual(await collect(tools, id), { accepted: false, waits: false })
    assert.equal(tools.records.filter(({ reason }) => reason === 'wrong').length, 8)
  },
)

onEveryStore('new questions give no new guesses', async (store) => {
  const tools = toolsOver(await store.open())
  await withDevice(tools)
  for (let round = 0; round < 12; round++) {
    tools.now += 250_000
    const begun = await beginPush(tools, request())
    if (begun.outcome !== 'queued') continue
    for (let i = 0; i < 3; i++) await type(tools, begun.id, wrong(begun.number))
  }
  const compared = tools.records.filter(({ event, reason }) => event === 'factor_checked' && reason === 'wrong').length
  assert.equal(compared, tools.rules.budget.perHour)
})

onEveryStore(
  'another device, another account and an unknown question get nothing, and use up nothing',
  async (store) => {
    const tools = toolsOver(await store.open())
    await withDevice(tools)
    await withDevice(tools, 'idp:eve', 'device-of-eve-1', 'au_eve')
    const ada = await asked(tools)
    const eve = await asked(tools, {
      account: 'idp:eve',
      device: 'device-of-eve-1',
      authenticator: 'au_eve',
      browser: 'e',
    })
    for (let i = 0; i < 5; i++) assert.equal(await type(tools, ada.id, ada.number, 'device-of-eve-1'), 'refused')
    assert.equal(await deny(tools, ada.id, 'device-of-eve-1'), 'refused')
    assert.equal(await type(tools, 'pu_nobody', ada.number), 'refused')
    // a number is for its own question
    if (eve.number !== ada.number) assert.equal(await type(tools, eve.id, ada.number, 'device-of-eve-1'), 'refused')
    assert.equal(await type(tools, ada.id, ada.number), 'approved')
    assert.deepEqual(await collect(tools, ada.id, { account: 'idp:eve', browser: 'e' }), {
      accepted: false,
      waits: false,
    })
    assert.ok((await collect(tools, ada.id)).accepted)
  },
)

onEveryStore('nothing is taken or collected after five minutes, nor after the account was changed', async (store) => {
  const tools = toolsOver(await store.open())
  await withDevice(tools)
  const late = await asked(tools)
  tools.now += 300_000
  assert.equal(await type(tools, late.id, late.number), 'refused')
  const uncollected = await asked(tools)
  tools.now += 299_999
  assert.equal(await type(tools, uncollected.id, uncollected.number), 'approved')
  tools.now += 1
  assert.deepEqual(await collect(tools, uncollected.id), { accepted: false, waits: false })
  const { id, number } = await asked(tools)
  await tools.accounts.endEverything('idp:ada', { reason: 'test' }, tools.now)
  assert.equal(await type(tools, id, number), 'refused')
  tools.now += 3_600_000
  const approved = await asked(tools)
  assert.equal(await type(tools, approved.id, approved.number), 'approved')
  await tools.accounts.endEverything('idp:ada', { reason: 'test' }, tools.now)
  assert.deepEqual(await collect(tools, approved.id), { accepted: false, waits: false })
})

onEveryStore('a new question ends the one before, answered or not, in every browser', async (store) => {
  const tools = toolsOver(await store.open())
  await withDevice(tools)
  const first = await asked(tools)
  const second = await asked(tools, { browser: 'browser-b' })
  assert.equal(await type(tools, first.id, first.number), 'refused')
  assert.equal(await tools.pushes.waits(first.id, tools.now), false)
  assert.equal(await type(tools, second.id, second.number), 'approved')
  await asked(tools)
  assert.deepEqual(await collect(tools, second.id, { browser: 'browser-b' }), { accepted: false, waits: false })
})

onEveryStore('of many answers and many collections at once, one wins', async (store) => {
  const [one, other] = [toolsOver(await store.open()), toolsOver(await store.open())]
  await withDevice(one)
  for (let round = 0; round < 5; round++) {
    one.now = other.now += 86_400_000
    const { id, number } = await asked(one)
    const both = (i: number) => (i % 2 === 0 ? one : other)
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => type(both(i), id, number)))
    assert.equal(answers.filter((outcome) => outcome === 'approved').length, 1)
    const collected = await Promise.all(Array.from({ length: 20 }, (_, i) => collect(both(i), id)))
    assert.equal(collected.filter(({ accepted }) => accepted).length, 1)
  }
})

onEveryStore(
  'of many questions at once, one is outstanding, and a telephone rings three times at most',
  async (store) => {
    const [one, other] = [toolsOver(await store.open()), toolsOver(await store.open())]
    await withDevice(one)
    const all = await Promise.all(
      Array.from({ length: 30 }, (_, i) => beginPush(i % 2 === 0 ? one : other, request({ browser: `b${i}` }))),
    )
    const queued = all.filter((each) => each.outcome === 'queued')
    assert.equal(queued.length, 3)
    assert.equal(all.filter(({ outcome }) => outcome === 'limited').length, 27)
    assert.equal(one.sent.length + other.sent.length, 3)
    const waiting = await Promise.all(queued.map(({ id }) => one.pushes.waits(id, one.now)))
    assert.equal(waiting.filter(Boolean).length, 1)
    // nor through the enrolments of many accounts
    const through = await Promise.all(
      Array.from({ length: 5 }, (_, i) =>
        outcomeOf(one, { account: `idp:e${i}`, authenticator: null, purpose: 'enrol' }),
      ),
    )
    assert.deepEqual(new Set(through), new Set(['limited']))
  },
)

onEveryStore(
  '"it was not me" ends every question, pauses account and device, ends the session and tells the owner',
  async (store) => {
    const tools = toolsOver(await store.open())
    await withDevice(tools)
    const times = { startedAt: tools.now, usedAt: tools.now, endsAt: tools.now + 1e8, idleMs: null }
    const session = { account: 'idp:ada', epoch: 0, proofs: [], ...times }
    await tools.sessions.begin({ ...session, id: 'se_1', browser: 'browser-a' }, 'token')
    await tools.sessions.begin({ ...session, id: 'se_2', browser: 'browser-of-ada' }, 'other')
    const first = await asked(tools)
    const second = await asked(tools)
    assert.equal(await type(tools, second.id, second.number), 'approved')
    // of the first, which was replaced: the second is not hers either
    assert.equal(await deny(tools, first.id), 'denied')
    assert.deepEqual(await collect(tools, second.id), { accepted: false, waits: false })
    assert.deepEqual(tools.notices, [{ account: 'idp:ada', template: 'push_denied' }])
    assert.equal(await tools.sessions.resume('token', tools.now), null)
    assert.notEqual(await tools.sessions.resume('other', tools.now), null)
    assert.equal(await deny(tools, first.id), 'refused')
    assert.equal(tools.notices.length, 1)
    tools.now += tools.rules.pushes.pause - 1
    assert.equal(await outcomeOf(tools), 'paused')
    assert.equal(await outcomeOf(tools, { device: 'another-device' }), 'paused')
    assert.equal(await outcomeOf(tools, { account: 'idp:eve' }), 'paused')
    tools.now += 1
    assert.equal(await outcomeOf(tools), 'queued')
  },
)

onEveryStore('a "no" that comes with many questions leaves none outstanding', async (store) => {
  const [one, other] = [toolsOver(await store.open()), toolsOver(await store.open())]
  await withDevice(one)
  for (let round = 0; round < 5; round++) {
    one.now = other.now += 86_400_000
    const { id } = await asked(one)
    const [said, ...begun] = await Promise.all([
      deny(other, id),
      beginPush(one, request()),
      beginPush(other, request()),
    ])
    assert.equal(said, 'denied')
    for (const each of begun)
      if (each.outcome === 'queued') assert.equal(await one.pushes.waits(each.id, one.now), false)
    assert.equal(await outcomeOf(one), 'paused')
  }
})

onEveryStore('nothing is asked or taken where the reach forbids codes, and whatever breaks, refuses', async (store) => {
  const tools = toolsOver(await store.open())
  await withDevice(tools)
  const { id, number } = await asked(tools)
  tools.leave = { granted: false, reason: 'code_beyond_reach', text: 'no codes here' }
  assert.equal(await outcomeOf(tools), 'not_allowed')
  assert.equal(await type(tools, id, number), 'refused')
  tools.leave = { granted: true }
  tools.broken = { ask: true }
  assert.equal(await outcomeOf(tools), 'unavailable')
  assert.match(String(tools.troubles), /decision point is down/)
  assert.equal(await type(tools, id, number), 'refused')
  tools.broken = { record: true }
  assert.equal(await type(tools, id, number), 'refused')
  tools.broken = {}
  // the number was right and the audit was gone: it is used up, and no browser has it
  assert.equal(await type(tools, id, number), 'refused')
  assert.equal((await collect(tools, id)).accepted, false)
  tools.broken = { send: true }
  assert.equal(await outcomeOf(tools), 'unavailable')
})

onEveryStore('a device is bound by its first answer, once, and proves nothing after it was removed', async (store) => {
  const tools = toolsOver(await store.open())
  const enrol = { ...attemptOf({ purpose: 'enrol' }), name: 'phone', boundAtAal: 2 }
  const { id, number } = await asked(tools, { purpose: 'enrol', authenticator: null })
  assert.equal(await confirmDevice(tools, { ...enrol, id }), 'waits')
  assert.equal(await type(tools, id, number), 'approved')
  // what was asked at an enrolment is no sign-in
  assert.equal((await collect(tools, id)).accepted, false)
  const bound = await Promise.all(Array.from({ length: 10 }, () => confirmDevice(tools, { ...enrol, id })))
  assert.equal(bound.filter((each) => each === 'bound').length, 1)
  const own = deviceOf(await tools.authenticators.listOf('idp:ada'))
  assert.equal(own?.device, DEVICE)
  const later = await asked(tools, { authenticator: own!.id })
  assert.equal(await type(tools, later.id, later.number), 'approved')
  await tools.authenticators.setState(own!.id, 'idp:ada', ['active'], 'removed')
  assert.deepEqual(await collect(tools, later.id), { accepted: false, waits: false })
})

test('a push counts as a code that falls with no phishing, however it is combined', () => {
  const proof = {
    purpose: 'sign_in',
    binding: '',
    at: 0,
    userVerified: false,
    keyClass: null,
    fips140Level: null,
  } as const
  const pushed = { ...proof, factor: 'push', authenticator: 'au', channel: DEVICE, boundAtAal: 2 } as const
  const known = { ...proof, factor: 'password', authenticator: 'pw', channel: null, boundAtAal: 2 } as const
  const said = shown([known, pushed], worths)
  assert.deepEqual([said.strength, said.code, said.amr], ['two_factor', true, ['mfa', 'pwd']])
  assert.equal(shown([pushed], worths).strength, 'single_factor')
})

test('no rules make a push weaker than the standard asks, and a device is one word', () => {
  for (const changed of [{ digits: 2 }, { digits: 5 }, { ttl: 300_001 }, { checks: 0 }, { pause: 0 }])
    assert.throws(() => checkRules({ ...DEFAULT_RULES, pushes: { ...DEFAULT_RULES.pushes, ...changed } }), /pushes\./)
  for (const bad of [
    '',
    'short',
    'a b c d e f g h',
    'device\nof-ada',
    'device,of-ada',
    'ü'.repeat(9),
    'a'.repeat(129),
    null,
  ])
    assert.equal(isDevice(bad), false, String(bad))
  assert.ok(isDevice('3f0c2e9a-7e0b-4b6e-9d3e-0f6d2f9a1b2c'))
})
