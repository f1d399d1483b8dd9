import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { AUTHENTICATOR_KINDS, type AuthenticatorKind, type Strength } from '#contract/vocabulary.ts'
import { parsePolicy } from '#policy/parse.ts'
import type { Authenticator } from './authenticator.ts'
import { rankOf, strengthOf } from './strength.ts'

const { authenticators: worths } = parsePolicy(readFileSync(new URL('../policy/default.yaml', import.meta.url), 'utf8'))

type Fields = Omit<Authenticator, 'id' | 'kind'>
type Given = AuthenticatorKind | [AuthenticatorKind, Fields]
const made = (given: readonly Given[]): Authenticator[] =>
  given.map((each, index) => {
    const [kind, fields] = typeof each === 'string' ? [each, {}] : each
    return { id: `a${index}`, kind, ...fields }
  })
const of = (...given: readonly Given[]) => strengthOf(made(given), worths)

const HARDWARE: Fields = {
  userVerification: true,
  synced: false,
  attestation: 'verified',
  keyProtection: 'secure_element',
  fips140Level: 2,
}

/** What is presented, what it proves, the most it could prove, and the clause. */
const CASES: readonly [string, readonly Given[], Strength | null, Strength?][] = [
  ['nothing proves nothing', [], 'none'],
  ['a password is one factor (3.1.1)', ['password'], 'single_factor'],
  ['two passwords are one factor (2.2.1)', ['password', 'pin'], 'single_factor'],
  ['a security question is no authenticator (3.1.1.2)', ['security_question'], 'none'],
  ['a password and a security question are one factor', ['password', 'security_question'], 'single_factor'],
  ['a TOTP code alone is one factor (3.1.4)', ['totp'], 'single_factor'],
  ['a password and a TOTP code are two (2.2.1)', ['password', 'totp'], 'two_factor'],
  ['a password and an SMS code are two (3.1.3)', ['password', 'sms_code'], 'two_factor'],
  ['an SMS code and a TOTP code are one factor twice (2.2.1)', ['sms_code', 'totp'], 'single_factor'],
  ['a mailed code adds nothing to a password (3.1.3.1)', ['password', 'email_code'], 'single_factor'],
  ['a mailed code and a TOTP code are one factor', ['email_code', 'totp'], 'single_factor'],
  ['a multi-factor OTP device is two factors (3.1.5)', ['otp_multi_factor'], 'two_factor'],
  [
    'a multi-factor OTP device that asks for nothing is one',
    [['otp_multi_factor', { userVerification: false }]],
    'single_factor',
  ],
  ['an approved push adds nothing (3.1.3 note)', ['password', ['push', { pushMode: 'approve' }]], 'single_factor'],
  ['a number picked from a list adds nothing', ['password', ['push', { pushMode: 'pick_list' }]], 'single_factor'],
  [
    'a number typed into the app adds a factor (3.1.3.1)',
    ['password', ['push', { pushMode: 'transfer' }]],
    'two_factor',
  ],
  ['a push of unknown mode leaves AAL2 in doubt', ['password', 'push'], null, 'two_factor'],
  [
    'a transferred push that asks for a PIN is two factors (3.1.3.4)',
    [['push', { pushMode: 'transfer', userVerification: true }]],
    'two_factor',
  ],
  ['a fingerprint alone proves nothing (3.2.3)', ['biometric'], 'none'],
  ['a fingerprint and a TOTP code are two', ['biometric', 'totp'], 'two_factor'],
  ['a remembered device adds nothing (5.1)', ['password', 'remembered_device'], 'single_factor'],
  [
    'a code that is taken twice is not replay-resistant (3.2.7)',
    ['password', ['totp', { singleUse: false }]],
    'single_factor',
  ],
  [
    'a passkey that verifies its holder is AAL2 at least (B.3)',
    [['passkey', { userVerification: true }]],
    'phishing_resistant',
    'hardware',
  ],
  ['a passkey of unknown holder verification leaves AAL2 in doubt', ['passkey'], null, 'hardware'],
  [
    'a passkey that does not verify its holder is one factor (3.1.7.2)',
    [['passkey', { userVerification: false }]],
    'single_factor',
  ],
  [
    'that passkey and a password are two',
    ['password', ['passkey', { userVerification: false }]],
    'phishing_resistant',
    'hardware',
  ],
  ['a synced passkey is never AAL3 (2.3.2)', [['passkey', { ...HARDWARE, synced: true }]], 'phishing_resistant'],
  [
    'an unattested passkey leaves AAL3 in doubt',
    [['passkey', { ...HARDWARE, attestation: 'none' }]],
    'phishing_resistant',
    'hardware',
  ],
  [
    'a self-attested passkey leaves AAL3 in doubt',
    [['passkey', { ...HARDWARE, attestation: 'self' }]],
    'phishing_resistant',
    'hardware',
  ],
  [
    'a passkey in software is AAL2 (3.1.6.1)',
    [['passkey', { ...HARDWARE, keyProtection: 'software' }]],
    'phishing_resistant',
  ],
  ['a passkey without FIPS 140 is AAL2 (2.3.2)', [['passkey', { ...HARDWARE, fips140Level: 0 }]], 'phishing_resistant'],
  ['an attested key in hardware with FIPS 140 is AAL3 (2.3)', [['passkey', HARDWARE]], 'hardware'],
  ['a failed attestation proves nothing', [['passkey', { ...HARDWARE, attestation: 'failed' }]], 'none'],
  [
    'a failed attestation takes nothing from the rest',
    ['password', ['passkey', { attestation: 'failed' }]],
    'single_factor',
  ],
  [
    'a security key and a password are AAL2, phishing-resistant',
    ['password', 'security_key'],
    'phishing_resistant',
    'hardware',
  ],
  [
    'a security key with a password can be AAL3 (3.1.6)',
    ['password', ['security_key', { ...HARDWARE, userVerification: false }]],
    'hardware',
  ],
  ['a security key that verifies its holder needs no password', [['security_key', HARDWARE]], 'hardware'],
  ['a smart card is AAL3 where it is validated', [['smart_card', { fips140Level: 2 }]], 'hardware'],
  ['a smart card of unknown validation leaves AAL3 in doubt', ['smart_card'], 'phishing_resistant', 'hardware'],
  ['a key file and a password are two factors', ['password', 'software_key'], 'two_factor'],
  ['a key bound at AAL1 proves one factor (4.1.2.1)', [['passkey', { ...HARDWARE, boundAtAal: 1 }]], 'single_factor'],
  ['a key bound at AAL2 proves AAL2', [['passkey', { ...HARDWARE, boundAtAal: 2 }]], 'phishing_resistant'],
  [
    'a relayable pair with a bare security key beside it is phishing-resistant',
    ['password', 'totp', ['security_key', { userVerification: false, synced: true }]],
    'phishing_resistant',
  ],
  ['an unknown kind could be anything', ['unknown'], null, 'hardware'],
  ['an unknown kind takes nothing from what is known', [['passkey', HARDWARE], 'unknown'], 'hardware'],
  ['a temporary pass is one factor', ['temporary_access_pass'], 'single_factor'],
]

suite('the strength of what is presented together', () => {
  for (const [title, given, strength, atMost = strength] of CASES) {
    test(title, () => {
      const found = of(...given)
      assert.deepEqual([found.strength, found.atMost], [strength, atMost])
    })
  }

  test('where the key lies is told apart from the level', () => {
    assert.equal(of(['passkey', HARDWARE]).hardwareBacked, true)
    assert.equal(of(['passkey', { ...HARDWARE, fips140Level: 0 }]).hardwareBacked, true)
    assert.equal(of(['passkey', { ...HARDWARE, attestation: 'none' }]).hardwareBacked, null)
    assert.equal(of(['passkey', { ...HARDWARE, synced: true }]).hardwareBacked, false)
    assert.equal(of('password', 'totp').hardwareBacked, false)
    assert.equal(of('unknown').hardwareBacked, null)
  })

  test('a way in rests on a code only where nothing phishing-resistant stands beside it', () => {
    assert.equal(of('password', 'totp').code, true)
    assert.equal(of('password', 'totp', 'security_key').code, false)
    assert.equal(of('password').code, false)
  })

  test('the telephone network is restricted', () => {
    assert.equal(of('password', 'sms_code').restricted, true)
    assert.equal(of('password', 'totp').restricted, false)
  })

  test('reasons name the authenticator and the clause', () => {
    const codes = (...given: readonly Given[]) => of(...given).reasons.map(({ code }) => code)
    assert.deepEqual(codes('password', 'email_code'), ['mail_no_authenticator'])
    assert.deepEqual(codes('sms_code', 'totp'), ['restricted', 'same_factor_twice'])
    assert.deepEqual(codes(['passkey', HARDWARE]), [])
    assert.deepEqual(codes(['passkey', { ...HARDWARE, synced: true, boundAtAal: 2 }]), [
      'key_syncs',
      'bound_at_lower_level',
    ])
    assert.match(of('password', 'push').reasons[0]?.text ?? '', /^`a1`/)
  })
})

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const anyAuthenticator: fc.Arbitrary<Authenticator> = fc
  .record({
    kind: fc.constantFrom(...AUTHENTICATOR_KINDS),
    pushMode: optional(fc.constantFrom('transfer' as const, 'pick_list' as const, 'approve' as const)),
    synced: optional(fc.boolean()),
    attestation: optional(fc.constantFrom('none' as const, 'self' as const, 'verified' as const, 'failed' as const)),
    keyProtection: optional(fc.constantFrom('software' as const, 'hardware' as const, 'tee' as const)),
    fips140Level: optional(fc.integer({ min: 0, max: 3 })),
    userVerification: optional(fc.boolean()),
    boundAtAal: optional(fc.integer({ min: 0, max: 3 })),
    singleUse: optional(fc.boolean()),
  })
  .map((fields) => ({ id: 'a', ...withoutUndefined(fields) }))
const withoutUndefined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
const some = fc.array(anyAuthenticator, { maxLength: 4 })

const CODES: readonly AuthenticatorKind[] = AUTHENTICATOR_KINDS.filter((kind) => worths[kind].code)
/** Fields whose absence is read as badly as it can be, for the kinds of which it says something new. */
const OPEN_FIELDS = ['pushMode', 'synced', 'keyProtection', 'fips140Level', 'userVerification'] as const
/** These kinds say it themselves: a card and a multi-factor OTP device verify the holder, a security key is one device. */
const SAID_BY_KIND: Partial<Record<AuthenticatorKind, readonly string[]>> = {
  smart_card: ['userVerification', 'synced', 'keyProtection'],
  otp_multi_factor: ['userVerification'],
  security_key: ['synced'],
}

/** Of these, silence about holder verification is read as no (3.1.3.4, 3.1.6), so that no doubt is left. */
const SILENCE_IS_NO: readonly AuthenticatorKind[] = ['push', 'client_certificate', 'software_key']

suite('what holds for any authenticators', () => {
  test('more authenticators never lower the strength', () => {
    fc.assert(
      fc.property(some, anyAuthenticator, (few, one) => {
        const [before, after] = [strengthOf(few, worths), strengthOf([...few, one], worths)]
        assert.ok(rankOf(after.atLeast) >= rankOf(before.atLeast))
        assert.ok(rankOf(after.atMost) >= rankOf(before.atMost))
      }),
      { numRuns: 2000 },
    )
  })

  test('knowing less never raises what is proved, and never lowers what may be', () => {
    fc.assert(
      fc.property(some, fc.nat(), fc.constantFrom(...OPEN_FIELDS), (all, at, field) => {
        const told = all[at % Math.max(1, all.length)]
        fc.pre(told !== undefined && !SAID_BY_KIND[told.kind]?.includes(field))
        const { [field]: _, ...less } = told
        const [before, after] = [
          strengthOf(all, worths),
          strengthOf(
            all.map((it) => (it === told ? less : it)),
            worths,
          ),
        ]
        assert.ok(rankOf(after.atLeast) <= rankOf(before.atLeast))
        if (field === 'userVerification' && SILENCE_IS_NO.includes(told.kind)) return
        assert.ok(rankOf(after.atMost) >= rankOf(before.atMost))
      }),
      { numRuns: 3000 },
    )
  })

  test('a code is never phishing-resistant, whatever its fields say (OTP-08)', () => {
    const codes = fc.array(
      fc.tuple(anyAuthenticator, fc.constantFrom(...CODES)).map(([it, kind]) => ({ ...it, kind })),
      { minLength: 1, maxLength: 4 },
    )
    fc.assert(
      fc.property(codes, (all) => {
        const found = strengthOf([...all, { id: 'p', kind: 'password' }], worths)
        assert.equal(found.phishingResistant, false)
        assert.equal(found.code, true)
        assert.ok(rankOf(found.atMost) <= rankOf('two_factor'))
      }),
    )
  })

  test('the least never exceeds the most, and order does not matter', () => {
    fc.assert(
      fc.property(some, (all) => {
        const [there, back] = [strengthOf(all, worths), strengthOf(all.toReversed(), worths)]
        assert.ok(rankOf(there.atLeast) <= rankOf(there.atMost))
        assert.deepEqual([there.atLeast, there.atMost, there.code], [back.atLeast, back.atMost, back.code])
      }),
    )
  })

  test('AAL3 rests on a phishing-resistant key in hardware (2.3)', () => {
    fc.assert(
      fc.property(some, (all) => {
        const found = strengthOf(all, worths)
        if (found.strength !== 'hardware') return
        assert.deepEqual([found.phishingResistant, found.hardwareBacked, found.aal], [true, true, 3])
      }),
      { numRuns: 3000 },
    )
  })
})
