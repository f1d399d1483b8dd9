import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { keyringOf } from './keyring.ts'

const [old, young] = ['a', 'b'].map((id) => ({ id, secret: randomBytes(32) })) as [
  { id: string; secret: Buffer },
  { id: string; secret: Buffer },
]

test('a MAC holds for its parts, its use and its key alone', () => {
  const ring = keyringOf([young, old])
  const mac = ring.mac('code', 'account', '123456')
  assert.ok(ring.holds(mac, 'code', 'account', '123456'))
  assert.ok(!ring.holds(mac, 'code', 'account1', '23456'))
  assert.ok(!ring.holds(mac, 'recovery_code', 'account', '123456'))
  assert.ok(!ring.holds(mac, 'code', 'account', '123457'))
  assert.ok(!ring.holds(mac.slice(0, -1), 'code', 'account', '123456'))
  assert.ok(!ring.holds('', 'code', 'account', '123456'))
  assert.ok(keyringOf([young, old]).holds(keyringOf([old]).mac('code', 'x'), 'code', 'x'))
  assert.ok(!keyringOf([young]).holds(keyringOf([old]).mac('code', 'x'), 'code', 'x'))
})

test('a sealed value opens at its place alone, and only whole', async () => {
  const ring = keyringOf([young, old])
  const sealed = await ring.seal('authenticator/1', 'the seed')
  assert.equal(await ring.open('authenticator/1', sealed), 'the seed')
  assert.ok(!sealed.includes(Buffer.from('the seed').toString('base64url')))
  await assert.rejects(ring.open('authenticator/2', sealed), { code: 'sealed_unreadable' })
  await assert.rejects(ring.open('authenticator/1', `${sealed.slice(0, -2)}AA`), { code: 'sealed_unreadable' })
  await assert.rejects(keyringOf([old]).open('authenticator/1', sealed), /no key `b`/)
  assert.equal(await keyringOf([young, old]).open('p', await keyringOf([old]).seal('p', 'x')), 'x')
})

test('keys that are missing, short or doubled are refused', () => {
  assert.throws(() => keyringOf([]), /no key/)
  assert.throws(() => keyringOf([{ id: 'a', secret: randomBytes(31) }]), /shorter/)
  assert.throws(() => keyringOf([old, old]), /same id/)
  assert.throws(() => keyringOf([{ id: 'a.b', secret: randomBytes(32) }]), /letters and digits/)
})
