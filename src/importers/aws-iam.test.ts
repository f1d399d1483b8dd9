import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import type { Fact } from '#model/facts.ts'
import { runImporter } from './importer.ts'
import { awsIam } from './aws-iam.ts'

const SHARED = process.env.AMBIT_SHARED ?? new URL('../../../shared', import.meta.url).pathname
const fixture = () => JSON.parse(readFileSync(new URL('aws-iam.fixture.json', import.meta.url), 'utf8'))

/** Leaves out what every id of the fixture shares: the prefix of ARNs, and the account number behind `~`. */
const short = (text: string) =>
  text.replaceAll('aws-iam:arn:aws:iam::111122223333:', '').replaceAll('aws-iam:111122223333', '~')
const run = (root: unknown) => runImporter(awsIam, root, { file: 'export.json' })
const factsOf = (root: unknown): Fact[] => run(root).facts.map(({ fact }) => JSON.parse(short(JSON.stringify(fact))))
const codesOf = (root: unknown) => run(root).diagnostics.map(({ code, place }) => `${code} ${place?.pointer}`)

suite('importing AWS account authorization details', () => {
  test('the accounts, groups and ways in of the fixture', () => {
    const kinds = ['system', 'account', 'group', 'role', 'authenticator', 'wayIn', 'secret']
    assert.deepEqual(
      factsOf(fixture()).filter(({ fact }) => kinds.includes(fact)),
      [
        { fact: 'system', id: '~', name: 'AWS account 111122223333', kind: 'aws' },
        ...[
          ['alice@example.test', ['group/builders', '~:set/everyone'], { createdAt: '2025-01-02T03:04:05Z' }] as const,
          // the boundary takes away what the group gives, so bob is no member
          ['bob@example.test', ['~:set/everyone'], {}] as const,
        ].flatMap(([name, memberOf, more]) => [
          { fact: 'account', id: `user/${name}`, kind: 'human', name, system: '~', memberOf, ...more },
          { fact: 'authenticator', id: `user/${name}#sign-in`, kind: 'unknown', of: [`user/${name}`] },
          {
            fact: 'wayIn',
            id: `user/${name}#way/sign-in`,
            account: `user/${name}`,
            purpose: 'sign_in',
            name: 'console password or access key',
            requires: `user/${name}#sign-in`,
          },
        ]),
        { fact: 'group', id: 'group/builders', name: 'builders', system: '~' },
        { ...role('worker', 'workload'), lastUsed: '2026-01-02T03:04:05+00:00' },
        role('reader', 'workload'),
        role('deploy', 'workload'),
        role('people', 'human'),
        {
          fact: 'account',
          id: 'aws-iam:444455556666:any',
          kind: 'workload',
          name: 'any user or role of AWS account 444455556666',
          thirdParty: true,
        },
        {
          fact: 'secret',
          id: 'role/deploy#trust/0',
          kind: 'api_token',
          name: 'token of token.actions.githubusercontent.com',
          ephemeral: true,
          conditions: 'wildcard',
        },
        {
          fact: 'wayIn',
          id: 'role/deploy#way/trust/0',
          account: 'role/deploy',
          purpose: 'federation',
          name: 'token.actions.githubusercontent.com',
          requires: 'role/deploy#trust/0',
        },
        { fact: 'account', id: IDP, kind: 'human', name: 'whoever idp.example.test lets in' },
        { fact: 'authenticator', id: `${IDP}#sign-in`, kind: 'unknown', of: [IDP] },
        { fact: 'wayIn', id: `${IDP}#way/sign-in`, account: IDP, purpose: 'sign_in', requires: `${IDP}#sign-in` },
        {
          fact: 'wayIn',
          id: 'role/people#way/trust/0',
          account: 'role/people',
          purpose: 'federation',
          name: 'idp.example.test',
          requires: IDP,
        },
        { fact: 'group', id: '~:set/everyone', name: 'every IAM user and role of 111122223333', system: '~' },
        { fact: 'role', id: WITHIN, name: 'whatever the boundary limits allows', system: '~' },
        { fact: 'role', id: '~:administrator', name: 'administrator of 111122223333', system: '~' },
      ],
    )
  })

  test('the resources, entitlements and rules of the fixture', () => {
    const secrets = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/*'
    const resource = (id: string, name: string, kind: string, container?: string) => ({
      fact: 'resource',
      id: `~:${id}`,
      name,
      kind,
      system: '~',
      ...(container === undefined ? {} : { in: `~:${container}` }),
    })
    const entitlement = (holder: string, on: string, capabilities: readonly string[], right: string) => ({
      fact: 'entitlement',
      holder,
      on,
      capabilities,
      right,
    })
    assert.deepEqual(
      factsOf(fixture()).filter(({ fact }) => ['resource', 'entitlement', 'rule'].includes(fact)),
      [
        entitlement('aws-iam:444455556666:any', 'role/deploy', ['impersonate'], 'sts:AssumeRole, if sts:externalid'),
        resource('secret', 'Secrets Manager secrets of 111122223333', 'Secrets Manager secrets', 'account'),
        resource('account', 'everything of 111122223333', 'everything'),
        resource(`secret/${secrets}`, secrets, 'Secrets Manager secrets', 'secret'),
        resource('s3', 'S3 objects of 111122223333', 'S3 objects', 'account'),
        resource('s3/arn:aws:s3:::example-test-data/*', 'arn:aws:s3:::example-test-data/*', 'S3 objects', 's3'),
        entitlement(
          WITHIN,
          '~:s3/arn:aws:s3:::example-test-data/*',
          ['read_sensitive_data', 'administer'],
          's3:GetObject, s3:PutObjectAcl, s3:PutBucketPolicy, s3:PutBucketAcl, s3:DeleteBucketPolicy',
        ),
        {
          fact: 'rule',
          id: `${WITHIN}#grants/0`,
          // oxlint-disable-next-line unicorn/no-thenable -- the field of a rule fact
          then: '~:administrator',
          when: { all: [WITHIN, 'user/alice@example.test'] },
          reason: 'iam:PutUserPolicy adds rights to an account that is then used',
        },
        entitlement('~:administrator', '~:account', ['administer'], '*'),
        entitlement(
          '~:administrator',
          '~:set/everyone',
          ['impersonate', 'mint_credentials', 'reset_authenticators'],
          '*',
        ),
        entitlement('user/alice@example.test', 'user/alice@example.test', ['mint_credentials'], 'iam:CreateAccessKey'),
        entitlement('user/bob@example.test', WITHIN, ['administer'], 'iam:PutUserPolicy on itself'),
        entitlement(
          'group/builders',
          'role/worker',
          ['impersonate'],
          'iam:PassRole + lambda:CreateFunction + lambda:InvokeFunction',
        ),
        entitlement('group/builders', 'role/reader', ['impersonate'], 'sts:AssumeRole'),
        entitlement('role/worker', `~:secret/${secrets}`, ['use_secrets'], 'secretsmanager:GetSecretValue'),
        entitlement('role/deploy', '~:administrator', ['administer'], 'every action on every resource'),
      ],
    )
  })

  test('what the fixture does not say is reported, with its place', () => {
    assert.deepEqual(codesOf(fixture()), [
      'account_elsewhere /RoleDetailList/2/AssumeRolePolicyDocument/Statement/1',
      'policy_missing /RoleDetailList/1/AttachedManagedPolicies/0',
      'login_profile_unknown /UserDetailList',
      'policies_elsewhere ',
      'membership_limited /UserDetailList/1',
      'mfa_condition /GroupDetailList/0/GroupPolicyList/0/PolicyDocument/Statement/2',
    ])
  })

  test('a user without a name is refused with its place', () => {
    const page = fixture()
    delete page.UserDetailList[1].UserName
    const { facts, diagnostics } = run(page)
    assert.deepEqual(facts, [])
    assert.deepEqual(
      diagnostics.map(({ code, place }) => [code, place?.pointer]),
      [['import_record_invalid', '/UserDetailList/1']],
    )
  })
})

const IDP = 'saml-provider/idp.example.test'
const WITHIN = '~:within/arn:aws:iam::111122223333:policy/limits'
const role = (name: string, kind: string) => ({
  fact: 'account',
  id: `role/${name}`,
  kind,
  name,
  system: '~',
  memberOf: ['~:set/everyone'],
})

suite('AWS exports of others', { skip: !existsSync(`${SHARED}/data/aws-authz-details`) }, () => {
  for (const [file, counts] of Object.entries({
    'cloudmapper-demo-iam-gaad.json': { account: 6, group: 2, entitlement: 10, warnings: 1 },
    'example-authz-details.json': { account: 6, group: 4, entitlement: 11, warnings: 0 },
    'example_authz_v2.json': { account: 3, group: 2, entitlement: 5, warnings: 0 },
  })) {
    test(`${file} is read whole`, () => {
      const { facts, diagnostics } = run(JSON.parse(readFileSync(`${SHARED}/data/aws-authz-details/${file}`, 'utf8')))
      const count = (kind: string) => facts.filter(({ fact }) => fact.fact === kind).length
      assert.deepEqual(
        {
          account: count('account'),
          group: count('group'),
          entitlement: count('entitlement'),
          warnings: diagnostics.filter(({ level }) => level !== 'info').length,
        },
        counts,
      )
    })
  }
})
