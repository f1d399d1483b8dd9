import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Fact } from '#model/facts.ts'
import { runImporter } from './importer.ts'
import { awsIam } from './aws-iam.ts'

/** Leaves out what every id has in common: the prefix of ARNs, and the account number behind `~`. */
const short = (text: string) =>
  text.replaceAll('aws-iam:arn:aws:iam::111122223333:', '').replaceAll('aws-iam:111122223333', '~')
const run = (root: unknown) => runImporter(awsIam, root, { file: 'export.json' })
const factsOf = (root: unknown): Fact[] => run(root).facts.map(({ fact }) => JSON.parse(short(JSON.stringify(fact))))
const codesOf = (root: unknown) => run(root).diagnostics.map(({ code, place }) => `${code} ${place?.pointer}`)

const allow = (action: string | string[], resource: string | string[] = '*', more: object = {}) => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...more,
})
const deny = (action: string, resource = '*', more: object = {}) => ({
  Effect: 'Deny',
  Action: action,
  Resource: resource,
  ...more,
})
const ARN = 'arn:aws:iam::111122223333'

/** An account in which user `start` has these statements, beside a role `target` that trusts the given principal. */
function exportOf(
  statements: readonly unknown[],
  { principal = { AWS: `${ARN}:root` } as unknown, condition = {} } = {},
) {
  const trust = { Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', Condition: condition }
  return {
    UserDetailList: [
      {
        UserName: 'start',
        Arn: `${ARN}:user/start`,
        UserPolicyList: [{ PolicyName: 'p', PolicyDocument: { Statement: statements } }],
      },
      { UserName: 'other', Arn: `${ARN}:user/other` },
    ],
    GroupDetailList: [],
    RoleDetailList: [{ RoleName: 'target', Arn: `${ARN}:role/target`, AssumeRolePolicyDocument: { Statement: trust } }],
    Policies: [],
  }
}
const rightsOf = (root: unknown, holder = 'user/start') =>
  factsOf(root).flatMap((fact) =>
    fact.fact === 'entitlement' && fact.holder === holder ? `${fact.on}: ${fact.capabilities.join(' ')}` : [],
  )

suite('evaluating AWS policies', () => {
  const cases: [string, unknown[], string[]][] = [
    ['nothing is allowed unless stated', [], []],
    ['an action wildcard covers its actions', [allow('secretsmanager:Get*')], ['~:secret: use_secrets']],
    [
      'actions are compared without regard to case',
      [allow('SecretsManager:getsecretvalue')],
      ['~:secret: use_secrets'],
    ],
    ['an explicit deny wins', [allow('secretsmanager:GetSecretValue'), deny('secretsmanager:*')], []],
    [
      'a deny elsewhere does not matter',
      [allow('secretsmanager:GetSecretValue'), deny('s3:*')],
      ['~:secret: use_secrets'],
    ],
    [
      'a deny of one secret leaves the others',
      [allow('secretsmanager:GetSecretValue'), deny('secretsmanager:*', 'arn:aws:secretsmanager:*:*:secret:one')],
      ['~:secret: use_secrets'],
    ],
    [
      'a conditional deny is not counted',
      [
        allow('secretsmanager:GetSecretValue'),
        deny('*', '*', { Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ],
      ['~:secret: use_secrets'],
    ],
    ['an allow of other resources gives nothing here', [allow('secretsmanager:GetSecretValue', 'arn:aws:s3:::*')], []],
    [
      'NotAction allows what it does not name',
      [
        {
          Effect: 'Allow',
          NotAction: [
            'iam:*',
            's3:*',
            'ssm:*',
            'ec2:*',
            'lambda:*',
            'c*',
            'd*',
            'r*',
            'e*',
            'g*',
            'k*',
            'a*',
            'b*',
            'sa*',
            'ses:*',
            'so*',
            'sso:*',
            'sts:*',
            'o*',
            'p*',
            'w*',
            'i*',
          ],
          Resource: '*',
        },
      ],
      ['~:secret: use_secrets rotate_secrets administer'],
    ],
    [
      'NotResource allows what it does not name',
      [
        {
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          NotResource: 'arn:aws:secretsmanager:*:*:secret:one',
        },
      ],
      ['~:secret: use_secrets'],
    ],
    [
      'assuming a role that trusts the account needs the permission',
      [allow('sts:AssumeRole', `${ARN}:role/target`)],
      ['role/target: impersonate'],
    ],
    ['and on that very role', [allow('sts:AssumeRole', `${ARN}:role/another`)], []],
    [
      'a user may mint credentials for one other',
      [allow('iam:CreateAccessKey', `${ARN}:user/other`)],
      ['user/other: mint_credentials'],
    ],
    ['or for all, which is one entitlement', [allow('iam:CreateAccessKey')], ['~:set/users: mint_credentials']],
    [
      'all but one are named one by one',
      [allow('iam:CreateAccessKey'), deny('iam:CreateAccessKey', `${ARN}:user/other`)],
      ['user/start: mint_credentials'],
    ],
    [
      'resetting a password is not resetting the second factor',
      [allow('iam:UpdateLoginProfile', `${ARN}:user/other`), allow('iam:DeactivateMFADevice', `${ARN}:user/other`)],
      ['user/other: reset_authenticators', 'user/other: reset_authenticators'],
    ],
    [
      'giving itself rights is administering',
      [allow('iam:AttachUserPolicy', `${ARN}:user/\${aws:username}`)],
      ['~:administrator: administer'],
    ],
    ['an administrator has one entitlement', [allow('*')], ['~:administrator: administer']],
    ['passing a role alone gives nothing', [allow('iam:PassRole')], []],
    [
      'a conjunction needs one region for all its parts',
      [
        allow('ec2:ModifyInstanceAttribute', 'arn:aws:ec2:*:*:instance/i-1'),
        allow(['ec2:StopInstances', 'ec2:StartInstances'], 'arn:aws:ec2:*:*:instance/i-2'),
      ],
      [],
    ],
  ]
  for (const [title, statements, expected] of cases) {
    test(title, () => assert.deepEqual(rightsOf(exportOf(statements)), expected))
  }

  test('parts of a conjunction that two accounts hold do not combine', () => {
    const page = exportOf([allow('iam:PassRole')], { principal: { Service: 'lambda.amazonaws.com' } })
    Object.assign(page.UserDetailList[1]!, {
      UserPolicyList: [
        { PolicyName: 'q', PolicyDocument: { Statement: allow(['lambda:CreateFunction', 'lambda:InvokeFunction']) } },
      ],
    })
    assert.deepEqual([...rightsOf(page), ...rightsOf(page, 'user/other')], [])
  })

  test('a boundary limits what is allowed, by what it leaves out and by what it denies', () => {
    const limited = (statements: readonly unknown[]) => {
      const page = exportOf([allow('secretsmanager:GetSecretValue'), allow('s3:GetObject')])
      const boundary = `${ARN}:policy/limits`
      Object.assign(page.UserDetailList[0]!, { PermissionsBoundary: { PermissionsBoundaryArn: boundary } })
      const version = { IsDefaultVersion: true, Document: { Statement: statements } }
      const policy = { Arn: boundary, PolicyName: 'limits', PolicyVersionList: [version] }
      return rightsOf({ ...page, Policies: [policy] })
    }
    assert.deepEqual(limited([allow('*')]), ['~:secret: use_secrets', '~:s3: read_sensitive_data'])
    assert.deepEqual(limited([allow('s3:*')]), ['~:s3: read_sensitive_data'])
    assert.deepEqual(limited([allow('*'), deny('secretsmanager:*')]), ['~:s3: read_sensitive_data'])
    const two = ['arn:aws:s3:::one/*', 'arn:aws:s3:::two/*']
    assert.deepEqual(
      limited([allow('s3:*', two)]),
      two.map((pattern) => `~:s3/${pattern}: read_sensitive_data`),
    )
  })

  test('a role that names the user needs no permission besides, unless it is denied', () => {
    const trust = { principal: { AWS: `${ARN}:user/start` } }
    assert.deepEqual(rightsOf(exportOf([], trust)), ['role/target: impersonate'])
    assert.deepEqual(rightsOf(exportOf([deny('sts:*')], trust)), [])
  })

  test('iam:PassedToService is honoured', () => {
    const statements = (service: string) => [
      allow(['lambda:CreateFunction', 'lambda:InvokeFunction']),
      allow('iam:PassRole', '*', { Condition: { StringEquals: { 'iam:PassedToService': service } } }),
    ]
    const trust = { principal: { Service: 'lambda.amazonaws.com' } }
    assert.deepEqual(rightsOf(exportOf(statements('lambda.amazonaws.com'), trust)), ['role/target: impersonate'])
    assert.deepEqual(rightsOf(exportOf(statements('ec2.amazonaws.com'), trust)), [])
  })

  test('code of a function is taken to run as every role that functions may act as', () => {
    const page = exportOf([allow('lambda:UpdateFunctionCode')], { principal: { Service: ['lambda.amazonaws.com'] } })
    const resource = factsOf(page).find((fact) => fact.fact === 'resource' && fact.id === '~:lambda')
    assert.deepEqual(resource?.fact === 'resource' && resource.runsAs, ['role/target'])
    assert.ok(codesOf(page).includes('runs_as_assumed /RoleDetailList'))
  })

  test('rights given to another account need that account too', () => {
    const rules = factsOf(exportOf([allow('iam:PutUserPolicy', `${ARN}:user/other`)])).filter(
      ({ fact }) => fact === 'rule',
    )
    assert.deepEqual(
      rules.map((rule) => rule.fact === 'rule' && [rule.then, rule.when]),
      [['~:administrator', { all: ['user/start', 'user/other'] }]],
    )
  })

  test('a role that names a user of another account is within its reach, once that account is imported too', () => {
    const elsewhere = 'arn:aws:iam::444455556666:user/eve'
    const page = exportOf([], { principal: { AWS: elsewhere } })
    assert.deepEqual(rightsOf(page, `aws-iam:${elsewhere}`), ['role/target: impersonate'])
    assert.equal(
      factsOf(page).some(({ id }) => id === `aws-iam:${elsewhere}`),
      false,
    )
    assert.ok(codesOf(page).includes('account_elsewhere /RoleDetailList/0/AssumeRolePolicyDocument/Statement'))
  })

  test('trust in everyone is a way in that asks for what everyone has', () => {
    const open = exportOf([], { principal: '*' })
    const ways = factsOf(open).flatMap((fact) =>
      fact.fact === 'wayIn' && fact.account === 'role/target' ? [fact.requires] : [],
    )
    assert.deepEqual(ways, ['role/target#trust/0'])
    const secret = factsOf(open).find(({ id }) => id === 'role/target#trust/0')
    assert.ok(secret?.fact === 'secret' && secret.conditions === 'none' && secret.leaked !== undefined)
    assert.ok(codesOf(open).includes('trust_open /RoleDetailList/0/AssumeRolePolicyDocument/Statement'))
  })

  for (const [strictness, condition] of [
    ['none', { StringEquals: { 'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com' } }],
    ['none', { StringLike: { 'token.actions.githubusercontent.com:sub': '*' } }],
    ['wildcard', { StringLike: { 'token.actions.githubusercontent.com:sub': 'repo:example/*' } }],
    ['strict', { StringEquals: { 'token.actions.githubusercontent.com:sub': 'repo:example/app:ref:refs/heads/main' } }],
  ] as const) {
    test(`conditions ${JSON.stringify(condition)} of a federated trust are ${strictness}`, () => {
      const page = exportOf([], {
        principal: { Federated: `${ARN}:oidc-provider/token.actions.githubusercontent.com` },
        condition,
      })
      const secret = factsOf(page).find(({ fact }) => fact === 'secret')
      assert.equal(secret?.fact === 'secret' && secret.conditions, strictness)
    })
  }

  test('a policy that cannot be read is reported with its place', () => {
    const page = exportOf([])
    Object.assign(page.UserDetailList[0]!.UserPolicyList![0]!, { PolicyDocument: '%7Bnot json' })
    assert.ok(codesOf(page).includes('policy_unreadable /UserDetailList/0/UserPolicyList/0/PolicyDocument'))
  })
})
