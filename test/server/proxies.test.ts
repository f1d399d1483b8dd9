/** Forward-auth as nginx and Caddy themselves do it, with the very files that docs/forward-auth/ gives to their users. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import { IDENTITY_HEADERS } from '#server/forward-auth/answers.ts'
import { follow } from '#server/forward-auth/asking.fixture.ts'
import { byStrength, deny, gateOfSuite, permit, stepUp } from '#server/gate/gate.fixture.ts'
import {
  application,
  CADDY,
  caddy,
  get,
  NGINX,
  nginx,
  skipWithout,
  type Application,
  type RunningProxy,
} from './proxies.fixture.ts'

type Header = readonly [string, string]
const PAGE: Header[] = [
  ['Accept', 'text/html'],
  ['Sec-Fetch-Mode', 'navigate'],
]
/** What a client sends that wants to be somebody else, or somewhere else. */
const FORGED: Header[] = [
  ['Remote-User', 'root'],
  ['Remote-Name', 'root'],
  ['Remote-Email', 'root@app.test'],
  ['Remote-Groups', 'admin'],
  ['X-Ambit-Assertion', 'forged'],
  ['X-Ambit-Decision', 'forged'],
  ['X-Forwarded-Uri', '/public'],
  ['X-Forwarded-Method', 'GET'],
  ['X-Forwarded-Host', 'other.test'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-For', '10.0.0.1'],
  ['X-Original-URL', 'https://app.test/public'],
  ['X-Original-Method', 'GET'],
]

for (const [name, program, start] of [
  ['nginx', NGINX, nginx],
  ['Caddy', CADDY, caddy],
] as const) {
  suite(`${name} with forward-auth`, skipWithout(program), () => {
    const suiteGate = gateOfSuite()
    let app: Application
    let proxy: RunningProxy | undefined
    before(async () => {
      app = await application()
      proxy = await start(new URL(suiteGate().url).host, app.port)
    })
    after(async () => {
      await proxy?.stop()
      await app.stop()
    })
    const bearer = async (claims = {}): Promise<Header> => [
      'Authorization',
      `Bearer ${await suiteGate().token(claims)}`,
    ]
    const port = () => proxy!.port
    const last = () => app.arrived.at(-1)!

    test('passes what is permitted, body and all, and tells the application who asks', async () => {
      const { status, body } = await get(port(), '/admin/a?b=c/d', [await bearer({ groups: ['dev'] })], {
        method: 'POST',
        body: 'amount=5',
      })
      assert.deepEqual([status, body], [200, 'the application'])
      const { method, url, headers, body: sent } = last()
      assert.deepEqual([method, url, sent], ['POST', '/admin/a?b=c/d', 'amount=5'])
      const told = IDENTITY_HEADERS.slice(0, 4).map((each) => headers[each])
      assert.deepEqual(told, ['okta:ada', 'Ada L.', 'ada@example.test', 'dev'])
      const { aud, sub, path, method: signed } = decodeJwt(String(headers['x-ambit-assertion']))
      assert.deepEqual([aud, sub, path, signed], ['http://app.test', 'okta:ada', '/admin/a', 'POST'])
      assert.deepEqual(
        suiteGate().asked.map(({ request }) => [request.action.name, request.resource.id]),
        [['administer', 'app:admin']],
      )
    })

    test('lets no client say who or where it is', async () => {
      const before = app.arrived.length
      const { status } = await get(
        port(),
        '/admin/x',
        [await bearer({ name: undefined, email_verified: false }), ...FORGED],
        {
          method: 'DELETE',
        },
      )
      assert.equal(status, 200)
      assert.equal(app.arrived.length, before + 1)
      const { headers } = last()
      assert.deepEqual(
        IDENTITY_HEADERS.slice(0, 4).map((each) => headers[each] ?? ''),
        ['okta:ada', '', '', ''],
      )
      assert.notEqual(headers['x-ambit-assertion'], 'forged')
      assert.match(String(headers['x-ambit-decision']), /^eval_/)
      const { action, resource } = suiteGate().asked[0]!.request
      const { method, host, path } = resource.properties!
      assert.deepEqual(
        [action.name, resource.id, method, host, path],
        ['administer', 'app:admin', 'DELETE', 'app.test', '/admin/x'],
      )
    })

    test('stops what is denied, and tells nobody who asked', async () => {
      suiteGate().decide = deny
      const before = app.arrived.length
      const { status, headers } = await get(port(), '/page', [await bearer(), ...FORGED])
      assert.equal(status, 403)
      assert.ok(IDENTITY_HEADERS.every((each) => headers[each] === undefined))
      assert.equal(app.arrived.length, before)
    })

    test('sends programs the challenge once, as it was said', async () => {
      suiteGate().decide = stepUp
      const { status, rawHeaders, headers } = await get(port(), '/page', [await bearer()])
      assert.equal(status, 401)
      const challenges = rawHeaders.filter((each, i) => i % 2 === 0 && each.toLowerCase() === 'www-authenticate')
      assert.equal(challenges.length, 1)
      assert.match(
        headers['www-authenticate'] ?? '',
        /^Bearer error="insufficient_user_authentication".*max_age="300"$/,
      )
    })

    test('sends a browser to prove more and back, and takes it when it did', async () => {
      const gate = suiteGate()
      gate.decide = byStrength
      const sent = await get(port(), '/page?x=1', PAGE)
      assert.equal(sent.status, 302)
      const weak = await follow(gate, String(sent.headers.location), { acr: 'pwd' })
      assert.equal(weak.location, 'http://app.test/page?x=1')
      const again = await get(port(), '/page?x=1', [...PAGE, ['Cookie', `ambit_gate=${weak.cookie}`]])
      assert.equal(again.status, 302)
      const strong = await follow(gate, String(again.headers.location), { acr: 'phrh' })
      const cookie = `theme=dark; ambit_gate=${strong.cookie}; lang=en`
      const passed = await get(port(), '/page?x=1', [...PAGE, ['Cookie', cookie]])
      assert.equal(passed.status, 200)
      // an application that saw the cookie could use it at another host
      const kept = last().headers.cookie ?? ''
      assert.doesNotMatch(kept, /ambit_gate|^;|;;/)
      assert.match(kept, /theme=dark.*lang=en/)
    })

    test('tells a person whose form was lost', async () => {
      const { status, headers, body } = await get(port(), '/page', PAGE, { method: 'POST', body: 'a=b' })
      const text = status === 302 ? await (await fetch(String(headers.location))).text() : body
      assert.match(text, /What you sent was not delivered/)
    })

    test('passes nothing whose address may be read in two ways', async () => {
      const before = app.arrived.length
      const token = await bearer()
      for (const path of [
        '//admin/x',
        '/a/../admin/x',
        '/./admin',
        '/a%2f..%2fadmin',
        '/%61dmin',
        '/a\\b',
        '/a;b',
        '/a%00',
        '/a%252fb',
        '/%c0%af',
      ]) {
        const { status } = await get(port(), path, [token])
        assert.ok(status === 403 || status === 400, `${path}: ${status}`)
      }
      assert.equal(app.arrived.length, before)
    })

    test('passes nothing when headers stand twice, and never makes a fault of it', async () => {
      const before = app.arrived.length
      const token = await bearer()
      for (const headers of [
        [token, token],
        [token, ['X-Request-ID', 'a'], ['X-Request-ID', 'b']],
        [['Authorization', 'Bearer']],
        [token, ['X-HTTP-Method-Override', 'GET']],
      ] as Header[][]) {
        const { status } = await get(port(), '/page', headers)
        assert.ok([400, 401, 403].includes(status), String(status))
      }
      assert.equal(app.arrived.length, before)
    })

    test('takes nothing that a client puts into the query for the decision', async () => {
      suiteGate().decide = deny
      const query = '?m=ok&allowed_groups=evil&rd=http://evil.test&X-Forwarded-Uri=/public'
      const { status, headers } = await get(port(), `/admin/x${query}`, [await bearer()])
      assert.deepEqual([status, headers.location], [403, undefined])
      assert.equal(suiteGate().asked[0]?.request.resource.id, 'app:admin')
    })

    test('passes nothing for a host that no rule names, whatever was permitted', async () => {
      suiteGate().decide = permit
      const { status } = await get(port(), '/page', [['Host', 'other.test'], await bearer()])
      assert.equal(status, 403)
    })

    test('passes nothing while the decision is broken, or cannot be written down', async () => {
      const before = app.arrived.length
      const { context } = suiteGate()
      suiteGate().decide = () => {
        throw new Error('broken')
      }
      assert.equal((await get(port(), '/page', [await bearer()])).status, 403)
      suiteGate().decide = permit
      const { audit } = context
      Object.assign(context, { audit: { ...audit, append: () => Promise.reject(new Error('full')) } })
      assert.equal((await get(port(), '/page', [await bearer()])).status, 403)
      Object.assign(context, { audit })
      assert.equal(app.arrived.length, before)
    })

    test('passes nothing while Ambit is away', async () => {
      const lonely = await start('127.0.0.1:1', app.port)
      try {
        const before = app.arrived.length
        const { status } = await get(lonely.port, '/page', [await bearer()])
        assert.ok(status >= 500, String(status))
        assert.equal(app.arrived.length, before)
      } finally {
        await lonely.stop()
      }
    })
  })
}
