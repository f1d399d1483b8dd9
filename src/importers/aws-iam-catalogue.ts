/**
 * What AWS permissions amount to: the tables over roles, users, groups and policies
 * (`aws-iam-resources.ts` has those over resources), one row per permission or conjunction.
 *
 * Sources, named in each row: `pathfinding.cloud <id>` is the public catalogue of AWS privilege escalation paths
 * (Datadog, https://pathfinding.cloud); `cloudsplaining` its constants for credential and data exposure
 * (https://github.com/salesforce/cloudsplaining); `sar` the vendor's Service Authorization Reference
 * (https://docs.aws.amazon.com/service-authorization/latest/reference/), from whose description of the action the
 * capability follows.
 */
import type { AuthenticatorKind, Capability } from '#contract/vocabulary.ts'

/** A role handed to a service that then acts as it: `iam:PassRole` on the role, every action of the row, and trust. */
export interface PassRoleRight {
  readonly actions: readonly string[]
  /** the role must trust one of these services */
  readonly services: readonly string[]
  readonly source: string
}
const pass = (source: string, services: string | readonly string[], ...actions: string[]): PassRoleRight => ({
  actions,
  services: typeof services === 'string' ? [services] : services,
  source: `pathfinding.cloud ${source}`,
})
const ECS = 'ecs-tasks.amazonaws.com'
const GLUE = 'glue.amazonaws.com'
const SAGEMAKER = 'sagemaker.amazonaws.com'

export const PASS_ROLE_RIGHTS: readonly PassRoleRight[] = [
  pass('apprunner-001', 'tasks.apprunner.amazonaws.com', 'apprunner:CreateService'),
  pass(
    'bedrock-001',
    'bedrock-agentcore.amazonaws.com',
    'bedrock-agentcore:CreateCodeInterpreter',
    'bedrock-agentcore:StartCodeInterpreterSession',
    'bedrock-agentcore:InvokeCodeInterpreter',
  ),
  pass('cloudformation-001', 'cloudformation.amazonaws.com', 'cloudformation:CreateStack'),
  pass(
    'cloudformation-003',
    'cloudformation.amazonaws.com',
    'cloudformation:CreateStackSet',
    'cloudformation:CreateStackInstances',
  ),
  pass('cloudformation-004', 'cloudformation.amazonaws.com', 'cloudformation:UpdateStackSet'),
  pass('codebuild-001', 'codebuild.amazonaws.com', 'codebuild:CreateProject', 'codebuild:StartBuild'),
  pass('codebuild-004', 'codebuild.amazonaws.com', 'codebuild:CreateProject', 'codebuild:StartBuildBatch'),
  pass(
    'datapipeline-001',
    ['datapipeline.amazonaws.com', 'elasticmapreduce.amazonaws.com', 'ec2.amazonaws.com'],
    'datapipeline:CreatePipeline',
    'datapipeline:PutPipelineDefinition',
    'datapipeline:ActivatePipeline',
  ),
  pass('ec2-001', 'ec2.amazonaws.com', 'ec2:RunInstances'),
  pass('ec2-003', 'ec2.amazonaws.com', 'ec2:RequestSpotInstances'),
  pass('ecs-001, ecs-003', ECS, 'ecs:RegisterTaskDefinition', 'ecs:CreateService'),
  pass('ecs-002, ecs-004', ECS, 'ecs:RegisterTaskDefinition', 'ecs:RunTask'),
  pass('ecs-005', ECS, 'ecs:RegisterTaskDefinition', 'ecs:StartTask'),
  pass('glue-001', GLUE, 'glue:CreateDevEndpoint'),
  pass('glue-003', GLUE, 'glue:CreateJob', 'glue:StartJobRun'),
  pass('glue-004', GLUE, 'glue:CreateJob', 'glue:CreateTrigger'),
  pass('glue-005', GLUE, 'glue:UpdateJob', 'glue:StartJobRun'),
  pass('glue-006', GLUE, 'glue:UpdateJob', 'glue:CreateTrigger'),
  pass('lambda-001', 'lambda.amazonaws.com', 'lambda:CreateFunction', 'lambda:InvokeFunction'),
  pass('lambda-002', 'lambda.amazonaws.com', 'lambda:CreateFunction', 'lambda:CreateEventSourceMapping'),
  pass('lambda-006', 'lambda.amazonaws.com', 'lambda:CreateFunction', 'lambda:AddPermission'),
  pass('sagemaker-001', SAGEMAKER, 'sagemaker:CreateNotebookInstance'),
  pass('sagemaker-002', SAGEMAKER, 'sagemaker:CreateTrainingJob'),
  pass('sagemaker-003', SAGEMAKER, 'sagemaker:CreateProcessingJob'),
]

export type PrincipalSort = 'user' | 'role' | 'group' | 'policy'

/** A right over an IAM user, role, group or managed policy. */
export interface PrincipalRight {
  readonly action: string
  readonly over: PrincipalSort
  /** a capability on the target; or `grant`: it adds rights to the target, or to whatever the policy is attached to */
  readonly gives: Capability | 'grant'
  readonly resets?: readonly AuthenticatorKind[]
  readonly source: string
}
/** Kinds of the IAM user's second factor; `unknown` is what this export shows of it. Source: AWS IAM User Guide, "MFA". */
const MFA: readonly AuthenticatorKind[] = ['totp', 'security_key', 'passkey']

export const PRINCIPAL_RIGHTS: readonly PrincipalRight[] = [
  {
    action: 'iam:CreateAccessKey',
    over: 'user',
    gives: 'mint_credentials',
    source: 'pathfinding.cloud iam-002, iam-003',
  },
  { action: 'iam:CreateLoginProfile', over: 'user', gives: 'mint_credentials', source: 'pathfinding.cloud iam-004' },
  {
    action: 'iam:UpdateLoginProfile',
    over: 'user',
    gives: 'reset_authenticators',
    resets: ['password', 'unknown'],
    source: 'pathfinding.cloud iam-006; whether a second factor exists is not in this export',
  },
  { action: 'iam:DeactivateMFADevice', over: 'user', gives: 'reset_authenticators', resets: MFA, source: 'sar' },
  { action: 'iam:ResyncMFADevice', over: 'user', gives: 'reset_authenticators', resets: MFA, source: 'sar' },
  { action: 'iam:UpdateAccessKey', over: 'user', gives: 'rotate_secrets', source: 'sar' },
  { action: 'iam:CreateServiceSpecificCredential', over: 'user', gives: 'mint_credentials', source: 'cloudsplaining' },
  { action: 'iam:ResetServiceSpecificCredential', over: 'user', gives: 'mint_credentials', source: 'cloudsplaining' },
  { action: 'iam:AttachUserPolicy', over: 'user', gives: 'grant', source: 'pathfinding.cloud iam-008, iam-015' },
  { action: 'iam:PutUserPolicy', over: 'user', gives: 'grant', source: 'pathfinding.cloud iam-007, iam-018' },
  { action: 'iam:UpdateAssumeRolePolicy', over: 'role', gives: 'impersonate', source: 'pathfinding.cloud iam-012' },
  {
    action: 'iam:AttachRolePolicy',
    over: 'role',
    gives: 'grant',
    source: 'pathfinding.cloud iam-009, iam-014, iam-019',
  },
  { action: 'iam:PutRolePolicy', over: 'role', gives: 'grant', source: 'pathfinding.cloud iam-005, iam-017, iam-021' },
  { action: 'iam:AddUserToGroup', over: 'group', gives: 'administer', source: 'pathfinding.cloud iam-013' },
  { action: 'iam:AttachGroupPolicy', over: 'group', gives: 'grant', source: 'pathfinding.cloud iam-010' },
  { action: 'iam:PutGroupPolicy', over: 'group', gives: 'grant', source: 'pathfinding.cloud iam-011' },
  {
    action: 'iam:CreatePolicyVersion',
    over: 'policy',
    gives: 'grant',
    source: 'pathfinding.cloud iam-001, iam-016, iam-020',
  },
  { action: 'iam:SetDefaultPolicyVersion', over: 'policy', gives: 'grant', source: 'cloudsplaining' },
]

/**
 * Documents of AWS managed policies that an export made with `--filter LocalManagedPolicy` leaves out, shortened to
 * what the tables above ask about. Source: AWS Managed Policy Reference Guide.
 */
export const MANAGED_POLICIES: Readonly<Record<string, unknown>> = {
  AdministratorAccess: { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
  IAMFullAccess: { Statement: [{ Effect: 'Allow', Action: 'iam:*', Resource: '*' }] },
  PowerUserAccess: {
    Statement: [
      { Effect: 'Allow', NotAction: ['iam:*', 'organizations:*', 'account:*'], Resource: '*' },
      {
        Effect: 'Allow',
        Action: [
          'iam:CreateServiceLinkedRole',
          'iam:DeleteServiceLinkedRole',
          'iam:ListRoles',
          'organizations:DescribeOrganization',
        ],
        Resource: '*',
      },
    ],
  },
}
