import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { AmbitError } from '#lib/errors.ts'
import { withinNetworks } from './networks.ts'
import { readConfig, type ConfigProblem } from './read.ts'

const read = (text: string, env: Record<string, string> = {}) =>
  readConfig(text, 'ambit.yaml', {
    env,
    read: (path) => {
      if (path === '/run/secret') return 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n'
      throw Object.assign(new Error('no'), { code: 'ENOENT' })
    },
  })

function problemsOf(text: string): readonly ConfigProblem[] {
  try {
    read(text)
  } catch (error) {
    assert.ok(error instanceof AmbitError)
    assert.equal(error.code, 'config_invalid')
    return error.detail['problems'] as ConfigProblem[]
  }
  return []
}

suite('The configuration', () => {
  test('states nothing where it is empty: loopback, SQLite, the built-in policy, nobody trusted', () => {
    const config = read('')
    assert.deepEqual(config.listen, { host: '127.0.0.1', port: 8181 })
    assert.equal(config.store, 'ambit.db')
    assert.equal(config.policy, 'default')
    assert.deepEqual(config.proxies, [])
    assert.equal(config.metrics.access, 'token')
    assert.equal(config.tracing, undefined)
    assert.deepEqual(config.webhooks.to, [])
  })

  const cases: readonly (readonly [text: string, key: string, line: number, message: RegExp, remedy: RegExp])[] = [
    ['lisen: {}', 'lisen', 1, /unknown key/, /did you mean `listen`/],
    ['listen:\n  prot: 1', 'listen.prot', 2, /unknown key/, /did you mean `port`/],
    ['listen: { port: 70000 }', 'listen.port', 1, /70000 is out of range/, /between 0 and 65535/],
    ['listen: { port: "1" }', 'listen.port', 1, /expected a whole number, found a text/, /TCP port/],
    ['log: { level: loud }', 'log.level', 1, /unknown word `loud`/, /`debug`/],
    ['listen: { host: 0.0.0.0 }', 'listen.host', 1, /in the clear/, /`tls`.*`proxies`/],
    ['listen: { host: here }', 'listen.host', 1, /no address/, /127\.0\.0\.1/],
    ['proxies: [10.0.0.0/40]', 'proxies[0]', 1, /no network/, /10\.0\.0\.0\/8/],
    ['proxies:\n  - 0.0.0.0/0', 'proxies[0]', 2, /everybody/, /your proxies/],
    ['store: ${env:NOPE}', 'store', 1, /`NOPE` is not set/, /set it/],
    ['store: file:/none', 'store', 1, /`\/none` cannot be read/, /check its path/],
    ['tls: { certificate: a.pem }', 'tls', 1, /`key` is missing/, /add `key`/],
    [
      'decisions:\n  subjects:\n    token: { prefix: "idp:" }',
      'decisions.subjects.token.prefix',
      3,
      /known already/,
      /`issuers`/,
    ],
    // how an account is recovered is no setting, and nobody who writes one is left to believe in it
    [
      'people:\n  brand: A\n  keys: [{ id: k1, secret: x }]\n  recovery: { methods: [contact] }',
      'people.recovery',
      4,
      /unknown key/,
      /./,
    ],
    ['a: [', '', 1, /./, /mend the YAML/],
    ['store: a\nstore: b', '', 2, /unique/, /mend the YAML/],
  ]
  for (const [text, key, line, message, remedy] of cases) {
    test(`names key, value and what is possible: ${text.replaceAll('\n', ' ')}`, () => {
      const [problem] = problemsOf(text)
      assert.ok(problem !== undefined)
      assert.equal(problem.key, key)
      assert.equal(problem.line, line)
      assert.match(problem.message, message)
      assert.match(problem.remedy, remedy)
    })
  }

  test('takes secrets from the environment and from files, and never says what they are', () => {
    const hook = (secret: string) => `webhooks: { to: [{ name: a, url: "https://a.test/x", secret: ${secret} }] }`
    assert.match(read(hook('file:/run/secret')).webhooks.to[0]!.secret, /^whsec_A+$/)
    for (const bad of [() => read(hook('hunter2')), () => read(hook('${env:S}'), { S: 'hunter2' })]) {
      assert.throws(bad, (error: unknown) => {
        assert.ok(error instanceof AmbitError)
        assert.doesNotMatch(JSON.stringify([error.message, error.detail]), /hunter2/)
        return true
      })
    }
  })

  test('lists what is wrong all at once', () => {
    assert.equal(problemsOf('listen: { port: -1 }\nlog: { level: x }\nnope: 1').length, 3)
  })

  test('asks for whom a token is where nobody can tell', () => {
    const gate = (audiences: string, more = '') => `publicUrl: https://ambit.test
issuers: [{issuer: https://id.test, audiences: [${audiences}]}]
gate:
  rules:
    - {hosts: [a.test], resource: {type: app, id: a}${more}}
    - {hosts: [b.test], resource: {type: app, id: b}}`
    for (const told of [
      gate('https://a.test, https://b.test/v1'),
      gate('api://default'),
      gate('https://elsewhere.test'),
      gate('api://a, https://b.test', ', audiences: [api://a]'),
    ])
      assert.deepEqual(problemsOf(told), [])
    assert.match(problemsOf(gate('api://a, https://b.test'))[0]!.message, /`api:\/\/a` does not say at which host/)
    const [typo] = problemsOf(gate('https://a.test', ', audiences: [https://a.tset]'))
    assert.equal(typo?.key, 'gate.rules[0].audiences[0]')
  })

  test('knows an address in a network, however it is written, and none outside', () => {
    const within = withinNetworks(['10.0.0.0/8', 'fd00::/8', '192.0.2.7'])
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1', '192.0.2.7']) assert.ok(within(address), address)
    for (const address of ['11.0.0.1', 'fe80::1', '192.0.2.8', 'x', '']) assert.ok(!within(address), address)
  })
})
