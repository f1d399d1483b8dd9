import { strict as assert } from 'node:assert'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { answerRecoveryCode, replaceRecoveryCodes } from './recovery-codes.ts'
import { attemptOf, toolsOver, type TestTools } from './tools.fixture.ts'

const answer = (tools: TestTools, typed: unknown, changed = {}) =>
  answerRecoveryCode(tools, { ...attemptOf(changed), typed })

onEveryStore('a recovery code lets its owner in once, and never elevates', async (store) => {
  const [one, other] = [toolsOver(await store.open()), toolsOver(await store.open())]
  const codes = await replaceRecoveryCodes(one, { account: 'idp:ada', boundAtAal: 2, session: null })
  assert.equal(new Set(codes).size, 10)
  for (const code of codes) assert.match(code, /^(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}$/)
  assert.ok(!(await answer(one, codes[0], { account: 'idp:eve' })).accepted)
  assert.ok(!(await answer(one, codes[0], { purpose: 'step_up', session: 'se_1' })).accepted)
  const typed = codes[0]!.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')
  const outcomes = await Promise.all(Array.from({ length: 40 }, (_, i) => answer(i % 2 === 0 ? one : other, typed)))
  assert.equal(outcomes.filter(({ accepted }) => accepted).length, 1)
  assert.equal(one.notices.length + other.notices.length, 1)
  one.now = other.now += 3_600_000
  assert.ok(!(await answer(one, codes[0])).accepted)
  assert.ok((await answer(one, codes[1])).accepted)
})

onEveryStore('new codes end the old ones, and guesses are counted like any', async (store) => {
  const database = await store.open()
  const tools = toolsOver(database)
  const old = await replaceRecoveryCodes(tools, { account: 'idp:ada', boundAtAal: 2, session: null })
  const codes = await replaceRecoveryCodes(tools, { account: 'idp:ada', boundAtAal: 2, session: null })
  assert.ok(!(await answer(tools, old[0])).accepted)
  const reasons = await Promise.all(Array.from({ length: 50 }, () => answer(tools, 'AAAA-BBBB-CCCC-DDDD')))
  assert.equal(reasons.filter((it) => !it.accepted && it.reason === 'wrong').length, tools.rules.budget.perHour - 1)
  assert.ok(!(await answer(tools, codes[0])).accepted)
  const dump = JSON.stringify(await database.sql.selectFrom('authenticators').selectAll().execute())
  for (const code of codes) assert.ok(!dump.includes(code) && !dump.includes(code.replaceAll('-', '')))
})

onEveryStore('of new codes that are made twice at once, one set remains', async (store) => {
  const [one, other] = [toolsOver(await store.open()), toolsOver(await store.open())]
  const sets = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      replaceRecoveryCodes(i % 2 === 0 ? one : other, { account: 'idp:ada', boundAtAal: 2, session: null }),
    ),
  )
  const left = (await one.authenticators.listOf('idp:ada')).filter(({ state }) => state === 'active')
  assert.equal(left.length, 10)
  let good = 0
  for (const [code] of sets) {
    // so that guesses are not what refuses
    one.now += 86_400_000
    if ((await answer(one, code)).accepted) good++
  }
  assert.equal(good, 1)
})
