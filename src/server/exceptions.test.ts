import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { RuntimeException } from '#contract/exception.ts'
import { SAFEGUARDS } from '#contract/vocabulary.ts'
import { latestEntries } from '#storage/audit-read.ts'
import { testFolder, testServer, type TestServer } from './server.fixture.ts'

const NOW = Date.parse('2026-11-02T12:00:00Z')
const day = (days: number) => new Date(NOW + days * 86_400_000).toISOString()

/** Bea pays out with a code; Cai and Dov, who may do the same, are not Bea; Eve may do nothing. */
const inventory = (controls: readonly string[] = SAFEGUARDS, more = '') => `
ambit: 1
at: 2026-11-01T00:00:00Z
defaults:
  account: {kind: human, population: workforce, enabled: true}
resources:
  - {id: pay:till, name: Till, sensitivity: moderate}
  - {id: pay:books, name: Books, sensitivity: high}
accounts:
${['bea', 'cai', 'dov', 'eve']
  .map(
    (name) => `
  - id: idp:${name}
    name: ${name}
    authenticators: [password, sms_code]
    waysIn: [{id: "way:${name}", purpose: sign_in, requires: {all: [password, sms_code]}, controls: [${controls.join(', ')}]}]`,
  )
  .join('')}
entitlements:
${['bea', 'cai', 'dov'].map((name) => `  - {holder: "idp:${name}", on: pay:till, capabilities: [approve_payments], right: pay}`).join('\n')}
${more}
`

const asked = {
  requester: 'idp:dov',
  subjects: ['idp:bea'],
  capabilities: ['approve_payments'],
  reason: 'the till has no reader for keys',
  owner: 'idp:dov',
  start: day(0),
  end: day(30),
  review: day(10),
  rationale: 'small sums',
  comparability: 'five safeguards',
  residualRisk: 'a swapped SIM',
  migrationPlan: 'readers come in spring',
}

async function setUp(context: TestContext, nodes = 1) {
  const store = join(testFolder(context), 'ambit.db')
  let now = NOW
  const clock = () => now
  const servers: TestServer[] = []
  for (let index = 0; index < nodes; index++) {
    servers.push(await testServer(context, { clock, store, config: `audit: { node: n${index} }` }))
  }
  const [server] = servers as [TestServer]
  const tokens = {
    one: await server.token('administer', 'read', 'ingest'),
    two: await server.token('administer', 'read'),
  }
  for (const each of servers) await each.context.tokens.reload()
  const put = async (text: string) => {
    const answer = await server.ask('/v1/inventory', {
      method: 'PUT',
      body: text,
      headers: { 'content-type': 'application/yaml' },
      token: tokens.one,
    })
    assert.equal(answer.status, 200, await answer.text())
  }
  await put(inventory())
  const post = async (path: string, body: object, token = tokens.one, at = server) => {
    const answer = await at.ask(`/v1/exceptions${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
      token,
    })
    return { status: answer.status, body: (await answer.json()) as RuntimeException & { error?: unknown } }
  }
  const recorded = async () =>
    (await latestEntries(server.context.audit.store, 100, ({ record }) => record.kind === 'exception')).map(
      ({ record }) => (record.kind === 'exception' ? record.did : ''),
    )
  return { server, servers, tokens, put, post, recorded, pass: (days: number) => (now += days * 86_400_000) }
}

test('an exception is asked for by one, approved by another, stands, is counted, and ends', async (context) => {
  const { server, tokens, post, recorded, pass } = await setUp(context)
  const { exceptions } = server.context
  const { status, body } = await post('', asked)
  assert.equal(status, 201, JSON.stringify(body))
  assert.deepEqual(exceptions.standing('idp:bea'), [])

  assert.equal((await post(`/${body.id}/approve`, { account: 'idp:bea' }, tokens.two)).status, 403)
  assert.equal((await post(`/${body.id}/approve`, { account: 'idp:dov' }, tokens.two)).status, 403)
  assert.equal((await post(`/${body.id}/approve`, { account: 'idp:eve' }, tokens.two)).status, 403)
  assert.equal((await post(`/${body.id}/approve`, { account: 'idp:cai' }, tokens.one)).status, 403)
  const approved = await post(`/${body.id}/approve`, { account: 'idp:cai' }, tokens.two)
  assert.equal(approved.status, 200, JSON.stringify(approved.body))

  const until = Math.floor((NOW + 30 * 86_400_000) / 1000)
  assert.deepEqual(exceptions.standing('idp:bea'), [{ id: body.id, capabilities: ['approve_payments'], until }])
  assert.deepEqual(exceptions.standing('idp:cai'), [])
  assert.equal(await exceptions.use(body.id), true)
  const shown = await server.ask(`/v1/exceptions/${body.id}`, { token: tokens.two })
  const { exception, gain } = (await shown.json()) as { exception: RuntimeException; gain: { with: string }[] }
  assert.equal(exception.uses, 1)
  assert.equal(gain.length, 1)

  pass(31)
  assert.deepEqual(exceptions.standing('idp:bea'), [])
  assert.equal(await exceptions.use(body.id), false)
  await exceptions.observe()
  assert.equal((await post(`/${body.id}/approve`, { account: 'idp:cai' }, tokens.two)).status, 403)
  assert.deepEqual(await recorded(), [
    'requested',
    ...Array.from({ length: 4 }, () => 'refused'),
    'approved',
    'ended',
    'refused',
  ])
})

test('it is suspended when a safeguard goes or the reach grows, and comes back only by a new leave', async (context) => {
  const { server, tokens, put, post } = await setUp(context)
  const { exceptions } = server.context
  const { body } = await post('', asked)
  const approve = () => post(`/${body.id}/approve`, { account: 'idp:cai' }, tokens.two)
  assert.equal((await approve()).status, 200)

  await put(inventory(SAFEGUARDS.filter((each) => each !== 'rate_limiting')))
  assert.deepEqual(exceptions.standing('idp:bea'), [])
  await exceptions.observe()
  await put(inventory())
  assert.deepEqual(exceptions.standing('idp:bea'), [])
  assert.equal(await exceptions.use(body.id), false)
  assert.equal((await approve()).status, 200)
  assert.equal(exceptions.standing('idp:bea').length, 1)

  await put(
    inventory(SAFEGUARDS, '  - {holder: "idp:bea", on: pay:books, capabilities: [read_sensitive_data], right: read}'),
  )
  assert.deepEqual(exceptions.standing('idp:bea'), [])
  await exceptions.observe()
  const { exceptions: listed } = (await (
    await server.ask('/v1/exceptions?state=suspended', { token: tokens.two })
  ).json()) as { exceptions: RuntimeException[] }
  assert.deepEqual(listed[0]?.why, ['reach_grew', 'impact_grew', 'privilege_separation'])
})

test('what one node takes away no other gives, even before it has heard of it', async (context) => {
  const { servers, tokens, post } = await setUp(context, 2)
  const [one, other] = servers as [TestServer, TestServer]
  const { body } = await post('', asked)
  await post(`/${body.id}/approve`, { account: 'idp:cai' }, tokens.two)
  await other.context.snapshots.catchUp()
  await other.context.changes.look()
  assert.equal(other.context.exceptions.standing('idp:bea').length, 1)
  assert.equal((await post(`/${body.id}/revoke`, { account: 'idp:dov' })).status, 200)
  assert.equal(await other.context.exceptions.use(body.id), false)
  await other.context.changes.look()
  assert.deepEqual(other.context.exceptions.standing('idp:bea'), [])
  assert.equal((await post(`/${body.id}/revoke`, { account: 'idp:dov' })).status, 409)
  assert.deepEqual(one.context.exceptions.standing('idp:bea'), [])
})

test('a request that is endless, unowned or unknown is refused with all that is wrong', async (context) => {
  const { post, server, tokens } = await setUp(context)
  const endless = await post('', { ...asked, end: day(91), subjects: ['idp:nobody'] })
  assert.equal(endless.status, 422)
  assert.match(JSON.stringify(endless.body), /too_long|90 days/)
  const { migrationPlan: _none, ...unplanned } = asked
  assert.equal((await post('', unplanned)).status, 400)
  assert.equal((await post('/exc_none/approve', { account: 'idp:cai' }, tokens.two)).status, 404)
  const reader = await server.token('read')
  assert.equal((await post('', asked, reader)).status, 403)
})
