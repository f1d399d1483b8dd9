import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fallTogether, type Channel, type Placed } from './shared-channel.ts'

const pairs = (authenticators: readonly Placed[], channels: readonly Channel[] = []) =>
  fallTogether(authenticators, channels).map(({ channel, authenticators: all }) => [channel, ...all])

suite('authenticators that fall together', () => {
  test('a password and a seed in one vault are counted twice', () => {
    assert.deepEqual(
      pairs([
        { id: 'password', on: ['vault'] },
        { id: 'totp', on: ['vault', 'phone'] },
      ]),
      [['vault', 'password', 'totp']],
    )
  })
  test('a texted code and an app on one telephone fall with the telephone', () => {
    const channels = [{ id: 'number', carriedBy: ['phone'] }, { id: 'phone' }]
    assert.deepEqual(
      pairs(
        [
          { id: 'sms', on: ['number'] },
          { id: 'app', on: ['phone'] },
        ],
        channels,
      ),
      [['phone', 'sms', 'app']],
    )
  })
  test('a mailed code and a mailed link share the mailbox, told once although its carrier shares it too', () => {
    const channels = [{ id: 'mailbox', carriedBy: ['dns'] }]
    assert.deepEqual(
      pairs(
        [
          { id: 'code', on: ['mailbox'] },
          { id: 'link', on: ['mailbox'] },
        ],
        channels,
      ),
      [['mailbox', 'code', 'link']],
    )
  })
  test('carriers that carry each other come to an end', () => {
    const channels = [
      { id: 'a', carriedBy: ['b'] },
      { id: 'b', carriedBy: ['a'] },
    ]
    assert.deepEqual(
      pairs(
        [
          { id: 'x', on: ['a'] },
          { id: 'y', on: ['b'] },
        ],
        channels,
      ),
      [['a', 'x', 'y']],
    )
  })
  test('what lives apart, or nowhere that is known, is not said to fall together', () => {
    assert.deepEqual(pairs([{ id: 'x', on: ['a'] }, { id: 'y', on: ['b'] }, { id: 'z' }]), [])
  })
})
