/**
 * The closed sets of words that facts, policies and reports share. Order matters only where a comment says so.
 */

/** What a right amounts to. The position is the capability's bit, so that a set is one 32-bit integer. */
export const CAPABILITIES = [
  'administer',
  'alter_auth_policy',
  'reset_authenticators',
  'control_channel',
  'impersonate',
  'mint_credentials',
  'use_secrets',
  'rotate_secrets',
  'alter_infrastructure',
  'change_code',
  'approve_payments',
  'approve_business_action',
  'read_sensitive_data',
] as const
export type Capability = (typeof CAPABILITIES)[number]

/** Impact levels, rising (SP 800-63-4 §3.2.2). The position is the rank. */
export const IMPACTS = ['none', 'low', 'moderate', 'high'] as const
export type Impact = (typeof IMPACTS)[number]

/** An impact in a sentence: "high impact", "no impact". */
export const impactWords = (impact: Impact): string => `${impact === 'none' ? 'no' : impact} impact`

/** Sensitivity of a resource, rising; the same words as impact, said of the thing and not of its loss. */
export const SENSITIVITIES = [...IMPACTS] as const
export type Sensitivity = Impact

export const ACCOUNT_KINDS = ['human', 'service', 'workload'] as const
export type AccountKind = (typeof ACCOUNT_KINDS)[number]

export const POPULATIONS = ['workforce', 'partner', 'customer'] as const
export type Population = (typeof POPULATIONS)[number]

export const AUTHENTICATOR_KINDS = [
  'password',
  'pin',
  'security_question',
  'totp',
  'hotp',
  'otp_multi_factor',
  'sms_code',
  'voice_code',
  'email_code',
  'email_link',
  'push',
  'lookup_secret',
  'recovery_code',
  'passkey',
  'security_key',
  'smart_card',
  'client_certificate',
  'software_key',
  'biometric',
  'remembered_device',
  'identity_proofing',
  'help_desk_check',
  'postal_code',
  'temporary_access_pass',
  'unknown',
] as const
export type AuthenticatorKind = (typeof AUTHENTICATOR_KINDS)[number]

export const CHANNEL_KINDS = [
  'mailbox',
  'phone_number',
  'device',
  'hardware_key',
  'vault',
  'sync_fabric',
  'dns_zone',
  'message_provider',
  'paper',
  'other',
] as const
export type ChannelKind = (typeof CHANNEL_KINDS)[number]

export const SECRET_KINDS = [
  'access_key',
  'api_token',
  'client_secret',
  'password',
  'certificate',
  'ssh_key',
  'signing_key',
  'refresh_token',
  'session_cookie',
  'otp_seed',
  'recovery_code',
  'other',
] as const
export type SecretKind = (typeof SECRET_KINDS)[number]

/** What a way in is for. `secret` and `session` need no ceremony at all: whoever holds the thing is in. */
export const PURPOSES = [
  'sign_in',
  'federation',
  'recovery',
  'enrolment',
  'help_desk',
  'admin_reset',
  'session',
  'secret',
] as const
export type Purpose = (typeof PURPOSES)[number]

/** The five safeguards of an exception, and other controls a way in may have. */
export const SAFEGUARDS = [
  'device_binding',
  'anomaly_detection',
  'rate_limiting',
  'monitored_recovery',
  'privilege_separation',
] as const
export const CONTROLS = [...SAFEGUARDS, 'sim_change_check', 'notice_to_all_addresses', 'hold', 'second_person'] as const
export type Safeguard = (typeof SAFEGUARDS)[number]
export type Control = (typeof CONTROLS)[number]

/** Authentication assurance level; 0 means nothing was proved (SP 800-63B-4 §2). */
export type Aal = 0 | 1 | 2 | 3

/**
 * Strength of a way in, rising: the scale on which effective and nominal are compared.
 * `two_factor` may be phished; `phishing_resistant` is AAL2 with phishing resistance; `hardware` is AAL3.
 */
export const STRENGTHS = ['none', 'single_factor', 'two_factor', 'phishing_resistant', 'hardware'] as const
export type Strength = (typeof STRENGTHS)[number]

/** The AAL a strength amounts to, by position in {@link STRENGTHS}. */
export const AAL_OF_STRENGTH: readonly Aal[] = [0, 1, 2, 2, 3]

/** Verdicts of a way in, from worst to best; an account takes the worst of its ways in. */
export const VERDICTS = ['unfit', 'unknown', 'excepted', 'fit_with_controls', 'fit'] as const
export type Verdict = (typeof VERDICTS)[number]

export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

/** What a plan may change, one word for each sort; the policy says what each costs. */
export const CHANGE_KINDS = [
  'give_passkey',
  'require_passkeys',
  'give_hardware_key',
  'require_hardware_keys',
  'drop_recovery',
  'drop_recoveries',
  'harden_recovery',
  'separate_channel',
  'remove_membership',
  'remove_right',
  'time_box_right',
  'second_person',
  'rotate_secret',
  'move_secret',
  'scope_trust',
  'end_shared_use',
  'shorten_session',
  'shorten_sessions',
  'end_session',
  'add_controls',
  'meet_duties',
  'open_exception',
] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]
