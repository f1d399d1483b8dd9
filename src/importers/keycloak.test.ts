import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import type { Fact, FactOf } from '#model/facts.ts'
import { checkInventory } from '#model/inventory.ts'
import { runImporter } from './importer.ts'
import { keycloak } from './keycloak.ts'

const SHARED = process.env.AMBIT_SHARED ?? new URL('../../../shared', import.meta.url).pathname
const fixture = () => JSON.parse(readFileSync(new URL('keycloak.fixture.json', import.meta.url), 'utf8'))
const run = (root: unknown) => runImporter(keycloak, root, { file: 'realm.json' })
/** Facts with `~` for the prefix that ids of realm shop share. */
const factsOf = (root: unknown): Fact[] =>
  run(root).facts.map(({ fact }) => JSON.parse(JSON.stringify(fact).replaceAll('keycloak:shop', '~')))
const codesOf = (root: unknown) => run(root).diagnostics.map(({ code, place }) => `${code} ${place?.pointer}`)

const SESSION = { session: { overallSeconds: 36000, idleSeconds: 1800 } }
const LIMITED = { ...SESSION, controls: ['rate_limiting'] }
const PASSWORD = { kind: 'password', minLength: 12, breachedListChecked: true, compositionRules: false, maxFailures: 5 }

const way = (account: string, name: string, title: string, requires: unknown, more: object) => ({
  fact: 'wayIn',
  id: `~/user/${account}#way/${name}`,
  account: `~/user/${account}`,
  purpose: 'sign_in',
  name: title,
  requires,
  ...more,
})

suite('importing a Keycloak realm export', () => {
  test('the realm, its roles, groups, mail server and identity providers', () => {
    const facts = factsOf(fixture())
    assert.deepEqual(
      facts.slice(
        0,
        facts.findIndex(({ id }) => id === '~/user/alice'),
      ),
      [
        {
          fact: 'system',
          id: '~',
          name: 'Keycloak realm shop',
          kind: 'keycloak',
          offers: ['password', 'totp'],
          ...SESSION,
        },
        {
          fact: 'resource',
          id: '~/realm',
          name: 'realm shop',
          kind: 'realm',
          system: '~',
          governs: ['~/users'],
          secretStore: true,
        },
        {
          fact: 'resource',
          id: '~/clients',
          name: 'clients of shop',
          kind: 'clients',
          system: '~',
          in: '~/realm',
          secretStore: true,
        },
        {
          fact: 'resource',
          id: '~/authorization',
          name: 'authorization services of shop',
          kind: 'authorization',
          system: '~',
          in: '~/realm',
        },
        { fact: 'group', id: '~/users', name: 'every user of shop', system: '~' },
        {
          fact: 'channel',
          id: '~/smtp',
          kind: 'message_provider',
          name: 'smtp.example.test',
          system: '~',
          carriedBy: ['~/realm'],
          heldBy: ['~/smtp/account'],
        },
        { fact: 'account', id: '~/smtp/account', kind: 'service', name: 'shop at smtp.example.test' },
        {
          fact: 'secret',
          id: '~/smtp/account/password',
          kind: 'password',
          name: 'password of shop at smtp.example.test',
          opens: ['~/smtp/account'],
          storedIn: ['~/realm'],
        },
        { fact: 'role', id: '~/role/staff', name: 'staff', system: '~', memberOf: [MANAGE_USERS] },
        { fact: 'role', id: MANAGE_USERS, name: 'realm-management manage-users', system: '~' },
        {
          fact: 'entitlement',
          holder: MANAGE_USERS,
          on: '~/users',
          capabilities: ['reset_authenticators', 'control_channel'],
          right: 'manage-users',
        },
        {
          fact: 'entitlement',
          holder: MANAGE_USERS,
          on: '~/grantable',
          capabilities: ['administer'],
          right: 'manage-users',
        },
        {
          fact: 'role',
          id: '~/client/realm-management/role/query-users',
          name: 'realm-management query-users',
          system: '~',
        },
        {
          fact: 'role',
          id: '~/grantable',
          name: 'whatever a user manager of shop can grant',
          system: '~',
          memberOf: ['~/group/support', '~/group/support/night'],
        },
        { fact: 'group', id: '~/group/support', name: '/support', system: '~', memberOf: ['~/role/staff'] },
        {
          fact: 'group',
          id: '~/group/support/night',
          name: '/support/night',
          system: '~',
          memberOf: ['~/group/support'],
        },
        { fact: 'account', id: '~/idp/partner', kind: 'human', name: 'whoever partner vouches for' },
        { fact: 'authenticator', id: '~/idp/partner#sign-in', kind: 'unknown', of: ['~/idp/partner'] },
        {
          fact: 'wayIn',
          id: '~/idp/partner#way/sign-in',
          account: '~/idp/partner',
          purpose: 'sign_in',
          requires: '~/idp/partner#sign-in',
        },
      ],
    )
  })

  test('a user with a code is asked for it everywhere but where the password is forgotten', () => {
    const factors = { all: ['~/user/alice#password/0', '~/user/alice#otp/1'] }
    assert.deepEqual(about('alice'), [
      {
        fact: 'account',
        id: '~/user/alice',
        kind: 'human',
        name: 'alice',
        system: '~',
        enabled: true,
        memberOf: ['~/users', '~/group/support/night'],
        createdAt: '2025-01-02T03:04:05.000Z',
      },
      { fact: 'authenticator', id: '~/user/alice#password/0', of: ['~/user/alice'], ...PASSWORD },
      {
        fact: 'authenticator',
        id: '~/user/alice#otp/1',
        of: ['~/user/alice'],
        name: 'phone',
        kind: 'totp',
        digits: 8,
        periodSeconds: 30,
        singleUse: true,
        maxFailures: 5,
        enrolledAt: '2025-01-02T03:04:06.000Z',
      },
      {
        fact: 'authenticator',
        id: '~/user/alice#link',
        kind: 'email_link',
        of: ['~/user/alice'],
        on: ['keycloak:mailbox/alice@example.test', '~/smtp'],
        singleUse: true,
      },
      way('alice', 'browser', 'sign-in page', factors, LIMITED),
      way('alice', 'direct-grant', 'direct access grant', factors, LIMITED),
      way('alice', 'reset', 'forgotten password', '~/user/alice#link', { purpose: 'recovery', ...SESSION }),
      way(
        'alice',
        'idp/partner/first',
        'first sign-in through partner',
        { all: ['~/idp/partner', { any: ['~/user/alice#link', factors] }] },
        { purpose: 'federation', ...SESSION },
      ),
    ])
  })

  test('a security key is not asked for where the built-in flows know only codes', () => {
    assert.deepEqual(
      about('bob').filter(({ fact }) => fact === 'wayIn'),
      [
        way(
          'bob',
          'browser',
          'sign-in page',
          { all: ['~/user/bob#password/0', '~/user/bob#webauthn/1'] },
          { enrols: ['totp'], ...LIMITED },
        ),
        way('bob', 'direct-grant', 'direct access grant', '~/user/bob#password/0', LIMITED),
        way(
          'bob',
          'idp/partner/first',
          'first sign-in through partner',
          { all: ['~/idp/partner', '~/user/bob#password/0'] },
          { purpose: 'federation', ...SESSION },
        ),
      ],
    )
  })

  test('a linked user comes in through the identity provider, and a service account with its secret', () => {
    assert.deepEqual(
      about('carol').filter(({ fact }) => fact === 'wayIn'),
      [way('carol', 'idp/partner', 'partner', '~/idp/partner', { purpose: 'federation', ...SESSION })],
    )
    assert.deepEqual(factsOf(fixture()).at(-1), {
      fact: 'secret',
      id: '~/client/batch/secret',
      kind: 'client_secret',
      name: 'secret of batch',
      opens: ['~/user/service-account-batch'],
      storedIn: ['~/clients'],
    })
  })

  test('of the fixture, only who holds the mailboxes is not known', () => {
    assert.deepEqual(codesOf(fixture()), ['mailbox_holder_unknown /users'])
  })

  test('a user without a name is refused with its place', () => {
    const page = fixture()
    delete page.users[1].username
    assert.deepEqual(run(page).facts, [])
    assert.deepEqual(codesOf(page), ['import_record_invalid /users/1'])
  })

  test('a reset that forces a new sign-in gives the password and not the account', () => {
    const page = fixture()
    page.authenticationFlows.push({
      alias: 'reset credentials',
      authenticationExecutions: [
        { authenticator: 'reset-credential-email', requirement: 'REQUIRED', authenticatorConfig: 'force' },
        { authenticator: 'reset-password', requirement: 'REQUIRED' },
      ],
    })
    page.authenticatorConfig = [{ alias: 'force', config: { 'force-login': 'true' } }]
    const reset = factsOf(page).find(({ id }) => id === '~/user/alice#way/reset')
    assert.deepEqual(reset?.fact === 'wayIn' && reset.yields, ['~/user/alice#password/0'])
  })

  test('what the administrative roles give is stated for each, and an unknown one is reported', () => {
    const page = fixture()
    page.roles.realm = []
    const names = ['manage-realm', 'impersonation', 'view-clients', 'manage-identity-providers', 'fly']
    page.roles.client['realm-management'] = names.map((name) => ({ name }))
    const rights = factsOf(page).flatMap((fact) =>
      fact.fact === 'entitlement' ? [`${fact.right} ${fact.on} ${fact.capabilities.join(' ')}`] : [],
    )
    assert.deepEqual(rights, [
      'manage-realm ~/realm alter_auth_policy control_channel',
      'impersonation ~/users impersonate',
      'view-clients ~/clients use_secrets',
      'manage-identity-providers ~/users impersonate',
    ])
    assert.deepEqual(codesOf(page), ['role_unknown /roles/client/realm-management/4', 'mailbox_holder_unknown /users'])
  })

  test('a built-in role that is given to a user counts even where the file does not list it', () => {
    const page = fixture()
    page.users[1].clientRoles = { 'realm-management': ['impersonation'] }
    const id = '~/client/realm-management/role/impersonation'
    assert.deepEqual(
      factsOf(page).filter((fact) => fact.id === id || (fact.fact === 'entitlement' && fact.holder === id)),
      [
        { fact: 'role', id, name: 'realm-management impersonation', system: '~' },
        { fact: 'entitlement', holder: id, on: '~/users', capabilities: ['impersonate'], right: 'impersonation' },
      ],
    )
  })

  test('a user whose credentials the export leaves open has one that is unknown, not none', () => {
    const page = fixture()
    delete page.users[0].credentials
    const facts = factsOf(page)
    assert.deepEqual(
      facts.find(({ id }) => id === '~/user/alice#unstated'),
      { fact: 'authenticator', id: '~/user/alice#unstated', kind: 'unknown', of: ['~/user/alice'] },
    )
    const browser = facts.find(({ id }) => id === '~/user/alice#way/browser')
    assert.deepEqual(browser?.fact === 'wayIn' && browser.requires, '~/user/alice#unstated')
    assert.deepEqual(codesOf(page), ['credentials_unstated /users', 'mailbox_holder_unknown /users'])
  })

  test('a file of users without their realm is refused', () => {
    const { realm, users } = fixture()
    assert.deepEqual(run({ realm, users }).facts, [])
    assert.deepEqual(codesOf({ realm, users }), ['realm_split '])
  })

  for (const [what, root] of [
    ['a client', { clientId: 'batch', protocol: 'openid-connect', attributes: {} }],
    ['the authorization settings of a client', { policyEnforcementMode: 'ENFORCING', resources: [], policies: [] }],
  ] as const) {
    test(`an export of ${what} is not taken for a realm`, () => assert.equal(keycloak.recognises(root), false))
  }

  test('what the master realm administers in another is one thing with what that realm declares', () => {
    const clientRoles = { 'shop-realm': ['manage-realm', 'manage-users', 'manage-clients', 'manage-authorization'] }
    const client = { 'shop-realm': clientRoles['shop-realm'].map((name) => ({ name })) }
    const master = { realm: 'master', clients: [], roles: { client }, users: [] }
    for (const order of [
      [master, fixture()],
      [fixture(), master],
    ]) {
      const facts = order.flatMap((root) => run(root).facts)
      const { diagnostics, missing } = checkInventory({ sources: [], facts, diagnostics: [] })
      assert.deepEqual(
        diagnostics.filter(({ level }) => level === 'error'),
        [],
      )
      assert.deepEqual([...missing.keys()], [])
    }
  })

  test('secrets in the clear are reported', () => {
    const page = fixture()
    page.clients[0].secret = 'hunter2'
    page.smtpServer.password = 'hunter2'
    page.users[0].credentials[0].value = 'hunter2'
    assert.deepEqual(codesOf(page), [
      'secret_in_export /smtpServer/password',
      'secret_in_export /users/0/credentials',
      'secret_in_export /clients/0/secret',
      'mailbox_holder_unknown /users',
    ])
    assert.doesNotMatch(JSON.stringify(run(page)), /hunter2/u)
  })

  test('without users the flows are put into words', () => {
    const page = fixture()
    delete page.users
    page.roles = {}
    assert.deepEqual(
      run(page).diagnostics.map(({ message }) => message),
      [
        'the roles of the service account of client `batch` are not in this export',
        'the export of realm `shop` holds no users, so no account of a person can be judged',
        'sign-in page (flow `shop browser`): of a user with a password alone it asks for password; of one with everything set up it asks for password and (one-time code or security key)',
        'direct access grant (flow `direct grant`): of a user with a password alone it asks for password; of one with everything set up it asks for password and one-time code',
        'forgotten password (flow `reset credentials`): of a user with a password alone it asks for link by mail; of one with everything set up it asks for link by mail',
      ],
    )
  })
})

const MANAGE_USERS = '~/client/realm-management/role/manage-users'
/** The facts of one user of the fixture, its mailbox apart. */
const about = (name: string) => factsOf(fixture()).filter(({ id }) => id?.match(/^~\/user\/([^#]+)/u)?.[1] === name)

suite('Keycloak realms of others', { skip: !existsSync(`${SHARED}/data/keycloak-realms`) }, () => {
  const cases: [string, Partial<Record<Fact['fact'], number>>, string[]][] = [
    [
      'master-realm-21.1.2.json',
      { role: 33, entitlement: 12, account: 0 },
      ['flow_template', 'flow_template', 'no_accounts'],
    ],
    [
      'master-realm-26.3.3.json',
      { role: 52, entitlement: 22, account: 0 },
      ['flow_template', 'flow_template', 'no_accounts', 'realm_elsewhere'],
    ],
    [
      'moped-realm.json',
      { role: 9, group: 16, account: 4, wayIn: 9 },
      [
        'mailbox_holder_unknown',
        'roles_unknown',
        'secret_in_export',
        'secret_in_export',
        'secret_in_export',
        'secret_in_export',
        'user_federation',
      ],
    ],
    [
      'quickstart-rest-authz-resource-server.json',
      { role: 4, account: 3, wayIn: 4, secret: 1 },
      ['mailbox_holder_unknown', 'secret_in_export', 'secret_in_export', 'secret_in_export'],
    ],
  ]
  for (const [file, counts, codes] of cases) {
    test(`${file} is read whole`, () => {
      const { facts, diagnostics } = run(JSON.parse(readFileSync(`${SHARED}/data/keycloak-realms/${file}`, 'utf8')))
      for (const [kind, count] of Object.entries(counts)) {
        assert.equal(facts.filter(({ fact }) => fact.fact === kind).length, count, kind)
      }
      assert.deepEqual(diagnostics.map(({ code }) => code).toSorted(), codes)
    })
  }

  test('a user with a code signs in alike in Keycloak 21 and 26, whose second factors are built differently', () => {
    const [old, recent] = ['master-realm-21.1.2.json', 'master-realm-26.3.3.json'].map((file) => {
      const page = JSON.parse(readFileSync(`${SHARED}/data/keycloak-realms/${file}`, 'utf8'))
      page.users = [
        { username: 'ada', email: 'ada@example.test', credentials: [{ type: 'password' }, { type: 'otp' }] },
      ]
      page.resetPasswordAllowed = true
      return run(page).facts.flatMap(({ fact }) => (fact.fact === 'wayIn' ? [wayOf(fact)] : []))
    })
    const id = 'keycloak:master/user/ada'
    const factors = { all: [`${id}#password/0`, `${id}#otp/1`] }
    assert.deepEqual(old, [
      ['sign-in page', factors],
      ['direct access grant', factors],
      ['forgotten password', `${id}#link`],
    ])
    assert.deepEqual(recent, old)
  })
})

const wayOf = ({ name, requires }: FactOf<'wayIn'>) => [name, requires]
