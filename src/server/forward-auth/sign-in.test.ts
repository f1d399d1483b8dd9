import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { byStrength, gateOfSuite } from '#server/gate/gate.fixture.ts'
import { bearer, follow, type Header, PAGE, signIn, through } from './asking.fixture.ts'

suite('Signing in at the gate', () => {
  const suiteGate = gateOfSuite()

  test('pushes what is asked for where nobody can edit it, and judges anew what comes back', async () => {
    const gate = suiteGate()
    gate.decide = byStrength
    const cookie = await signIn(gate, { acr: 'pwd' })
    const asked = await through(gate, 'traefik', {
      headers: [...PAGE, ['Cookie', `ambit_gate=${cookie}`]],
      path: '/admin/x?y=1',
    })
    assert.equal(asked.status, 302)
    const weak = await follow(gate, String(asked.headers.location), { acr: 'pwd' })
    const form = gate.provider.pushed.at(-1)!
    assert.equal(form.get('acr_values'), 'phrh phr')
    assert.equal(form.get('max_age'), '300')
    assert.deepEqual(JSON.parse(form.get('claims') ?? '').id_token.acr, { essential: true, values: ['phrh', 'phr'] })
    assert.equal(form.get('code_challenge_method'), 'S256')
    assert.equal(weak.location, 'https://app.test/admin/x?y=1')
    // it came back as weak as before, and is asked again
    const again = await through(gate, 'traefik', { headers: [...PAGE, ['Cookie', `ambit_gate=${weak.cookie}`]] })
    assert.equal(again.status, 302)
    const strong = await follow(gate, String(again.headers.location), { acr: 'phrh' })
    const pass = await through(gate, 'traefik', { headers: [...PAGE, ['Cookie', `ambit_gate=${strong.cookie}`]] })
    assert.equal(pass.status, 200)
  })

  test('a session is new after each sign-in, and the one before it has ended', async () => {
    const gate = suiteGate()
    const first = await signIn(gate, {})
    const { location } = (await through(gate, 'nginx', { headers: PAGE })).headers
    const next = await follow(gate, String(location), {}, { cookies: (own) => `${own}; ambit_gate=${first}` })
    assert.notEqual(next.cookie, first)
    await gate.context.changes.look()
    assert.equal((await through(gate, 'nginx', { headers: [['Cookie', `ambit_gate=${first}`]] })).status, 401)
    assert.equal((await through(gate, 'nginx', { headers: [['Cookie', `ambit_gate=${next.cookie}`]] })).status, 200)
  })

  test('takes an answer once, in the browser that was sent, of the issuer that was asked', async () => {
    const gate = suiteGate()
    const link = async () => String((await through(gate, 'nginx', { headers: PAGE })).headers.location)
    const refused = async (change: Parameters<typeof follow>[3], claims = {}) => {
      const { status, cookie } = await follow(gate, await link(), claims, change)
      assert.equal(cookie, '')
      return status
    }
    assert.equal(await refused({ cookies: () => '' }), 403)
    assert.equal(await refused({ cookies: () => 'ambit_attempt=other' }), 403)
    assert.equal(await refused({ query: { state: 'other' } }), 403)
    assert.equal(await refused({ query: { iss: 'https://evil.test' } }), 403)
    assert.equal(await refused({}, { nonce: 'other' }), 403)
    assert.equal(await refused({}, { aud: 'shop' }), 403)
    assert.equal(await refused({}, { exp: 1 }), 403)
    const good = await link()
    const first = await follow(gate, good, {})
    assert.equal(first.status, 302)
    // the state is used up; another sign-in of the same link has a new one
    const state = gate.provider.pushed.at(-1)?.get('state') ?? ''
    const replay = await fetch(`${gate.url}/gate/callback?code=c&state=${state}`, { redirect: 'manual' })
    assert.equal(replay.status, 403)
  })

  test('says what a person can do where the issuer cannot confirm enough, and sends nobody in circles', async () => {
    const gate = suiteGate()
    const { location } = (await through(gate, 'nginx', { headers: PAGE })).headers
    const unmet = await follow(gate, String(location), {}, { query: { error: 'unmet_authentication_requirements' } })
    assert.deepEqual([unmet.status, unmet.location], [403, ''])
    assert.match(unmet.body, /Set up a security key or passkey/)
  })

  test('follows only links that this server signed', async () => {
    const gate = suiteGate()
    const { location } = (await through(gate, 'nginx', { headers: PAGE })).headers
    const assertion = (await through(gate, 'nginx', { headers: [bearer(await gate.token())] })).headers[
      'x-ambit-assertion'
    ]
    const link = String(location)
    for (const bad of [
      `${link.slice(0, -4)}AAAA`,
      `${gate.url}/gate/start`,
      `${gate.url}/gate/start?ticket=${String(assertion)}`,
      `${gate.url}/gate/start?rd=https://evil.test`,
    ]) {
      assert.equal((await fetch(bad, { redirect: 'manual' })).status, 403, bad)
    }
  })

  test('ends a session when asked to', async () => {
    const gate = suiteGate()
    const cookie = await signIn(gate, {})
    const headers: Header[] = [['Cookie', `ambit_gate=${cookie}`]]
    assert.equal((await through(gate, 'nginx', { headers })).status, 200)
    await fetch(`${gate.url}/gate/sign-out`, { method: 'POST', headers: { cookie: `ambit_gate=${cookie}` } })
    assert.equal((await through(gate, 'nginx', { headers })).status, 401)
  })
})
