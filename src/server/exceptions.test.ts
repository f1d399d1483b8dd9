import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { RuntimeException } from '#contract/exception.ts'
import { SAFEGUARDS } from '#contract/vocabulary.ts'
import { asked, day, exceptionServers, inventory, NOW } from './exceptions.fixture.ts'
import type { TestServer } from './server.fixture.ts'

test('an exception is asked for by one, approved by another, stands, is counted, and ends', async (context) => {
  const { server, tokens, post, recorded, pass } = await exceptionServers(context)
  const { exceptions } = server.context
  const { status, body } = await post('', asked)
  assert.equal(status, 201, JSON.stringify(body))
  assert.deepEqual(await exceptions.standing('idp:bea', null), [])

  assert.equal((await post(`/${body.id}/approve`, { account: 'idp:bea' }, tokens.two)).status, 403)
  assert.equal((await post(`/${body.id}/approve`, { account: 'idp:dov' }, tokens.two)).status, 403)
  assert.equal((await post(`/${body.id}/approve`, { account: 'idp:eve' }, tokens.two)).status, 403)
  assert.equal((await post(`/${body.id}/approve`, { account: 'idp:cai' }, tokens.one)).status, 403)
  const approved = await post(`/${body.id}/approve`, { account: 'idp:cai' }, tokens.two)
  assert.equal(approved.status, 200, JSON.stringify(approved.body))

  const until = Math.floor((NOW + 30 * 86_400_000) / 1000)
  assert.deepEqual(await exceptions.standing('idp:bea', null), [
    { id: body.id, capabilities: ['approve_payments'], until },
  ])
  assert.deepEqual(await exceptions.standing('idp:cai', null), [])
  assert.equal(await exceptions.use(body.id), true)
  const shown = await server.ask(`/v1/exceptions/${body.id}`, { token: tokens.two })
  const { exception, gain } = (await shown.json()) as { exception: RuntimeException; gain: { with: string }[] }
  assert.equal(exception.uses, 1)
  assert.equal(gain.length, 1)

  pass(31)
  assert.deepEqual(await exceptions.standing('idp:bea', null), [])
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
  const { server, tokens, put, post } = await exceptionServers(context)
  const { exceptions } = server.context
  const { body } = await post('', asked)
  const approve = () => post(`/${body.id}/approve`, { account: 'idp:cai' }, tokens.two)
  assert.equal((await approve()).status, 200)

  await put(inventory(SAFEGUARDS.filter((each) => each !== 'rate_limiting')))
  assert.deepEqual(await exceptions.standing('idp:bea', null), [])
  await exceptions.observe()
  await put(inventory())
  assert.deepEqual(await exceptions.standing('idp:bea', null), [])
  assert.equal(await exceptions.use(body.id), false)
  assert.equal((await approve()).status, 200)
  assert.equal((await exceptions.standing('idp:bea', null)).length, 1)

  await put(
    inventory(SAFEGUARDS, '  - {holder: "idp:bea", on: pay:books, capabilities: [read_sensitive_data], right: read}'),
  )
  assert.deepEqual(await exceptions.standing('idp:bea', null), [])
  await exceptions.observe()
  const { exceptions: listed } = (await (
    await server.ask('/v1/exceptions?state=suspended', { token: tokens.two })
  ).json()) as { exceptions: RuntimeException[] }
  assert.deepEqual(listed[0]?.why, ['reach_grew', 'impact_grew', 'privilege_separation'])
})

test('what one node takes away no other gives, even before it has heard of it', async (context) => {
  const { servers, tokens, post } = await exceptionServers(context, { nodes: 2 })
  const [one, other] = servers as [TestServer, TestServer]
  const { body } = await post('', asked)
  await post(`/${body.id}/approve`, { account: 'idp:cai' }, tokens.two)
  await other.context.snapshots.catchUp()
  await other.context.changes.look()
  assert.equal((await other.context.exceptions.standing('idp:bea', null)).length, 1)
  assert.equal((await post(`/${body.id}/revoke`, { account: 'idp:dov' })).status, 200)
  assert.equal(await other.context.exceptions.use(body.id), false)
  await other.context.changes.look()
  assert.deepEqual(await other.context.exceptions.standing('idp:bea', null), [])
  assert.equal((await post(`/${body.id}/revoke`, { account: 'idp:dov' })).status, 409)
  assert.deepEqual(await one.context.exceptions.standing('idp:bea', null), [])
})

test('a request that is endless, unowned or unknown is refused with all that is wrong', async (context) => {
  const { post, server, tokens } = await exceptionServers(context)
  const endless = await post('', { ...asked, end: day(91), subjects: ['idp:nobody'] })
  assert.equal(endless.status, 422)
  assert.match(JSON.stringify(endless.body), /too_long|90 days/)
  const { migrationPlan: _none, ...unplanned } = asked
  assert.equal((await post('', unplanned)).status, 400)
  assert.equal((await post('/exc_none/approve', { account: 'idp:cai' }, tokens.two)).status, 404)
  const reader = await server.token('read')
  assert.equal((await post('', asked, reader)).status, 403)
})
