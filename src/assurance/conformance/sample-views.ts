/** Views of accounts for tests: as little as a case needs, everything else not known. */
import type { AuthenticatorKind } from '#contract/vocabulary.ts'
import type { AccountView, AuthenticatorView, SecretView, WayInView } from './view.ts'

/** A person of whom nothing is known but that he has an account. */
export const NOBODY: AccountView = {
  account: { id: 'a', kind: 'human', population: 'workforce' },
  system: {},
  authenticators: [],
  waysIn: [],
  channels: [],
  secrets: [],
  capabilities: [],
  impact: 'low',
  nominalStrength: null,
  effectiveStrength: null,
}
export type Fields = Partial<Omit<AuthenticatorView, 'id' | 'kind'>>
export const it = (kind: AuthenticatorKind, fields: Fields = {}): AuthenticatorView => ({ id: kind, kind, ...fields })
export const way = (
  purpose: WayInView['purpose'],
  alternative: readonly AuthenticatorView[],
  more: Partial<WayInView> = {},
): WayInView => ({
  id: purpose,
  purpose,
  alternatives: [alternative],
  strength: null,
  phishingResistant: null,
  session: {},
  ...more,
})
/** A view with one way in of these authenticators. */
export const person = (
  purpose: WayInView['purpose'],
  alternative: readonly AuthenticatorView[],
  more: Partial<AccountView> = {},
  wayMore: Partial<WayInView> = {},
): AccountView => ({ ...NOBODY, authenticators: alternative, waysIn: [way(purpose, alternative, wayMore)], ...more })
export const signIn = (
  alternative: readonly AuthenticatorView[],
  more: Partial<AccountView> = {},
  wayMore: Partial<WayInView> = {},
) => person('sign_in', alternative, more, wayMore)
export const recovery = (
  alternative: readonly AuthenticatorView[],
  more: Partial<AccountView> = {},
  wayMore: Partial<WayInView> = {},
) => person('recovery', alternative, more, wayMore)
export const service = (more: Partial<AccountView> = {}): AccountView => ({
  ...NOBODY,
  account: { id: 's', kind: 'service' },
  ...more,
})
export const secret = (more: Partial<SecretView> = {}): SecretView => ({
  id: 'k',
  kind: 'access_key',
  leaked: false,
  ...more,
})

export const session = (overallSeconds: number, idleSeconds: number) => ({ session: { overallSeconds, idleSeconds } })
export const password = (fields: Fields = {}) => it('password', fields)
export const duties = (fields: AuthenticatorView['duties']) => [it('sms_code', { duties: fields ?? {} })]
export const AAL1 = { nominalStrength: 'single_factor' } as const
export const AAL2 = { nominalStrength: 'two_factor' } as const
export const AAL3 = { nominalStrength: 'hardware' } as const
export const MODERATE = { impact: 'moderate' } as const
export const HIGH = { impact: 'high' } as const
export const FEDERAL = { system: { federal: true } } as const
export const CARDS = { system: { cardholderData: true } } as const
export const PAYMENTS = { system: { paymentService: true } } as const
export const PUBLIC = { account: { id: 'a', kind: 'human', population: 'customer' } } as const
