import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Formula } from '#model/facts.ts'
import { type Has, flowsOf, outcomeOf } from './keycloak-flows.ts'
import type { Execution, Flow } from './keycloak-realm.ts'

const step = (requirement: string, authenticator: string, more: Partial<Execution> = {}): Execution => ({
  requirement,
  authenticator,
  ...more,
})
const sub = (requirement: string, flowAlias: string): Execution => ({ requirement, flowAlias })
const PASSWORD = step('REQUIRED', 'auth-username-password-form')
const IF_CONFIGURED = step('REQUIRED', 'conditional-user-configured')

/** Someone who has these, each by the name of what it is. */
const someone = (...has: string[]): Has => {
  const of = (name: string) => has.filter((one) => one === name)
  return {
    password: of('password'),
    otp: of('otp'),
    webauthn: of('webauthn'),
    passwordless: of('passkey'),
    recovery: of('recovery'),
    mail: of('mail'),
    certificate: of('certificate'),
    kerberos: of('kerberos'),
    roles: new Set(of('role')),
  }
}

/** What the first of the flows takes; the others are those it names, as `second`, `third`. */
function asked(
  who: Has,
  first: Execution[],
  second: Execution[] = [],
  third: Execution[] = [],
  config = {},
  passkeys = false,
) {
  const unknown: string[] = []
  const named: Flow[] = [first, second, third].map((authenticationExecutions, i) => ({
    alias: ['first', 'second', 'third'][i]!,
    authenticationExecutions,
  }))
  const realm = {
    realm: 'r',
    authenticationFlows: named,
    authenticatorConfig: [{ alias: 'config', config }],
    webAuthnPolicyPasswordlessPasskeysEnabled: passkeys,
  }
  const outcome = outcomeOf(
    flowsOf(realm, [], (name) => unknown.push(name)),
    'first',
    who,
  )
  return { formula: outcome?.formula, binds: outcome?.binds, unknown }
}

suite('Keycloak flows', () => {
  const cases: [string, Has, Execution[], Execution[], Formula | null | undefined][] = [
    [
      'what is required is asked for together',
      someone('password', 'otp'),
      [PASSWORD, step('REQUIRED', 'auth-otp-form')],
      [],
      { all: ['password', 'otp'] },
    ],
    [
      'alternatives beside something required are ignored',
      someone('password', 'otp'),
      [PASSWORD, step('ALTERNATIVE', 'auth-otp-form')],
      [],
      'password',
    ],
    [
      'alternatives beside a conditional flow are ignored even when it does not apply',
      someone('password', 'otp'),
      [step('ALTERNATIVE', 'auth-username-password-form'), sub('CONDITIONAL', 'second')],
      [IF_CONFIGURED, step('REQUIRED', 'webauthn-authenticator')],
      undefined,
    ],
    [
      'any alternative will do',
      someone('password', 'certificate'),
      [step('ALTERNATIVE', 'auth-username-password-form'), step('ALTERNATIVE', 'auth-x509-client-username-form')],
      [],
      { any: ['password', 'certificate'] },
    ],
    [
      'what is disabled is not asked for',
      someone('password', 'otp'),
      [PASSWORD, step('DISABLED', 'auth-otp-form')],
      [],
      'password',
    ],
    [
      'a live session is no alternative to set up',
      someone('password'),
      [step('ALTERNATIVE', 'auth-cookie'), step('ALTERNATIVE', 'auth-username-password-form')],
      [],
      'password',
    ],
    [
      'an alternative that the user lacks is left out',
      someone('password'),
      [step('ALTERNATIVE', 'auth-otp-form'), step('ALTERNATIVE', 'auth-username-password-form')],
      [],
      'password',
    ],
    [
      'a flow with no alternative that the user has lets nobody in',
      someone('password'),
      [step('ALTERNATIVE', 'auth-otp-form')],
      [],
      undefined,
    ],
    [
      'a required step that cannot be set up on the spot lets nobody in',
      someone('password'),
      [PASSWORD, step('REQUIRED', 'direct-grant-validate-otp')],
      [],
      undefined,
    ],
    [
      'a flow that denies lets nobody in',
      someone('password'),
      [PASSWORD, step('REQUIRED', 'deny-access-authenticator')],
      [],
      undefined,
    ],
    ['a flow of pages alone asks for nothing', someone('password'), [step('REQUIRED', 'auth-username-form')], [], null],
    [
      'a conditional flow without conditions never applies',
      someone('password', 'otp'),
      [PASSWORD, sub('CONDITIONAL', 'second')],
      [step('REQUIRED', 'auth-otp-form')],
      'password',
    ],
    [
      'a second factor is asked of who has one',
      someone('password', 'otp'),
      [PASSWORD, sub('CONDITIONAL', 'second')],
      [IF_CONFIGURED, step('REQUIRED', 'auth-otp-form')],
      { all: ['password', 'otp'] },
    ],
    [
      'and not of who has none',
      someone('password'),
      [PASSWORD, sub('CONDITIONAL', 'second')],
      [IF_CONFIGURED, step('REQUIRED', 'auth-otp-form')],
      'password',
    ],
    [
      'one of several second factors is enough to be asked for it',
      someone('password', 'webauthn'),
      [PASSWORD, sub('CONDITIONAL', 'second')],
      [IF_CONFIGURED, step('ALTERNATIVE', 'auth-otp-form'), step('ALTERNATIVE', 'webauthn-authenticator')],
      { all: ['password', 'webauthn'] },
    ],
    [
      'where all are required, who lacks one is asked for none',
      someone('password', 'webauthn'),
      [PASSWORD, sub('CONDITIONAL', 'second')],
      [IF_CONFIGURED, step('REQUIRED', 'auth-otp-form'), step('REQUIRED', 'webauthn-authenticator')],
      'password',
    ],
    [
      'a disabled condition is no condition',
      someone('password', 'otp'),
      [PASSWORD, sub('CONDITIONAL', 'second')],
      [step('DISABLED', 'conditional-user-configured'), step('REQUIRED', 'auth-otp-form')],
      'password',
    ],
    [
      'a flow that names itself lets nobody in',
      someone('password'),
      [PASSWORD, sub('REQUIRED', 'second')],
      [sub('REQUIRED', 'first')],
      undefined,
    ],
  ]
  for (const [title, who, first, second, expected] of cases) {
    test(title, () => assert.deepEqual(asked(who, first, second).formula, expected))
  }

  test('a required second factor that the user lacks is bound at a sign-in by password', () => {
    const { formula, binds } = asked(someone('password'), [PASSWORD, step('REQUIRED', 'auth-otp-form')])
    assert.deepEqual([formula, binds], ['password', ['totp']])
  })

  test('a condition on a role looks at the roles of the user, or at their absence', () => {
    const second = [
      step('REQUIRED', 'conditional-user-role', { authenticatorConfig: 'config' }),
      step('REQUIRED', 'auth-otp-form'),
    ]
    const flows = (who: Has, config: object) =>
      asked(who, [PASSWORD, sub('CONDITIONAL', 'second')], second, [], config).formula
    const both = { all: ['password', 'otp'] }
    assert.deepEqual(flows(someone('password', 'otp', 'role'), { condUserRole: 'role' }), both)
    assert.deepEqual(flows(someone('password', 'otp'), { condUserRole: 'role' }), 'password')
    assert.deepEqual(flows(someone('password', 'otp'), { condUserRole: 'role', negate: 'true' }), both)
  })

  test('an unknown condition is taken as an attacker hopes, and reported', () => {
    const second = [step('REQUIRED', 'conditional-moon'), step('REQUIRED', 'auth-otp-form')]
    const { formula, unknown } = asked(someone('password', 'otp'), [PASSWORD, sub('CONDITIONAL', 'second')], second)
    assert.deepEqual([formula, unknown], ['password', ['conditional-moon']])
  })

  test('a flow in which only an unknown condition may leave something to do is passed by doing it', () => {
    const second = [step('REQUIRED', 'conditional-moon'), PASSWORD]
    assert.equal(asked(someone('password'), [sub('CONDITIONAL', 'second')], second).formula, 'password')
  })

  test('a passkey in the user name form stands for the password and for the second factor', () => {
    const second = [
      IF_CONFIGURED,
      step('REQUIRED', 'conditional-credential', { authenticatorConfig: 'config' }),
      step('ALTERNATIVE', 'auth-otp-form'),
    ]
    const flows = (who: Has, passkeys: boolean) =>
      asked(
        who,
        [PASSWORD, sub('CONDITIONAL', 'second')],
        second,
        [],
        { credentials: 'webauthn-passwordless' },
        passkeys,
      )
    const both = { all: ['password', 'otp'] }
    const who = someone('password', 'otp', 'passkey')
    assert.deepEqual(flows(who, true), { formula: { any: [both, 'passkey'] }, binds: [], unknown: [] })
    assert.deepEqual(flows(who, false).formula, both)
    assert.deepEqual(flows(someone('password', 'otp'), true).formula, both)
  })

  test('an unknown step is not counted, and reported', () => {
    const { formula, unknown } = asked(someone('password'), [PASSWORD, step('REQUIRED', 'moon-phase')])
    assert.deepEqual([formula, unknown], ['password', ['moon-phase']])
  })
})
