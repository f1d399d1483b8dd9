/** What a Keycloak export does not say, reported so that no silence is mistaken for an answer. */
import type { Formula } from '#model/facts.ts'
import type { ImportDiagnostic, Imported } from './importer.ts'
import { type Has, outcomeOf } from './keycloak-flows.ts'
import type { Realm } from './keycloak-realm.ts'
import { type Setting, hasDirectGrants, isUnstated } from './keycloak-users.ts'

/** Without users no account can be judged; what the flows would ask of one is said instead. */
export function* withoutUsers({ realm, flows }: Setting): Iterable<Imported> {
  const remedy = 'export with users: kc.sh export --realm … --users realm_file --file …'
  yield {
    diagnostic: {
      code: 'no_accounts',
      level: 'warning',
      message: `the export of realm \`${realm.realm}\` holds no users, so no account of a person can be judged`,
      remedy,
    },
    pointer: '/users',
  }
  const nobody: Has = {
    password: ['password'],
    otp: [],
    webauthn: [],
    passwordless: [],
    recovery: [],
    mail: ['link by mail'],
    certificate: ['client certificate'],
    kerberos: ['Kerberos ticket'],
    roles: new Set(),
  }
  const everything: Has = {
    ...nobody,
    otp: ['one-time code'],
    webauthn: ['security key'],
    passwordless: ['passkey'],
    recovery: ['recovery code'],
  }
  const asked: [string, string, boolean][] = [
    ['sign-in page', realm.browserFlow ?? 'browser', true],
    ['direct access grant', realm.directGrantFlow ?? 'direct grant', hasDirectGrants(realm)],
    ['forgotten password', realm.resetCredentialsFlow ?? 'reset credentials', realm.resetPasswordAllowed === true],
  ]
  for (const [name, alias, open] of asked) {
    if (!open) continue
    const [bare, full] = [nobody, everything].map((has) => outcomeOf(flows, alias, has))
    const say = (formula: Formula | null | undefined) =>
      formula === undefined
        ? 'does not let them in'
        : formula === null
          ? 'asks for nothing'
          : `asks for ${wordsOf(formula)}`
    const message = `${name} (flow \`${alias}\`): of a user with a password alone it ${say(bare?.formula)}; of one with everything set up it ${say(full?.formula)}`
    yield { diagnostic: { code: 'flow_template', level: 'info', message, remedy }, pointer: '/authenticationFlows' }
  }
}

function wordsOf(formula: Formula): string {
  if (typeof formula === 'string') return formula
  if ('all' in formula) return formula.all.map(wordsOf).join(' and ')
  const parts = 'any' in formula ? formula.any : formula.of
  return `(${parts.map(wordsOf).join(' or ')})`
}

/** What is not known of the users, counted. */
export function* usersLimits({ users = [] }: Realm): Iterable<Imported> {
  const people = users.filter(({ serviceAccountClientId }) => serviceAccountClientId === undefined)
  const unstated = people.filter(isUnstated).length
  if (unstated > 0) {
    const message = `credentials of ${unstated} of ${people.length} users are not in this export; each is taken to have one unknown authenticator`
    const remedy = 'export with kc.sh export, which writes them; the admin console and the REST API leave them out'
    yield { diagnostic: { code: 'credentials_unstated', level: 'warning', message, remedy }, pointer: '/users' }
  }
  const boxes = new Set(people.flatMap(({ email }) => (email ? [email.toLowerCase()] : []))).size
  if (boxes > 0) {
    const message = `who holds the mailboxes of ${boxes} addresses is not in this export, so nothing leads to them`
    const remedy = 'state each mailbox as a channel with `heldBy`, or import the mail system too'
    yield { diagnostic: { code: 'mailbox_holder_unknown', level: 'info', message, remedy }, pointer: '/users' }
  }
}

/** Parts of the realm that Ambit does not read. */
export function* limitsOf(realm: Realm): Iterable<Imported> {
  if (realm.components !== undefined && 'org.keycloak.storage.UserStorageProvider' in realm.components) {
    const message = 'users of a connected directory (LDAP, Kerberos) who never signed in are not in this export'
    yield {
      diagnostic: { code: 'user_federation', level: 'warning', message, remedy: 'import the directory too' },
      pointer: '/components',
    }
  }
  if (realm.adminPermissionsEnabled === true) {
    const message = 'fine-grained admin permissions are switched on; what they give is not read'
    yield {
      diagnostic: {
        code: 'admin_permissions_unread',
        level: 'warning',
        message,
        remedy: 'state them as entitlements of your own',
      },
      pointer: '/adminPermissionsEnabled',
    }
  }
}

export const stepUnknown = (name: string, flow: string): ImportDiagnostic => ({
  code: 'flow_step_unknown',
  level: 'warning',
  message: `\`${name}\` in flow \`${flow}\` is not known to Ambit; what it asks for is not counted`,
  remedy: 'state the way in as a fact of your own if the step asks for more',
})
export const usersAlone = (realm: string): ImportDiagnostic => ({
  code: 'realm_split',
  level: 'error',
  message: `the file holds users of realm \`${realm}\` without the realm; what they sign in with depends on its flows`,
  remedy: 'export realm and users into one file: kc.sh export --realm … --users realm_file --file …',
})
export const groupMissing = (path: string): ImportDiagnostic => ({
  code: 'group_missing',
  level: 'warning',
  message: `group \`${path}\` is not in the export`,
  remedy: 'export groups and users together',
})
export const secretInExport = (of: string): ImportDiagnostic => ({
  code: 'secret_in_export',
  level: 'warning',
  message: `the secret of ${of} stands in this file in the clear`,
  remedy: 'keep the file as a secret, and delete it when it has been read',
})
export const rolesUnknown = (client: string): ImportDiagnostic => ({
  code: 'roles_unknown',
  level: 'warning',
  message: `the roles of the service account of client \`${client}\` are not in this export`,
  remedy: 'export with users: kc.sh export --realm … --users realm_file --file …',
})
