import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Decision, Evaluation } from '#contract/decision.ts'
import type { Fact } from '#model/facts.ts'
import { decide } from './decide.ts'
import type { DecisionSettingsFile } from './settings.ts'
import { NOW, question, worldOf, type SessionParts } from './world.fixture.ts'

const CODE: SessionParts = { acr: 'urn:ambit:loa:2', amr: ['pwd', 'otp', 'mfa'], keyClass: null }
const PASSKEY: SessionParts = { acr: 'phr', amr: ['pop', 'user', 'mfa'], keyClass: 'synced' }

const signIn = (account: string, ...kinds: string[]): Fact[] => [
  ...kinds.map((kind): Fact => ({
    fact: 'authenticator',
    id: `${account}/${kind}`,
    kind: kind as 'password',
    of: [account],
    ...(kind === 'passkey' ? { userVerification: true, synced: true } : {}),
    ...(kind === 'security_key'
      ? {
          userVerification: true,
          synced: false,
          attestation: 'verified' as const,
          keyProtection: 'secure_element' as const,
          fips140Level: 2,
        }
      : {}),
  })),
  {
    fact: 'wayIn',
    id: `${account}/sign-in`,
    account,
    purpose: 'sign_in',
    requires: {
      any: [
        { all: [`${account}/password`, `${account}/totp`] },
        ...kinds.filter((kind) => /key/.test(kind)).map((kind) => `${account}/${kind}`),
      ],
    },
    session: { overallSeconds: 3600, idleSeconds: 600 },
  },
]

const person = (id: string, more: object = {}): Fact => ({
  fact: 'account',
  id,
  kind: 'human',
  population: 'customer',
  ...more,
})

/** A shop: reading one's order is worth little, paying much, and an administrator can change everything. */
const SHOP: Fact[] = [
  { fact: 'system', id: 'shop' },
  { fact: 'resource', id: 'shop:orders', system: 'shop', sensitivity: 'low' },
  { fact: 'resource', id: 'shop:payments', system: 'shop', sensitivity: 'moderate' },
  { fact: 'resource', id: 'cloud:prod', sensitivity: 'high' },
  { fact: 'role', id: 'r:customer' },
  person('carla', { memberOf: ['r:customer'] }),
  person('codi', { memberOf: ['r:customer'] }),
  person('ada', { population: 'workforce', memberOf: ['r:customer'] }),
  { fact: 'account', id: 'job', kind: 'workload' },
  ...signIn('carla', 'password', 'totp', 'passkey'),
  ...signIn('codi', 'password', 'totp'),
  ...signIn('ada', 'password', 'totp', 'passkey', 'security_key'),
  {
    fact: 'entitlement',
    holder: 'r:customer',
    on: 'shop:orders',
    capabilities: ['read_sensitive_data'],
    right: 'view',
  },
  { fact: 'entitlement', holder: 'r:customer', on: 'shop:payments', capabilities: ['approve_payments'], right: 'pay' },
  { fact: 'entitlement', holder: 'ada', on: 'cloud:prod', capabilities: ['administer'] },
  { fact: 'entitlement', holder: 'job', on: 'shop:orders', capabilities: ['read_sensitive_data'], right: 'view' },
  { fact: 'entitlement', holder: 'job', on: 'shop:payments', capabilities: ['approve_payments'], right: 'pay' },
]
const GATED = worldOf(SHOP, { settings: { gated: ['shop'] } })
const UNGATED = worldOf(SHOP)

const codes = ({ reasons }: Decision) => reasons.map(({ code }) => code)
const ask = (
  subject: string,
  action: string,
  resource: string,
  session: SessionParts | null,
  more: Partial<Evaluation> = {},
) => decide(question({ subject, action, resource, session }, more), GATED)

suite('A customer of a shop that asks on every access', () => {
  test('reads an order with a code', () => {
    const decision = ask('carla', 'view', 'shop:orders', CODE)
    assert.equal(decision.outcome, 'permit')
    assert.equal(decision.required.strength, 'single_factor')
    assert.equal(decision.permitUntil, NOW + 900)
    assert.equal(decision.stepUp, null)
  })

  test('is asked for a passkey to pay', () => {
    const decision = ask('carla', 'pay', 'shop:payments', CODE)
    assert.equal(decision.outcome, 'step_up')
    assert.deepEqual(codes(decision), ['code_beyond_reach', 'below_required'])
    assert.deepEqual(decision.stepUp, {
      acrValues: ['phr', 'urn:ambit:loa:2:phr', 'phrh', 'urn:ambit:loa:3'],
      amrValues: ['mfa'],
      maxAge: 3600,
    })
    assert.match(decision.reasons[0]!.text, /`pay` on `shop:payments` is of moderate impact/)
    assert.equal(decision.reasonUser, 'Confirm that it is you with a passkey or security key.')
  })

  test('pays with a passkey, for as long as the policy lets a permit of that impact last', () => {
    const decision = ask('carla', 'pay', 'shop:payments', PASSKEY)
    assert.equal(decision.outcome, 'permit')
    assert.equal(decision.permitUntil, NOW + 300)
  })

  test('is told to enrol a passkey where there is none, instead of being sent in a circle', () => {
    const decision = ask('codi', 'pay', 'shop:payments', CODE)
    assert.equal(decision.outcome, 'deny')
    assert.equal(codes(decision)[0], 'enrolment_needed')
    assert.equal(decision.reasonUser, 'This takes a passkey or security key; set one up first.')
  })

  test('is stopped after coming back twice without it', () => {
    const decision = ask('carla', 'pay', 'shop:payments', CODE, { stepUpsTried: 2 })
    assert.equal(decision.outcome, 'deny')
    assert.equal(codes(decision)[0], 'step_up_loop')
    assert.equal(ask('carla', 'pay', 'shop:payments', CODE, { stepUpsTried: Number.NaN }).outcome, 'deny')
  })

  test('is asked for what the whole account reaches where nobody says what the action is', () => {
    const settings: DecisionSettingsFile = { gated: ['shop'], mode: 'assurance_only' }
    const decision = decide(
      question({ subject: 'carla', action: 'frobnicate', resource: 'shop:orders', session: CODE }),
      worldOf(SHOP, { settings }),
    )
    assert.equal(decision.outcome, 'step_up')
    assert.match(decision.reasons[0]!.text, /amounts to no known capability, so all that `carla` reaches counts/)
  })

  test('is asked for everything at once where nothing is gated', () => {
    const decision = decide(
      question({ subject: 'carla', action: 'view', resource: 'shop:orders', session: CODE }),
      UNGATED,
    )
    assert.equal(decision.outcome, 'step_up')
  })
})

suite('An administrator whose reach no gate covers', () => {
  test('is refused with a code even for reading, and told why', () => {
    const decision = ask('ada', 'view', 'shop:orders', CODE)
    assert.equal(decision.outcome, 'step_up')
    assert.match(decision.reasons[0]!.text, /what `ada` reaches without asking again is of high impact/)
    assert.deepEqual(decision.stepUp?.acrValues, ['phrh', 'urn:ambit:loa:3'])
  })

  test('is refused with a passkey whose key may be anywhere', () => {
    assert.equal(ask('ada', 'view', 'shop:orders', PASSKEY).outcome, 'step_up')
    assert.equal(ask('ada', 'view', 'shop:orders', { acr: 'phrh', keyClass: 'synced' }).outcome, 'step_up')
    assert.equal(ask('ada', 'view', 'shop:orders', { acr: 'phrh', keyClass: null }).outcome, 'step_up')
    assert.equal(ask('ada', 'view', 'shop:orders', { acr: 'phrh', boundAtAal: 2 }).outcome, 'step_up')
  })

  test('reads with a hardware key, for a minute at a time', () => {
    const decision = ask('ada', 'view', 'shop:orders', {})
    assert.equal(decision.outcome, 'permit')
    assert.equal(decision.permitUntil, NOW + 60)
  })

  test('is asked again after fifteen idle minutes, and twelve hours after signing in', () => {
    assert.deepEqual(codes(ask('ada', 'view', 'shop:orders', { authTime: NOW - 1000, lastUsedAt: NOW - 901 })), [
      'session_idle',
    ])
    assert.deepEqual(codes(ask('ada', 'view', 'shop:orders', { authTime: NOW - 43_201 })), ['session_over'])
    assert.deepEqual(codes(ask('ada', 'view', 'shop:orders', { authTime: null })), ['session_over'])
    assert.equal(ask('ada', 'view', 'shop:orders', { authTime: NOW - 43_190 }).permitUntil, NOW + 10)
  })
})

suite('Whoever is not known, or not entitled', () => {
  test('is denied', () => {
    assert.deepEqual(codes(ask('mallory', 'view', 'shop:orders', {})), ['subject_unknown'])
    assert.deepEqual(codes(ask('carla', 'administer', 'cloud:prod', {})), ['not_entitled'])
    assert.deepEqual(codes(ask('carla', 'view', 'shop:nothing', {})).slice(0, 1), ['not_entitled'])
  })

  test('is denied with the session of another', () => {
    assert.equal(ask('carla', 'pay', 'shop:payments', { subject: 'ada' }).outcome, 'step_up')
    assert.equal(ask('carla', 'view', 'shop:orders', null).outcome, 'step_up')
  })
})

suite('Risk', () => {
  const signal = { kind: 'impossible_travel', level: 'medium', at: NOW - 60, source: 'rules' } as const

  test('asks for an authentication after the signal', () => {
    const before = ask('carla', 'view', 'shop:orders', { ...PASSKEY, authTime: NOW - 61 }, { risk: [signal] })
    assert.deepEqual(codes(before), ['before_signal'])
    assert.equal(before.stepUp?.maxAge, 60)
    const after = ask('carla', 'view', 'shop:orders', { ...PASSKEY, authTime: NOW - 59 }, { risk: [signal] })
    assert.equal(after.outcome, 'permit')
    assert.equal(after.permitUntil, NOW + 60)
  })

  test('that is high asks for what cannot be relayed', () => {
    const decision = ask('carla', 'view', 'shop:orders', CODE, { risk: [{ ...signal, level: 'high' }] })
    assert.deepEqual(codes(decision), ['below_required_at_risk'])
  })
})

suite('An exception', () => {
  const exception = { id: 'ex-1', capabilities: ['approve_payments'], until: NOW + 100 }

  test('lets a code pay, until it ends', () => {
    const decision = ask('carla', 'pay', 'shop:payments', CODE, { exceptions: [exception] })
    assert.equal(decision.outcome, 'permit')
    assert.equal(decision.exception, 'ex-1')
    assert.equal(decision.permitUntil, NOW + 100)
    assert.deepEqual(codes(decision), ['excepted', 'code_beyond_reach', 'below_required'])
  })

  test('covers nothing that it does not name, and not once it has ended', () => {
    const other = { ...exception, capabilities: ['read_sensitive_data'] }
    assert.equal(ask('carla', 'pay', 'shop:payments', CODE, { exceptions: [other] }).outcome, 'step_up')
    assert.equal(ask('ada', 'pay', 'shop:payments', CODE, { exceptions: [exception] }).outcome, 'step_up')
    assert.equal(
      ask('carla', 'pay', 'shop:payments', CODE, { exceptions: [{ ...exception, until: NOW }] }).outcome,
      'step_up',
    )
  })

  test('excuses neither age, nor risk, nor the want of any proof', () => {
    const old = { ...CODE, authTime: NOW - 3601 }
    assert.deepEqual(codes(ask('carla', 'pay', 'shop:payments', old, { exceptions: [exception] })), [
      'authenticated_too_long_ago',
    ])
    assert.equal(ask('carla', 'pay', 'shop:payments', { acr: null }, { exceptions: [exception] }).outcome, 'step_up')
    const risk = [{ kind: 'x', level: 'high', at: NOW - 100, source: 's' } as const]
    assert.equal(ask('carla', 'pay', 'shop:payments', CODE, { exceptions: [exception], risk }).outcome, 'step_up')
  })
})

suite('A workload', () => {
  test('shows a session of its own where little is to be lost, and a key of its own where more is', () => {
    assert.equal(ask('job', 'view', 'shop:orders', { acr: null }).outcome, 'permit')
    assert.deepEqual(codes(ask('job', 'view', 'shop:orders', null)), ['no_session'])
    assert.deepEqual(codes(ask('job', 'pay', 'shop:payments', { acr: null })), ['not_sender_constrained'])
    assert.equal(ask('job', 'pay', 'shop:payments', { acr: null, senderConstrained: 'mtls' }).outcome, 'permit')
  })
})

suite('A signal that is known by name', () => {
  const carla = { subject: 'carla', action: 'view', resource: 'shop:orders', session: PASSKEY }
  const signal = (kind: string, at = NOW - 60) => ({ risk: [{ kind, level: 'low' as const, at, source: 'test' }] })

  test('shuts whoever was disabled or frozen out, in every mode', () => {
    for (const mode of ['entitled_and_assured', 'assurance_only', 'entitled_only'] as const) {
      for (const kind of ['account_disabled', 'account_frozen']) {
        const { outcome, reasons } = decide(question(carla, signal(kind)), worldOf(SHOP, { settings: { mode } }))
        assert.deepEqual([mode, outcome, reasons[0]!.code], [mode, 'deny', kind])
      }
    }
  })

  test('gives whoever was recovered access back before authority', () => {
    const recovered = signal('recovered_lately')
    assert.equal(ask('carla', 'view', 'shop:orders', PASSKEY, recovered).outcome, 'permit')
    const pays = ask('carla', 'pay', 'shop:payments', PASSKEY, recovered)
    assert.deepEqual([pays.outcome, codes(pays)[0], pays.stepUp], ['deny', 'authority_withheld', null])
  })

  test('asks whoever was signed out to sign in anew, in the second of it too', () => {
    const at = (authTime: number | null) =>
      decide(question({ ...carla, session: { ...PASSKEY, authTime } }, signal('session_revoked')), GATED)
    for (const before of [null, NOW - 600, NOW - 60]) {
      const { outcome, reasons, stepUp } = at(before)
      assert.deepEqual([outcome, reasons[0]!.code, stepUp?.maxAge], ['step_up', 'session_revoked', 59])
    }
    assert.equal(at(NOW - 59).outcome, 'permit')
  })
})
