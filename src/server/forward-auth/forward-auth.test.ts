import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { createHash } from 'node:crypto'
import { newSigner, proofBy } from '#authn/issuer.fixture.ts'
import { systemClock } from '#lib/clock.ts'
import { calculateJwkThumbprint, createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { Registry } from 'prom-client'
import { byStrength, deny, gateOfSuite, permit, stepUp, testGate } from '#server/gate/gate.fixture.ts'
import { buildApp } from '../app.ts'
import { IDENTITY_HEADERS } from './answers.ts'
import { type Answered, bearer, type Header, PAGE, signIn, through, type Wanted } from './asking.fixture.ts'
import { PROXIES, type Proxy } from './original.ts'

const noIdentity = ({ headers }: Answered) => IDENTITY_HEADERS.every((name) => headers[name] === undefined)

suite('Forward-auth', () => {
  const suiteGate = gateOfSuite()

  test('lets a request pass that is permitted, with all that is known of who asks', async () => {
    const gate = suiteGate()
    const token = await gate.token({ groups: ['dev', 'a,b'] })
    for (const proxy of PROXIES) {
      const { status, headers } = await through(gate, proxy, { headers: [bearer(token)] })
      assert.equal(status, 200, proxy)
      assert.deepEqual(
        IDENTITY_HEADERS.slice(0, 4).map((name) => headers[name]),
        ['okta:ada', 'Ada L.', 'ada@example.test', 'dev'],
      )
    }
    assert.deepEqual(
      gate.asked.map(({ request: { action, resource, subject } }) => `${subject.id} ${action.name} ${resource.id}`),
      PROXIES.map(() => 'okta:ada get app'),
    )
  })

  test('sets every identity header, empty where nothing is known or it would have to be altered', async () => {
    const gate = suiteGate()
    const odd = { name: 'Ada\r\nX-Evil: 1', email_verified: false, sub: 'adé' }
    const { status, headers } = await through(gate, 'caddy', { headers: [bearer(await gate.token(odd))] })
    assert.equal(status, 200)
    assert.deepEqual(
      IDENTITY_HEADERS.slice(0, 4).map((name) => headers[name]),
      ['', '', '', ''],
    )
    assert.notEqual(headers['x-ambit-assertion'], '')
  })

  test('signs who stands behind a request, for that application and a minute', async () => {
    const gate = suiteGate()
    const { headers } = await through(gate, 'traefik', {
      headers: [bearer(await gate.token())],
      path: '/admin/x?y=1',
      method: 'POST',
    })
    const keys = (await (await fetch(`${gate.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet
    assert.ok(keys.keys.every((key) => !('d' in key)))
    const { payload } = await jwtVerify(String(headers['x-ambit-assertion']), createLocalJWKSet(keys), {
      issuer: gate.url,
      audience: 'https://app.test',
      typ: 'ambit-identity+jwt',
      algorithms: ['EdDSA'],
    })
    assert.deepEqual(
      [payload.sub, payload['action'], payload['method'], payload['path'], payload['acr'], payload.jti],
      ['okta:ada', 'administer', 'POST', '/admin/x', 'phr', headers['x-ambit-decision']],
    )
    assert.equal(payload.exp! - payload.iat!, 60)
  })

  test('tells nobody who asks unless the request may pass', async () => {
    const gate = suiteGate()
    const token = await gate.token()
    for (const decide of [deny, stepUp]) {
      gate.decide = decide
      for (const proxy of PROXIES) assert.ok(noIdentity(await through(gate, proxy, { headers: [bearer(token)] })))
    }
  })

  test('gives nginx 200, 401 and 403 and nothing else, and no proxy anything that it may let through', async () => {
    const gate = suiteGate()
    const token = await gate.token()
    const broken = () => {
      throw new Error('broken')
    }
    const long: Header = ['X-Long', 'x'.repeat(5000)]
    for (const proxy of PROXIES) {
      const seen: number[] = []
      for (const decide of [permit, deny, stepUp, broken]) {
        gate.decide = decide
        for (const headers of [
          [bearer(token)],
          [bearer(token), ...PAGE],
          [],
          PAGE,
          [bearer('x')],
          [bearer(token), bearer(token)],
          [['Authorization', 'Bearer'] as const],
          [['X-HTTP-Method-Override', 'GET'] as const],
          [['X-Request-ID', 'a'] as const, ['X-Request-ID', 'b'] as const],
          [long],
        ]) {
          for (const path of ['/page', '/a//b', '/a%2fb', '/no\u0001', '/']) {
            if (path.includes('\u0001')) continue
            const { status } = await through(gate, proxy, { headers, path })
            seen.push(status)
          }
        }
      }
      const allowed = proxy === 'nginx' ? [200, 401, 403] : [200, 302, 401, 403]
      assert.deepEqual(
        [...new Set(seen)].filter((status) => !allowed.includes(status)),
        [],
        proxy,
      )
      assert.ok(seen.includes(200) && seen.includes(401) && seen.includes(403))
    }
  })

  test('denies when the decision breaks, and says so in a header', async () => {
    const gate = suiteGate()
    gate.decide = () => {
      throw new Error('broken')
    }
    const { status, headers } = await through(gate, 'nginx', { headers: [bearer(await gate.token())] })
    assert.deepEqual([status, headers['x-ambit-reason']], [403, 'undecidable'])
  })

  test('denies when the decision cannot be written down', async () => {
    const gate = suiteGate()
    const { audit } = gate.context
    Object.assign(gate.context, { audit: { ...audit, append: () => Promise.reject(new Error('full')) } })
    const { status, headers } = await through(gate, 'nginx', { headers: [bearer(await gate.token())] })
    Object.assign(gate.context, { audit })
    assert.deepEqual([status, headers['x-ambit-reason']], [403, 'not_recorded'])
  })

  test('believes proxies that are listed, and nobody else', async () => {
    const gate = suiteGate()
    const { context } = gate
    const config = { ...context.config, proxies: ['10.0.0.1'] }
    const { fastify } = await buildApp({ ...context, config, metrics: new Registry() })
    const url = await fastify.listen({ host: '127.0.0.1', port: 0 })
    try {
      const headers: Header[] = [bearer(await gate.token()), ['X-Forwarded-For', '10.0.0.1']]
      for (const proxy of PROXIES) {
        const answered = await through({ ...gate, url }, proxy, { headers })
        assert.deepEqual([answered.status, answered.headers['x-ambit-reason']], [403, 'proxy_not_trusted'])
      }
    } finally {
      await fastify.close()
    }
  })

  test('takes nothing from the query of its own address', async () => {
    const gate = suiteGate()
    gate.decide = deny
    const query = '?m=ok&allowed_groups=evil&rd=https://evil.test&rm=GET&X-Forwarded-Uri=/'
    for (const proxy of ['nginx', 'traefik', 'caddy'] as const) {
      const { status } = await through(gate, proxy, { headers: [bearer(await gate.token())], path: '/admin/x', query })
      assert.equal(status, 403)
    }
    assert.ok(gate.asked.every(({ request }) => request.resource.id === 'app:admin'))
  })

  test('refuses addresses that no rule names, or that are not protected by TLS', async () => {
    const gate = suiteGate()
    const headers = [bearer(await gate.token())]
    const reason = async (wanted: Wanted) =>
      (await through(gate, 'caddy', { headers, ...wanted })).headers['x-ambit-reason']
    assert.equal(await reason({ host: 'other.test' }), 'no_rule')
    assert.equal(await reason({ path: '/a/../admin' }), 'path_ambiguous')
    assert.equal(await reason({ host: 'app.test, evil.test' }), 'host_malformed')
    Object.assign(gate.context.config.gate, { http: 'refused' })
    assert.equal(await reason({ scheme: 'http' }), 'without_tls')
    assert.deepEqual(gate.asked, [])
  })

  test('sends programs a challenge, and browsers on their way', async () => {
    const gate = suiteGate()
    gate.decide = stepUp
    const challenge =
      'Bearer error="insufficient_user_authentication", error_description="Stronger or more recent authentication is needed", acr_values="phrh phr", max_age="300"'
    for (const proxy of PROXIES) {
      const { status, headers } = await through(gate, proxy, { headers: [bearer(await gate.token())] })
      assert.deepEqual([status, headers['www-authenticate'], headers.location], [401, challenge, undefined], proxy)
      // a browser without a session signs in
      const page = await through(gate, proxy, { headers: PAGE })
      assert.equal(page.status, proxy === 'nginx' ? 401 : 302)
      assert.match(String(page.headers.location), /^http:\/\/127\.0\.0\.1:\d+\/gate\/start\?ticket=/)
      assert.equal(page.headers['www-authenticate'], 'Bearer realm="ambit"')
      // a script in a browser gets no page
      for (const script of [
        [['Accept', '*/*']],
        [...PAGE.slice(0, 1), ['Sec-Fetch-Mode', 'cors']],
        [...PAGE, ['X-Requested-With', 'XMLHttpRequest']],
      ]) {
        assert.equal((await through(gate, proxy, { headers: script as Header[] })).status, 401, proxy)
      }
    }
  })

  test('explains that what was sent is lost', async () => {
    const gate = suiteGate()
    for (const proxy of ['traefik', 'caddy', 'envoy'] as const) {
      const { status, body } = await through(gate, proxy, { headers: PAGE, method: 'POST' })
      assert.equal(status, 401)
      assert.match(body, /What you sent was not delivered/)
      assert.match(body, /<a href="http:\/\/127\.0\.0\.1:\d+\/gate\/start\?ticket=/)
    }
    // nginx shows no body, so the page behind the link says it
    const { headers } = await through(gate, 'nginx', {
      headers: [...PAGE, ['Referer', 'https://app.test/form?x=1']],
      method: 'POST',
    })
    const told = await (await fetch(String(headers.location))).text()
    assert.match(told, /What you sent was not delivered/)
  })

  test('does not let a cookie make up for a token that is not valid, nor Basic for anything', async () => {
    const gate = suiteGate()
    const cookie = await signIn(gate, {})
    const withCookie: Header = ['Cookie', `a=b; ambit_gate=${cookie}`]
    assert.equal((await through(gate, 'nginx', { headers: [withCookie] })).status, 200)
    const expired = await gate.token({ exp: 1 })
    const both = await through(gate, 'nginx', { headers: [withCookie, bearer(expired)] })
    assert.deepEqual([both.status, both.headers['www-authenticate']], [401, 'Bearer error="invalid_token"'])
    const basic: Header = ['Authorization', `Basic ${Buffer.from('root:root').toString('base64')}`]
    assert.equal((await through(gate, 'nginx', { headers: [basic] })).status, 401)
    gate.decide = stepUp
    assert.equal((await through(gate, 'nginx', { headers: [basic, withCookie] })).status, 401)
  })

  test("takes no cookie that stands twice: one of them may be somebody else's", async () => {
    const gate = suiteGate()
    const [one, other] = [await signIn(gate, {}), await signIn(gate, { sub: 'mallory' })]
    for (const cookies of [
      `ambit_gate=${one}; ambit_gate=${other}`,
      `ambit_gate=${one}x`,
      'ambit_gate=',
      `AMBIT_GATE=${one}`,
    ]) {
      assert.equal((await through(gate, 'nginx', { headers: [['Cookie', cookies]] })).status, 401, cookies)
    }
    const two: Header[] = [
      ['Cookie', `ambit_gate=${one}`],
      ['Cookie', `ambit_gate=${other}`],
    ]
    assert.equal((await through(gate, 'nginx', { headers: two })).status, 401)
  })

  test('a session that shows no time of authentication shows none', async () => {
    const gate = suiteGate()
    await through(gate, 'nginx', { headers: [bearer(await gate.token({ auth_time: undefined }))] })
    assert.equal(gate.asked[0]?.session?.authTime, null)
  })

  test('takes no token for another resource: whoever runs one API cannot use the tokens of its callers at the next', async () => {
    const gate = suiteGate()
    const status = async (aud: unknown, host: string, proxy: Proxy) => {
      const answered = await through(gate, proxy, { host, headers: [bearer(await gate.token({ aud }))] })
      if (answered.status !== 200) {
        assert.equal(
          answered.headers['www-authenticate'],
          'Bearer error="invalid_token", error_description="the token is for another resource"',
        )
        assert.equal(answered.headers['x-ambit-reason'], 'token_audience_refused')
      }
      return answered.status
    }
    for (const proxy of PROXIES) {
      // at the address that is the audience, and at a rule that names it
      assert.equal(await status('https://api.test', 'api.test', proxy), 200)
      assert.equal(await status(['https://api.test', 'https://billing.test'], 'billing.test', proxy), 200)
      assert.equal(await status('https://api.test', 'app.test', proxy), 200)
      // taken at its own door, and remembered, it opens no other
      assert.equal(await status('https://api.test', 'billing.test', proxy), 401)
      assert.equal(await status('https://billing.test', 'api.test', proxy), 401)
      assert.equal(await status('https://billing.test', 'app.test', proxy), 401)
      for (const aud of ['https://api.test', 'https://billing.test', ['https://api.test', 'https://billing.test']])
        for (const host of ['elsewhere.test', 'pages.test']) assert.equal(await status(aud, host, proxy), 401, host)
    }
    const id = await gate.idToken({ aud: 'gate' })
    for (const host of ['api.test', 'app.test', 'pages.test'])
      assert.equal((await through(gate, 'nginx', { host, headers: [bearer(id)] })).status, 401)
    // no rule takes a cookie for a token, nor needs one: browsers come everywhere that they may
    const cookie: Header = ['Cookie', `ambit_gate=${await signIn(gate, {})}`]
    for (const host of ['pages.test', 'elsewhere.test'])
      assert.equal((await through(gate, 'nginx', { host, headers: [cookie] })).status, 200)
  })

  test('asks for a nonce in proofs of a key, tells a new one with each refusal, and takes the one before for a while', async () => {
    const gate = suiteGate()
    const key = await newSigner('client')
    const jkt = await calculateJwkThumbprint(key.publicJwk)
    const token = await gate.token({ cnf: { jkt } })
    let used = 0
    const go = async (nonce: string | undefined, proxy: Proxy = 'caddy', host = 'billing.test') => {
      const ath = createHash('sha256').update(token).digest('base64url')
      const claims = {
        htm: 'GET',
        htu: `https://${host}/page`,
        iat: Math.floor(systemClock() / 1000),
        jti: `proof-number-${used++}`,
      }
      const proof = await proofBy(key, { ...claims, ath, ...(nonce === undefined ? {} : { nonce }) })
      const headers: Header[] = [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', proof],
      ]
      return await through(gate, proxy, { host, headers })
    }
    for (const proxy of PROXIES) {
      const asked = await go(undefined, proxy, 'nonce.test')
      assert.equal(asked.status, 401)
      assert.match(String(asked.headers['www-authenticate']), /^DPoP error="use_dpop_nonce", algs="/)
      assert.equal(asked.headers['cache-control'], 'no-store')
      const nonce = String(asked.headers['dpop-nonce'])
      assert.equal((await go(nonce, proxy, 'nonce.test')).status, 200)
      for (const wrong of ['', 'x', `${nonce}x`, nonce.slice(1)])
        assert.equal((await go(wrong, proxy, 'nonce.test')).status, 401, wrong)
    }
    const [, before] = await gate.context.gate.nonces.taken()
    assert.equal((await go(before, 'nginx', 'nonce.test')).status, 200)
    // another door asks for none
    const plain = await go(undefined, 'nginx', 'api.test')
    assert.deepEqual([plain.status, plain.headers['dpop-nonce']], [200, undefined])
  })

  test('ends a circle in a denial', async () => {
    const gate = suiteGate()
    gate.decide = byStrength
    const outcomes: number[] = []
    for (let i = 0; i < 5; i++) {
      const headers = [bearer(await gate.token({ jti: String(i) }))]
      for (let again = 0; again < 3; again++) outcomes.push((await through(gate, 'caddy', { headers })).status)
    }
    assert.deepEqual(outcomes, [...Array<number>(9).fill(401), ...Array<number>(6).fill(403)])
    assert.equal((await through(gate, 'caddy', { headers: [bearer(await gate.token({ acr: 'phrh' }))] })).status, 200)
  })

  test('asks for nothing that the issuer cannot give', async (context) => {
    // what an issuer says of itself is kept for a while
    const gate = await testGate(context)
    gate.decide = stepUp
    gate.provider.metadata = { acr_values_supported: ['urn:weak'] }
    const { status, headers } = await through(gate, 'caddy', { headers: [bearer(await gate.token())] })
    assert.deepEqual([status, headers['www-authenticate']], [403, undefined])
  })
})
