import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { IMPACTS, type Impact } from '#contract/vocabulary.ts'
import {
  DEFAULT_RECOVERY as RULES,
  isComplete,
  isOpen,
  openCase,
  RECOVERY_METHODS,
  step,
  type RecoveryCase,
  type RecoveryEffect,
  type RecoveryEvent,
  type RecoveryMethod,
} from './recovery.ts'

const DAY = 86_400_000
const T0 = 1_800_000_000_000
const opened = (impact: Impact) =>
  openCase({ id: 'rc_1', account: 'idp:ada', browser: 'asker', impact }, T0, RULES).case
const prove = (method: RecoveryMethod, channel: string, at = T0 + 1): RecoveryEvent => ({
  is: 'prove',
  browser: 'asker',
  proof: { method, channel, at },
})
function after(it: RecoveryCase, ...events: readonly RecoveryEvent[]): RecoveryCase {
  return events.reduce((now, event) => step(now, event, RULES)?.case ?? now, it)
}
const tick = (at: number): RecoveryEvent => ({ is: 'tick', at })

test('low reach waits a day, high reach a week and a person', () => {
  const low = after(opened('low'), prove('issued_code', 'mailbox'))
  assert.deepEqual([low.state, low.heldUntil], ['held', T0 + 1 + DAY])
  const high = after(opened('high'), prove('saved_code', 'paper'), prove('issued_code', 'mailbox'))
  assert.equal(high.state, 'requested')
  const checked = after(high, prove('help_desk', 'idp:frank'))
  assert.deepEqual([checked.state, checked.heldUntil], ['held', T0 + 1 + 7 * DAY])
})

test('no case counts a proof that nothing here can give', () => {
  assert.deepEqual(RECOVERY_METHODS, ['saved_code', 'issued_code', 'help_desk'])
  // without a person, all that anybody can show alone recovers no high reach
  const alone = RECOVERY_METHODS.filter((method) => method !== 'help_desk')
  assert.equal(after(opened('high'), ...alone.map((method) => prove(method, method))).state, 'requested')
})

test('two codes that are sent are one method, and two proofs through one channel are one', () => {
  assert.equal(
    after(opened('moderate'), prove('issued_code', 'mailbox'), prove('issued_code', 'number')).state,
    'requested',
  )
  assert.equal(
    after(opened('moderate'), prove('issued_code', 'phone'), prove('saved_code', 'phone')).state,
    'requested',
  )
  assert.equal(after(opened('moderate'), prove('issued_code', 'mailbox'), prove('saved_code', 'paper')).state, 'held')
})

test('completing ends everything and holds authority back', () => {
  const held = after(opened('moderate'), prove('issued_code', 'mailbox'), prove('saved_code', 'paper'))
  const complete = (at: number, browser = 'asker'): RecoveryEvent => ({ is: 'complete', browser, at })
  assert.equal(step(held, complete(T0 + 4 * DAY), RULES), null) // not before it is ready
  assert.equal(step(held, tick(T0 + 3 * DAY), RULES), null)
  const ready = after(held, tick(T0 + 3 * DAY + 1))
  assert.equal(ready.state, 'ready')
  assert.equal(step(ready, complete(T0 + 4 * DAY, 'another'), RULES), null)
  assert.equal(step(ready, complete(T0 + DAY), RULES), null) // the clock was set back
  assert.equal(step(ready, complete(T0 + 7 * DAY), RULES), null) // too late
  const done = step(ready, complete(T0 + 4 * DAY), RULES)!
  assert.deepEqual(done.effects, [
    { do: 'end_everything', withheldUntil: T0 + 7 * DAY },
    { do: 'let_enrol' },
    { do: 'notify', template: 'recovery_completed' },
  ])
})

test('an old device shortens the wait; what the asker holds, a new one, or any for high reach, does not', () => {
  const held = after(opened('moderate'), prove('issued_code', 'mailbox'), prove('saved_code', 'paper'))
  const shorten = (changed = {}): RecoveryEvent => ({
    is: 'shorten',
    channel: 'laptop',
    known: T0 - 30 * DAY,
    browser: 'old',
    at: T0 + 2,
    ...changed,
  })
  assert.equal(step(held, shorten(), RULES)?.case.heldUntil, T0 + 2 + DAY / 2)
  for (const changed of [
    { known: T0 - 6 * DAY },
    { known: T0 + 1 },
    { channel: 'mailbox' },
    { browser: 'asker' },
    { at: T0 + 3 * DAY },
  ]) {
    assert.equal(step(held, shorten(changed), RULES), null)
  }
  const high = after(opened('high'), prove('saved_code', 'paper'), prove('help_desk', 'idp:frank'))
  assert.equal(step(high, shorten(), RULES), null)
})

test('one channel stops a recovery, but not for ever', () => {
  const veto = (earlierVetoes: number, known = T0 - 30 * DAY): RecoveryEvent => ({
    is: 'veto',
    channel: 'number',
    known,
    earlierVetoes,
    at: T0 + 1,
  })
  const held = after(opened('low'), prove('issued_code', 'mailbox'))
  assert.equal(after(held, veto(0)).state, 'vetoed')
  assert.equal(after(held, veto(2)).state, 'frozen')
  assert.equal(after(held, veto(0, T0 - 1)).state, 'held') // the attacker's own channel, added yesterday
})

test('a frozen case goes on when enough people who outrank it agree, and waits anew', () => {
  const frozen = after(opened('high'), prove('saved_code', 'paper'), prove('help_desk', 'idp:frank'), {
    is: 'compete',
    at: T0 + DAY,
  })
  assert.equal(frozen.state, 'frozen')
  const decide = (by: string, allow = true, outranks = true): RecoveryEvent => ({
    is: 'decide',
    by,
    allow,
    outranks,
    at: T0 + 2 * DAY,
  })
  assert.equal(after(frozen, decide('idp:grace'), decide('idp:grace')).state, 'frozen')
  assert.equal(after(frozen, decide('idp:grace'), decide('idp:heidi', true, false)).state, 'frozen')
  assert.equal(after(frozen, decide('idp:ada'), decide('idp:grace')).state, 'frozen')
  const decided = after(frozen, decide('idp:grace'), decide('idp:heidi'))
  assert.deepEqual([decided.state, decided.heldUntil], ['held', T0 + 9 * DAY])
  assert.equal(after(frozen, decide('idp:grace', false)).state, 'vetoed')
})

const CHANNELS = ['mailbox', 'number', 'paper', 'laptop', 'idp:frank']
const arbitraryEvent = fc.record({
  wait: fc.constantFrom(0, 1, DAY, 2 * DAY),
  back: fc.integer({ min: 0, max: 9 }),
  event: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        is: fc.constant('prove' as const),
        method: fc.constantFrom(...RECOVERY_METHODS),
        channel: fc.constantFrom(...CHANNELS),
        browser: fc.constantFrom('asker', 'asker', 'asker', 'other'),
      }),
    },
    fc.record({
      is: fc.constant('shorten' as const),
      channel: fc.constantFrom(...CHANNELS),
      known: fc.constantFrom(T0 - 30 * DAY, T0, T0 - DAY),
      browser: fc.constantFrom('asker', 'old'),
    }),
    fc.record({
      is: fc.constant('veto' as const),
      channel: fc.constantFrom(...CHANNELS),
      known: fc.constantFrom(T0 - 30 * DAY, T0),
      earlierVetoes: fc.integer({ min: 0, max: 3 }),
    }),
    fc.record({ is: fc.constant('compete' as const) }),
    fc.record({
      is: fc.constant('decide' as const),
      by: fc.constantFrom('idp:grace', 'idp:heidi', 'idp:ada'),
      allow: fc.boolean(),
      outranks: fc.boolean(),
    }),
    { weight: 8, arbitrary: fc.record({ is: fc.constant('tick' as const) }) },
    {
      weight: 8,
      arbitrary: fc.record({
        is: fc.constant('complete' as const),
        browser: fc.constantFrom('asker', 'asker', 'asker', 'other'),
      }),
    },
  ),
})

test('whatever happens in whatever order, a recovery completes only proved, waited for and unopposed', () => {
  let completions = 0
  fc.assert(
    fc.property(fc.constantFrom(...IMPACTS), fc.array(arbitraryEvent, { maxLength: 40 }), (impact, happenings) => {
      const rule = RULES.byImpact[impact]
      let it = opened(impact)
      let now = T0
      let heldSince: number | null = null
      let shortest = rule.hold
      let agreed = 0
      for (const { wait, back, event } of happenings) {
        now += back === 0 ? -wait : wait // now and then the clock is set back
        const asked: RecoveryEvent =
          event.is === 'prove'
            ? { is: 'prove', browser: event.browser, proof: { method: event.method, channel: event.channel, at: now } }
            : ({ ...event, at: now } as RecoveryEvent)
        const stepped = step(it, asked, RULES)
        if (stepped === null) continue
        const { case: next, effects } = stepped
        // every change is told
        assert.ok(effects.some((each: RecoveryEffect) => each.do === 'notify'))
        assert.ok(isOpen(it) || it.state === 'frozen', `nothing follows ${it.state}`)
        if (next.state === 'held' && it.state !== 'held') [heldSince, shortest] = [now, rule.hold]
        if (asked.is === 'shorten') {
          assert.notEqual(rule.shortened, null)
          assert.ok(!it.proofs.some(({ channel }) => channel === asked.channel) && asked.browser !== 'asker')
          shortest = Math.min(shortest, now - heldSince! + rule.shortened!)
        }
        if (it.state === 'frozen' && (next.state === 'held' || next.state === 'requested'))
          agreed = next.decisions.length
        if (next.state === 'frozen') agreed = 0
        if (it.state === 'frozen' && next.state !== 'frozen' && next.state !== 'vetoed')
          assert.ok(agreed >= rule.deciders)
        if (next.state === 'completed') {
          completions++
          assert.ok(isComplete(next.proofs, rule))
          assert.ok(now - heldSince! >= shortest)
          assert.ok(next.decisions.every(({ allow }) => allow))
          assert.ok(effects.some((each) => each.do === 'end_everything'))
        }
        it = next
      }
    }),
    { numRuns: 20_000 },
  )
  assert.ok(completions > 20, `only ${completions} of the runs completed`)
})
