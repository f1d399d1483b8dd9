import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { RiskSignal, SessionEvidence } from '#contract/decision.ts'
import { sessionOf } from '#decision/world.fixture.ts'
import { systemClock } from '#lib/clock.ts'
import type { StoredSignal } from '#risk/watch.ts'
import { accountStateStore } from '#storage/account-states.ts'
import type { Database } from '#storage/database.ts'
import { linkDevice, sessionDevices, setDeviceState } from '#storage/devices.ts'
import { signalStore } from '#storage/risk.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { followChanges } from './changes.ts'
import { circumstancesFrom } from './circumstances.ts'

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const EXCEPTIONS = { standing: () => Promise.resolve([]) }

/** One node: finds circumstances by its own feed of changes. */
async function nodeOn(database: Database) {
  const changes = await followChanges(database, { clock: systemClock, log: quiet })
  const find = circumstancesFrom({
    subjects: { account: {}, user: { prefix: 'okta:' } },
    signals: signalStore(database),
    accounts: accountStateStore(database),
    sessionDevices: (account) => sessionDevices(database, account),
    exceptions: EXCEPTIONS,
    changes,
    clock: systemClock,
  })
  return {
    look: changes.look,
    stop: changes.stop,
    find: async (id: string, session: SessionEvidence | null = null, type = 'account') =>
      await find({ subject: { type, id }, session }),
  }
}

const signal = (account: string, more: Partial<StoredSignal> = {}): StoredSignal => ({
  id: `s${more.kind ?? ''}${more.session ?? ''}${more.device ?? ''}`,
  account,
  kind: 'risk_level_change',
  level: 'high',
  source: 'https://idp.example',
  session: null,
  device: null,
  evidence: {},
  at: 1000,
  endsAt: Number.MAX_SAFE_INTEGER,
  ...more,
})

const kinds = ({ risk }: { risk: readonly RiskSignal[] }) => risk.map(({ kind }) => kind)

suite('Circumstances', () => {
  onEveryStore(
    'of an account that another node learned of are known with its next look at the changes',
    async ({ open }) => {
      const [here, there] = [await open(), await open()]
      const node = await nodeOn(there)
      try {
        const now = systemClock()
        assert.deepEqual(kinds(await node.find('ada')), [])
        await signalStore(here).put(signal('ada'))
        await node.look()
        assert.ok(kinds(await node.find('ada')).includes('risk_level_change'))
        await signalStore(here).end('ada', { kind: 'risk_level_change', source: 'https://idp.example' }, systemClock())
        await node.look()
        assert.ok(kinds(await node.find('ada')).length === 0)
        await accountStateStore(here).endEverything('ada', { locks: ['not_me'], reason: 'test' }, now)
        await node.look()
        assert.ok(kinds(await node.find('ada')).includes('account_frozen'))
        const change = { unlocks: 'not_me' as const, withheldUntil: now + 60_000, reason: 'test' }
        await accountStateStore(here).endEverything('ada', change, now)
        await node.look()
        assert.ok(kinds(await node.find('ada')).join() === 'recovered_lately')
      } finally {
        await node.stop()
      }
    },
  )

  onEveryStore('are those of the account that is asked about, whoever shows a session', async ({ open }) => {
    const database = await open()
    const node = await nodeOn(database)
    try {
      await accountStateStore(database).endEverything('okta:eve', { locks: ['administrator'], reason: 'test' }, 1)
      assert.deepEqual(kinds(await node.find('eve', sessionOf('ada'), 'user')), ['account_disabled'])
      assert.deepEqual(kinds(await node.find('eve', sessionOf('okta:eve'), 'nobody')), [])
    } finally {
      await node.stop()
    }
  })

  onEveryStore(
    'of one session or device leave others alone, but not one that does not say which it is',
    async ({ open }) => {
      const database = await open()
      const node = await nodeOn(database)
      const on = (sessionId: string | null) => node.find('ada', sessionOf('ada', { sessionId }))
      try {
        await signalStore(database).put(signal('ada', { kind: 'session_revoked', session: 's-1' }))
        await signalStore(database).put(signal('ada', { kind: 'device_not_compliant', device: 'd-1' }))
        await linkDevice(database.sql, { account: 'ada', session: 's-2', device: 'd-2' }, 1)
        await linkDevice(database.sql, { account: 'ada', session: 's-2', device: 'd-3' }, 1)
        assert.deepEqual(kinds(await on('s-1')).toSorted(), ['device_not_compliant', 'session_revoked'])
        assert.deepEqual(kinds(await on(null)).toSorted(), ['device_not_compliant', 'session_revoked'])
        const other = await on('s-2')
        assert.deepEqual([kinds(other), other.device], [[], { id: 'd-2', managed: null, compliant: null }])
      } finally {
        await node.stop()
      }
    },
  )

  onEveryStore('show a device as compliant while nobody who looks after it says otherwise', async ({ open }) => {
    const database = await open()
    const node = await nodeOn(database)
    const shown = async () => (await node.find('ada', sessionOf('ada', { sessionId: 's-1' }))).device
    try {
      await linkDevice(database.sql, { account: 'ada', session: 's-1', device: 'd-1' }, 1)
      await setDeviceState(database.sql, { device: 'd-1', source: 'a', compliant: true, at: 10 }, 10)
      await node.look()
      assert.ok((await shown())?.compliant === true)
      // told late: it was so before
      await setDeviceState(database.sql, { device: 'd-1', source: 'a', compliant: false, at: 5 }, 11)
      await setDeviceState(database.sql, { device: 'd-1', source: 'b', compliant: false, at: 5 }, 11)
      await node.look()
      assert.ok((await shown())?.compliant === false)
      await setDeviceState(database.sql, { device: 'd-1', source: 'b', compliant: true, at: 6 }, 12)
      await node.look()
      assert.ok((await shown())?.compliant === true)
    } finally {
      await node.stop()
    }
  })

  test('that cannot be read are an error, and are read again at the next question', async () => {
    let broken = true
    const find = circumstancesFrom({
      subjects: { account: {} },
      signals: { standing: async () => (broken ? Promise.reject(new Error('no store')) : []) },
      accounts: { stateOf: async (account) => ({ account, status: 'active', locks: [], epoch: 0, withheldUntil: 0 }) },
      sessionDevices: async () => [],
      exceptions: EXCEPTIONS,
      changes: { on: () => () => {} },
      clock: () => 5,
    })
    const ask = () => find({ subject: { type: 'account', id: 'ada' }, session: null })
    await assert.rejects(ask, /no store/)
    broken = false
    assert.deepEqual(await ask(), { device: null, risk: [], exceptions: [] })
  })
})
