import { strict as assert } from 'node:assert'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { createGuardrails, generateSync } from 'otplib'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { answerOtp, confirmOtp, enrolOtp, materialOfUri, pendingOtp, resyncHotp } from './app-code.ts'
import { attemptOf, toolsOver, type TestTools } from './tools.fixture.ts'

const totp = (secret: string, ms: number) => generateSync({ secret, epoch: Math.floor(ms / 1000) })
const hotp = (secret: string, counter: number) => generateSync({ strategy: 'hotp', secret, counter })
const answer = (tools: TestTools, typed: unknown, factor: 'totp' | 'hotp' = 'totp') =>
  answerOtp(tools, { ...attemptOf(), factor, typed })

async function enrolled(tools: TestTools, strategy: 'totp' | 'hotp' = 'totp') {
  const it = await enrolOtp(tools, {
    account: 'idp:ada',
    label: 'ada',
    issuer: 'Ambit',
    name: 'phone',
    boundAtAal: 2,
    strategy,
  })
  const first = strategy === 'totp' ? totp(it.secret, tools.now) : hotp(it.secret, 0)
  assert.ok((await confirmOtp(tools, { ...attemptOf({ purpose: 'enrol' }), id: it.id, typed: first })).accepted)
  return it.secret
}

onEveryStore('a code is good once, and none of an earlier step after it', async (store) => {
  const tools = toolsOver(await store.open())
  const secret = await enrolled(tools)
  // the code that confirmed the enrolment is used up
  assert.deepEqual(await answer(tools, totp(secret, tools.now)), { accepted: false, reason: 'wrong' })
  tools.now += 60_000
  const code = totp(secret, tools.now)
  const earlier = totp(secret, tools.now - 30_000)
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => answer(tools, code)))
  assert.equal(outcomes.filter(({ accepted }) => accepted).length, 1)
  assert.ok(!(await answer(tools, earlier)).accepted)
  tools.now -= 600_000 // the clock is set back: used steps stay used
  assert.ok(!(await answer(tools, code)).accepted)
})

onEveryStore(
  'where the clock is set far back, a code is refused like any wrong one, and whoever runs the server is told',
  async (store) => {
    const tools = toolsOver(await store.open())
    const secret = await enrolled(tools)
    const { now } = tools
    for (const time of [now - 90_000, 29_000, 0, -30_000]) {
      tools.now = time
      tools.troubles.length = 0
      const refused = await answer(tools, totp(secret, Math.max(0, time)))
      assert.deepEqual(refused, { accepted: false, reason: 'wrong' }, String(time))
      assert.match(String(tools.troubles[0]), /set it right/, String(time))
    }
    // it is as it was when the clock is right again
    tools.now = now + 3_600_000
    tools.troubles.length = 0
    assert.ok((await answer(tools, totp(secret, tools.now))).accepted)
    assert.deepEqual(tools.troubles, [])
  },
)

onEveryStore('the window is one step each way', async (store) => {
  const tools = toolsOver(await store.open())
  const secret = await enrolled(tools)
  tools.now += 3_600_000
  const accepted: number[] = []
  for (const seconds of [-90, -60, -31, -30, 0, 30, 31, 60, 90]) {
    tools.now += 3_600_000
    const inStep = tools.now - (tools.now % 30_000)
    if ((await answer(tools, totp(secret, inStep + seconds * 1000))).accepted) accepted.push(seconds)
  }
  assert.deepEqual(accepted, [-30, 0, 30, 31]) // 31 seconds on is still the next step
})

onEveryStore('an enrolment that nobody confirmed neither opens nor stays', async (store) => {
  const tools = toolsOver(await store.open())
  const it = await enrolOtp(tools, { account: 'idp:ada', label: 'ada', issuer: 'Ambit', name: 'phone', boundAtAal: 2 })
  assert.ok(!(await answer(tools, totp(it.secret, tools.now))).accepted)
  tools.now += 600_001
  const late = { ...attemptOf({ purpose: 'enrol' }), id: it.id, typed: totp(it.secret, tools.now) }
  assert.ok(!(await confirmOtp(tools, late)).accepted)
})

onEveryStore('an enrolment is shown again to its account while it waits, and never once it is over', async (store) => {
  const tools = toolsOver(await store.open())
  const who = { account: 'idp:ada', label: 'ada', issuer: 'Ambit' }
  for (const strategy of ['totp', 'hotp'] as const) {
    const it = await enrolOtp(tools, { ...who, name: 'phone', boundAtAal: 2, strategy })
    const again = (account = who.account) => pendingOtp(tools, { ...who, account, id: it.id })
    assert.deepEqual(await again(), it)
    assert.equal(await again('idp:eve'), null)
    const typed = strategy === 'totp' ? totp(it.secret, tools.now) : hotp(it.secret, 0)
    assert.ok((await confirmOtp(tools, { ...attemptOf({ purpose: 'enrol' }), id: it.id, typed })).accepted)
    assert.equal(await again(), null)
  }
  const late = await enrolOtp(tools, { ...who, name: 'phone', boundAtAal: 2 })
  tools.now += 600_001
  assert.equal(await pendingOtp(tools, { ...who, id: late.id }), null)
})

onEveryStore('a thousand guesses at once compare no more than the budget', async (store) => {
  const [one, other] = [toolsOver(await store.open()), toolsOver(await store.open())]
  const secret = await enrolled(one)
  one.now = other.now += 3_600_000 * 25
  const right = totp(secret, one.now)
  const guesses = Array.from({ length: 200 }, () => String(randomInt(1_000_000)).padStart(6, '0')).filter(
    (code) => code !== right,
  )
  const outcomes = await Promise.all(guesses.map((code, i) => answer(i % 2 === 0 ? one : other, code)))
  assert.equal(outcomes.filter((it) => !it.accepted && it.reason === 'wrong').length, one.rules.budget.perHour)
  assert.deepEqual(await answer(one, right), { accepted: false, reason: 'budget_spent' })
})

onEveryStore(
  'a counter moves on only, looks a little ahead, and is found again by two codes in a row',
  async (store) => {
    const tools = toolsOver(await store.open())
    const secret = await enrolled(tools, 'hotp')
    const later = () => (tools.now += 3_600_000)
    assert.ok(!(await answer(tools, hotp(secret, 0), 'hotp')).accepted)
    assert.ok((await answer(tools, hotp(secret, 11), 'hotp')).accepted)
    for (const counter of [5, 11, 0]) assert.ok(!(await answer(tools, hotp(secret, counter), 'hotp')).accepted)
    later()
    assert.ok(!(await answer(tools, hotp(secret, 30), 'hotp')).accepted)
    const resync = (typed: readonly [string, string]) => resyncHotp(tools, { ...attemptOf(), typed })
    assert.ok(!(await resync([hotp(secret, 30), hotp(secret, 32)])).accepted)
    assert.ok(!(await resync([hotp(secret, 10), hotp(secret, 11)])).accepted)
    assert.ok((await resync([hotp(secret, 30), hotp(secret, 31)])).accepted)
    assert.ok(!(await answer(tools, hotp(secret, 31), 'hotp')).accepted)
    assert.ok((await answer(tools, hotp(secret, 32), 'hotp')).accepted)
  },
)

onEveryStore('the store holds no seed', async (store) => {
  const database = await store.open()
  const secret = await enrolled(toolsOver(database))
  const dump = JSON.stringify([
    await database.sql.selectFrom('authenticators').selectAll().execute(),
    await database.sql.selectFrom('challenges').selectAll().execute(),
  ])
  assert.ok(!dump.includes(secret))
  assert.ok(!dump.includes(Buffer.from(secret).toString('base64')))
})

test('the codes are those of RFC 4226 and RFC 6238', () => {
  const ascii = new TextEncoder().encode('12345678901234567890')
  const expected = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ')
  expected.forEach((code, counter) => assert.equal(generateSync({ strategy: 'hotp', secret: ascii, counter }), code))
  const keys = {
    sha1: ascii,
    sha256: new TextEncoder().encode('12345678901234567890123456789012'),
    sha512: new TextEncoder().encode('1234567890123456789012345678901234567890123456789012345678901234'),
  }
  const vectors: readonly (readonly [number, string, string, string])[] = [
    [59, '94287082', '46119246', '90693936'],
    [1_111_111_109, '07081804', '68084774', '25091201'],
    [1_111_111_111, '14050471', '67062674', '99943326'],
    [1_234_567_890, '89005924', '91819424', '93441116'],
    [2_000_000_000, '69279037', '90698825', '38618901'],
    [20_000_000_000, '65353130', '77737706', '47863826'],
  ]
  for (const [epoch, ...codes] of vectors) {
    ;(['sha1', 'sha256', 'sha512'] as const).forEach((algorithm, i) =>
      assert.equal(generateSync({ secret: keys[algorithm], epoch, algorithm, digits: 8 }), codes[i]),
    )
  }
})

test(
  'oathtool makes the same codes of ten thousand secrets at as many times',
  { skip: spawnSync('oathtool', ['--version']).error !== undefined && 'no oathtool' },
  async () => {
    const guardrails = createGuardrails({ MIN_SECRET_BYTES: 16 })
    const one = () => {
      const secret = randomBytes(20 + randomInt(13))
      const epoch = randomInt(2 ** 32)
      const digits = randomInt(2) === 0 ? 6 : 8
      const algorithm = (['sha1', 'sha256', 'sha512'] as const)[randomInt(3)]!
      return {
        ours: generateSync({ secret, epoch, digits, algorithm, guardrails }),
        command: `oathtool --totp=${algorithm} -d ${digits} --now @${epoch} ${secret.toString('hex')}`,
      }
    }
    // one shell for many calls: to start it each time from here would take longer than all of them
    const half = async (): Promise<number> => {
      const asked = Array.from({ length: 5000 }, one)
      const shell = spawn('sh', ['-e'], { stdio: ['pipe', 'pipe', 'inherit'] })
      shell.stdin.end(asked.map(({ command }) => command).join('\n'))
      const theirs = (await text(shell.stdout)).trim().split('\n')
      for (const [i, { ours, command }] of asked.entries()) assert.equal(ours, theirs[i], command)
      return theirs.length
    }
    assert.deepEqual(await Promise.all([half(), half()]), [5000, 5000])
  },
)

test('an otpauth URI is taken only if every app would read it alike', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  assert.equal(materialOfUri(`otpauth://totp/A:b?secret=${secret}&issuer=A`).material.secret, secret)
  for (const bad of [
    'https://example.org',
    `otpauth://steam/x?secret=${secret}`,
    `otpauth://totp/x?secret=${secret}&secret=${secret}`,
    `otpauth://totp/x?secret=${secret}&digits=0`,
    `otpauth://totp/x?secret=${secret}&digits=99`,
    `otpauth://totp/x?secret=${secret}&period=0`,
    `otpauth://totp/x?secret=${secret}&algorithm=none`,
    `otpauth://totp/x?secret=${secret}&verify=no`,
    'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP',
    `otpauth://totp/${secret}`,
    'otpauth://totp/x?secret=1189',
    'not a uri',
  ]) {
    assert.throws(
      () => materialOfUri(bad),
      (error: unknown) => error instanceof Error && !error.message.includes(secret),
      bad,
    )
  }
})
