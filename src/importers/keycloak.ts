/**
 * Keycloak: one realm, from `kc.sh export --realm … --users realm_file` (with users) or the admin console's partial
 * export (without). https://www.keycloak.org/server/importExport
 */
import type { FactOf } from '#model/facts.ts'
import type { Imported, Importer } from './importer.ts'
import { flowsOf } from './keycloak-flows.ts'
import {
  groupMissing,
  limitsOf,
  rolesUnknown,
  secretInExport,
  stepUnknown,
  usersAlone,
  usersLimits,
  withoutUsers,
} from './keycloak-limits.ts'
import { type Client, Realm, type RealmIds, SOURCE, realmIds } from './keycloak-realm.ts'
import { groupFacts, roleFacts } from './keycloak-roles.ts'
import { DEFAULT_FLOWS } from './keycloak-steps.ts'
import { OFFERS, type Setting, accountOf, personFacts, sessionOf, settingOf } from './keycloak-users.ts'

export const keycloak: Importer<typeof Realm> = {
  source: SOURCE,
  title: 'Keycloak realm export',
  recognises: (root) =>
    typeof root === 'object' &&
    root !== null &&
    'realm' in root &&
    typeof root.realm === 'string' &&
    ['keycloakVersion', 'authenticationFlows', 'clients', 'users'].some((key) => key in root),
  schema: Realm,
  facts: factsOf,
}

/** Keys of a file that `kc.sh export --users different_files` writes beside the realm's own. */
const USERS_ALONE = new Set(['realm', 'users', 'federatedUsers'])

function* factsOf(realm: Realm): Iterable<Imported> {
  if (realm.users !== undefined && Object.keys(realm).every((key) => USERS_ALONE.has(key))) {
    yield { diagnostic: usersAlone(realm.realm), pointer: '' }
    return
  }
  const ids = realmIds(realm.realm)
  const reports = new Map<string, Imported>()
  const flows = flowsOf(realm, DEFAULT_FLOWS, (name, flow) => {
    reports.set(`${name}\n${flow}`, { diagnostic: stepUnknown(name, flow), pointer: '/authenticationFlows' })
  })
  const setting = settingOf(realm, ids, flows)

  yield { fact: systemOf(realm, ids), pointer: '' }
  yield {
    fact: {
      fact: 'resource',
      id: ids.resource,
      name: `realm ${realm.realm}`,
      kind: 'realm',
      system: ids.system,
      governs: [ids.users],
      secretStore: true,
    },
    pointer: '',
  }
  const clients = `clients of ${realm.realm}`
  yield {
    fact: {
      fact: 'resource',
      id: ids.clients,
      name: clients,
      kind: 'clients',
      system: ids.system,
      in: ids.resource,
      secretStore: true,
    },
    pointer: '/clients',
  }
  const authorization = `authorization services of ${realm.realm}`
  yield {
    fact: {
      fact: 'resource',
      id: ids.authorization,
      name: authorization,
      kind: 'authorization',
      system: ids.system,
      in: ids.resource,
    },
    pointer: '',
  }
  yield {
    fact: { fact: 'group', id: ids.users, name: `every user of ${realm.realm}`, system: ids.system },
    pointer: '',
  }
  yield* smtpFacts(realm, ids)
  yield* roleFacts(realm, ids)
  yield* groupFacts(realm, ids)
  yield* providerFacts(realm, ids)
  for (const [i, user] of (realm.users ?? []).entries()) {
    const pointer = `/users/${i}`
    if (user.credentials?.some(({ value }) => value !== undefined && !isMasked(value)) === true) {
      yield { diagnostic: secretInExport(`user \`${user.username}\``), pointer: `${pointer}/credentials` }
    }
    if (user.serviceAccountClientId !== undefined) yield { fact: accountOf(setting, user, 'service'), pointer }
    else yield* personFacts(setting, user, pointer)
    for (const path of user.groups ?? [])
      if (!setting.groupPaths.has(path)) yield { diagnostic: groupMissing(path), pointer }
  }
  yield* clientFacts(setting)
  if (!(realm.users ?? []).some(({ serviceAccountClientId }) => serviceAccountClientId === undefined))
    yield* withoutUsers(setting)
  yield* usersLimits(realm)
  yield* limitsOf(realm)
  yield* reports.values()
}

function systemOf(realm: Realm, ids: RealmIds): FactOf<'system'> {
  const offers = (realm.requiredActions ?? []).flatMap(({ alias, enabled }) =>
    enabled === false ? [] : (OFFERS[alias] ?? []),
  )
  const session = sessionOf(realm)
  return {
    fact: 'system',
    id: ids.system,
    name: `Keycloak realm ${realm.realm}`,
    kind: 'keycloak',
    ...(realm.requiredActions === undefined ? {} : { offers: ['password', ...new Set(offers)] }),
    ...(Object.keys(session).length > 0 ? { session } : {}),
  }
}

const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
/** A value that the admin console puts in place of a secret. */
const isMasked = (value: string) => /^\*+$/u.test(value)

/**
 * The mail server of the realm: a channel that every link passes. The account that the realm signs in with there reads
 * them, and whoever controls channels of the realm can name another server.
 */
function* smtpFacts(realm: Realm, ids: RealmIds): Iterable<Imported> {
  const server = realm.smtpServer ?? {}
  if (Object.keys(server).length === 0) return
  const pointer = '/smtpServer'
  const name = textOf(server['host']) ?? 'mail server'
  const account = `${ids.smtp}/account`
  const user = textOf(server['user'])
  const held = { carriedBy: [ids.resource], ...(user === undefined ? {} : { heldBy: [account] }) }
  yield {
    fact: { fact: 'channel', id: ids.smtp, kind: 'message_provider', name, system: ids.system, ...held },
    pointer,
  }
  if (user === undefined) return
  yield { fact: { fact: 'account', id: account, kind: 'service', name: `${user} at ${name}` }, pointer }
  const secret: FactOf<'secret'> = {
    fact: 'secret',
    id: `${account}/password`,
    kind: 'password',
    name: `password of ${user} at ${name}`,
    opens: [account],
    storedIn: [ids.resource],
  }
  yield { fact: secret, pointer }
  const password = textOf(server['password'])
  if (password !== undefined && !isMasked(password) && !password.startsWith('${vault.')) {
    yield { diagnostic: secretInExport('the mail server'), pointer: `${pointer}/password` }
  }
}

/** Who signs in at an identity provider, and how, is not in the export: one account stands for whom it vouches for. */
function* providerFacts(realm: Realm, ids: RealmIds): Iterable<Imported> {
  for (const [i, { alias, enabled }] of (realm.identityProviders ?? []).entries()) {
    if (enabled === false) continue
    const id = ids.provider(alias)
    const pointer = `/identityProviders/${i}`
    yield { fact: { fact: 'account', id, kind: 'human', name: `whoever ${alias} vouches for` }, pointer }
    yield { fact: { fact: 'authenticator', id: `${id}#sign-in`, kind: 'unknown', of: [id] }, pointer }
    yield {
      fact: { fact: 'wayIn', id: `${id}#way/sign-in`, account: id, purpose: 'sign_in', requires: `${id}#sign-in` },
      pointer,
    }
  }
}

/** Kinds of secret by client authenticator. Source: Keycloak Server Administration Guide, "Confidential client credentials". */
const CLIENT_SECRETS: Readonly<Record<string, FactOf<'secret'>['kind']>> = {
  'client-secret': 'client_secret',
  'client-secret-jwt': 'client_secret',
  'client-jwt': 'signing_key',
  'client-x509': 'certificate',
}

/** Service accounts, each with the secret that is its whole sign-in; ordinary clients sign nobody in by themselves. */
function* clientFacts(setting: Setting): Iterable<Imported> {
  const { realm, ids } = setting
  const accounts = new Map((realm.users ?? []).map((user) => [user.serviceAccountClientId, user.username]))
  for (const [i, client] of (realm.clients ?? []).entries()) {
    const pointer = `/clients/${i}`
    if (client.secret !== undefined && client.secret !== '' && !isMasked(client.secret)) {
      yield { diagnostic: secretInExport(`client \`${client.clientId}\``), pointer: `${pointer}/secret` }
    }
    const known = accounts.get(client.clientId)
    if (client.enabled === false || (client.serviceAccountsEnabled !== true && known === undefined)) continue
    const username = known ?? `service-account-${client.clientId.toLowerCase()}`
    if (known === undefined) {
      yield { fact: accountOf(setting, { username }, 'service'), pointer }
      yield { diagnostic: rolesUnknown(client.clientId), pointer }
    }
    yield { fact: clientSecretOf(ids, client, ids.user(username)), pointer }
  }
}

function clientSecretOf(ids: RealmIds, client: Client, account: string): FactOf<'secret'> {
  const kind = CLIENT_SECRETS[client.clientAuthenticatorType ?? 'client-secret'] ?? 'other'
  const here = kind === 'client_secret' ? { storedIn: [ids.clients] } : {} // the realm keeps only the public half of a key
  return {
    fact: 'secret',
    id: ids.clientSecret(client.clientId),
    kind,
    name: `secret of ${client.clientId}`,
    opens: [account],
    ...here,
  }
}
