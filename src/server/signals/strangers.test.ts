import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pushText, PUSH_TOKEN, signalled } from './signals.fixture.ts'

void test('pushes without the token of their sender are told of once a minute, however many come at once', async (context) => {
  const { push, server, token } = await signalled(context)
  const basic = `Basic ${Buffer.from(`idp:${PUSH_TOKEN}`).toString('base64')}`
  assert.equal((await pushText(server, 'x', { authorization: basic })).status, 401)
  const answers = await Promise.all(Array.from({ length: 30 }, () => push('account-disabled', {}, { bearer: 'wrong' })))
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [401])
  const metrics = await (await server.ask('/metrics', { token })).text()
  assert.match(metrics, /ambit_signals_received_total\{stream="idp",event="unknown",outcome="refused"\} 31\n/)
  const audit = await (await server.ask('/v1/audit/records?kind=signal&last=500', { token })).text()
  // a minute may end in between
  for (const text of [audit, server.logged.join('')]) {
    const told = text.split('not_authenticated').length - 1
    assert.ok(told === 1 || told === 2, String(told))
  }
})
