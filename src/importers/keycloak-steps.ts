/**
 * What each step of a Keycloak authentication flow asks for, and the flows a realm has when its export names none.
 *
 * Source: Keycloak Server Administration Guide, "Authentication flows"; ids of the steps from the providers that ship
 * with Keycloak 21 to 26; default flows from exports of Keycloak 26.
 */
import type { AuthenticatorKind } from '#contract/vocabulary.ts'
import type { Flow } from './keycloak-realm.ts'

/** What a step asks for; `setup`, what it binds when it is REQUIRED and the user has none. */
export interface Step {
  readonly asks:
    | 'nothing' // shows a page, looks up the user, or asks only for a click
    | 'elsewhere' // another way in by itself: a live session, a federation
    | 'never' // cannot be passed by a user who exists already
    | 'password'
    | 'otp'
    | 'password+otp'
    | 'webauthn'
    | 'passwordless'
    | 'recovery'
    | 'certificate'
    | 'kerberos'
    | 'mail'
  readonly setup?: AuthenticatorKind
  /** the authenticator that the step sets anew */
  readonly resets?: 'password' | 'otp'
}

const step = (asks: Step['asks'], more: Omit<Step, 'asks'> = {}): Step => ({ asks, ...more })

export const STEPS: Readonly<Record<string, Step>> = {
  'auth-cookie': step('elsewhere'),
  'identity-provider-redirector': step('elsewhere'),
  'auth-spnego': step('kerberos'),
  'auth-username-form': step('nothing'),
  'auth-username-password-form': step('password'),
  'auth-password-form': step('password'),
  'auth-otp-form': step('otp', { setup: 'totp' }),
  // skipped for some roles, headers or users by its settings: an attacker hopes for that
  'auth-conditional-otp-form': step('nothing'),
  'webauthn-authenticator': step('webauthn', { setup: 'security_key' }),
  'webauthn-authenticator-passwordless': step('passwordless', { setup: 'passkey' }),
  'auth-recovery-authn-code-form': step('recovery', { setup: 'recovery_code' }),
  'auth-x509-client-username-form': step('certificate'),
  'http-basic-authenticator': step('password'),
  'docker-http-basic-authenticator': step('password'),
  'basic-auth': step('password'),
  'basic-auth-otp': step('password+otp'),
  'no-cookie-redirect': step('nothing'),
  'allow-access-authenticator': step('nothing'),
  'deny-access-authenticator': step('never'),
  'direct-grant-validate-username': step('nothing'),
  'direct-grant-validate-password': step('password'),
  'direct-grant-validate-otp': step('otp'),
  'direct-grant-auth-x509-username': step('certificate'),
  'reset-credentials-choose-user': step('nothing'),
  'reset-credential-email': step('mail'),
  'reset-password': step('nothing', { resets: 'password' }),
  'reset-otp': step('nothing', { resets: 'otp' }),
  'idp-review-profile': step('nothing'),
  'idp-create-user-if-unique': step('never'),
  'idp-confirm-link': step('nothing'),
  'idp-email-verification': step('mail'),
  'idp-username-password-form': step('password'),
  'idp-auto-link': step('nothing'),
  'idp-detect-existing-broker-user': step('nothing'),
  'idp-confirm-override-link': step('nothing'),
  'identity-provider-organization': step('elsewhere'),
  organization: step('elsewhere'),
}

/** Steps that decide whether the CONDITIONAL flow around them applies. */
export const isCondition = (authenticator: string | undefined) => authenticator?.startsWith('conditional-') === true

const execution = (requirement: string, authenticator: string) => ({ requirement, authenticator })
const subflow = (requirement: string, flowAlias: string) => ({ requirement, flowAlias })
const secondFactor = (alias: string, authenticator: string, requirement: string): Flow => ({
  alias,
  authenticationExecutions: [
    execution('REQUIRED', 'conditional-user-configured'),
    execution(requirement, authenticator),
  ],
})

/** The built-in flows of a new realm: browser, direct grant, reset credentials, first broker login. */
export const DEFAULT_FLOWS: readonly Flow[] = [
  {
    alias: 'browser',
    authenticationExecutions: [
      execution('ALTERNATIVE', 'auth-cookie'),
      execution('ALTERNATIVE', 'identity-provider-redirector'),
      subflow('ALTERNATIVE', 'forms'),
    ],
  },
  {
    alias: 'forms',
    authenticationExecutions: [
      execution('REQUIRED', 'auth-username-password-form'),
      subflow('CONDITIONAL', 'Browser - Conditional 2FA'),
    ],
  },
  secondFactor('Browser - Conditional 2FA', 'auth-otp-form', 'ALTERNATIVE'),
  {
    alias: 'direct grant',
    authenticationExecutions: [
      execution('REQUIRED', 'direct-grant-validate-username'),
      execution('REQUIRED', 'direct-grant-validate-password'),
      subflow('CONDITIONAL', 'Direct Grant - Conditional OTP'),
    ],
  },
  secondFactor('Direct Grant - Conditional OTP', 'direct-grant-validate-otp', 'REQUIRED'),
  {
    alias: 'reset credentials',
    authenticationExecutions: [
      execution('REQUIRED', 'reset-credentials-choose-user'),
      execution('REQUIRED', 'reset-credential-email'),
      execution('REQUIRED', 'reset-password'),
      subflow('CONDITIONAL', 'Reset - Conditional OTP'),
    ],
  },
  secondFactor('Reset - Conditional OTP', 'reset-otp', 'REQUIRED'),
  {
    alias: 'first broker login',
    authenticationExecutions: [
      execution('REQUIRED', 'idp-review-profile'),
      subflow('REQUIRED', 'User creation or linking'),
    ],
  },
  {
    alias: 'User creation or linking',
    authenticationExecutions: [
      execution('ALTERNATIVE', 'idp-create-user-if-unique'),
      subflow('ALTERNATIVE', 'Handle Existing Account'),
    ],
  },
  {
    alias: 'Handle Existing Account',
    authenticationExecutions: [
      execution('REQUIRED', 'idp-confirm-link'),
      subflow('REQUIRED', 'Account verification options'),
    ],
  },
  {
    alias: 'Account verification options',
    authenticationExecutions: [
      execution('ALTERNATIVE', 'idp-email-verification'),
      subflow('ALTERNATIVE', 'Verify Existing Account by Re-authentication'),
    ],
  },
  {
    alias: 'Verify Existing Account by Re-authentication',
    authenticationExecutions: [
      execution('REQUIRED', 'idp-username-password-form'),
      subflow('CONDITIONAL', 'First broker login - Conditional 2FA'),
    ],
  },
  secondFactor('First broker login - Conditional 2FA', 'auth-otp-form', 'ALTERNATIVE'),
]
