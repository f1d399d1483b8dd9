import assert from 'node:assert/strict'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { usedLinkStore } from '#storage/used-links.ts'
import { keyringOf } from './keyring.ts'
import { NOT_ME_TTL_MS, notMeOf, notMeToken, useNotMe } from './not-me.ts'

const NOW = 1_800_000_000_000
const keyring = keyringOf([{ id: 'k1', secret: new Uint8Array(32).fill(1) }])
const other = keyringOf([{ id: 'k1', secret: new Uint8Array(32).fill(2) }])
const notice = { account: 'idp:ada', notice: 'authenticator_added', told: 'mail ada@example.org' }

onEveryStore(
  'a link that says it was not me is read any number of times and works once, on all nodes',
  async ({ open }) => {
    const [one, two] = [usedLinkStore(await open()), usedLinkStore(await open())]
    const token = notMeToken(keyring, notice, NOW)
    assert.equal(notMeOf(keyring, token, NOW)?.account, 'idp:ada')
    assert.equal(notMeOf(keyring, token, NOW + 1)?.told, 'mail ada@example.org')
    const used = await Promise.all(
      Array.from({ length: 16 }, (_, i) => useNotMe(keyring, i % 2 === 0 ? one : two, token, NOW + 5)),
    )
    assert.equal(used.filter((each) => each !== null).length, 1)
    assert.equal(await useNotMe(keyring, one, token, NOW + NOT_ME_TTL_MS), null)
  },
)

onEveryStore('a link that was changed, cut, made by another key or is too old says nothing', async ({ open }) => {
  const links = usedLinkStore(await open())
  const token = notMeToken(keyring, notice, NOW)
  const [payload, ...mac] = token.split('.')
  const forged = Buffer.from(JSON.stringify({ ...notice, account: 'idp:eve', at: NOW, expiresAt: NOW * 2 })).toString(
    'base64url',
  )
  const bad = [
    `${forged}.${mac.join('.')}`,
    token.slice(0, -1),
    payload,
    `${payload}.`,
    '',
    undefined,
    ['a'],
    'x'.repeat(10_000),
    notMeToken(other, notice, NOW),
  ]
  for (const each of bad) assert.equal(await useNotMe(keyring, links, each, NOW), null)
  assert.equal(notMeOf(keyring, token, NOW + NOT_ME_TTL_MS), null)
  assert.equal(notMeOf(keyring, token, NOW - 1), null)
})
