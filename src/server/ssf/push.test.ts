import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { systemClock } from '#lib/clock.ts'
import { until } from '#lib/until.fixture.ts'
import { EVENT_URIS } from '#signals/event-types.ts'
import { accountStateStore } from '#storage/account-states.ts'
import { sessionStore } from '#storage/sessions.ts'
import { removeToken } from '#storage/tokens.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { freePort } from '#server/gate/gate.fixture.ts'
import { testServer, type TestServer } from '../server.fixture.ts'
import { CONFIG, ended, happen, KEYS, opened, PATIENT, PUSH, receiver, receiverOf, sending } from './ssf.fixture.ts'

/** Pushes that failed and are noted. */
const failuresOf = (server: TestServer) => server.logged.filter((line) => /not delivered|was paused/.test(line)).length

suite('What is pushed', () => {
  test('comes in order, again until it is taken, and the same each time', async (context) => {
    let now = 1_800_000_000_000
    const { got, url } = await receiver(context, (count) => (count <= 2 ? [503] : [202]))
    const { server, make, call } = await sending(context, { clock: () => now })
    const stream = await make({ delivery: { method: PUSH, endpoint_url: url, authorization_header: 'Bearer x' } })
    await call('POST', '/ssf/verify', { stream_id: stream.stream_id, state: 's' })
    await happen(server, ended(1), ended(2))
    for (const failures of [1, 2]) {
      await until(() => failuresOf(server) === failures, `it does not fail ${failures} times`)
      now += 20_000
    }
    await until(() => got.length === 5, 'not all of it comes')
    assert.equal(got[0]!.text, got[2]!.text)
    for (const { type, authorization } of got)
      assert.deepEqual([type, authorization], ['application/secevent+jwt', 'Bearer x'])
    const claims = await Promise.all(got.slice(2).map(({ text }) => opened(server, text, stream.aud)))
    assert.deepEqual(Object.keys(claims[0]!.events), [EVENT_URIS.verification])
    const sessions = claims.slice(1).map(({ sub_id }) => (sub_id as { session: { id: string } }).session.id)
    assert.deepEqual(sessions, ['se_1', 'se_2'])
  })

  test('waits, once it was refused too often, until the receiver is there again', async (context) => {
    let now = 1_800_000_000_000
    let isUp = false
    const { got, url } = await receiver(context, () => (isUp ? [202] : [400, { err: 'invalid_key' }]))
    const { server, make, call } = await sending(context, { clock: () => now })
    const { stream_id } = await make({ delivery: { method: PUSH, endpoint_url: url } })
    await happen(server, ended(1))
    const status = async () =>
      ((await (await call('GET', `/ssf/status?stream_id=${stream_id}`)).json()) as { status: string }).status
    for (const failures of [1, 2, 3]) {
      await until(() => failuresOf(server) === failures, `it does not fail ${failures} times`)
      assert.equal(await status(), failures < 3 ? 'enabled' : 'paused')
      now += 20_000
    }
    assert.equal(got.length, 3)
    isUp = true
    await call('POST', '/ssf/status', { stream_id, status: 'enabled' })
    await until(() => got.length === 4, 'it comes after all')
    assert.equal(got[3]!.text, got[0]!.text)
  })

  test('and can never be taken is left out, and stands in the audit', async (context) => {
    const { got, url } = await receiver(context, (count) => (count === 1 ? [400, { err: 'invalid_request' }] : [202]))
    const { server, make } = await sending(context)
    await make({ delivery: { method: PUSH, endpoint_url: url } })
    await happen(server, ended(1), ended(2))
    await until(() => got.length === 2, 'the next comes')
    assert.notEqual(got[0]!.text, got[1]!.text)
    const token = await server.token('read')
    const audit = await (await server.ask('/v1/audit/records?kind=signal', { token })).text()
    assert.match(audit, /"did":"failed".*invalid_request/)
  })

  test('stops with the token of its receiver, and goes on with the next one of the same name', async (context) => {
    const { got, url } = await receiver(context)
    const { server, make, token } = await sending(context)
    await make({ delivery: { method: PUSH, endpoint_url: url } })
    await happen(server, ended(1))
    await until(() => got.length === 1, 'it is told while the token stands')
    await removeToken(server.context.database, /^ambit_([0-9a-f]+)_/.exec(token)![1]!, systemClock())
    await server.context.tokens.reload()
    await happen(server, ended(2))
    await new Promise((resolve) => setTimeout(resolve, 1500))
    assert.equal(got.length, 1, 'whoever was shut out is told nothing more')
    // one that may not manage streams does not bring them back
    await server.token('read')
    await receiverOf(server, 'siem')
    await until(() => got.length === 2, 'what waited comes')
  })

  onEveryStore('comes once from several nodes, and a session that ends here is told', async (store, context) => {
    const { got, url } = await receiver(context)
    const { server, make } = await sending(context, { store: store.url })
    const other = await testServer(context, { store: store.url, config: CONFIG })
    await other.caughtUp()
    await make({ delivery: { method: PUSH, endpoint_url: url } })
    const { database } = other.context
    const times = { startedAt: 1, usedAt: 1, endsAt: systemClock() + 60_000, idleMs: null }
    for (const id of ['se_a', 'se_b'])
      await sessionStore(database).begin({ id, account: 'ada', epoch: 0, browser: 'b', proofs: [], ...times }, id)
    await accountStateStore(database).endEverything('ada', { reason: 'not_me' }, systemClock())
    await until(() => got.length >= 2, 'both are told')
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.equal(got.length, 2)
    assert.equal(server.logged.join('').includes('not delivered'), false)
  })
})

suite('From one Ambit to another', () => {
  for (const how of ['pushed', 'polled'] as const) {
    test(`a session that ended there proves nothing here soon after (${how})`, async (context) => {
      const port = await freePort()
      const there = `http://127.0.0.1:${port}`
      const source = await testServer(context, {
        port,
        config: `${PATIENT}\npublicUrl: ${there}\nsignals: { transmit: { networks: [127.0.0.1], ${KEYS} } }`,
      })
      const { make, token, call } = await receiverOf(source, 'ambit')
      const pushToken = 'push-token-push-token-push-token-1'
      const stream = await make()
      const config = `${PATIENT}
issuers: [{ issuer: "${there}", subject: { prefix: 'src:' } }]
gate: { networks: [127.0.0.1] }
signals:
  networks: [127.0.0.1]
  from:
    - name: source
      issuer: ${there}
      audiences: ["${stream.aud}"]
      subjects: { issuers: [{ issuer: "${there}", prefix: 'src:' }] }
      manage: { streamId: ${stream.stream_id}, token: ${token} }
      pushToken: ${pushToken}
${how === 'polled' ? `      poll: { url: "${stream.delivery.endpoint_url}", token: ${token} }` : ''}`
      const here = await testServer(context, { config })
      const { stream_id } = stream
      if (how === 'pushed') {
        const delivery = {
          method: PUSH,
          endpoint_url: `${here.url}/signals/source/push`,
          authorization_header: `Bearer ${pushToken}`,
        }
        assert.equal((await call('PUT', '/ssf/streams', { stream_id, delivery })).status, 200)
      }
      await happen(source, ended(7))
      await until(() => here.context.gate.isOver(there, { sid: 'se_7' }), 'it is not heard of')
      assert.equal(await here.context.gate.isOver(there, { sid: 'se_8' }), false)
      const admin = await here.token('administer', 'read')
      const asked = await here.ask('/v1/signals/streams/source/verify', { method: 'POST', token: admin })
      assert.equal(asked.status, 202, await asked.clone().text())
      const verified = async () => {
        const answer = await here.ask('/v1/signals/streams', { token: admin })
        return ((await answer.json()) as { streams: { verifiedAt: string | null }[] }).streams[0]!.verifiedAt
      }
      await until(async () => (await verified()) !== null, 'no verification comes')
    })
  }
})
