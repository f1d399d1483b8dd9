import { strict as assert } from 'node:assert'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { answerPassword, passwordProblem, setPassword } from './passwords.ts'
import { attemptOf, toolsOver, type TestTools } from './tools.fixture.ts'

const GOOD = 'correct horse battery staple'
const answer = (tools: TestTools, typed: unknown, changed = {}) =>
  answerPassword(tools, { ...attemptOf(changed), typed })

onEveryStore('a password lets its owner in until it is replaced', async (store) => {
  const database = await store.open()
  const tools = toolsOver(database)
  assert.ok(!(await answer(tools, GOOD)).accepted)
  await setPassword(tools, { account: 'idp:ada', typed: GOOD, boundAtAal: 1, session: null })
  assert.ok((await answer(tools, GOOD)).accepted)
  assert.ok(!(await answer(tools, GOOD, { account: 'idp:eve' })).accepted)
  for (const typed of [`${GOOD} `, GOOD.toUpperCase(), '', null, [GOOD], { GOOD }]) {
    tools.now += 3_600_000
    assert.ok(!(await answer(tools, typed)).accepted)
  }
  // the same password from a keyboard that composes accents otherwise
  await setPassword(tools, { account: 'idp:ada', typed: 'un été à la montagne', boundAtAal: 1, session: null })
  tools.now += 86_400_000
  assert.ok((await answer(tools, 'un été à la montagne'.normalize('NFD'))).accepted)
  assert.ok(!(await answer(tools, GOOD)).accepted)
  const dump = JSON.stringify(await database.sql.selectFrom('authenticators').selectAll().execute())
  assert.ok(!dump.includes('argon2') && !dump.includes(GOOD))
})

onEveryStore('a password must be long and unknown to thieves; nothing else is asked of it', async (store) => {
  const tools = toolsOver(await store.open())
  const breached = async (password: string) => password === 'password password password'
  const problem = (typed: unknown) => passwordProblem(tools, typed, breached, ['ada', 'tidewicket'])
  assert.equal(await problem(GOOD), null)
  assert.equal(await problem('aaaaaaaaaaaaaaa'), null)
  assert.equal(await problem('short'), 'too_short')
  assert.equal(await problem('x'.repeat(257)), 'too_long')
  assert.equal(await problem('x'.repeat(256)), null)
  assert.equal(await problem('password password password'), 'breached')
  assert.equal(await problem('TidewicketTidewicket1'), 'own_name')
  assert.equal(await problem(undefined), 'not_a_password')
  // a list that cannot be asked is no leave
  await assert.rejects(
    passwordProblem(tools, GOOD, () => Promise.reject(new Error('down')), []),
    /cannot be checked at the moment/,
  )
  assert.match(String(tools.troubles), /down/)
})

onEveryStore('of passwords that are set at once, one remains', async (store) => {
  const [one, other] = [toolsOver(await store.open()), toolsOver(await store.open())]
  await Promise.all(
    Array.from({ length: 4 }, (_, i) =>
      setPassword(i % 2 === 0 ? one : other, {
        account: 'idp:ada',
        typed: `a long password ${i}`,
        boundAtAal: 1,
        session: null,
      }),
    ),
  )
  const left = (await one.authenticators.listOf('idp:ada')).filter(({ kind }) => kind === 'password')
  assert.equal(left.length, 1)
})
