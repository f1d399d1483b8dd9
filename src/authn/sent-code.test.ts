import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { nobodys } from './identifiers.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { prefixOf } from './send-limits.ts'
import { answerCode, beginCode, randomCode, type CodeRequest } from './sent-code.ts'
import { attemptOf, toolsOver, type TestTools } from './tools.fixture.ts'

const TO = '+12025550123'
const request = (changed: Partial<CodeRequest> = {}): CodeRequest => ({
  factor: 'sms_code',
  account: 'idp:ada',
  to: TO,
  purpose: 'sign_in',
  browser: 'browser-a',
  binding: '',
  access: null,
  language: 'en',
  forWhat: 'sign in',
  ...changed,
})
const begun = async (tools: TestTools, changed: Partial<CodeRequest> = {}) => {
  const { challenge, sent } = beginCode(tools, request(changed))
  const outcome = await sent
  return { challenge, outcome, code: tools.sent.find(({ id }) => id === challenge)?.values['code'] ?? '' }
}
const answer = (tools: TestTools, challenge: string, typed: unknown, changed: object = {}) =>
  answerCode(tools, { ...attemptOf(), factor: 'sms_code', to: TO, boundAtAal: 2, challenge, typed, ...changed })
const wrong = (code: string) => String((Number(code) + 1) % 10 ** 8).padStart(8, '0')

onEveryStore('a code that was sent lets in once, in its browser, for its purpose', async (store) => {
  const tools = toolsOver(await store.open())
  const { challenge, code, outcome } = await begun(tools)
  assert.equal(outcome, 'queued')
  assert.match(code, /^[0-9]{8}$/)
  for (const changed of [
    { browser: 'browser-b' },
    { purpose: 'recover' },
    { purpose: 'step_up' },
    { binding: 'pay' },
    { account: 'idp:eve' },
    { factor: 'email_code' },
  ]) {
    assert.ok(!(await answer(tools, challenge, code, changed)).accepted, JSON.stringify(changed))
  }
  const right = await answer(tools, challenge, code)
  assert.ok(right.accepted)
  assert.deepEqual([right.proof.factor, right.proof.channel, right.proof.purpose], ['sms_code', TO, 'sign_in'])
  assert.deepEqual(await answer(tools, challenge, code), { accepted: false, reason: 'wrong' })
})

onEveryStore('of many right answers at once, one lets in', async (store) => {
  const [one, other] = [toolsOver(await store.open()), toolsOver(await store.open())]
  for (let round = 0; round < 5; round++) {
    one.now = other.now += 86_400_000
    const { challenge, code } = await begun(one)
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, i) => answer(i % 2 === 0 ? one : other, challenge, code)),
    )
    assert.equal(outcomes.filter(({ accepted }) => accepted).length, 1)
  }
})

onEveryStore('new codes give no new guesses', async (store) => {
  const tools = toolsOver(await store.open())
  let compared = 0
  for (let round = 0; round < 12; round++) {
    tools.now += 200_000 // within the hour, and within the limits of sending
    const { challenge, code, outcome } = await begun(tools)
    if (outcome !== 'queued') continue
    for (let i = 0; i < 2; i++) {
      const result = await answer(tools, challenge, wrong(code))
      if (!result.accepted && result.reason === 'wrong') compared++
    }
  }
  assert.equal(compared, tools.rules.budget.perHour)
})

onEveryStore('a stranger cannot use up the guesses of the owner', async (store) => {
  const tools = toolsOver(await store.open())
  await tools.budgets.remember('browser-a', 'idp:ada', tools.now)
  const strange = await begun(tools, { browser: 'browser-x' })
  for (let i = 0; i < 20; i++) await answer(tools, strange.challenge, wrong(strange.code), { browser: 'browser-x' })
  const { challenge, code } = await begun(tools)
  assert.ok((await answer(tools, challenge, code)).accepted)
})

onEveryStore('typing is forgiven, other writings and types are not', async (store) => {
  const tools = toolsOver(await store.open())
  const { challenge, code } = await begun(tools)
  const fullWidth = [...code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('')
  const arabic = [...code].map((digit) => String.fromCodePoint(0x660 + Number(digit))).join('')
  for (const typed of [
    `${code}\n`,
    fullWidth,
    arabic,
    `+${code.slice(1)}`,
    `${code}\u200b`,
    Number(code),
    [code],
    { code },
    true,
    null,
  ]) {
    assert.ok(!(await answer(tools, challenge, typed)).accepted, JSON.stringify(typed))
    tools.now += 3_600_000 / 4 // the budget is another test's business
    tools.now -= 3_600_000 / 4
    await tools.budgets.succeeded('idp:ada', 'sms_code', 'strange')
  }
  assert.ok((await answer(tools, challenge, ` ${code.slice(0, 4)} ${code.slice(4)} `)).accepted)
})

onEveryStore(
  'nothing is sent where the reach forbids codes, and nothing that was sent before is taken',
  async (store) => {
    const tools = toolsOver(await store.open())
    const before = await begun(tools)
    tools.leave = { granted: false, reason: 'code_beyond_reach', text: 'no codes here' }
    assert.equal((await begun(tools)).outcome, 'not_allowed')
    assert.equal(tools.sent.length, 1)
    assert.deepEqual(await answer(tools, before.challenge, before.code), { accepted: false, reason: 'not_allowed' })
  },
)

onEveryStore('whatever breaks, refuses', async (store) => {
  const tools = toolsOver(await store.open())
  const { challenge, code } = await begun(tools)
  tools.broken = { ask: true }
  assert.equal((await begun(tools)).outcome, 'unavailable')
  assert.deepEqual(await answer(tools, challenge, code), { accepted: false, reason: 'unavailable' })
  tools.broken = { record: true }
  assert.deepEqual(await answer(tools, challenge, code), { accepted: false, reason: 'unavailable' })
  // what could not be done is told to whoever runs the server, and to nobody else
  const [sending, ...answering] = tools.troubles.map(String)
  assert.equal(sending, 'Error: the decision point is down')
  assert.deepEqual(answering, ['Error: the decision point is down', 'Error: the audit is down'])
  tools.broken = {}
  // the code was right and the audit was gone: it is used up, and lets nobody in
  assert.deepEqual(await answer(tools, challenge, code), { accepted: false, reason: 'wrong' })
})

onEveryStore('a number whose card changed, or may have, gets no code', async (store) => {
  const tools = toolsOver(await store.open())
  for (const state of ['changed', 'unknown'] as const) {
    tools.simChange = state
    assert.equal((await begun(tools)).outcome, 'number_changed')
  }
  assert.equal((await begun(tools, { factor: 'email_code', to: 'ada@example.org' })).outcome, 'queued')
  assert.equal(tools.sent.length, 1)
})

onEveryStore(
  'sends are limited by recipient and account, and nobody is paid for numbers that never answer',
  async (store) => {
    const tools = toolsOver(await store.open())
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => begun(tools)))
    assert.equal(outcomes.filter(({ outcome }) => outcome === 'queued').length, 3)
    // forty numbers of one block, one after another, none answered
    let queued = 0
    for (let i = 0; i < 40; i++) {
      tools.now += 1_800_000
      const changed = { account: `shop:${i}`, to: `+491511200${String(i).padStart(4, '0')}` }
      if ((await begun(tools, changed)).outcome === 'queued') queued++
    }
    assert.equal(queued, tools.rules.sends.answered.sample)
  },
)

onEveryStore(
  'where receipts say that little arrives, nothing more is sent; what never left counts for nobody',
  async (store) => {
    const tools = toolsOver(await store.open())
    const { sample } = tools.rules.sends.undelivered
    const to = (i: number) => `+491511200${String(i).padStart(4, '0')}`
    const prefix = prefixOf(to(0))
    const send = async (i: number) => {
      tools.now += 900_000
      return (await begun(tools, { account: `shop:${i}`, to: to(i) })).outcome
    }
    // a provider that was away all morning
    for (let i = 0; i < sample; i++) {
      assert.equal(await send(i), 'queued')
      await tools.sendLimits.note(prefix, 'unsent', tools.now)
    }
    for (let i = 0; i < sample; i++) {
      assert.equal(await send(100 + i), 'queued', String(i))
      await tools.sendLimits.note(prefix, i % 3 === 0 ? 'delivered' : 'undelivered', tools.now)
      await tools.sendLimits.note(prefix, 'answered', tools.now)
    }
    assert.equal(await send(200), 'limited')
    // a day later all is forgotten
    tools.now += 86_400_000
    assert.equal(await send(201), 'queued')
  },
)

onEveryStore('what codes cost in a day is bounded, however many ask at once', async (store) => {
  const tools = toolsOver(await store.open())
  const { sends } = tools.rules
  const rules = { ...tools.rules, sends: { ...sends, cost: [{ within: 86_400_000, most: 800 }] } }
  // Germany costs 75, the United States 10
  const numbers = Array.from({ length: 30 }, (_, i) =>
    i % 2 === 0 ? `+4915${i % 8}12000${String(i).padStart(3, '0')}` : `+1202555${String(1000 + i)}`,
  )
  const outcomes = await Promise.all(
    numbers.map((to, i) => begun({ ...tools, rules } as TestTools, { account: `shop:${i}`, to })),
  )
  const sent = numbers.filter((_, i) => outcomes[i]!.outcome === 'queued')
  const cost = sent.reduce((sum, to) => sum + (to.startsWith('+49') ? 75 : 10), 0)
  assert.ok(cost <= 800 && cost > 800 - 75, `${cost}`)
})

onEveryStore('a number that nobody should pay for gets no code, whoever asks', async (store) => {
  const tools = toolsOver(await store.open())
  for (const to of ['+19002345678', '+88216123456', '+393312345678', '+4932212345678', '+15550100199'])
    assert.equal((await begun(tools, { to })).outcome, 'number_refused', to)
  assert.deepEqual(tools.sent, [])
})

onEveryStore('a code that is asked for again replaces the one before, in its browser only', async (store) => {
  const tools = toolsOver(await store.open())
  const [first, elsewhere] = [await begun(tools), await begun(tools, { browser: 'browser-b' })]
  const second = await begun(tools)
  assert.deepEqual(await answer(tools, first.challenge, first.code), { accepted: false, reason: 'wrong' })
  assert.deepEqual(
    await Promise.all([first, elsewhere, second].map(({ challenge }) => tools.challenges.waits(challenge, tools.now))),
    [false, true, true],
  )
  await tools.accounts.endEverything('idp:ada', { reason: 'test' }, tools.now)
  assert.equal(await tools.challenges.waits(second.challenge, tools.now), false)
})

onEveryStore('whatever is wrong with a code that nobody waits for is heard', async (store) => {
  const tools = toolsOver(await store.open())
  for (const [broken, account] of [
    [{ record: true }, 'idp:ada'],
    [{ record: true }, null],
    [{ send: true }, 'idp:ada'],
    [{ ask: true }, 'idp:ada'],
    [{ send: true, record: true }, 'idp:ada'],
  ] as const) {
    tools.broken = broken
    tools.troubles.length = 0
    const { sent } = beginCode(tools, request({ account }))
    assert.equal(await sent, 'unavailable')
    assert.equal(tools.troubles.length, Object.keys(broken).length, JSON.stringify(broken))
  }
})

onEveryStore('an account that is not there is answered like one that is', async (store) => {
  const tools = toolsOver(await store.open())
  const known = await begun(tools)
  const unknown = await begun(tools, { account: null, to: '+12025550177' })
  assert.equal(unknown.challenge.length, known.challenge.length)
  assert.equal(tools.sent.length, 1)
  const account = nobodys(tools.keyring, '+12025550177')
  assert.deepEqual(await answer(tools, unknown.challenge, '00000000', { account }), {
    accepted: false,
    reason: 'wrong',
  })
})

onEveryStore('three wrong answers at a step-up end the session, and the owner is told', async (store) => {
  const tools = toolsOver(await store.open())
  const session = { id: 'se_1', account: 'idp:ada', epoch: 0, browser: 'browser-a', proofs: [] }
  const times = { startedAt: tools.now, usedAt: tools.now, endsAt: tools.now + 1e7, idleMs: null }
  await tools.sessions.begin({ ...session, ...times }, 'token')
  const { challenge, code } = await begun(tools, { purpose: 'step_up' })
  const reasons: string[] = []
  for (let i = 0; i < 3; i++) {
    const result = await answer(tools, challenge, wrong(code), { purpose: 'step_up', session: 'se_1' })
    if (!result.accepted) reasons.push(result.reason)
  }
  assert.deepEqual(reasons, ['wrong', 'wrong', 'session_ended'])
  assert.equal(await tools.sessions.resume('token', tools.now), null)
  assert.deepEqual(tools.notices, [{ account: 'idp:ada', template: 'step_up_guessed' }])
})

test('every code is as likely as any other', () => {
  // chi-square over a million codes, for each place and for the first two together
  const DRAWS = 1_000_000
  const places = Array.from({ length: 6 }, () => new Float64Array(10))
  const pairs = new Float64Array(100)
  let [least, most] = [Infinity, -Infinity]
  for (let i = 0; i < DRAWS; i++) {
    const code = randomCode(6)
    for (let place = 0; place < 6; place++) places[place]![code.charCodeAt(place) - 48]!++
    pairs[Number(code.slice(0, 2))]!++
    least = Math.min(least, Number(code))
    most = Math.max(most, Number(code))
  }
  const chi = (counts: Float64Array) => {
    const expected = DRAWS / counts.length
    return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  }
  // a fair generator passes these once in ten million runs each (9 and 99 degrees of freedom)
  for (const place of places) assert.ok(chi(place) < 52, `chi-square ${chi(place)}`)
  assert.ok(chi(pairs) < 186, `chi-square ${chi(pairs)}`)
  assert.ok(least < 100 && most > 999_900)
})
