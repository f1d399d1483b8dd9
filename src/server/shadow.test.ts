import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { testFolder, testServer } from './server.fixture.ts'
import type { ShadowSeen } from './shadow.ts'

const ACCESS = (rule: string) => `access: 1\nname: trial\nrules:\n  - { id: no, effect: forbid${rule} }\n`
const inventory = (sensitivity = 'low') =>
  JSON.stringify({
    ambit: 1,
    at: '2026-11-01',
    accounts: [{ id: 'ada', kind: 'human', population: 'workforce' }],
    authenticators: [{ id: 'p:ada', kind: 'password', of: ['ada'] }],
    waysIn: [{ id: 'w:ada', account: 'ada', purpose: 'sign_in', requires: 'p:ada' }],
    resources: [{ id: 'doc', sensitivity }],
    entitlements: [{ id: 'e:1', holder: 'ada', capabilities: ['read_sensitive_data'], on: 'doc', right: 'read' }],
  })

async function started(context: TestContext, config: (folder: string) => string) {
  const folder = testFolder(context)
  const server = await testServer(context, {
    config: `decisions: { mode: entitled_only }\n${config(folder)}`,
  })
  const token = await server.token('decide', 'ingest', 'read')
  const put = async (text: string) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await server.ask('/v1/inventory', { method: 'PUT', token, body: text, headers })
    assert.equal(answer.status, 200, await answer.text())
    await server.context.shadow.settled()
  }
  await put(inventory())
  const decision = async (id = 'ada') => {
    const answer = await server.ask('/access/v1/evaluation', {
      method: 'POST',
      token,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        subject: { type: 'user', id },
        action: { name: 'read' },
        resource: { type: 'page', id: 'doc' },
      }),
    })
    return ((await answer.json()) as { decision: boolean }).decision
  }
  const seen = async (query = '') => (await (await server.ask(`/v1/shadow${query}`, { token })).json()) as ShadowSeen
  return { server, token, folder, put, decision, seen }
}

test('a rule that only reports is tried on every answer, and changes none', async (context) => {
  const { server, token, put, decision, seen } = await started(context, (folder) => {
    writeFileSync(join(folder, 'access.yaml'), ACCESS(', reportOnly: true'))
    return `accessPolicies: [${join(folder, 'access.yaml')}]`
  })
  assert.deepEqual([await decision(), await decision(), await decision('nobody')], [true, true, false])
  const { trying, decisions, changes, examples, behind } = await seen()
  assert.deepEqual([decisions, behind, changes.locked_out, changes.let_in], [3, 0, 2, 0])
  assert.equal(trying?.snapshot, server.context.live()?.snapshotId)
  const locked = examples.find(({ change }) => change === 'locked_out')
  assert.deepEqual(
    [locked?.subject.id, locked?.times, locked?.before.outcome, locked?.after.outcome],
    ['ada', 2, 'permit', 'deny'],
  )
  assert.ok(locked?.after.reasons.includes('forbidden'))
  assert.deepEqual((await seen('?change=let_in')).examples, [])
  const metrics = await (await server.ask('/metrics', { token })).text()
  assert.match(metrics, /ambit_shadow_decisions_total\{change="locked_out"\} 2/)

  // it follows the facts
  await put(inventory('moderate'))
  assert.equal(await decision(), true)
  assert.deepEqual([(await seen()).changes.locked_out, (await seen()).behind], [3, 0])
})

test('other facts and another policy are tried, and read again with the policies', async (context) => {
  const { server, folder, decision, seen } = await started(context, (made) => {
    writeFileSync(join(made, 'facts.json'), inventory().replace('"right":"read"', '"right":"write"'))
    writeFileSync(join(made, 'access.yaml'), ACCESS(''))
    return `shadow: { inventory: [${join(made, 'facts.json')}] }`
  })
  await server.context.shadow.settled()
  assert.equal(await decision(), true)
  const first = await seen()
  assert.deepEqual([first.changes.locked_out, first.decisions], [1, 1])
  assert.notEqual(first.trying?.snapshot, server.context.live()?.snapshotId)

  writeFileSync(join(folder, 'facts.json'), inventory())
  await server.reload()
  await server.context.shadow.settled()
  assert.equal(await decision(), true)
  assert.deepEqual([(await seen()).changes.locked_out, (await seen()).decisions], [0, 1])

  // facts that cannot be read are told of, and what was tried before is still tried
  writeFileSync(join(folder, 'facts.json'), '{')
  await assert.rejects(server.reload(), /facts\.json/)
  assert.equal(await decision(), true)
  assert.equal((await seen()).decisions, 2)
})

test('with nothing to try nothing is compared', async (context) => {
  const { decision, seen } = await started(context, () => '')
  assert.equal(await decision(), true)
  const { trying, trouble, decisions, behind } = await seen()
  assert.deepEqual([trying, trouble, decisions, behind], [null, null, 0, 0])
})
