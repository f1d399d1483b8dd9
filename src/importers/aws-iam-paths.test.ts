/**
 * The public catalogue of AWS privilege escalation paths (pathfinding.cloud) as an oracle: an account whose only
 * permissions are those that a path requires must be seen to escalate.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import type { Fact } from '#model/facts.ts'
import { runImporter } from './importer.ts'
import { awsIam } from './aws-iam.ts'

const SHARED = process.env.AMBIT_SHARED ?? new URL('../../../shared', import.meta.url).pathname
const PATHS = `${SHARED}/data/aws-privesc-catalogue/paths.json`

interface Path {
  readonly id: string
  readonly permissions: { readonly required: readonly { readonly permission: string }[] }
}

/** Paths that this importer does not see, with the reason. */
const NOT_COVERED: Readonly<Record<string, string>> = {}

/** Paths open to a role only (it changes its own policies) or to a user only (it has a group of its own). */
const ROLE_ONLY = ['iam-005', 'iam-009']
const USER_ONLY = ['iam-007', 'iam-008', 'iam-010', 'iam-011', 'iam-013']

/** Services that the catalogue's prerequisites let the target roles trust. */
const SERVICES = [
  'tasks.apprunner.amazonaws.com',
  'bedrock-agentcore.amazonaws.com',
  'cloudformation.amazonaws.com',
  'codebuild.amazonaws.com',
  'datapipeline.amazonaws.com',
  'ec2.amazonaws.com',
  'ecs-tasks.amazonaws.com',
  'glue.amazonaws.com',
  'lambda.amazonaws.com',
  'sagemaker.amazonaws.com',
]

const ACCOUNT = '111122223333'
const arnOf = (rest: string) => `arn:aws:iam::${ACCOUNT}:${rest}`
const STARTS = { user: arnOf('user/start'), role: arnOf('role/start') }
const PRIZES = [arnOf('role/prize'), arnOf('user/prize'), arnOf('group/prizes')].map((arn) => `aws-iam:${arn}`)

/** An account where `start` (a user or a role) holds exactly these actions, and the targets have no policies at all. */
function exportWith(actions: readonly string[], start: 'user' | 'role') {
  const policy = arnOf('policy/exactly')
  const attached = { AttachedManagedPolicies: [{ PolicyArn: policy, PolicyName: 'exactly' }] }
  const statement = { Effect: 'Allow', Action: actions, Resource: '*' }
  const trust = (principal: unknown) => ({
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
  })
  const user = { UserName: 'start', Arn: STARTS.user, GroupList: ['own'], ...(start === 'user' ? attached : {}) }
  const role = {
    RoleName: 'start',
    Arn: STARTS.role,
    AssumeRolePolicyDocument: trust({ Service: 'unused.amazonaws.com' }),
  }
  return {
    UserDetailList: [user, { UserName: 'prize', Arn: arnOf('user/prize'), GroupList: [] }],
    GroupDetailList: [
      { GroupName: 'own', Arn: arnOf('group/own') },
      { GroupName: 'prizes', Arn: arnOf('group/prizes') },
    ],
    RoleDetailList: [
      { ...role, ...(start === 'role' ? attached : {}) },
      {
        RoleName: 'prize',
        Arn: arnOf('role/prize'),
        AssumeRolePolicyDocument: trust({ Service: SERVICES, AWS: arnOf('root') }),
        InstanceProfileList: [{ InstanceProfileName: 'prize' }],
      },
    ],
    Policies: [
      {
        Arn: policy,
        PolicyName: 'exactly',
        PolicyVersionList: [{ IsDefaultVersion: true, Document: { Statement: [statement] } }],
      },
    ],
  }
}

/** Ids of what the start gets: the administrator, or one of the targets, straight or by a resource that runs as it. */
function gains(actions: readonly string[], start: 'user' | 'role'): string[] {
  const { facts, diagnostics } = runImporter(awsIam, exportWith(actions, start), { file: 'path.json' })
  assert.deepEqual(
    diagnostics.filter(({ level }) => level === 'error'),
    [],
  )
  const all: readonly Fact[] = facts.map(({ fact }) => fact)
  const prizes = new Set([`aws-iam:${ACCOUNT}:administrator`, ...PRIZES])
  for (const fact of all) {
    if (fact.fact === 'account' && prizes.has(fact.id)) for (const set of fact.memberOf ?? []) prizes.add(set)
    if (fact.fact === 'resource' && fact.runsAs?.some((id) => prizes.has(id))) prizes.add(fact.id)
  }
  prizes.delete(`aws-iam:${arnOf('group/own')}`)
  const strong = ['administer', 'impersonate', 'mint_credentials', 'reset_authenticators']
  const placing = ['change_code', 'alter_infrastructure']
  return all.flatMap((fact) => {
    if (fact.fact !== 'entitlement' || fact.holder !== `aws-iam:${STARTS[start]}` || !prizes.has(fact.on)) return []
    const runs = all.some((other) => other.fact === 'resource' && other.id === fact.on)
    return fact.capabilities.some((one) => (runs ? placing : strong).includes(one)) ? [fact.on] : []
  })
}

suite('AWS privilege escalation paths', { skip: !existsSync(PATHS) }, () => {
  const paths: readonly Path[] = existsSync(PATHS) ? JSON.parse(readFileSync(PATHS, 'utf8')) : []

  test('the catalogue holds the 65 paths that this table was checked against', () => {
    assert.equal(paths.length, 65)
    const ids = new Set(paths.map(({ id }) => id))
    for (const id of [...Object.keys(NOT_COVERED), ...ROLE_ONLY, ...USER_ONLY]) assert.ok(ids.has(id), id)
  })

  for (const { id, permissions } of paths) {
    const actions = permissions.required.map(({ permission }) => permission)
    for (const start of ['user', 'role'] as const) {
      if ((start === 'user' && ROLE_ONLY.includes(id)) || (start === 'role' && USER_ONLY.includes(id))) continue
      test(`a ${start} that holds exactly what ${id} requires escalates`, () => {
        if (id in NOT_COVERED) assert.deepEqual(gains(actions, start), [], NOT_COVERED[id])
        else assert.notDeepEqual(gains(actions, start), [], actions.join(' + '))
      })
    }

    if (actions.length > 1 && actions[0] === 'iam:PassRole') {
      test(`a user that lacks one part of ${id} does not get the role by it`, () => {
        const [pass, ...others] = actions
        assert.deepEqual(
          gains(
            others.filter((action) => !action.startsWith('cloudformation')),
            'user',
          ).filter((on) => PRIZES.includes(on)),
          [],
          'without iam:PassRole',
        )
        assert.deepEqual(gains([pass!], 'user'), [], 'with iam:PassRole alone')
      })
    }
  }
})
