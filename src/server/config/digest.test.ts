import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { configDigest } from './digest.ts'

suite('The digest of a configuration', () => {
  const config = {
    store: 'postgres://ambit:first@db.test/ambit?password_less=1&password=first',
    listen: { host: '127.0.0.1', port: 1 },
    webhooks: { to: [{ name: 'a', secret: 'first' }] },
    delivery: [
      { http: { headers: { authorization: 'first' }, body: { api: [{ user: 'first' }], to: '{to}' } } },
      { http: { headers: {}, body: 'first {text}' } },
    ],
    issuers: [{ client: { id: 'c', key: 'first' } }],
    audit: { anchorToken: 'first' },
  }

  test('is another where anything is that is no secret', () => {
    assert.notEqual(configDigest(config), configDigest({ ...config, listen: { host: '127.0.0.1', port: 2 } }))
    assert.notEqual(configDigest(config), configDigest({ ...config, store: 'postgres://ambit:first@db2.test/ambit' }))
    const proving = (strength: string) => ({ ...config, decisions: { issuers: { i: { acr: { key: { strength } } } } } })
    assert.notEqual(configDigest(proving('hardware')), configDigest(proving('two_factor')), 'a word is no secret')
    assert.match(configDigest(config), /^sha256:[0-9a-f]{64}$/)
  })

  test('is the same with other secrets, and in whatever order keys stand', () => {
    const text = JSON.stringify(config).replaceAll('first', 'second')
    const { store, ...rest } = JSON.parse(text) as typeof config
    assert.equal(configDigest({ ...rest, store }), configDigest(config))
  })
})
