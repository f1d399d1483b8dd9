import { strict as assert } from 'node:assert'
import { habitStore, signalStore } from '#storage/risk.ts'
import { onEveryStore } from '#storage/stores.fixture.ts'
import { DEFAULT_ANOMALIES } from './anomalies.ts'
import type { Use } from './habits.ts'
import { sawFailure, sawRecovery, sawUse } from './watch.ts'

const T0 = Date.UTC(2026, 10, 2, 9)
const DAY = 86_400_000
const use = (changed: Partial<Use> = {}): Use => ({
  account: 'idp:ada',
  at: T0,
  device: 'laptop',
  network: '192.0.2.0/24',
  place: null,
  capabilities: [],
  ...changed,
})

onEveryStore('what an attacker fails at teaches nothing, and what is unusual stands as a signal', async (store) => {
  const database = await store.open()
  const parts = { habits: habitStore(database), signals: signalStore(database), rules: DEFAULT_ANOMALIES }
  for (let day = 0; day < 8; day++) assert.deepEqual(await sawUse(parts, use({ at: T0 + day * DAY }), null), [])
  const at = T0 + 8 * DAY
  for (let i = 0; i < 20; i++) await sawFailure(parts, use({ network: '198.51.100.0/24', at }))
  assert.deepEqual(Object.keys((await parts.habits.find('idp:ada'))!.habits.networks), ['192.0.2.0/24'])
  const found = await sawUse(parts, use({ at, device: 'other', network: '198.51.100.0/24' }), 'se_1')
  assert.deepEqual(
    found.map(({ kind }) => kind),
    ['new_device', 'new_network', 'failure_burst'],
  )
  const standing = await parts.signals.standing('idp:ada', at)
  assert.deepEqual(standing.map(({ kind }) => kind).toSorted(), ['failure_burst', 'new_device', 'new_network'])
  assert.ok(standing.every(({ session, evidence }) => session === 'se_1' && typeof evidence['text'] === 'string'))
  assert.deepEqual(await parts.signals.standing('idp:ada', at + DAY), [])
  assert.deepEqual(await parts.signals.standing('idp:eve', at), [])
})

onEveryStore('one network that fails at many accounts is remarked on at the one where it succeeds', async (store) => {
  const database = await store.open()
  const parts = { habits: habitStore(database), signals: signalStore(database), rules: DEFAULT_ANOMALIES }
  for (let i = 0; i < 12; i++) await sawFailure(parts, use({ account: `idp:${i}`, network: '203.0.113.0/24' }))
  const found = await sawUse(parts, use({ network: '203.0.113.0/24' }), null)
  assert.deepEqual(
    found.map(({ kind }) => kind),
    ['many_accounts_tried'],
  )
  assert.deepEqual(await sawUse(parts, use(), null), [])
})

onEveryStore('uses at once are all learned, and a recovery begins anew', async (store) => {
  const database = await store.open()
  const parts = { habits: habitStore(database), signals: signalStore(database), rules: DEFAULT_ANOMALIES }
  await Promise.all(Array.from({ length: 5 }, (_, i) => sawUse(parts, use({ at: T0 + i }), null)))
  assert.equal((await parts.habits.find('idp:ada'))!.habits.uses, 5)
  await sawRecovery(parts, 'idp:ada', T0 + DAY)
  const { habits } = (await parts.habits.find('idp:ada'))!
  assert.deepEqual([habits.uses, habits.recoveredAt], [0, T0 + DAY])
})

onEveryStore('a signal that is reported twice is one, and whoever raised it may end it', async (store) => {
  const signals = signalStore(await store.open())
  const signal = {
    id: 'set:1',
    account: 'idp:ada',
    kind: 'risk_level_change',
    level: 'high',
    source: 'https://issuer.example',
    session: null,
    device: null,
    evidence: {},
    at: T0,
    endsAt: Number.MAX_SAFE_INTEGER,
  } as const
  assert.deepEqual(await Promise.all([signals.put(signal), signals.put(signal)]).then((both) => both.toSorted()), [
    false,
    true,
  ])
  assert.equal(await signals.end('idp:ada', { kind: 'risk_level_change', source: 'https://evil.example' }, T0 + 1), 0)
  assert.equal((await signals.standing('idp:ada', T0 + 1)).length, 1)
  assert.equal(await signals.end('idp:ada', { kind: 'risk_level_change', source: 'https://issuer.example' }, T0 + 1), 1)
  assert.deepEqual(await signals.standing('idp:ada', T0 + 1), [])
})
