import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { CAPABILITIES, IMPACTS, PURPOSES, STRENGTHS } from '#contract/vocabulary.ts'
import { PROFILES, conformanceOf } from './conformance.ts'
import { all, any } from './rule.ts'
import { NOBODY, it, way, signIn, service, secret, session, password, CARDS } from './sample-views.ts'
import type { AccountView, AuthenticatorView, WayInView } from './view.ts'

const NAMES = PROFILES.map(({ name }) => name)

const rulesOf = (view: AccountView) => conformanceOf(view, NAMES).flatMap(({ rules }) => rules)
const statusIn = (view: AccountView, id: string) => rulesOf(view).find((rule) => rule.id === id)?.status ?? '-'

suite('conformance of an account', () => {
  test('one SHALL that is not met makes it nonconformant, whatever else is', () => {
    const [found] = conformanceOf(signIn([password({ minLength: 8 })]), ['nist-63b-4'])
    assert.equal(found?.status, 'nonconformant')
  })
  test('a SHOULD that is not met is told and decides nothing', () => {
    const view = { ...NOBODY, account: { ...NOBODY.account, notificationAddresses: 2 } }
    const passkey = it('passkey', { synced: true })
    const [found] = conformanceOf(
      {
        ...view,
        authenticators: [passkey],
        waysIn: [way('sign_in', [passkey], { strength: 'phishing_resistant', ...session(9_000_000, 0) })],
      },
      ['nist-63b-4'],
    )
    assert.equal(found?.status, 'conformant')
    assert.deepEqual(
      found.rules.filter(({ status }) => status !== 'met').map(({ id, force }) => [id, force]),
      [
        ['BND-02', 'SHOULD'],
        ['SES-01', 'SHOULD'],
      ],
    )
  })
  test('a standard of which no rule applies is not applicable', () => {
    const statuses = conformanceOf(NOBODY, ['pci-4.0.1', 'psd2', 'm-22-09']).map(({ status }) => status)
    assert.deepEqual(statuses, ['not_applicable', 'not_applicable', 'not_applicable'])
  })
  test('an AAL is said of people only: services are held to the rules for services', () => {
    const view = service({ ...CARDS, secrets: [secret()] })
    const found = conformanceOf(view, NAMES)
    assert.deepEqual(
      found.map(({ profile, status }) => [profile, status]),
      [
        ['nist-63b-4', 'not_applicable'],
        ['asvs-5', 'unknown'],
        ['pci-4.0.1', 'unknown'],
        ['psd2', 'not_applicable'],
        ['m-22-09', 'not_applicable'],
      ],
    )
  })
  test('passwords cannot satisfy NIST and PCI DSS at once, and both say so', () => {
    const nist = signIn([password({ minLength: 15, compositionRules: false, rotationDays: 0 })], CARDS)
    assert.deepEqual([statusIn(nist, 'PWD-03'), statusIn(nist, 'PCI-8.3.6')], ['met', 'not_met'])
    const pci = signIn([password({ minLength: 15, compositionRules: true, rotationDays: 0 })], CARDS)
    assert.deepEqual([statusIn(pci, 'PWD-03'), statusIn(pci, 'PCI-8.3.6')], ['not_met', 'met'])
  })
  test('the profiles come in the order asked for, and a name that is none is refused', () => {
    assert.deepEqual(
      conformanceOf(NOBODY, ['psd2', 'asvs-5']).map(({ profile }) => profile),
      ['psd2', 'asvs-5'],
    )
    assert.throws(() => conformanceOf(NOBODY, ['iso-27001']), RangeError)
  })
})

const KINDS = ['password', 'totp', 'sms_code', 'email_code', 'push', 'passkey', 'recovery_code', 'unknown'] as const
const anyAuthenticator: fc.Arbitrary<AuthenticatorView> = fc.record(
  {
    id: fc.constantFrom('x', 'y', 'z'),
    kind: fc.constantFrom(...KINDS),
    pushMode: fc.constantFrom('transfer' as const, 'approve' as const),
    synced: fc.boolean(),
    singleUse: fc.boolean(),
    digits: fc.integer({ min: 4, max: 8 }),
    bits: fc.integer({ min: 10, max: 200 }),
    lifetimeSeconds: fc.integer({ min: 1, max: 100_000 }),
    minLength: fc.integer({ min: 1, max: 20 }),
    maxFailures: fc.integer({ min: 0, max: 200 }),
    boundAtAal: fc.integer({ min: 0, max: 3 }),
  },
  { requiredKeys: ['id', 'kind'] },
)
const anyWay: fc.Arbitrary<WayInView> = fc.record({
  id: fc.constant('w'),
  purpose: fc.constantFrom(...PURPOSES),
  alternatives: fc.option(fc.array(fc.array(anyAuthenticator, { maxLength: 3 }), { minLength: 1, maxLength: 2 })),
  strength: fc.option(fc.constantFrom(...STRENGTHS)),
  phishingResistant: fc.option(fc.boolean()),
  session: fc.record({ overallSeconds: fc.nat(100_000), idleSeconds: fc.nat(5000) }, { requiredKeys: [] }),
})
const anyView: fc.Arbitrary<AccountView> = fc.record({
  account: fc.record({
    id: fc.constant('a'),
    kind: fc.constantFrom('human' as const, 'service' as const),
    population: fc.constantFrom('workforce' as const, 'customer' as const),
  }),
  system: fc.record({ federal: fc.boolean(), cardholderData: fc.boolean(), paymentService: fc.boolean() }),
  authenticators: fc.array(anyAuthenticator, { maxLength: 3 }),
  waysIn: fc.array(anyWay, { maxLength: 3 }),
  channels: fc.constant([]),
  secrets: fc.constant([]),
  capabilities: fc.subarray([...CAPABILITIES]),
  impact: fc.constantFrom(...IMPACTS),
  nominalStrength: fc.option(fc.constantFrom(...STRENGTHS)),
  effectiveStrength: fc.option(fc.constantFrom(...STRENGTHS)),
})

/** Everything that may be forgotten about a view's ways in. */
const forgotten = (view: AccountView): AccountView => ({
  ...view,
  waysIn: view.waysIn.map(({ id, purpose }) => ({
    id,
    purpose,
    alternatives: null,
    strength: null,
    phishingResistant: null,
    session: {},
  })),
  authenticators: view.authenticators.map(({ id, kind }) => ({ id, kind })),
  nominalStrength: null,
  effectiveStrength: null,
})
/** Met by the mere presence of an authenticator, which was not forgotten. */
const BY_PRESENCE = ['AAL-05', 'BND-02', 'M2209-public']

suite('what holds for any account', () => {
  test('a rule is never met by what is not known', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        for (const { id, status } of rulesOf(forgotten(view))) {
          if (!BY_PRESENCE.includes(id)) assert.notEqual(status, 'met', id)
        }
      }),
      { numRuns: 500 },
    )
  })
  test('of several, what is not met decides, then what is not known', () => {
    assert.deepEqual([all([]), all(['met', 'unknown']), all(['unknown', 'not_met'])], ['met', 'unknown', 'not_met'])
    assert.deepEqual([any([]), any(['not_met', 'unknown']), any(['unknown', 'met'])], ['not_met', 'unknown', 'met'])
  })
})
