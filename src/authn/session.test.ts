import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { rankOf } from '#assurance/strength.ts'
import { KEY_CLASSES } from '#contract/decision.ts'
import { NOW, worths } from './enrolled.fixture.ts'
import { FACTORS, type FactorName } from './factors.ts'
import { shown, type Proof } from './session.ts'

const proof = (factor: FactorName, more: Partial<Proof> = {}): Proof => ({
  factor,
  authenticator: factor,
  channel: null,
  purpose: 'sign_in',
  binding: '',
  at: NOW,
  userVerified: false,
  keyClass: null,
  fips140Level: null,
  boundAtAal: 3,
  ...more,
})
const key = (keyClass: Proof['keyClass'], more: Partial<Proof> = {}) =>
  proof('passkey', { keyClass, userVerified: true, ...more })

test('a session shows what its proofs are worth, and no more', () => {
  const cases: readonly [readonly Proof[], string, string | null, readonly string[], boolean][] = [
    [[], 'none', null, [], false],
    [[proof('password')], 'single_factor', 'urn:ambit:loa:1', ['pwd'], false],
    [[proof('email_code')], 'single_factor', 'urn:ambit:loa:1', [], true],
    [[proof('password'), proof('totp')], 'two_factor', 'urn:ambit:loa:2', ['mfa', 'otp', 'pwd'], true],
    [[proof('password'), proof('email_code')], 'single_factor', 'urn:ambit:loa:1', ['pwd'], false],
    [[proof('totp'), proof('sms_code')], 'single_factor', 'urn:ambit:loa:1', ['otp'], true],
    [[key('synced')], 'phishing_resistant', 'phr', ['mfa', 'pop', 'user'], false],
    [[key('unattested')], 'phishing_resistant', 'phr', ['mfa', 'pop', 'user'], false],
    [[key('hardware', { fips140Level: 1 })], 'hardware', 'phrh', ['hwk', 'mfa', 'user'], false],
    [[key('hardware')], 'phishing_resistant', 'phr', ['hwk', 'mfa', 'user'], false],
    [[key('hardware', { fips140Level: 1, boundAtAal: 1 })], 'single_factor', 'urn:ambit:loa:1', ['hwk', 'user'], false],
    [[key('synced', { userVerified: false })], 'single_factor', 'urn:ambit:loa:1', ['pop'], false],
  ]
  for (const [proofs, strength, acr, amr, code] of cases) {
    const said = shown(proofs, worths)
    assert.deepEqual([said.strength, said.acr, said.amr, said.code], [strength, acr, amr, code])
  }
})

test('two proofs through one channel are one', () => {
  const channels = [{ id: 'number', carriedBy: ['telephone'] }]
  const pair = [proof('password', { channel: 'telephone' }), proof('sms_code', { channel: 'number' })]
  assert.equal(shown(pair, worths, { channels }).strength, 'single_factor')
  assert.equal(
    shown([proof('password'), proof('sms_code', { channel: 'number' })], worths, { channels }).strength,
    'two_factor',
  )
})

test('a session is as old as the oldest proof that it needs', () => {
  const old = proof('password', { at: 1_000_000 })
  const young = key('synced', { at: 9_000_000 })
  assert.equal(shown([old, young], worths).authTime, 9000)
  assert.equal(shown([old, proof('totp', { at: 9_000_000 })], worths).authTime, 1000)
  assert.equal(shown([old, young], worths, { since: 9_000_001 }).strength, 'none')
})

test('every factor that can be guessed has a budget, and nothing typed claims to resist phishing', () => {
  for (const [name, factor] of Object.entries(FACTORS)) {
    if (factor.code) assert.ok(factor.guessable, name)
    assert.equal(worths[factor.kind].code, factor.code, name)
  }
})

const arbitraryProof = fc.record({
  factor: fc.constantFrom(...(Object.keys(FACTORS) as FactorName[])),
  authenticator: fc.constantFrom('a', 'b', 'c'),
  channel: fc.option(fc.constantFrom('mailbox', 'number')),
  purpose: fc.constantFrom('sign_in' as const, 'step_up' as const),
  binding: fc.constant(''),
  at: fc.integer({ min: 0, max: 1e6 }),
  userVerified: fc.boolean(),
  keyClass: fc.option(fc.constantFrom(...KEY_CLASSES)),
  fips140Level: fc.option(fc.constantFrom(0, 1, 2)),
  boundAtAal: fc.integer({ min: 0, max: 3 }),
})

test('fewer proofs never show more', () => {
  fc.assert(
    fc.property(fc.array(arbitraryProof, { maxLength: 5 }), fc.nat(), (proofs, position) => {
      const all = shown(proofs, worths)
      const fewer = shown(
        proofs.filter((_, i) => i !== position % Math.max(1, proofs.length)),
        worths,
      )
      assert.ok(rankOf(fewer.strength) <= rankOf(all.strength))
      if (rankOf(all.strength) >= rankOf('phishing_resistant')) {
        assert.ok(
          proofs.some(({ factor, userVerified }) => factor === 'passkey' && (userVerified || proofs.length > 1)),
        )
      }
    }),
    { numRuns: 5000 },
  )
})
