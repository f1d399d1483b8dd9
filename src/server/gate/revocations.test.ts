import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { systemClock } from '#lib/clock.ts'
import { cutOff } from '#storage/revocations.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { followChanges } from '../changes.ts'
import { through } from '../forward-auth/asking.fixture.ts'
import { gateOfSuite } from './gate.fixture.ts'
import { followRevocations } from './revocations.ts'

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const FAR = 8_000_000_000_000

onEveryStore(
  'What was cut off on one node is cut off on all, by who issued it and what it is called',
  async ({ open }) => {
    const [here, there] = [await open(), await open()]
    const changes = await followChanges(there, { clock: systemClock, log: quiet })
    const node = await followRevocations(there, changes, () => 10)
    try {
      await cutOff(here.sql, { issuer: 'https://idp', sid: '5' }, FAR, 10)
      await cutOff(here.sql, { issuer: 'https://idp', jti: 't' }, FAR, 10)
      await changes.look()
      assert.equal(node.isCut('https://idp', { sid: '5' }), true)
      assert.equal(node.isCut('https://idp', { jti: 't', sid: '6' }), true)
      for (const [issuer, claims] of [
        ['https://other', { sid: '5' }],
        ['https://idp', { sid: '6' }],
        ['https://idp', { sid: 't' }],
        ['https://idp', { jti: '5' }],
        ['https://idp', {}],
      ] as const)
        assert.equal(node.isCut(issuer, claims), false, JSON.stringify([issuer, claims]))
      const later = await followRevocations(here, changes, () => FAR - 1)
      assert.equal(later.isCut('https://idp', { sid: '5' }), true)
      later.stop()
      const over = await followRevocations(here, changes, () => FAR)
      assert.equal(over.isCut('https://idp', { sid: '5' }), false)
      over.stop()
    } finally {
      node.stop()
      await changes.stop()
    }
  },
)

suite('Behind a proxy', () => {
  const gateOf = gateOfSuite()

  test('a token and the session of a browser are taken until they are cut off', async () => {
    const gate = gateOf()
    const { context } = gate
    const cookie = async (sid: string) => {
      const verified = await context.gate.tokens.verify(await gate.idToken({ sid, jti: `j-${sid}` }))
      assert.ok(verified.ok)
      return `ambit_gate=${await context.gate.browsers.begin(verified.value)}`
    }
    const shown = async (header: [string, string]) => {
      gate.asked.length = 0
      const { status } = await through(gate, 'nginx', { headers: [header] })
      return [status, gate.asked[0]?.session?.sessionId ?? null]
    }
    const [gone, stays] = [await cookie('gone'), await cookie('stays')]
    const name = (value: string): [string, string] => ['Cookie', value]
    const bearer: [string, string] = ['Authorization', `Bearer ${await gate.token({ sid: 'gone' })}`]
    assert.deepEqual(await shown(name(gone)), [200, 'gone'])
    assert.deepEqual(await shown(bearer), [200, 'gone'])
    await cutOff(context.database.sql, { issuer: gate.provider.issuer, sid: 'gone' }, FAR, systemClock())
    await context.changes.look()
    assert.deepEqual((await shown(name(gone)))[1], null)
    assert.deepEqual(await shown(bearer), [401, null])
    assert.deepEqual(await shown(name(stays)), [200, 'stays'])
    const again = await context.gate.tokens.verify(await gate.idToken({ sid: 'gone' }))
    assert.deepEqual(again, { ok: false, why: 'revoked' }, 'no new session begins under it')
  })
})
