/** Keycloak users: accounts, what they prove with, and every way into each, from the realm's flows. */
import type { AuthenticatorKind, Control } from '#contract/vocabulary.ts'
import type { FactOf, Formula } from '#model/facts.ts'
import type { Imported } from './importer.ts'
import { type Flows, type Has, type Outcome, outcomeOf } from './keycloak-flows.ts'
import type { Credential, Realm, RealmIds, User } from './keycloak-realm.ts'
import { groupsOf, roleIdsOf, roleNamesOf } from './keycloak-roles.ts'

type Authenticator = FactOf<'authenticator'>

/** Required actions that set an authenticator up, by the kind they bind. */
export const OFFERS: Readonly<Record<string, AuthenticatorKind>> = {
  CONFIGURE_TOTP: 'totp',
  'webauthn-register': 'security_key',
  'webauthn-register-passwordless': 'passkey',
  CONFIGURE_RECOVERY_AUTHN_CODES: 'recovery_code',
}

/** A realm as its users need it: flows, session limits, controls, computed once. */
export interface Setting {
  readonly realm: Realm
  readonly ids: RealmIds
  readonly flows: Flows
  readonly session: FactOf<'wayIn'>['session']
  readonly controls: readonly Control[]
  readonly rolesOf: (user: User) => ReadonlySet<string>
  readonly groupPaths: ReadonlySet<string>
}

export function settingOf(realm: Realm, ids: RealmIds, flows: Flows): Setting {
  const named = roleNamesOf(realm, ids)
  const groups = new Map([...groupsOf(realm.groups ?? [])].map((one) => [one.path, one]))
  const inherited = (path: string): string[] => {
    const found = groups.get(path)
    if (found === undefined) return []
    return [
      ...roleIdsOf(ids, found.group.realmRoles, found.group.clientRoles),
      ...(found.parent === '' ? [] : inherited(found.parent)),
    ]
  }
  return {
    realm,
    ids,
    flows,
    session: sessionOf(realm),
    controls: realm.bruteForceProtected === true ? ['rate_limiting'] : [],
    rolesOf: (user) =>
      named([...roleIdsOf(ids, user.realmRoles, user.clientRoles), ...(user.groups ?? []).flatMap(inherited)]),
    groupPaths: new Set(groups.keys()),
  }
}

/**
 * Limits of a sign-in session in seconds; 0 means that the setting without "remember me" holds.
 * Source: Keycloak Server Administration Guide, "Session and token timeouts".
 */
export function sessionOf(realm: Realm): NonNullable<FactOf<'system'>['session']> {
  const longest = (plain: number | undefined, remembered: number | undefined) =>
    realm.rememberMe === true && plain !== undefined ? Math.max(plain, remembered ?? 0) : plain
  const overallSeconds = longest(realm.ssoSessionMaxLifespan, realm.ssoSessionMaxLifespanRememberMe)
  const idleSeconds = longest(realm.ssoSessionIdleTimeout, realm.ssoSessionIdleTimeoutRememberMe)
  return {
    ...(overallSeconds === undefined ? {} : { overallSeconds }),
    ...(idleSeconds === undefined ? {} : { idleSeconds }),
  }
}

const mailboxOf = (address: string) => `keycloak:mailbox/${address.toLowerCase()}`
const dateOf = (milliseconds: number | undefined) =>
  milliseconds === undefined || !(Math.abs(milliseconds) < 8.64e15) ? undefined : new Date(milliseconds).toISOString()

/** Everything about one user who is a person. */
export function* personFacts(setting: Setting, user: User, pointer: string): Iterable<Imported> {
  const { ids } = setting
  const id = ids.user(user.username)
  yield { fact: accountOf(setting, user, 'human'), pointer }
  const own = authenticatorsOf(setting, user)
  for (const fact of own) yield { fact, pointer }
  const mail = mailFacts(setting, user)
  for (const fact of mail) yield { fact, pointer }
  const has = hasOf(setting, user, own, mail)
  yield* waysIn(setting, user, id, has, pointer)
}

/** The account fact; `memberOf` holds the realm's users, groups and roles. */
export function accountOf({ ids }: Setting, user: User, kind: 'human' | 'service'): FactOf<'account'> {
  const createdAt = dateOf(user.createdTimestamp)
  return {
    fact: 'account',
    id: ids.user(user.username),
    kind,
    name: user.username,
    system: ids.system,
    enabled: user.enabled !== false,
    memberOf: [ids.users, ...(user.groups ?? []).map(ids.group), ...roleIdsOf(ids, user.realmRoles, user.clientRoles)],
    ...(createdAt === undefined ? {} : { createdAt }),
  }
}

const KINDS: Readonly<Record<string, AuthenticatorKind>> = {
  password: 'password',
  otp: 'totp',
  totp: 'totp',
  hotp: 'hotp',
  webauthn: 'security_key',
  'webauthn-passwordless': 'passkey',
  'recovery-authn-codes': 'recovery_code',
}

/** Whether the export leaves open what the user signs in with; an empty list says that there is nothing. */
export const isUnstated = ({ credentials, federationLink, federatedIdentities = [] }: User) =>
  credentials === undefined && federationLink === undefined && federatedIdentities.length === 0

function authenticatorsOf(setting: Setting, user: User): Authenticator[] {
  const id = setting.ids.user(user.username)
  if (isUnstated(user)) return [{ fact: 'authenticator', id: `${id}#unstated`, kind: 'unknown', of: [id] }]
  const credentials = user.credentials ?? []
  const facts = credentials.map((credential, i): Authenticator => {
    const kind = KINDS[credential.type] ?? 'unknown'
    const enrolledAt = dateOf(credential.createdDate)
    return {
      fact: 'authenticator',
      id: `${id}#${credential.type}/${i}`,
      of: [id],
      ...(credential.userLabel === undefined ? {} : { name: credential.userLabel }),
      ...featuresOf(setting.realm, kind, credential),
      ...(enrolledAt === undefined ? {} : { enrolledAt }),
    }
  })
  if (user.federationLink !== undefined && !credentials.some(({ type }) => type === 'password')) {
    facts.unshift({
      fact: 'authenticator',
      id: `${id}#password/directory`,
      kind: 'password',
      of: [id],
      name: 'password of the user directory',
    })
  }
  return facts
}

function featuresOf(
  realm: Realm,
  kind: AuthenticatorKind,
  credential: Credential,
): Pick<Authenticator, 'kind'> & Partial<Authenticator> {
  const data = jsonOf(credential.credentialData)
  const maxFailures =
    realm.bruteForceProtected === true && realm.failureFactor !== undefined ? { maxFailures: realm.failureFactor } : {}
  if (kind === 'password') return { kind, ...passwordFeatures(realm.passwordPolicy ?? ''), ...maxFailures }
  if (kind === 'totp' || kind === 'hotp') {
    const digits = numberOf(data['digits']) ?? realm.otpPolicyDigits
    const counter = kind === 'hotp' || data['subType'] === 'hotp'
    const period = counter ? undefined : (numberOf(data['period']) ?? realm.otpPolicyPeriod)
    return {
      kind: counter ? 'hotp' : 'totp',
      ...(digits === undefined ? {} : { digits }),
      ...(period === undefined ? {} : { periodSeconds: period }),
      ...(counter || realm.otpPolicyCodeReusable === undefined ? {} : { singleUse: !realm.otpPolicyCodeReusable }),
      ...maxFailures,
    }
  }
  if (kind === 'security_key' || kind === 'passkey') {
    const verification =
      kind === 'passkey'
        ? realm.webAuthnPolicyPasswordlessUserVerificationRequirement
        : realm.webAuthnPolicyUserVerificationRequirement
    return {
      kind,
      ...(data['attestationStatementFormat'] === 'none' ? { attestation: 'none' as const } : {}),
      ...(verification === 'required'
        ? { userVerification: true }
        : verification === 'discouraged'
          ? { userVerification: false }
          : {}),
    }
  }
  return { kind }
}

/** Source: Keycloak Server Administration Guide, "Password policy types". */
export function passwordFeatures(policy: string): Partial<Authenticator> {
  const argument = (name: string) => numberOf(policy.match(new RegExp(`\\b${name}\\((\\d+)`, 'u'))?.[1])
  const minLength = argument('length')
  const rotationDays = argument('forceExpiredPasswordChange')
  return {
    ...(minLength === undefined ? {} : { minLength }),
    ...(rotationDays === undefined ? {} : { rotationDays }),
    breachedListChecked: policy.includes('passwordBlacklist'),
    compositionRules: /\b(?:upperCase|lowerCase|digits|specialChars)\b/u.test(policy),
  }
}

function jsonOf(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

const numberOf = (value: unknown) => {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  return Number.isInteger(number) && number >= 0 ? number : undefined
}

/** The mailbox, and the link sent to it: it travels through the mailbox and through the realm's mail server. */
function mailFacts({ realm, ids }: Setting, { username, email }: User): FactOf<'channel' | 'authenticator'>[] {
  if (email === undefined || email === '') return []
  const server = Object.keys(realm.smtpServer ?? {}).length > 0 ? [ids.smtp] : []
  return [
    { fact: 'channel', id: mailboxOf(email), kind: 'mailbox', name: email.toLowerCase() },
    {
      fact: 'authenticator',
      id: `${ids.user(username)}#link`,
      kind: 'email_link',
      of: [ids.user(username)],
      on: [mailboxOf(email), ...server],
      singleUse: true,
    },
  ]
}

function hasOf(
  setting: Setting,
  user: User,
  own: readonly Authenticator[],
  mail: readonly FactOf<'channel' | 'authenticator'>[],
): Has {
  const of = (...kinds: AuthenticatorKind[]) => own.filter(({ kind }) => kinds.includes(kind)).map(({ id }) => id)
  return {
    password: isUnstated(user) ? own.map((one) => one.id) : of('password'),
    otp: of('totp', 'hotp'),
    webauthn: of('security_key'),
    passwordless: of('passkey'),
    recovery: of('recovery_code'),
    mail: mail.filter(({ fact }) => fact === 'authenticator').map(({ id }) => id),
    certificate: [`${setting.ids.user(user.username)}#certificate`],
    kerberos: [`${setting.ids.user(user.username)}#kerberos`],
    roles: setting.rolesOf(user),
  }
}

function* waysIn(setting: Setting, user: User, id: string, has: Has, pointer: string): Iterable<Imported> {
  const { realm, flows, ids } = setting
  const declared = new Set<string>()
  const enter = (way: string, name: string, outcome: Outcome | undefined, more: Partial<FactOf<'wayIn'>> = {}) =>
    outcome === undefined ? [] : wayFacts(setting, { id, way, name, outcome, more, declared, pointer })

  const browser = outcomeOf(flows, realm.browserFlow ?? 'browser', has)
  // actions that an administrator left for the next sign-in
  const pending = (user.requiredActions ?? []).flatMap((action) => OFFERS[action] ?? [])
  yield* enter('browser', 'sign-in page', browser && { ...browser, binds: [...browser.binds, ...pending] })
  const clients = (realm.clients ?? []).filter(({ enabled, bearerOnly }) => enabled !== false && bearerOnly !== true)
  if (hasDirectGrants(realm)) {
    yield* enter('direct-grant', 'direct access grant', outcomeOf(flows, realm.directGrantFlow ?? 'direct grant', has))
  }
  const aliasOf = new Map((realm.authenticationFlows ?? []).map((flow) => [flow.id ?? flow.alias, flow.alias]))
  for (const { clientId, authenticationFlowBindingOverrides = {} } of clients) {
    for (const [kind, flow] of Object.entries(authenticationFlowBindingOverrides)) {
      const outcome = outcomeOf(flows, aliasOf.get(flow) ?? flow, has)
      yield* enter(
        `client/${clientId}/${kind}`,
        `${kind === 'direct_grant' ? 'direct access grant' : 'sign-in page'} of ${clientId}`,
        outcome,
      )
    }
  }
  if (realm.resetPasswordAllowed === true) yield* resetWay(setting, has, enter)
  for (const provider of realm.identityProviders ?? []) {
    if (provider.enabled === false) continue
    const linked = user.federatedIdentities?.find(({ identityProvider }) => identityProvider === provider.alias)
    const post = provider.postBrokerLoginFlowAlias
      ? outcomeOf(flows, provider.postBrokerLoginFlowAlias, has)
      : { formula: null, binds: [], resets: [] }
    if (post === undefined) continue
    const outside = ids.provider(provider.alias)
    if (linked !== undefined) {
      yield* enter(`idp/${provider.alias}`, provider.alias, joined(outside, post), { purpose: 'federation' })
    } else if (provider.linkOnly !== true) {
      const first = outcomeOf(
        flows,
        provider.firstBrokerLoginFlowAlias ?? realm.firstBrokerLoginFlow ?? 'first broker login',
        has,
      )
      if (first === undefined) continue
      yield* enter(`idp/${provider.alias}/first`, `first sign-in through ${provider.alias}`, joined(outside, first), {
        purpose: 'federation',
      })
    }
  }
}

/** Whether any client takes a password straight. Every realm has client `admin-cli`, which does, listed or not. */
export function hasDirectGrants({ clients = [] }: Realm): boolean {
  const open = clients.some(
    (one) => one.enabled !== false && one.bearerOnly !== true && one.directAccessGrantsEnabled === true,
  )
  return open || !clients.some(({ clientId }) => clientId === 'admin-cli')
}

const joined = (account: string, { formula, binds, resets }: Outcome): Outcome => ({
  formula:
    formula === null
      ? account
      : { all: [account, ...(typeof formula === 'object' && 'all' in formula ? formula.all : [formula])] },
  binds,
  resets,
})

/**
 * "Forgot password": at its end the server signs the user in, in the browser where it began, whatever else the browser
 * flow would have asked for, unless the mail step is set to force a new sign-in. Then it only sets authenticators anew.
 * Source: keycloak/keycloak issues 12759 and 36844; option `force-login` of the step since Keycloak 26.1.
 */
function* resetWay(
  { realm, flows }: Setting,
  has: Has,
  enter: (
    way: string,
    name: string,
    outcome: Outcome | undefined,
    more?: Partial<FactOf<'wayIn'>>,
  ) => Iterable<Imported>,
): Iterable<Imported> {
  const alias = realm.resetCredentialsFlow ?? 'reset credentials'
  const outcome = outcomeOf(flows, alias, has)
  if (outcome === undefined) return
  const mail = flows.byAlias
    .get(alias)
    ?.authenticationExecutions?.find(({ authenticator }) => authenticator === 'reset-credential-email')
  const forced = String(flows.configs.get(mail?.authenticatorConfig ?? '')?.['force-login']) === 'true'
  const yields = [
    ...(outcome.resets.includes('password') ? has.password : []),
    ...(outcome.resets.includes('otp') ? has.otp : []),
  ]
  if (forced && yields.length === 0) return
  yield* enter('reset', 'forgotten password', outcome, { purpose: 'recovery', ...(forced ? { yields } : {}) })
}

interface WayOf {
  readonly id: string
  readonly way: string
  readonly name: string
  readonly outcome: Outcome
  readonly more: Partial<FactOf<'wayIn'>>
  readonly declared: Set<string>
  readonly pointer: string
}

function* wayFacts(setting: Setting, { id, way, name, outcome, more, declared, pointer }: WayOf): Iterable<Imported> {
  const { formula, binds } = outcome
  for (const [suffix, kind, title] of [
    ['certificate', 'client_certificate', 'client certificate'],
    ['kerberos', 'unknown', 'Kerberos ticket'],
  ] as const) {
    const one = `${id}#${suffix}`
    if (declared.has(one) || !mentions(formula, one)) continue
    declared.add(one)
    yield { fact: { fact: 'authenticator', id: one, kind, of: [id], name: title }, pointer }
  }
  if (formula === null && !declared.has('name')) {
    declared.add('name')
    const leaked = { where: 'user names are no secret' }
    yield { fact: { fact: 'secret', id: `${id}#name`, kind: 'other', name: 'the user name', leaked }, pointer }
  }
  const fact: FactOf<'wayIn'> = {
    fact: 'wayIn',
    id: `${id}#way/${way}`,
    account: id,
    purpose: 'sign_in',
    name,
    requires: formula ?? `${id}#name`,
    ...(binds.length > 0 ? { enrols: [...new Set(binds)] } : {}),
    ...(setting.session === undefined || Object.keys(setting.session).length === 0 ? {} : { session: setting.session }),
    // brute-force detection counts wrong passwords and codes, not mails sent or what a provider vouches for
    ...(setting.controls.length > 0 && (more.purpose ?? 'sign_in') === 'sign_in'
      ? { controls: [...setting.controls] }
      : {}),
    ...more,
  }
  yield { fact, pointer }
}

function mentions(formula: Formula | null, id: string): boolean {
  if (formula === null) return false
  if (typeof formula === 'string') return formula === id
  const parts = 'all' in formula ? formula.all : 'any' in formula ? formula.any : formula.of
  return parts.some((part) => mentions(part, id))
}
