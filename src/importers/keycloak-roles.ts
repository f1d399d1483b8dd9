/**
 * Keycloak roles and groups: what contains what, and what the administrative roles amount to.
 * Source: Keycloak Server Administration Guide, "Permissions for administering realms"; the REST calls that each role
 * opens, named in the notes, are of the Admin REST API.
 */
import type { Capability } from '#contract/vocabulary.ts'
import type { FactOf } from '#model/facts.ts'
import { type Imported, pointerOf } from './importer.ts'
import { type Group, type Realm, type RealmIds, realmIds } from './keycloak-realm.ts'

interface AdminRight {
  readonly on: 'realm' | 'users' | 'authorization' | 'clients' | 'grantable'
  readonly capabilities: readonly Capability[]
  readonly note: string
}

/** Roles of client `realm-management` (in the master realm: of client `<realm>-realm`). */
const ADMIN_ROLES: Readonly<Record<string, readonly AdminRight[]>> = {
  'realm-admin': [
    { on: 'realm', capabilities: ['administer'], note: 'all roles below' },
    { on: 'users', capabilities: ['impersonate', 'reset_authenticators'], note: 'all roles below' },
  ],
  'manage-users': [
    {
      on: 'users',
      capabilities: ['reset_authenticators', 'control_channel'],
      note: 'PUT users/{id}/reset-password, DELETE users/{id}/credentials/{id}; PUT users/{id} changes the address',
    },
    {
      on: 'grantable',
      capabilities: ['administer'],
      note: 'PUT users/{id}/groups/{id}, POST users/{id}/role-mappings',
    },
  ],
  impersonation: [{ on: 'users', capabilities: ['impersonate'], note: 'POST users/{id}/impersonation' }],
  'manage-realm': [
    {
      on: 'realm',
      capabilities: ['alter_auth_policy', 'control_channel'],
      note: 'flows, required actions, password and code policies; the mail server that every link passes',
    },
  ],
  'manage-identity-providers': [
    { on: 'users', capabilities: ['impersonate'], note: 'a provider of one’s own vouches for anyone' },
  ],
  'manage-clients': [
    {
      on: 'clients',
      capabilities: ['mint_credentials', 'use_secrets', 'rotate_secrets'],
      note: 'GET and POST clients/{id}/client-secret',
    },
  ],
  'create-client': [
    { on: 'clients', capabilities: ['mint_credentials'], note: 'POST clients-initial-access, clients' },
  ],
  'view-clients': [{ on: 'clients', capabilities: ['use_secrets'], note: 'GET clients/{id}/client-secret' }],
  'manage-authorization': [{ on: 'authorization', capabilities: ['administer'], note: 'policies of resource servers' }],
  'view-users': [{ on: 'users', capabilities: ['read_sensitive_data'], note: 'GET users' }],
}

/** Administrative roles that change nothing and reveal no secret. */
const HARMLESS = new Set([
  'view-realm',
  'view-events',
  'view-authorization',
  'view-identity-providers',
  'query-users',
  'query-groups',
  'query-clients',
  'query-realms',
  'manage-events',
])

/** The realm that a client administers; undefined for an ordinary client. */
function administeredBy(realm: string, client: string): string | undefined {
  if (client === 'realm-management') return realm
  return realm === 'master' && client.endsWith('-realm') ? client.slice(0, -'-realm'.length) : undefined
}

/** Ids of roles, from lists of names as users, groups and composites have them. */
export function roleIdsOf(
  ids: RealmIds,
  realm: readonly string[] = [],
  client: Readonly<Record<string, readonly string[]>> = {},
) {
  return [
    ...realm.map(ids.role),
    ...Object.entries(client).flatMap(([name, roles]) => roles.map((role) => ids.clientRole(name, role))),
  ]
}

/** Roles, their composites and what the administrative ones may do; in the order of the export. */
export function* roleFacts(realm: Realm, ids: RealmIds): Iterable<Imported> {
  const adminRoles = new Set<string>()
  for (const [client, roles] of Object.entries(realm.roles?.client ?? {})) {
    if (administeredBy(realm.realm, client) === undefined) continue
    for (const { name } of roles) adminRoles.add(ids.clientRole(client, name))
  }
  const grantable: string[] = []
  const emit = function* (
    id: string,
    name: string,
    composites: readonly string[],
    pointer: string,
  ): Iterable<Imported> {
    const memberOf = composites.length > 0 ? { memberOf: [...composites] } : {}
    yield { fact: { fact: 'role', id, name, system: ids.system, ...memberOf }, pointer }
    if (!adminRoles.has(id) && !composites.some((one) => adminRoles.has(one))) grantable.push(id)
  }
  for (const [i, { name, composites }] of (realm.roles?.realm ?? []).entries()) {
    const pointer = `/roles/realm/${i}`
    yield* emit(ids.role(name), name, roleIdsOf(ids, composites?.realm, composites?.client), pointer)
    // the server's own administrators: role `admin` of the master realm
    if (realm.realm === 'master' && name === 'admin') yield* adminFacts(ids.role(name), 'realm-admin', ids, pointer)
  }
  for (const [client, roles] of Object.entries(realm.roles?.client ?? {})) {
    const of = administeredBy(realm.realm, client)
    for (const [i, { name, composites }] of roles.entries()) {
      const id = ids.clientRole(client, name)
      const pointer = pointerOf('roles', 'client', client, i)
      yield* emit(id, `${client} ${name}`, roleIdsOf(ids, composites?.realm, composites?.client), pointer)
      if (of !== undefined) yield* adminFacts(id, name, realmIds(of), pointer)
    }
  }
  yield* referredRoles(realm, ids)
  yield* grantableFacts(realm, ids, grantable)
  yield* otherRealms(realm)
}

/** What the administrative roles of the master realm reach in other realms, whose own exports say more of it. */
function* otherRealms({ realm, roles }: Realm): Iterable<Imported> {
  for (const client of Object.keys(roles?.client ?? {})) {
    const other = administeredBy(realm, client)
    if (other === undefined || other === realm) continue
    const ids = realmIds(other)
    const pointer = pointerOf('roles', 'client', client)
    yield { fact: { fact: 'resource', id: ids.resource }, pointer }
    yield { fact: { fact: 'resource', id: ids.clients }, pointer }
    yield { fact: { fact: 'resource', id: ids.authorization }, pointer }
    yield { fact: { fact: 'group', id: ids.users }, pointer }
    yield { fact: { fact: 'role', id: ids.grantable }, pointer }
    const message = `roles of this realm administer realm \`${other}\`, which is not in this export`
    const remedy = 'export that realm as well'
    yield { diagnostic: { code: 'realm_elsewhere', level: 'info', message, remedy }, pointer }
  }
}

/** Roles that users, groups or composites name and the file does not list, as in a partial file for an import. */
function* referredRoles(realm: Realm, ids: RealmIds): Iterable<Imported> {
  const listed = new Set((realm.roles?.realm ?? []).map(({ name }) => ids.role(name)))
  const ofClients = Object.entries(realm.roles?.client ?? {})
  for (const [client, roles] of ofClients) for (const { name } of roles) listed.add(ids.clientRole(client, name))
  const composites = [...(realm.roles?.realm ?? []), ...ofClients.flatMap(([, roles]) => roles)].map(
    ({ composites: { realm: realmRoles, client } = {} }) => ({ realmRoles, clientRoles: client }),
  )
  const groups = [...groupsOf(realm.groups ?? [])].map(({ group }) => group)
  for (const { realmRoles = [], clientRoles = {} } of [...composites, ...groups, ...(realm.users ?? [])]) {
    for (const name of realmRoles) {
      const id = ids.role(name)
      if (listed.has(id)) continue
      listed.add(id)
      yield { fact: { fact: 'role', id, name, system: ids.system }, pointer: '/roles' }
      if (realm.realm === 'master' && name === 'admin') yield* adminFacts(id, 'realm-admin', ids, '/roles')
    }
    for (const [client, names] of Object.entries(clientRoles)) {
      const of = administeredBy(realm.realm, client)
      for (const name of names) {
        const id = ids.clientRole(client, name)
        if (listed.has(id)) continue
        listed.add(id)
        yield { fact: { fact: 'role', id, name: `${client} ${name}`, system: ids.system }, pointer: '/roles' }
        if (of !== undefined) yield* adminFacts(id, name, realmIds(of), '/roles')
      }
    }
  }
}

function* adminFacts(holder: string, name: string, of: RealmIds, pointer: string): Iterable<Imported> {
  for (const { on, capabilities } of ADMIN_ROLES[name] ?? []) {
    const target = on === 'realm' ? of.resource : of[on]
    const fact: FactOf<'entitlement'> = {
      fact: 'entitlement',
      holder,
      on: target,
      capabilities: [...capabilities],
      right: name,
    }
    yield { fact, pointer }
  }
  if (ADMIN_ROLES[name] !== undefined || HARMLESS.has(name)) return
  const message = `what the administrative role \`${name}\` may do is not known to Ambit, so it is not counted`
  const remedy = 'state what it amounts to as an entitlement of your own'
  yield { diagnostic: { code: 'role_unknown', level: 'warning', message, remedy }, pointer }
}

/** Roles and groups that `manage-users` may hand out: all but the administrative roles. */
function* grantableFacts(realm: Realm, ids: RealmIds, roles: readonly string[]): Iterable<Imported> {
  const groups = [...groupsOf(realm.groups ?? [])].map(({ path }) => ids.group(path))
  const memberOf = [...roles, ...groups]
  const fact: FactOf<'role'> = {
    fact: 'role',
    id: ids.grantable,
    name: `whatever a user manager of ${realm.realm} can grant`,
    system: ids.system,
  }
  yield { fact: memberOf.length > 0 ? { ...fact, memberOf } : fact, pointer: '/roles' }
}

/** Every group with its path, parents first. */
export function* groupsOf(
  groups: readonly Group[],
  parent = '',
  pointer = '/groups',
): Iterable<{ readonly group: Group; readonly path: string; readonly parent: string; readonly pointer: string }> {
  for (const [i, group] of groups.entries()) {
    const path = `${parent}/${group.name}`
    yield { group, path, parent, pointer: `${pointer}/${i}` }
    yield* groupsOf(group.subGroups ?? [], path, `${pointer}/${i}/subGroups`)
  }
}

/** Groups: a subgroup has all roles of the group it lies in. */
export function* groupFacts(realm: Realm, ids: RealmIds): Iterable<Imported> {
  for (const { group, path, parent, pointer } of groupsOf(realm.groups ?? [])) {
    const memberOf = [
      ...(parent === '' ? [] : [ids.group(parent)]),
      ...roleIdsOf(ids, group.realmRoles, group.clientRoles),
    ]
    const fact: FactOf<'group'> = { fact: 'group', id: ids.group(path), name: path, system: ids.system }
    yield { fact: memberOf.length > 0 ? { ...fact, memberOf } : fact, pointer }
  }
}

/** For each role id, the names by which conditions know the roles it contains: `name`, or `client.name`. */
export function roleNamesOf(realm: Realm, ids: RealmIds): (roleIds: readonly string[]) => ReadonlySet<string> {
  const inside = new Map<string, { readonly name: string; readonly composites: readonly string[] }>()
  for (const { name, composites } of realm.roles?.realm ?? []) {
    inside.set(ids.role(name), { name, composites: roleIdsOf(ids, composites?.realm, composites?.client) })
  }
  for (const [client, roles] of Object.entries(realm.roles?.client ?? {})) {
    for (const { name, composites } of roles) {
      const all = roleIdsOf(ids, composites?.realm, composites?.client)
      inside.set(ids.clientRole(client, name), { name: `${client}.${name}`, composites: all })
    }
  }
  return (roleIds) => {
    const names = new Set<string>()
    const queue = [...roleIds]
    for (const seen = new Set<string>(); queue.length > 0;) {
      const id = queue.pop()!
      if (seen.has(id)) continue
      seen.add(id)
      const role = inside.get(id)
      if (role !== undefined) {
        names.add(role.name)
        queue.push(...role.composites)
      }
    }
    return names
  }
}
