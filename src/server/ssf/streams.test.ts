import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeProtectedHeader } from 'jose'
import { until } from '#lib/until.fixture.ts'
import { EVENT_URIS } from '#signals/event-types.ts'
import { REACH_CHANGE } from '#signals/outgoing.ts'
import { testServer } from '../server.fixture.ts'
import {
  CONFIG,
  ended,
  happen,
  opened,
  PATIENT,
  POLL,
  PUBLIC,
  PUSH,
  receiver,
  receiverOf,
  sending,
  type Stream,
} from './ssf.fixture.ts'

suite('A transmitter of security events', () => {
  test('describes itself where receivers look', async (context) => {
    const { server } = await sending(context)
    const metadata = (await (await server.ask('/.well-known/ssf-configuration')).json()) as Record<string, unknown>
    assert.equal(metadata['issuer'], PUBLIC)
    assert.equal(metadata['spec_version'], '1_0')
    assert.deepEqual(metadata['delivery_methods_supported'], [PUSH, POLL])
    for (const name of ['jwks_uri', 'configuration_endpoint', 'status_endpoint', 'verification_endpoint'])
      assert.match(String(metadata[name]), /^https:\/\/ambit\.example\//)
    assert.equal((await server.ask('/.well-known/ssf-configuration/tenant')).status, 404)
    const silent = await testServer(context, { config: PATIENT })
    assert.equal((await silent.ask('/.well-known/ssf-configuration')).status, 404)
  })

  test('lets a receiver make, read, change, replace and end its streams, and nobody else', async (context) => {
    const { server, call, make } = await sending(context)
    const stranger = await receiverOf(server, 'other')
    const stream = await make({ events_requested: [EVENT_URIS['session-revoked'], 'urn:odd'], description: 'x' })
    assert.equal(stream.delivery.method, POLL)
    assert.equal(stream.delivery.endpoint_url, `${PUBLIC}/ssf/streams/${stream.stream_id}/poll`)
    assert.deepEqual(stream.events_delivered, [EVENT_URIS['session-revoked']])
    const { stream_id } = stream
    const byId = `/ssf/streams?stream_id=${stream_id}`
    assert.deepEqual(await (await call('GET', byId)).json(), stream)
    assert.deepEqual(await (await call('GET', '/ssf/streams')).json(), [stream])
    assert.deepEqual(await (await stranger.call('GET', '/ssf/streams')).json(), [])
    for (const [method, path, body] of [
      ['GET', byId],
      ['DELETE', byId],
      ['GET', `/ssf/status?stream_id=${stream_id}`],
      ['PATCH', '/ssf/streams', { stream_id }],
      ['PUT', '/ssf/streams', { stream_id }],
      ['POST', '/ssf/status', { stream_id, status: 'disabled' }],
      ['POST', '/ssf/verify', { stream_id }],
      ['POST', '/ssf/subjects/remove', { stream_id, subject: { format: 'iss_sub', iss: 'x', sub: 'y' } }],
      ['POST', `/ssf/streams/${stream_id}/poll`, {}],
    ] as const)
      assert.equal((await stranger.call(method, path, body)).status, 404, `${method} ${path}`)
    const push = { method: PUSH, endpoint_url: 'https://siem.example/events', authorization_header: 'Bearer s3cret' }
    const patched = await call('PATCH', '/ssf/streams', { stream_id, iss: PUBLIC, delivery: push })
    const text = await patched.text()
    assert.equal(patched.status, 200)
    assert.doesNotMatch(text, /s3cret/)
    assert.deepEqual((JSON.parse(text) as Stream).events_delivered, [EVENT_URIS['session-revoked']])
    assert.equal((await call('PATCH', '/ssf/streams', { stream_id, aud: 'https://evil.example' })).status, 400)
    const replaced = (await (await call('PUT', '/ssf/streams', { stream_id })).json()) as Stream
    assert.deepEqual([replaced.delivery.method, replaced.events_delivered.length], [POLL, 5])
    await make()
    await make()
    assert.equal((await call('POST', '/ssf/streams', {})).status, 409)
    assert.equal((await call('DELETE', byId)).status, 204)
    assert.equal((await call('GET', byId)).status, 404)
  })

  test('asks for a token with the scope', async (context) => {
    const { server } = await sending(context)
    const readOnly = await server.token('ssf.read', 'administer', 'read')
    const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }
    assert.equal((await server.ask('/ssf/streams', { ...post, token: readOnly })).status, 403)
    assert.equal((await server.ask('/ssf/streams', post)).status, 401)
    assert.equal((await server.ask('/ssf/streams', { token: await server.token('ssf.manage') })).status, 403)
  })

  test('never pushes to where it must not', async (context) => {
    const { server, make, call } = await sending(context, { config: CONFIG.replace('127.0.0.1', '10.9.9.9') })
    for (const endpoint_url of [
      'file:///etc/passwd',
      'ftp://siem.example/',
      'https://user:pw@siem.example/',
      'not a url',
      undefined,
    ])
      assert.equal((await call('POST', '/ssf/streams', { delivery: { method: PUSH, endpoint_url } })).status, 400)
    const { got, url } = await receiver(context)
    await make({ delivery: { method: PUSH, endpoint_url: url } })
    await make({ delivery: { method: PUSH, endpoint_url: 'https://169.254.169.254/latest/' } })
    await happen(server, ended(1))
    await until(() => (server.logged.join('').match(/private address/g) ?? []).length >= 2, 'both are refused')
    assert.equal(got.length, 0)
  })

  test('tells what happens, in the words of CAEP, to those who want to hear it', async (context) => {
    const { server, make, poll, call } = await sending(context)
    const all = await make()
    const some = await make({ events_requested: [EVENT_URIS['credential-change']] })
    const verdict = (word: string) => ({ verdict: word, reasons: [{ code: 'way_in_below', text: '' }] })
    await happen(
      server,
      ended(1),
      { type: 'credential.changed', data: { account: 'ada', credential: 'totp', change: 'create' } },
      { type: 'snapshot.changed', data: {} },
      { type: 'verdict.changed', data: { account: 'ada', before: verdict('fit'), after: verdict('unfit') } },
      {
        type: 'verdict.changed',
        data: { account: 'ada', before: verdict('fit'), after: verdict('fit_with_controls') },
      },
      { type: 'assurance.changed', data: { account: 'ada', before: 'hardware', after: 'single_factor' } },
      { type: 'assurance.changed', data: { account: 'ada', before: 'two_factor', after: null } },
      { type: 'reach.changed', data: { account: 'ada', before: 'low', after: 'high', requiredStrength: 'hardware' } },
    )
    const { sets } = await poll(all)
    const claims = await Promise.all(Object.values(sets).map((text) => opened(server, text, all.aud)))
    for (const [i, each] of claims.entries()) {
      assert.equal(each.jti, Object.keys(sets)[i])
      assert.ok(!('sub' in each) && !('exp' in each))
      assert.equal(decodeProtectedHeader(Object.values(sets)[i]!).alg, 'RS256')
      const [payload] = Object.values(each.events) as { reason_admin: { en: string }; event_timestamp: number }[]
      assert.ok(payload!.reason_admin.en.length > 0)
      assert.ok(payload!.event_timestamp > 1_700_000_000)
    }
    const told = claims.map(({ events, sub_id }) => {
      const [[uri, payload]] = Object.entries(events) as [[string, Record<string, unknown>]]
      const { event_timestamp: _, reason_admin: __, initiating_entity: by, ...rest } = payload
      return [uri.replace(/.*event-type[/:]/, ''), by, rest, (sub_id as { format: string }).format]
    })
    assert.deepEqual(told, [
      ['session-revoked', 'user', {}, 'complex'],
      ['credential-change', 'user', { credential_type: 'app', change_type: 'create' }, 'iss_sub'],
      [
        'risk-level-change',
        'policy',
        { principal: 'USER', current_level: 'HIGH', previous_level: 'LOW', risk_reason: 'way_in_below' },
        'iss_sub',
      ],
      [
        'assurance-level-change',
        'policy',
        {
          namespace: 'NIST-AAL',
          current_level: 'nist-aal1',
          previous_level: 'nist-aal3',
          change_direction: 'decrease',
        },
        'iss_sub',
      ],
      [
        'reach-change',
        'policy',
        { current_impact: 'high', previous_impact: 'low', required_strength: 'hardware' },
        'iss_sub',
      ],
    ])
    assert.ok(claims.some(({ events }) => REACH_CHANGE in events))
    const user = { format: 'iss_sub', iss: PUBLIC, sub: 'ada' }
    assert.deepEqual(claims[0]!['sub_id'], { format: 'complex', user, session: { format: 'opaque', id: 'se_1' } })
    assert.equal(Object.keys((await poll(some)).sets).length, 1)
    // a subject that was removed is not told of any more, until it is added again
    const subject = { stream_id: some.stream_id, subject: user }
    assert.equal((await call('POST', '/ssf/subjects/remove', subject)).status, 204)
    assert.deepEqual((await poll(some)).sets, {})
    assert.equal((await call('POST', '/ssf/subjects/add', subject)).status, 200)
    assert.equal((await call('POST', '/ssf/subjects/add', { ...subject, subject: { format: 'email' } })).status, 400)
  })

  test('keeps what is polled until it is acknowledged, in any order, and by its own receiver only', async (context) => {
    const { server, make, poll, token } = await sending(context)
    const [stream, second] = [await make(), await make()]
    await happen(server, ...[1, 2, 3, 4, 5].map(ended))
    const first = await poll(stream, { maxEvents: 3 })
    const jtis = Object.keys(first.sets)
    assert.deepEqual([jtis.length, first.moreAvailable], [3, true])
    // acknowledging on another stream does nothing
    await poll(second, { maxEvents: 0, ack: jtis })
    assert.deepEqual(await poll(stream, { maxEvents: 3 }), first)
    const next = await poll(stream, { ack: [jtis[1]!], setErrs: { [jtis[2]!]: { err: 'invalid_key' } } })
    assert.deepEqual(Object.keys(next.sets)[0], jtis[0])
    assert.equal(Object.keys(next.sets).length, 3)
    assert.deepEqual(await poll(stream, { maxEvents: 0, ack: Object.keys(next.sets) }), {
      sets: {},
      moreAvailable: false,
    })
    assert.deepEqual((await poll(stream)).sets, {})
    assert.equal(Object.keys((await poll(second)).sets).length, 5)
    assert.match(server.logged.join(''), /acknowledged what is not on its stream/)
    assert.match(server.logged.join(''), /invalid_key/)
    const audit = await server.token('read')
    assert.match(await (await server.ask('/v1/audit/records?kind=signal', { token: audit })).text(), /"did":"failed"/)
    // a receiver that waits hears at once
    const waiting = server.ask(`/ssf/streams/${stream.stream_id}/poll`, {
      method: 'POST',
      token,
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    await happen(server, ended(6))
    const answer = (await (await waiting).json()) as { sets: object }
    assert.equal(Object.keys(answer.sets).length, 1)
  })

  test('keeps one of the polls of a stream waiting, so that a receiver holds no room that decisions need', async (context) => {
    const { server, make, poll, call } = await sending(context)
    const stream = await make()
    const path = `/ssf/streams/${stream.stream_id}/poll`
    const answered: number[] = []
    const wait = async () => {
      const answer = (await (await call('POST', path, {})).json()) as { sets: object }
      answered.push(Object.keys(answer.sets).length)
    }
    const waiting = Array.from({ length: 30 }, wait)
    await until(() => answered.length === 29, 'the later ends the wait of the earlier')
    assert.ok(answered.every((count) => count === 0))
    await happen(server, ended(1))
    await Promise.all(waiting)
    assert.equal(answered.at(-1), 1)
    assert.equal(Object.keys((await poll(stream)).sets).length, 1)
  })

  test('holds what happens while a stream is paused, and lets go of it while it is disabled', async (context) => {
    const { server, make, poll, call } = await sending(context)
    const stream = await make()
    const { stream_id } = stream
    const set = async (status: string) =>
      assert.equal((await call('POST', '/ssf/status', { stream_id, status, reason: 'test' })).status, 200)
    await set('paused')
    await happen(server, ended(1))
    assert.deepEqual((await poll(stream)).sets, {})
    const status = await (await call('GET', `/ssf/status?stream_id=${stream_id}`)).json()
    assert.deepEqual(status, { stream_id, status: 'paused', reason: 'test' })
    await set('enabled')
    assert.equal(Object.keys((await poll(stream)).sets).length, 1)
    await set('disabled')
    await happen(server, ended(2))
    await set('enabled')
    assert.deepEqual((await poll(stream)).sets, {})
    assert.equal((await call('POST', '/ssf/status', { stream_id, status: 'odd' })).status, 400)
  })

  test('verifies a stream when it is asked to, but not all the time', async (context) => {
    const { server, make, poll, call } = await sending(context)
    const stream = await make()
    const { stream_id } = stream
    const verify = () => call('POST', '/ssf/verify', { stream_id, state: 'st4te' })
    assert.equal((await verify()).status, 204)
    assert.equal((await verify()).status, 429)
    const { sets } = await poll(stream)
    const [[jti, text]] = Object.entries(sets) as [[string, string]]
    const claims = await opened(server, text, stream.aud)
    assert.deepEqual(claims.events, { [EVENT_URIS.verification]: { state: 'st4te' } })
    assert.deepEqual(claims['sub_id'], { format: 'opaque', id: stream_id })
    assert.deepEqual((await poll(stream, { ack: [jti] })).sets, {})
  })
})
