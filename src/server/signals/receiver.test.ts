import assert from 'node:assert/strict'
import { suite, test, before, after, type TestContext } from 'node:test'
import { forge, sign } from '#authn/issuer.fixture.ts'
import { EVENT_URIS } from '#signals/event-types.ts'
import { sessionDevices } from '#storage/devices.ts'
import { identifierStore } from '#storage/identifiers.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { testServer } from '../server.fixture.ts'
import { ask, named, pushText, RECEIVER, seconds, signalled, signer, type Parts } from './signals.fixture.ts'

type Running = Awaited<ReturnType<typeof signalled>>

/** One server for a suite. */
function ofSuite(): () => Running {
  const ends: (() => unknown)[] = []
  let it: Running
  before(async () => {
    it = await signalled({ after: (end: () => unknown) => void ends.push(end) } as unknown as TestContext)
  })
  after(async () => {
    for (const end of ends.toReversed()) await end()
  })
  return () => it
}

const reasonOf = async (answer: Response) => [answer.status, ((await answer.json()) as { err: string }).err]

suite('A security event', () => {
  const of = ofSuite()

  test('is taken as RFC 8935 says', async () => {
    const { push } = of()
    const answer = await push('session-established')
    assert.equal(answer.status, 202)
    assert.equal(await answer.text(), '')
    assert.equal((await push('session-established', {}, { by: 'rsa', header: { alg: 'RS256' } })).status, 202)
    assert.equal((await push('session-established', {}, { header: { typ: 'application/SECEVENT+jwt' } })).status, 202)
  })

  const refusals: [string, number, string, () => Parts & { event?: string; payload?: Record<string, unknown> }][] = [
    ['for another audience', 400, 'invalid_audience', () => ({ claims: { aud: 'https://other.example' } })],
    ['for nobody', 400, 'invalid_request', () => ({ claims: { aud: undefined } })],
    ['of another issuer', 400, 'invalid_issuer', () => ({ claims: { iss: 'https://evil.example' } })],
    ['signed by a stranger', 400, 'invalid_key', () => ({ by: 'stranger' })],
    ['signed by a key that nobody published', 400, 'invalid_key', () => ({ header: { kid: 'k9' } })],
    ['typed as an access token', 400, 'invalid_request', () => ({ header: { typ: 'at+jwt' } })],
    ['typed as any JWT', 400, 'invalid_request', () => ({ header: { typ: 'JWT' } })],
    ['with `sub`, like an ID token', 400, 'invalid_request', () => ({ claims: { sub: 'ada' } })],
    ['with `exp`, like an access token', 400, 'invalid_request', () => ({ claims: { exp: seconds() + 60 } })],
    ['with an `exp` that passed', 400, 'invalid_request', () => ({ claims: { exp: 1 } })],
    ['without `jti`', 400, 'invalid_request', () => ({ claims: { jti: undefined } })],
    ['without `iat`', 400, 'invalid_request', () => ({ claims: { iat: undefined } })],
    ['of the future', 400, 'invalid_request', () => ({ claims: { iat: seconds() + 3600 } })],
    ['of long ago', 400, 'invalid_request', () => ({ claims: { iat: seconds() - 8 * 86_400 } })],
    ['with two events', 400, 'invalid_request', () => ({ claims: { events: { a: {}, b: {} } } })],
    ['with no event', 400, 'invalid_request', () => ({ claims: { events: {} } })],
    ['with a list of events', 400, 'invalid_request', () => ({ claims: { events: [{}] } })],
    ['about nobody', 400, 'invalid_request', () => ({ subject: undefined })],
    ['about a format that nobody knows', 400, 'invalid_request', () => ({ subject: { format: 'dna', dna: 'x' } })],
    ['about somebody of another issuer', 400, 'access_denied', () => ({ subject: named('https://other.example') })],
    [
      'about a mailbox of another domain',
      400,
      'access_denied',
      () => ({ subject: { format: 'email', email: 'ada@example.net' } }),
    ],
    [
      'about a number',
      400,
      'access_denied',
      () => ({ subject: { format: 'phone_number', phone_number: '+447700900123' } }),
    ],
    ['about an id without an issuer', 400, 'access_denied', () => ({ subject: { format: 'opaque', id: 'ada' } })],
    [
      'about one person by two names, one of another issuer',
      400,
      'access_denied',
      () => ({ subject: { format: 'aliases', identifiers: [named(of().issuer), named('https://other.example')] } }),
    ],
    [
      'about another tenant',
      400,
      'access_denied',
      () => ({ subject: { format: 'complex', user: named(of().issuer), tenant: { format: 'opaque', id: 'globex' } } }),
    ],
    [
      'about a session of another issuer',
      400,
      'access_denied',
      () => ({ subject: { format: 'complex', session: named('https://other.example', 's1') } }),
    ],
    [
      'about a token of another issuer',
      400,
      'access_denied',
      () => ({ subject: { format: 'jwt_id', iss: 'https://other.example', jti: 't' } }),
    ],
    [
      'of a level that is none',
      400,
      'invalid_request',
      () => ({ event: 'risk-level-change', payload: { principal: 'USER', current_level: 'NONE' } }),
    ],
    ['at a time that is none', 400, 'invalid_request', () => ({ payload: { event_timestamp: 'now' } })],
    [
      'verifying what was not asked for',
      400,
      'invalid_state',
      () => ({ event: 'verification', payload: { state: 'guess' } }),
    ],
  ]
  for (const [title, status, err, parts] of refusals) {
    test(`is refused: ${title}`, async () => {
      const { push, decide } = of()
      const { event = 'account-disabled', payload = {}, ...rest } = parts()
      assert.deepEqual(await reasonOf(await push(event, payload, rest)), [status, err])
      assert.equal((await decide()).decision, true, 'and changes nothing')
    })
  }

  test('is refused where nobody signed it, or an algorithm that is not listed', async () => {
    const { server, issuer } = of()
    const claims = {
      iss: issuer,
      aud: RECEIVER,
      jti: 'x',
      iat: seconds(),
      sub_id: named(issuer),
      events: { [EVENT_URIS['account-disabled']]: {} },
    }
    const header = { typ: 'secevent+jwt', kid: 'k1' }
    for (const text of [
      forge({ ...header, alg: 'none' }, claims),
      forge({ ...header, alg: 'none' }, claims, 'AAAA'),
      forge({ ...header, alg: 'HS256' }, claims, 'AAAA'),
      forge({ ...header, alg: 'ES384' }, claims, 'AAAA'),
      'no token',
      '',
    ]) {
      assert.equal((await pushText(server, text)).status, 400, text)
    }
  })

  test('is not an ID token or access token of the same issuer, nor the other way round', async () => {
    const { server, issuer, decide } = of()
    const now = seconds()
    const common = { iss: issuer, sub: 'ada', iat: now, exp: now + 60, auth_time: now, acr: 'phr', jti: 'j' }
    const events = { [EVENT_URIS['account-disabled']]: {} }
    for (const claims of [
      { ...common, aud: RECEIVER },
      { ...common, aud: RECEIVER, events, sub_id: named(issuer) },
    ])
      for (const typ of ['JWT', 'at+jwt', 'secevent+jwt'])
        assert.equal((await pushText(server, await sign(signer, claims, { typ }))).status, 400)
    // a SET as an access token: signed by the same key, for the audience of the interface
    const set = { iss: issuer, aud: 'https://api.test', jti: 'y', iat: now, sub: 'ada', exp: now + 60, events }
    assert.equal((await decide()).decision, true)
    for (const typ of ['secevent+jwt', 'at+jwt']) {
      const text = await sign(signer, { ...set, acr: 'phr', auth_time: now }, { typ })
      assert.equal((await ask(server, of().token, { access_token: text })).decision, false)
    }
  })

  test('is taken from its sender only', async () => {
    const { push, server } = of()
    for (const bearer of ['', 'wrong', 'push-token-push-token-push-token-']) {
      const answer = await push('account-disabled', {}, { bearer })
      assert.equal(answer.status, 401)
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/)
      assert.equal(((await answer.json()) as { err: string }).err, 'authentication_failed')
    }
    assert.equal((await push('account-disabled', {}, { to: 'other' })).status, 404)
    assert.equal((await push('account-disabled', {}, { type: 'application/json' })).status, 400)
    assert.equal((await push('account-disabled', {}, { type: 'application/jwt' })).status, 415)
    assert.equal((await pushText(server, 'x'.repeat(70_000))).status, 413)
  })

  test('that is refused is in log, metrics and audit, without the token', async () => {
    const { push, server, token } = of()
    await push('account-disabled', {}, { claims: { aud: 'https://other.example' } })
    const metrics = await (await server.ask('/metrics', { token })).text()
    assert.match(metrics, /ambit_signals_received_total\{stream="idp",event="unknown",outcome="refused"\} [1-9]/)
    assert.match(server.logged.join(''), /audience_refused/)
    assert.doesNotMatch(server.logged.join(''), /eyJ/)
    const audit = await (await server.ask('/v1/audit/records?kind=signal', { token })).text()
    assert.match(audit, /audience_refused/)
  })

  test('of an unknown type, or about an unknown person, is taken and told', async () => {
    const { push, server, token, decide } = of()
    assert.equal((await push('https://example.com/event-type/odd')).status, 202)
    assert.equal((await push('account-disabled', {}, { subject: named(of().issuer, 'nobody') })).status, 202)
    assert.equal(
      (await push('account-disabled', {}, { subject: { format: 'email', email: 'no@example.com' } })).status,
      202,
    )
    const audit = await (await server.ask('/v1/audit/records?kind=signal&last=500', { token })).text()
    assert.match(audit, /event_unknown/)
    assert.match(audit, /subject_unknown/)
    const metrics = await (await server.ask('/metrics', { token })).text()
    assert.match(metrics, /outcome="event_unknown"\} 1/)
    assert.equal((await decide()).decision, true)
  })
})

suite('What follows from a security event', () => {
  const of = ofSuite()
  const past = () => ({ auth_time: seconds() - 30 })

  test('counts once, however often it comes, at once or later', async () => {
    const { push, soon, decide, server, token } = of()
    const claims = { jti: 'twice' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => push('account-disabled', {}, { claims })))
    assert.deepEqual(
      answers.map(({ status }) => status),
      Array(8).fill(202),
    )
    await soon({}, ({ reasons }) => reasons.includes('account_disabled'))
    assert.equal(
      (await push('account-enabled', { event_timestamp: seconds() + 1 }, { claims: { iat: seconds() + 1 } })).status,
      202,
    )
    await new Promise((resolve) => setTimeout(resolve, 1100))
    assert.equal((await push('account-enabled')).status, 202)
    await soon({}, ({ decision }) => decision)
    assert.equal((await push('account-disabled', {}, { claims })).status, 202)
    await server.caughtUp()
    assert.equal((await decide()).decision, true, 'the repeat does nothing')
    const metrics = await (await server.ask('/metrics', { token })).text()
    assert.match(metrics, /event="account-disabled",outcome="repeated"\} 8/)
  })

  test('is not undone by one that happened before, nor by another sender', async () => {
    const { push, soon, decide, server, token } = of()
    const now = seconds()
    await push('account-disabled', { event_timestamp: now })
    await soon({}, ({ decision }) => !decision)
    await push('account-enabled', { event_timestamp: now - 10 })
    // of the same second: the stricter counts
    await push('account-enabled', { event_timestamp: now })
    await server.caughtUp()
    assert.ok((await decide()).reasons.includes('account_disabled'))
    const body = JSON.stringify({ account: 'okta:ada', kind: 'account_disabled', source: of().issuer })
    const headers = { 'content-type': 'application/json' }
    const ended = await server.ask('/v1/signals/end', { method: 'POST', token, body, headers })
    assert.deepEqual(await ended.json(), { account: 'okta:ada', ended: 1 })
    await soon({}, ({ decision }) => decision)
    // an older one that comes late does not come back either
    await push('account-disabled', { event_timestamp: now - 100 })
    await server.caughtUp()
    assert.equal((await decide()).decision, true)
  })

  test('a revoked session proves nothing in any request, and others go on', async () => {
    const { push, soon, decide, issuer } = of()
    const session = { format: 'opaque', id: 's-gone' }
    assert.equal((await decide({ sid: 's-gone' })).decision, true)
    assert.equal(
      (await push('session-revoked', {}, { subject: { format: 'complex', user: named(issuer), session } })).status,
      202,
    )
    // a later authentication under the same session does not bring it back
    await soon({ sid: 's-gone', auth_time: seconds() + 5 }, ({ decision }) => !decision)
    assert.equal((await decide({ sid: 's-other', ...past() })).decision, true)
    const { server, token } = of()
    const told = { iss: issuer, sub: 'ada', acr: 'phr', auth_time: seconds() }
    assert.equal((await ask(server, token, { ...told, sid: 's-gone' })).decision, false)
    assert.equal((await ask(server, token, { ...told, sid: 's-other' })).decision, true)
  })

  test('a session that is named alone, or a token, is cut off', async () => {
    const { push, soon, decide, issuer } = of()
    await push('session-revoked', {}, { subject: { format: 'complex', session: { format: 'opaque', id: 's-2' } } })
    await soon({ sid: 's-2' }, ({ decision }) => !decision)
    assert.equal((await decide({ sid: 's-3', jti: 't-1' })).decision, true)
    await push('session-revoked', {}, { subject: { format: 'jwt_id', iss: issuer, jti: 't-1' } })
    await soon({ sid: 's-3', jti: 't-1' }, ({ decision }) => !decision)
    assert.equal((await decide({ sid: 's-3', jti: 't-2' })).decision, true)
  })

  test('assurance that falls asks for a proof of after it; assurance that rises gives nothing', async () => {
    const { push, soon, decide, issuer } = of()
    const [sub, subject] = ['p17', named(issuer, 'p17')]
    const level = { namespace: 'NIST-AAL', current_level: 'nist-aal2', previous_level: 'nist-aal1' }
    await push('assurance-level-change', { ...level, change_direction: 'increase' }, { subject })
    assert.equal((await decide({ sub, acr: 'zero' })).decision, false)
    assert.equal((await decide({ sub, ...past() })).decision, true)
    const fall = { ...level, change_direction: 'decrease', event_timestamp: seconds() - 5 }
    await push('assurance-level-change', fall, { subject })
    const { reasons } = await soon({ sub, ...past() }, ({ decision }) => !decision)
    assert.ok(reasons.includes('session_revoked'), String(reasons))
    assert.equal((await decide({ sub, auth_time: seconds() })).decision, true)
  })

  test('risk stands until its sender says that it is lower, and a lower one that is old says nothing', async () => {
    const { push, soon, decide, issuer, server } = of()
    const [now, sub] = [seconds(), 'p18']
    const risk = (level: string, at: number) => {
      const payload = { principal: 'USER', current_level: level, event_timestamp: at }
      return push('risk-level-change', payload, { subject: named(issuer, sub) })
    }
    await risk('HIGH', now - 5)
    const { reasons } = await soon({ sub, ...past() }, ({ decision }) => !decision)
    assert.ok(reasons.includes('before_signal'), String(reasons))
    await risk('LOW', now - 6)
    await risk('LOW', now - 5)
    await server.caughtUp()
    assert.equal((await decide({ sub, ...past() })).decision, false)
    await risk('LOW', now - 4)
    await soon({ sub, ...past() }, ({ decision }) => decision)
  })

  test('a device that is not compliant any more is felt by the session on it', async () => {
    const { push, soon, decide, issuer } = of()
    const sub = 'p19'
    const [session, device] = ['s-d', 'laptop-1'].map((id) => ({ format: 'opaque', id }))
    const compliance = (status: string, at: number, whom: object) => {
      const payload = { previous_status: 'compliant', current_status: status, event_timestamp: at }
      return push('device-compliance-change', payload, { subject: { format: 'complex', ...whom } })
    }
    const now = seconds()
    await compliance('not-compliant', now - 9, { user: named(issuer, sub), session, device })
    await soon({ sub, sid: 's-d', ...past() }, ({ decision }) => !decision)
    assert.equal((await decide({ sub, sid: 's-e', ...past() })).decision, false, 'of a device that is not known')
    // the device alone is named: whoever has a session on it is meant
    await compliance('compliant', now - 8, { device })
    await soon({ sub, sid: 's-d', ...past() }, ({ decision }) => decision)
    await compliance('not-compliant', now - 7, { device })
    await soon({ sub, sid: 's-d', ...past() }, ({ decision }) => !decision)
  })

  test('a device that is compliant for some of it only, in a way that is not known here, is not known to be', async () => {
    const { push, server, issuer } = of()
    const [session, device] = ['s-n', 'laptop-2'].map((id) => ({ format: 'opaque', id }))
    const named15 = { format: 'complex', user: named(issuer, 'p15'), session, device }
    const compliant = { previous_status: 'not-compliant', current_status: 'compliant' }
    const known = async () => (await sessionDevices(server.context.database, 'okta:p15')).map((each) => each.compliant)
    const application = { format: 'opaque', id: 'mail' }
    assert.equal((await push('session-established', {}, { subject: named15 })).status, 202)
    const narrowed = { subject: { ...named15, application } }
    assert.equal((await push('device-compliance-change', compliant, narrowed)).status, 202)
    assert.deepEqual(await known(), [null])
    assert.equal((await push('device-compliance-change', compliant, { subject: named15 })).status, 202)
    assert.deepEqual(await known(), [true])
    const not = { previous_status: 'compliant', current_status: 'not-compliant', event_timestamp: seconds() + 1 }
    assert.equal((await push('device-compliance-change', not, narrowed)).status, 202)
    assert.deepEqual(await known(), [false])
  })

  test("a mailbox that changed hands is nobody's here, and whoever had it proves anew", async () => {
    const { push, soon, decide, server } = of()
    const identifiers = identifierStore(server.context.database)
    const [sub, address] = ['p14', 'p14.private@example.com']
    const held = { kind: 'mail', canonical: address, shown: address, account: `okta:${sub}` } as const
    await identifiers.add({ ...held, verifiedAt: 1, addedAt: 1, boundAtAal: 2 })
    assert.equal((await decide({ sub, ...past() })).decision, true)
    const subject = { format: 'email', email: 'P14.Private@Example.com' }
    assert.equal((await push('identifier-recycled', {}, { subject })).status, 202)
    await soon({ sub, ...past() }, ({ reasons }) => reasons.includes('session_revoked'))
    assert.equal(await identifiers.find('mail', address), null)
  })

  const events: [string, Record<string, unknown>, string][] = [
    ['credential-change', { credential_type: 'phone-sms', change_type: 'update' }, 'before_signal'],
    ['credential-change', { credential_type: 'password', change_type: 'revoke' }, 'session_revoked'],
    ['token-claims-change', { claims: { role: 'guest' } }, 'before_signal'],
    ['account-credential-change-required', {}, 'before_signal'],
    ['credential-compromise', { credential_type: 'password' }, 'session_revoked'],
    ['identifier-changed', { 'new-value': 'new@example.com' }, 'session_revoked'],
    ['identifier-recycled', {}, 'session_revoked'],
    ['recovery-activated', {}, 'before_signal'],
    ['recovery-information-changed', {}, 'before_signal'],
    ['session-revoked', {}, 'session_revoked'],
    ['sessions-revoked', {}, 'session_revoked'],
    ['account-disabled', { reason: 'hijacking' }, 'account_disabled'],
    ['account-purged', {}, 'account_disabled'],
  ]
  for (const [i, [event, payload, reason]] of events.entries()) {
    test(`${event} (${JSON.stringify(payload)}) is felt within a second`, async () => {
      const { push, soon, decide, issuer, server } = of()
      const whom = { sub: `p${i}` }
      const user = named(issuer, whom.sub)
      assert.equal((await decide({ ...whom, ...past() })).decision, true)
      const subject = event.startsWith('identifier')
        ? { format: 'aliases', identifiers: [{ format: 'email', email: `p${i}@example.com` }, user] }
        : user
      assert.equal((await push(event, payload, { subject })).status, 202)
      const { reasons } = await soon({ ...whom, ...past() }, ({ decision }) => !decision)
      assert.ok(reasons.includes(reason), String(reasons))
      if (event !== 'account-purged') return
      await new Promise((resolve) => setTimeout(resolve, 1000))
      await push('account-enabled', {}, { subject: user })
      await server.caughtUp()
      assert.equal((await decide(whom)).decision, false, 'a purge is not taken back')
    })
  }
})

onEveryStore('A security event that one node takes is felt on the other within a second', async (store, context) => {
  const one = await signalled(context, { store: store.url })
  const other = await testServer(context, { config: one.config, store: store.url })
  await other.caughtUp()
  const subject = (session: string) => ({
    format: 'complex',
    user: named(one.issuer, 'p1'),
    session: { format: 'opaque', id: session },
  })
  assert.equal((await one.decide({ sub: 'p1', sid: 's-1' }, other)).decision, true)
  await one.push('session-revoked', {}, { subject: subject('s-1') })
  await one.soon({ sub: 'p1', sid: 's-1' }, ({ decision }) => !decision, other)
  assert.equal((await one.decide({ sub: 'p1', sid: 's-2' }, other)).decision, true)
  await one.push('account-disabled')
  await one.soon({}, ({ reasons }) => reasons.includes('account_disabled'), other)
  // what was cut off stays so on a node that starts later
  const third = await testServer(context, { config: one.config, store: store.url })
  await third.caughtUp()
  assert.equal((await one.decide({ sub: 'p1', sid: 's-1' }, third)).decision, false)
  assert.equal((await one.decide({ sub: 'p1', sid: 's-2' }, third)).decision, true)
})
