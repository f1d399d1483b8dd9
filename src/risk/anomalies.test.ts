import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { anomalies, kilometres, type Surroundings } from './anomalies.ts'
import { learn, noHabits, recovered, type Habits, type Place, type Use } from './habits.ts'

const T0 = Date.UTC(2026, 10, 2, 9)
const HOUR = 3_600_000
const BERLIN: Place = { latitude: 52.52, longitude: 13.4 }
const SYDNEY: Place = { latitude: -33.87, longitude: 151.21 }
const CALM: Surroundings = { failures: 0, accountsTried: 0 }
const use = (changed: Partial<Use> = {}): Use => ({
  account: 'idp:ada',
  at: T0,
  device: 'laptop',
  network: '192.0.2.0/24',
  place: BERLIN,
  capabilities: [],
  ...changed,
})
function used(times: number, changed: Partial<Use> = {}): Habits {
  let habits = noHabits('idp:ada', T0)
  for (let i = 0; i < times; i++) habits = learn(habits, use({ at: T0 + i * 24 * HOUR, ...changed }))
  return habits
}
const kinds = (habits: Habits, changed: Partial<Use>, around = CALM) =>
  anomalies(habits, use(changed), around).map(({ kind }) => kind)

test('what is usual is not remarked on', () => {
  assert.deepEqual(kinds(used(60), { at: T0 + 61 * 24 * HOUR }), [])
})

test('each rule speaks of what it saw, and of nothing else', () => {
  const habits = used(60)
  const at = T0 + 60 * 24 * HOUR
  assert.deepEqual(kinds(habits, { at, device: 'other' }), ['new_device'])
  assert.deepEqual(kinds(habits, { at, network: '198.51.100.0/24' }), ['new_network'])
  assert.deepEqual(kinds(habits, { at: at - 23 * HOUR, place: SYDNEY }), ['impossible_travel'])
  assert.deepEqual(kinds(habits, { at: at + 12 * HOUR }), ['unusual_hour'])
  assert.deepEqual(kinds(habits, { at }, { failures: 5, accountsTried: 0 }), ['failure_burst'])
  assert.deepEqual(kinds(habits, { at }, { failures: 0, accountsTried: 10 }), ['many_accounts_tried'])
  const [travel] = anomalies(habits, use({ at: at - 23 * HOUR, place: SYDNEY }), CALM)
  assert.deepEqual([travel?.level, travel?.text], ['high', '16095 km from the last place, 60 minutes later'])
})

test('an aircraft is fast enough, and the next town is no travel', () => {
  const habits = used(60)
  const last = T0 + 59 * 24 * HOUR
  assert.deepEqual(kinds(habits, { at: last + 24 * HOUR, place: SYDNEY }), [])
  assert.deepEqual(kinds(habits, { at: last, place: { latitude: 52.4, longitude: 13.05 } }), [])
})

test('no name is known that was not learned', () => {
  for (const name of ['constructor', 'toString', '__proto__']) {
    assert.deepEqual(kinds(used(60), { at: T0 + 60 * 24 * HOUR, device: name }), ['new_device'], name)
  }
})

test('nobody is unusual before there is a habit, and nothing is known of an unknown place', () => {
  assert.deepEqual(kinds(used(2), { device: 'other', network: 'x', at: T0 + 40 * HOUR, place: null }), [])
})

test('after a recovery a capability that was never used is remarkable, and old habits count no more', () => {
  const before = used(60, { capabilities: ['read_sensitive_data', 'approve_payments'] })
  const at = T0 + 61 * 24 * HOUR
  const after = learn(recovered(before, at), use({ at, capabilities: ['read_sensitive_data'] }))
  assert.deepEqual(kinds(after, { at: at + HOUR, capabilities: ['approve_payments'] }), [
    'new_capability_after_recovery',
  ])
  assert.deepEqual(kinds(after, { at: at + HOUR, capabilities: ['read_sensitive_data'] }), [])
  assert.deepEqual(kinds(after, { at: at + 8 * 24 * HOUR, capabilities: ['approve_payments'] }), [])
})

test('distances are those of a globe', () => {
  assert.ok(Math.abs(kilometres(BERLIN, SYDNEY) - 16_090) < 20)
  assert.ok(Math.abs(kilometres({ latitude: 0, longitude: 179.9 }, { latitude: 0, longitude: -179.9 }) - 22.2) < 0.1)
})

const arbitraryUse = fc.record({
  account: fc.constant('idp:ada'),
  at: fc.integer({ min: T0, max: T0 + 1000 * HOUR }),
  device: fc.option(fc.constantFrom('a', 'b', '__proto__', 'constructor')),
  network: fc.option(fc.constantFrom('n', 'toString')),
  place: fc.option(
    fc.record({
      latitude: fc.double({ min: -90, max: 90, noNaN: true }),
      longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    }),
  ),
  capabilities: fc.subarray(['use_secrets', 'administer']),
})

test('more failures around never make less remarkable, and what was learned is known', () => {
  fc.assert(
    fc.property(
      fc.array(arbitraryUse, { maxLength: 30 }),
      arbitraryUse,
      fc.nat(20),
      fc.nat(20),
      (history, now, failures, accountsTried) => {
        const habits = history.reduce(learn, noHabits('idp:ada', T0))
        const some = anomalies(habits, now, { failures, accountsTried })
        const more = anomalies(habits, now, { failures: failures + 3, accountsTried: accountsTried + 3 })
        for (const { kind } of some) assert.ok(more.some((each) => each.kind === kind))
        const again = anomalies(learn(habits, now), now, CALM).map(({ kind }) => kind)
        assert.ok(!again.includes('new_device') && !again.includes('new_network'))
      },
    ),
    { numRuns: 3000 },
  )
})
