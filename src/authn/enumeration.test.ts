/** That an account is there shows in no answer and in no work: the same calls of the same ports, whoever is named. */
import { strict as assert } from 'node:assert'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { nobodys } from './identifiers.ts'
import { answerPassword, setPassword } from './passwords.ts'
import { answerRecoveryCode, replaceRecoveryCodes } from './recovery-codes.ts'
import { answerCode, beginCode } from './sent-code.ts'
import { attemptOf, toolsOver, type TestTools } from './tools.fixture.ts'

const PORTS = ['accounts', 'authenticators', 'budgets', 'challenges', 'sessions', 'sendLimits', 'keyring'] as const

/** Tools that write down every call of a store or of the keyring. */
function watched(tools: TestTools): { readonly tools: TestTools; readonly calls: string[] } {
  const calls: string[] = []
  const watch = <T extends object>(name: string, port: T): T =>
    new Proxy(port, {
      get(target, key, receiver) {
        const value: unknown = Reflect.get(target, key, receiver)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          calls.push(`${name}.${String(key)}`)
          return Reflect.apply(value, target, args) as unknown
        }
      },
    })
  const ports = Object.fromEntries(PORTS.map((name) => [name, watch(name, tools[name])]))
  // the decision point knows no account of a name that nobody has, and no codes for Gus, who administers
  const ask: TestTools['ask'] = async ({ account }) => {
    calls.push('ask')
    return account.startsWith('? ') || account === 'idp:gus'
      ? { granted: false, reason: 'account_unknown', text: '' }
      : { granted: true }
  }
  return { tools: Object.assign(tools, ports, { ask }), calls }
}

onEveryStore('a wrong answer is the same work for every name', async (store) => {
  const { tools, calls } = watched(toolsOver(await store.open()))
  for (const account of ['idp:ada', 'idp:off', 'idp:gus']) {
    await setPassword(tools, { account, typed: 'correct horse battery staple', boundAtAal: 2, session: null })
    await replaceRecoveryCodes(tools, { account, boundAtAal: 2, session: null })
  }
  await tools.accounts.endEverything('idp:off', { locks: ['administrator'], reason: 'disabled' }, tools.now)
  const unknown = nobodys(tools.keyring, 'zoe@example.org')
  const others = [unknown, 'idp:off', 'idp:gus', 'idp:without']
  // the first charge of a budget makes its row
  const warm = async (account: string, work: (account: string) => Promise<unknown>) => {
    await work(account)
    calls.length = 0
    await work(account)
    return [...calls]
  }
  const password = (account: string) =>
    answerPassword(tools, { ...attemptOf({ account }), typed: 'wrong horse battery staple' })
  const recovery = (account: string) =>
    answerRecoveryCode(tools, { ...attemptOf({ account }), typed: 'AAAA-BBBB-CCCC-DDDD' })
  const to = 'zoe@example.org'
  const code = async (account: string) => {
    const factor = 'email_code' as const
    const known = account === unknown ? null : account
    const begun = beginCode(tools, { ...attemptOf(), account: known, factor, to, language: 'en', forWhat: 'it' })
    await begun.sent
    calls.length = 0 // what is found out about an account after the page has gone is not waited for
    const asked = {
      ...attemptOf({ account }),
      factor,
      to,
      challenge: begun.challenge,
      boundAtAal: null,
      typed: '00000000',
    }
    const answered = await answerCode(tools, asked)
    const row = await tools.challenges.find(begun.challenge)
    calls.pop()
    // a check is written, too, so that no commit is spared
    return { accepted: answered.accepted, checksLeft: row?.checksLeft }
  }
  for (const work of [password, recovery, code]) {
    const forAda = await warm('idp:ada', work)
    assert.ok(forAda.length >= 4, work.name)
    for (const account of others) assert.deepEqual(await warm(account, work), forAda, `${work.name} for ${account}`)
  }
  const answers = []
  for (const account of ['idp:ada', ...others]) answers.push(await code(account))
  for (const each of answers) assert.deepEqual(each, { accepted: false, checksLeft: tools.rules.codes.checks - 1 })
})
