import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Decision, Evaluation, RiskSignal, SessionEvidence } from '#contract/decision.ts'
import { CAPABILITIES, STRENGTHS } from '#contract/vocabulary.ts'
import type { Fact } from '#model/facts.ts'
import { aimed, arbitraryEvaluation, arbitraryWorld, built } from './arbitrary.ts'
import { decide } from './decide.ts'
import { NOW } from './world.fixture.ts'
import type { World } from './world.ts'

const QUESTIONS = 40
const WORLDS = 15
const questions = fc.array(arbitraryEvaluation, { minLength: QUESTIONS, maxLength: QUESTIONS })

/** Puts many questions to each of some worlds. */
function eachQuestion(holds: (world: World, evaluation: Evaluation) => void): void {
  fc.assert(
    fc.property(arbitraryWorld, questions, (parts, asked) => {
      const world = built(parts)
      for (const [i, each] of asked.entries()) holds(world, aimed(each, parts, i))
    }),
    { numRuns: WORLDS, endOnFailure: true },
  )
}

/** What spoke for a session, one piece after the other left out. What speaks against it is no evidence for it. */
function* withLess(evaluation: Evaluation): Generator<Evaluation> {
  const { session, exceptions, device } = evaluation
  yield { ...evaluation, session: null }
  yield { ...evaluation, device: null }
  if (device !== null) yield { ...evaluation, device: { ...device, compliant: null } }
  for (const { id } of exceptions) yield { ...evaluation, exceptions: exceptions.filter((each) => each.id !== id) }
  if (session === null) return
  const without = (parts: Partial<SessionEvidence>) => ({ ...evaluation, session: { ...session, ...parts } })
  yield without({ acr: null })
  if (isPast(session.authTime)) yield without({ authTime: null })
  if (isPast(session.lastUsedAt)) yield without({ lastUsedAt: null })
  yield without({ senderConstrained: null })
  yield without({ amr: session.amr.slice(1) })
  yield without({ subject: 'somebody else' })
  if (session.keyClass === 'hardware') yield without({ keyClass: null })
}

/** A time ahead of ours is no evidence but a reason to believe nothing. */
const isPast = (time: number | null): boolean => time !== null && time >= 0 && time <= NOW + 60

const signal: fc.Arbitrary<RiskSignal> = fc.record({
  kind: fc.constant('z'),
  level: fc.constantFrom('low', 'medium', 'high', 'odd' as 'high'),
  at: fc.oneof(fc.integer({ min: NOW - 500, max: NOW + 50 }), fc.constant(Number.NaN)),
  source: fc.constant('s'),
})

const rank = ({ required }: Decision) => STRENGTHS.indexOf(required.strength)
const limit = (seconds: number | null) => seconds ?? Infinity

/** Whether the second asks at least as much as the first, in every part. */
function asksNoLess(first: Decision, then: Decision): boolean {
  const [a, b] = [first.required, then.required]
  return (
    rank(then) >= rank(first) &&
    !(a.codes === 'refused' && b.codes === 'allowed') &&
    limit(b.maxAge) <= limit(a.maxAge) &&
    limit(b.maxIdle) <= limit(a.maxIdle) &&
    !(a.senderConstrained && !b.senderConstrained)
  )
}

suite('A decision', () => {
  test('is never kinder for less evidence', () => {
    eachQuestion((world, evaluation) => {
      if (decide(evaluation, world).outcome === 'permit') return
      for (const less of withLess(evaluation)) {
        assert.notEqual(decide(less, world).outcome, 'permit', JSON.stringify([evaluation, less]))
      }
    })
  })

  test('is never kinder for more risk', () => {
    const added = fc.sample(signal, { numRuns: QUESTIONS, seed: 1 })
    let i = 0
    eachQuestion((world, evaluation) => {
      const risk = [...evaluation.risk, added[i++ % QUESTIONS]!]
      const [before, after] = [decide(evaluation, world), decide({ ...evaluation, risk }, world)]
      if (after.outcome === 'permit') assert.equal(before.outcome, 'permit')
      if (after.outcome === 'permit') assert.ok(after.permitUntil! <= before.permitUntil!)
      assert.ok(asksNoLess(before, after))
    })
  })

  test('asks no less of whoever reaches more, and lets it last no longer', () => {
    fc.assert(
      fc.property(
        arbitraryWorld,
        questions,
        fc.constantFrom(...CAPABILITIES),
        fc.constantFrom('s:0', 's:1', 's:2', 'a:0', 'c:0'),
        (parts, asked, capability, on) => {
          // a right without a name, so that no action becomes known by it
          const more: Fact[] = ['a:0', 'a:1', 'a:2'].map((holder) => ({
            fact: 'entitlement',
            holder,
            on,
            capabilities: [capability],
          }))
          const [world, wider] = [
            built(parts),
            built({ ...parts, some: { ...parts.some, facts: [...parts.some.facts, ...more] } }),
          ]
          for (const [i, each] of asked.entries()) {
            const evaluation = aimed(each, parts, i)
            const [before, after] = [decide(evaluation, world), decide(evaluation, wider)]
            assert.ok(asksNoLess(before, after), JSON.stringify(evaluation))
            if (before.outcome === 'permit' && after.outcome === 'permit') {
              assert.ok(after.permitUntil! <= before.permitUntil!, JSON.stringify(evaluation))
            }
          }
        },
      ),
      { numRuns: WORLDS, endOnFailure: true },
    )
  })

  test('and a sign-in asks no less of whoever reaches more', () => {
    fc.assert(
      fc.property(
        arbitraryWorld,
        fc.constantFrom(...CAPABILITIES),
        fc.constantFrom('s:0', 's:1', 'a:0'),
        (parts, capability, on) => {
          const holders = ['a:0', 'a:1', 'a:2']
          const more: Fact[] = holders.map((holder) => ({
            fact: 'entitlement',
            holder,
            on,
            capabilities: [capability],
          }))
          const facts = [...parts.some.facts, ...more]
          const [world, wider] = [built(parts), built({ ...parts, some: { ...parts.some, facts } })]
          for (const account of holders) {
            const [before, after] = [world, wider].map((each) => each.account(account)?.floor.requirement)
            if (before === undefined || after === undefined) continue
            assert.ok(STRENGTHS.indexOf(after.strength) >= STRENGTHS.indexOf(before.strength), account)
            assert.ok(!(before.codes === 'refused' && after.codes === 'allowed'), account)
            assert.ok(after.phishingResistant || !before.phishingResistant, account)
            assert.ok(after.hardwareBacked || !before.hardwareBacked, account)
            assert.ok(
              limit(after.session.overallSeconds ?? null) <= limit(before.session.overallSeconds ?? null),
              account,
            )
          }
        },
      ),
      { numRuns: 4 * WORLDS, endOnFailure: true },
    )
  })

  test('permits only what was shown, or excused by an exception that stands', () => {
    eachQuestion((world, evaluation) => {
      const { outcome, required, presented, exception, permitUntil, stepUp, reasons, at } = decide(evaluation, world)
      assert.ok(reasons.length > 0)
      assert.equal(stepUp !== null, outcome === 'step_up')
      assert.equal(permitUntil !== null, outcome === 'permit')
      if (outcome !== 'permit' || world.settings.mode === 'entitled_only') return
      assert.ok(permitUntil! >= at)
      if (exception !== null)
        return assert.ok(evaluation.exceptions.some(({ id, until }) => id === exception && until > at))
      assert.ok(STRENGTHS.indexOf(presented.strength) >= STRENGTHS.indexOf(required.strength))
      assert.ok(!presented.code || required.codes === 'allowed')
      assert.ok(required.maxAge === null || (presented.age !== null && presented.age <= required.maxAge))
    })
  })

  test('is the same, bit for bit, whatever the order of anything', () => {
    eachQuestion((world, evaluation) => {
      const turned = {
        ...evaluation,
        risk: evaluation.risk.toReversed(),
        exceptions: evaluation.exceptions.toReversed(),
      }
      assert.equal(JSON.stringify(decide(turned, world)), JSON.stringify(decide(evaluation, world)))
    })
    fc.assert(
      fc.property(arbitraryWorld, questions, (parts, asked) => {
        const facts = parts.some.facts.toReversed()
        const [world, turned] = [built(parts), built({ ...parts, some: { ...parts.some, facts } })]
        for (const [i, each] of asked.entries()) {
          const evaluation = aimed(each, parts, i)
          assert.equal(JSON.stringify(decide(evaluation, turned)), JSON.stringify(decide(evaluation, world)))
        }
      }),
      { numRuns: WORLDS, endOnFailure: true },
    )
  })

  test('replays bit for bit from what was written down', () => {
    fc.assert(
      fc.property(arbitraryWorld, questions, (parts, asked) => {
        const [world, again] = [built(parts), built(parts)]
        for (const [i, each] of asked.entries()) {
          const written = JSON.stringify(aimed(each, parts, i))
          const first = JSON.stringify(decide(JSON.parse(written) as Evaluation, world))
          assert.equal(JSON.stringify(decide(JSON.parse(written) as Evaluation, again)), first)
        }
      }),
      { numRuns: WORLDS, endOnFailure: true },
    )
  })
})
