import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { originalOf, type AuthRequest, type Original, type Proxy } from './original.ts'
import { faultOfRule, matcherOf, type GateRule } from './rules.ts'

const asked = (headers: readonly (readonly [string, string])[], change: Partial<AuthRequest> = {}): AuthRequest => ({
  method: 'GET',
  target: '/forward-auth/x',
  rawHeaders: headers.flat(),
  ...change,
})
const nginx = (url: string, method = 'GET') =>
  asked([
    ['X-Original-URL', url],
    ['X-Original-Method', method],
  ])
const forwarded = (uri: string, change: Readonly<Record<string, string>> = {}) =>
  asked(
    Object.entries({
      'X-Forwarded-Method': 'GET',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'app.example.test',
      'X-Forwarded-Uri': uri,
      ...change,
    }),
  )
const fault = (proxy: Proxy, request: AuthRequest) => {
  const found = originalOf(proxy, request)
  return 'fault' in found ? found.fault : null
}

test('each proxy says in its own way what was asked for', () => {
  const expected: Original = {
    method: 'POST',
    scheme: 'https',
    host: 'app.example.test',
    path: '/pay',
    url: 'https://app.example.test:8443/pay?to=a/b',
  }
  assert.deepEqual(originalOf('nginx', nginx('https://App.example.test:8443/pay?to=a/b', 'POST')), expected)
  const change = { 'X-Forwarded-Method': 'POST', 'X-Forwarded-Host': 'app.example.test:8443' }
  for (const proxy of ['traefik', 'caddy'] as const) {
    assert.deepEqual(originalOf(proxy, forwarded('/pay?to=a/b', change)), expected)
  }
  const envoy = asked(
    [
      ['Host', 'app.example.test:8443'],
      ['X-Forwarded-Proto', 'https'],
    ],
    {
      method: 'POST',
      target: '/forward-auth/envoy/pay?to=a/b',
    },
  )
  assert.deepEqual(originalOf('envoy', envoy), expected)
})

test('a header that is missing, empty or stands twice is not guessed at', () => {
  const headers = Object.entries({
    'X-Forwarded-Method': 'GET',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'app.example.test',
    'X-Forwarded-Uri': '/',
  })
  for (const [name, value] of headers) {
    const others = headers.filter(([other]) => other !== name)
    assert.equal(fault('caddy', asked(others)), 'header_missing_or_double', name)
    assert.equal(fault('caddy', asked([...others, [name, '']])), 'header_missing_or_double', name)
    assert.equal(fault('caddy', asked([...headers, [name.toLowerCase(), value]])), 'header_missing_or_double', name)
    assert.notEqual(fault('caddy', asked([...others, [name, `${value}, ${value}`]])), null, name)
  }
  assert.equal(fault('nginx', asked([['X-Original-URL', 'https://a.test/']])), 'header_missing_or_double')
  // what another proxy would say is not read
  assert.equal(fault('nginx', forwarded('/')), 'header_missing_or_double')
  assert.equal(fault('caddy', nginx('https://a.test/')), 'header_missing_or_double')
})

const AMBIGUOUS = [
  '//admin',
  '/a//b',
  '/a/../admin',
  '/a/./b',
  '/..',
  '/a/..;/admin',
  '/a;b',
  '/a%2fb',
  '/a%2Fb',
  '/a%5cb',
  '/a\\b',
  '/%2e%2e/admin',
  '/a/%2e/b',
  '/%61dmin',
  '/a%00',
  '/a%0d%0a',
  '/a%7f',
  '/a%252fb',
  '/a%252e',
  '/%c0%af',
  '/%c0%ae%c0%ae/',
  '/%ff',
  '/%ef%bc%8fadmin',
  '/%E2%88%95admin',
  '/e%CC%81',
  '/a b',
  '/a#b',
  '/a%',
  '/a%zz',
  'a',
  '',
  'http://other/x',
  '/a//',
]
for (const path of AMBIGUOUS) {
  test(`the path \`${path}\` may be read in two ways and is refused`, () => {
    for (const proxy of ['traefik', 'caddy'] as const) assert.notEqual(fault(proxy, forwarded(path)), null)
    assert.notEqual(fault('nginx', nginx(`https://app.example.test${path}`)), null)
    const envoy = asked(
      [
        ['Host', 'a.test'],
        ['X-Forwarded-Proto', 'https'],
      ],
      { target: `/forward-auth/envoy${path}` },
    )
    assert.notEqual(fault('envoy', envoy), null)
  })
}

test('hosts, schemes and methods are what they can be and nothing else', () => {
  for (const host of [
    'a..b',
    '-a',
    'a.test.',
    'a test',
    'user@a.test',
    'a.test:0',
    'a.test:99999',
    'a.test:x',
    'a.test,b.test',
    'é.test',
    'a_b',
    '',
  ]) {
    assert.notEqual(fault('caddy', forwarded('/', { 'X-Forwarded-Host': host })), null, host)
    assert.notEqual(fault('nginx', nginx(`https://${host}/`)), null, host)
  }
  for (const scheme of ['ws', 'HTTPS', 'https,http', 'javascript']) {
    assert.notEqual(fault('caddy', forwarded('/', { 'X-Forwarded-Proto': scheme })), null, scheme)
  }
  for (const method of ['get', 'GET POST', 'G\u0000', 'X'.repeat(33)]) {
    assert.notEqual(fault('caddy', forwarded('/', { 'X-Forwarded-Method': method })), null, method)
  }
  assert.notEqual(fault('nginx', nginx('https://a.test')), null)
  assert.notEqual(fault('nginx', nginx('https://user:pw@a.test/')), null)
})

const decodedOrNull = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

test('a path is refused, or it means the same to whoever decodes it once more', () => {
  const piece = fc.constantFrom(
    '/',
    '.',
    '..',
    '%2f',
    '%2F',
    '%5c',
    '%',
    '%25',
    '2f',
    ';',
    '\\',
    'a',
    'admin',
    '%c3%a9',
    '\u0000',
    '?',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const original = originalOf('caddy', forwarded(`/${pieces.join('')}`))
      if ('fault' in original) return
      const once = decodeURIComponent(original.path)
      assert.ok([once, null].includes(decodedOrNull(once)))
      assert.equal(new URL(original.url).pathname, original.path)
      assert.equal(once.split('/').length, original.path.split('/').length)
    }),
    { numRuns: 2000 },
  )
})

const rule = (change: Partial<GateRule>): GateRule => ({
  hosts: ['app.example.test'],
  paths: ['/**'],
  methods: [],
  resource: { type: 'app', id: 'app' },
  action: null,
  audiences: null,
  dpopNonces: false,
  ...change,
})
const on = (path: string, change: Partial<Original> = {}): Original => ({
  method: 'GET',
  scheme: 'https',
  host: 'app.example.test',
  path,
  url: `https://app.example.test${path}`,
  ...change,
})

test('the first rule that fits counts, and where none fits there is nothing to ask for', () => {
  const match = matcherOf([
    rule({ paths: ['/admin/**'], methods: ['POST', 'DELETE'], action: 'administer' }),
    rule({ paths: ['/admin/**'], action: 'read', resource: { type: 'app', id: 'app:admin' } }),
    rule({
      hosts: ['*.shop.test'],
      paths: ['/orders/{id}/items/*'],
      resource: { type: 'order', id: 'order:{id}' },
      action: 'read_{id}',
    }),
  ])
  const brief = (original: Original) => {
    const found = match(original)
    return found === null ? null : `${found.action.name} ${found.resource.id}`
  }
  assert.equal(brief(on('/admin/users', { method: 'POST' })), 'administer app')
  assert.equal(brief(on('/admin/users')), 'read app:admin')
  for (const path of ['/admin', '/admin/']) assert.equal(brief(on(path)), 'read app:admin')
  for (const path of ['/administrator', '/', '/x/admin', '/Admin']) assert.equal(brief(on(path)), null)
  const order = (path: string, host = 'eu.shop.test') => brief(on(path, { host }))
  assert.equal(order('/orders/17/items/3'), 'read_17 order:17')
  assert.equal(order('/orders/a%20b/items/3/'), 'read_a b order:a b')
  for (const path of ['/orders//items/3', '/orders/17/items', '/orders/17/items/3/4']) assert.equal(order(path), null)
  for (const host of ['shop.test', 'a.eu.shop.test', 'xshop.test', 'eu.shop.test.evil.test']) {
    assert.equal(order('/orders/17/items/3', host), null)
  }
  assert.equal(matcherOf([])(on('/')), null)
})

test('a value from the address cannot bring in another placeholder', () => {
  const match = matcherOf([rule({ paths: ['/{a}/{b}'], resource: { type: 'x', id: '{a}:{b}' } })])
  assert.equal(match(on('/%7Bb%7D/secret'))?.resource.id, '{b}:secret')
})

test('rules that cannot work are told apart from those that can', () => {
  assert.equal(faultOfRule(rule({ paths: ['/', '/a/{id}/**'] })), null)
  for (const change of [
    { hosts: ['https://a.test'] },
    { hosts: ['*'] },
    { paths: ['admin'] },
    { paths: ['/a/**/b'] },
    { paths: ['/a*'] },
    { paths: ['/{id'] },
    { paths: ['/a?b'] },
    { paths: ['/a//b'] },
    { paths: ['/a'], resource: { type: 'x', id: '{id}' } },
    { paths: ['/{id}', '/all'], action: '{id}' },
  ]) {
    assert.notEqual(faultOfRule(rule(change)), null, JSON.stringify(change))
  }
})
