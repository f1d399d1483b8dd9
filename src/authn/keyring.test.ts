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
  assert.deepEqual([ring.isNewest(sealed), ring.isNewest(await keyringOf([old]).seal('p', 'x'))], [true, false])
  assert.equal(ring.isNewest('nothing'), false)
})

test('a sealed value with any part of it changed, left out or added does not open', async () => {
  const ring = keyringOf([young])
  const parts = (await ring.seal('p', 'the seed')).split('.')
  assert.equal(parts.length, 5)
  const header = (changed: object) =>
    Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: young.id, place: 'p', ...changed })).toString(
      'base64url',
    )
  const changed = [
    ...parts.flatMap((part, i) =>
      [`${part.slice(0, 2)}A${part.slice(3)}A`, part.slice(0, -4), ''].map((it) => ({ i, it })),
    ),
    { i: 1, it: 'AAAA' },
    ...[{ alg: 'A256KW' }, { enc: 'A128GCM' }, { kid: 'z' }, { zip: 'DEF' }].map((it) => ({ i: 0, it: header(it) })),
  ].map(({ i, it }) => parts.with(i, it).join('.'))
  for (const each of [...changed.filter((it) => it !== parts.join('.')), `${parts.join('.')}.`, '', 'null....'])
    await assert.rejects(ring.open('p', each), { code: 'sealed_unreadable' }, each)
})

test('keys that are missing, short or doubled are refused', () => {
  assert.throws(() => keyringOf([]), /no key/)
  assert.throws(() => keyringOf([{ id: 'a', secret: randomBytes(31) }]), /shorter/)
  assert.throws(() => keyringOf([old, old]), /same id/)
  assert.throws(() => keyringOf([{ id: 'a.b', secret: randomBytes(32) }]), /letters and digits/)
})
