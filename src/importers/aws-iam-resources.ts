/**
 * What AWS permissions on resources amount to: the sorts of resources, and one row per permission or conjunction.
 * The sources named in the rows are explained in `aws-iam-catalogue.ts`.
 */
import type { Capability } from '#contract/vocabulary.ts'

/** A sort of resource: what people call it, its ARN pattern, and the services that run roles for it. */
export interface ResourceType {
  readonly name: string
  /** `{p}` partition and `{a}` account number; the account is left open when matching */
  readonly arn: string
  /** service principals of the roles that such a resource runs as */
  readonly runs?: readonly string[]
}

/** Keys are the last part of the id of the resource that stands for all of its sort. ARN formats: `sar`. */
export const RESOURCE_TYPES = {
  account: { name: 'everything', arn: '*' },
  lambda: { name: 'Lambda functions', arn: 'arn:{p}:lambda:*:{a}:function:*', runs: ['lambda.amazonaws.com'] },
  ec2: { name: 'EC2 instances', arn: 'arn:{p}:ec2:*:{a}:instance/*', runs: ['ec2.amazonaws.com'] },
  'launch-template': {
    name: 'EC2 launch templates',
    arn: 'arn:{p}:ec2:*:{a}:launch-template/*',
    runs: ['ec2.amazonaws.com'],
  },
  'ec2-infrastructure': { name: 'EC2 network and volumes', arn: 'arn:{p}:ec2:*:{a}:*' },
  ecs: { name: 'ECS tasks', arn: 'arn:{p}:ecs:*:{a}:*', runs: ['ecs-tasks.amazonaws.com'] },
  codebuild: {
    name: 'CodeBuild projects',
    arn: 'arn:{p}:codebuild:*:{a}:project/*',
    runs: ['codebuild.amazonaws.com'],
  },
  codepipeline: {
    name: 'CodePipeline pipelines',
    arn: 'arn:{p}:codepipeline:*:{a}:*',
    runs: ['codepipeline.amazonaws.com'],
  },
  codecommit: { name: 'CodeCommit repositories', arn: 'arn:{p}:codecommit:*:{a}:*' },
  cloudformation: {
    name: 'CloudFormation stacks',
    arn: 'arn:{p}:cloudformation:*:{a}:stack/*',
    runs: ['cloudformation.amazonaws.com'],
  },
  sagemaker: {
    name: 'SageMaker notebooks',
    arn: 'arn:{p}:sagemaker:*:{a}:notebook-instance/*',
    runs: ['sagemaker.amazonaws.com'],
  },
  glue: { name: 'Glue endpoints and jobs', arn: 'arn:{p}:glue:*:{a}:*', runs: ['glue.amazonaws.com'] },
  apprunner: {
    name: 'App Runner services',
    arn: 'arn:{p}:apprunner:*:{a}:service/*',
    runs: ['tasks.apprunner.amazonaws.com'],
  },
  'code-interpreter': {
    name: 'Bedrock AgentCore code interpreters',
    arn: 'arn:{p}:bedrock-agentcore:*:{a}:code-interpreter*/*',
    runs: ['bedrock-agentcore.amazonaws.com'],
  },
  eks: { name: 'EKS clusters', arn: 'arn:{p}:eks:*:{a}:*' },
  secret: { name: 'Secrets Manager secrets', arn: 'arn:{p}:secretsmanager:*:{a}:secret:*' },
  parameter: { name: 'SSM parameters', arn: 'arn:{p}:ssm:*:{a}:parameter/*' },
  kms: { name: 'KMS keys', arn: 'arn:{p}:kms:*:{a}:key/*' },
  s3: { name: 'S3 objects', arn: 'arn:{p}:s3:::*' },
  dynamodb: { name: 'DynamoDB tables', arn: 'arn:{p}:dynamodb:*:{a}:table/*' },
  rds: { name: 'RDS databases', arn: 'arn:{p}:rds:*:{a}:*' },
  redshift: { name: 'Redshift clusters', arn: 'arn:{p}:redshift*:*:{a}:*' },
  ecr: { name: 'ECR registries', arn: '*' },
  codeartifact: { name: 'CodeArtifact domains', arn: 'arn:{p}:codeartifact:*:{a}:*' },
  route53: { name: 'Route 53 zones', arn: 'arn:{p}:route53:::hostedzone/*' },
  mail: { name: 'SES identities', arn: 'arn:{p}:ses:*:{a}:*' },
  workmail: { name: 'WorkMail mailboxes', arn: 'arn:{p}:workmail:*:{a}:*' },
  cognito: { name: 'Cognito user pools', arn: 'arn:{p}:cognito-idp:*:{a}:userpool/*' },
  'identity-center': { name: 'IAM Identity Center', arn: '*' },
  organization: { name: 'AWS organisation', arn: '*' },
  billing: { name: 'payments and purchases', arn: '*' },
} as const satisfies Record<string, ResourceType>
export type ResourceTypeName = keyof typeof RESOURCE_TYPES

/** All actions on the resource together give the capability on it. */
export interface ResourceRight {
  readonly actions: readonly string[]
  readonly on: ResourceTypeName
  readonly gives: Capability
  readonly source: string
}
const on = (
  type: ResourceTypeName,
  gives: Capability,
  source: string,
  ...alternatives: (string | readonly string[])[]
) =>
  alternatives.map((one): ResourceRight => ({
    actions: typeof one === 'string' ? [one] : one,
    on: type,
    gives,
    source,
  }))

/** A role that already runs somewhere, taken over where it runs: `change_code` and `alter_infrastructure` follow `runsAs`. */
export const WORKLOAD_RIGHTS: readonly ResourceRight[] = [
  ...on('lambda', 'change_code', 'pathfinding.cloud lambda-003, -004, -005', 'lambda:UpdateFunctionCode'),
  ...on('lambda', 'alter_infrastructure', 'sar', 'lambda:UpdateFunctionConfiguration'),
  ...on(
    'codebuild',
    'change_code',
    'pathfinding.cloud codebuild-002, -003',
    'codebuild:StartBuild',
    'codebuild:StartBuildBatch',
  ),
  ...on('codebuild', 'change_code', 'sar', 'codebuild:UpdateProject'),
  ...on(
    'cloudformation',
    'alter_infrastructure',
    'pathfinding.cloud cloudformation-002, -005',
    'cloudformation:UpdateStack',
    ['cloudformation:CreateChangeSet', 'cloudformation:ExecuteChangeSet'],
  ),
  ...on('ec2', 'alter_infrastructure', 'pathfinding.cloud ssm-001, ssm-002', 'ssm:StartSession', 'ssm:SendCommand'),
  ...on(
    'ec2',
    'alter_infrastructure',
    'pathfinding.cloud ec2instanceconnect-003',
    'ec2-instance-connect:SendSSHPublicKey',
  ),
  ...on('ec2', 'alter_infrastructure', 'pathfinding.cloud ec2-002', [
    'ec2:ModifyInstanceAttribute',
    'ec2:StopInstances',
    'ec2:StartInstances',
  ]),
  ...on('launch-template', 'alter_infrastructure', 'pathfinding.cloud ec2-004', [
    'ec2:CreateLaunchTemplateVersion',
    'ec2:ModifyLaunchTemplate',
  ]),
  ...on('ecs', 'alter_infrastructure', 'sar', 'ecs:ExecuteCommand'),
  ...on('ecs', 'alter_infrastructure', 'sar', 'ecs:UpdateService'),
  ...on('glue', 'change_code', 'pathfinding.cloud glue-002', 'glue:UpdateDevEndpoint'),
  ...on('apprunner', 'change_code', 'pathfinding.cloud apprunner-002', 'apprunner:UpdateService'),
  ...on('sagemaker', 'change_code', 'pathfinding.cloud sagemaker-004', 'sagemaker:CreatePresignedNotebookInstanceUrl'),
  ...on('sagemaker', 'change_code', 'pathfinding.cloud sagemaker-005', [
    'sagemaker:CreateNotebookInstanceLifecycleConfig',
    'sagemaker:StopNotebookInstance',
    'sagemaker:UpdateNotebookInstance',
    'sagemaker:StartNotebookInstance',
  ]),
  ...on('code-interpreter', 'change_code', 'pathfinding.cloud bedrock-002', [
    'bedrock-agentcore:StartCodeInterpreterSession',
    'bedrock-agentcore:InvokeCodeInterpreter',
  ]),
]

/** Rights whose worth lies in the resource itself. */
export const RESOURCE_RIGHTS: readonly ResourceRight[] = [
  ...on(
    'secret',
    'use_secrets',
    'cloudsplaining',
    'secretsmanager:GetSecretValue',
    'secretsmanager:BatchGetSecretValue',
  ),
  ...on(
    'secret',
    'rotate_secrets',
    'sar',
    'secretsmanager:PutSecretValue',
    'secretsmanager:UpdateSecret',
    'secretsmanager:RotateSecret',
  ),
  ...on('secret', 'administer', 'sar', 'secretsmanager:PutResourcePolicy'),
  ...on(
    'parameter',
    'use_secrets',
    'cloudsplaining',
    'ssm:GetParameter',
    'ssm:GetParameters',
    'ssm:GetParametersByPath',
    'ssm:GetParameterHistory',
  ),
  ...on('parameter', 'rotate_secrets', 'sar', 'ssm:PutParameter'),
  ...on('ec2', 'use_secrets', 'cloudsplaining', 'ec2:GetPasswordData'),
  ...on(
    'lambda',
    'use_secrets',
    'sar (environment variables)',
    'lambda:GetFunction',
    'lambda:GetFunctionConfiguration',
  ),
  ...on('codebuild', 'use_secrets', 'sar (environment variables)', 'codebuild:BatchGetProjects'),
  ...on('kms', 'administer', 'cloudsplaining', 'kms:PutKeyPolicy', 'kms:CreateGrant'),
  ...on('kms', 'rotate_secrets', 'sar', 'kms:ScheduleKeyDeletion'),
  ...on('s3', 'read_sensitive_data', 'cloudsplaining', 's3:GetObject', 's3:PutObjectAcl'),
  ...on('s3', 'administer', 'cloudsplaining', 's3:PutBucketPolicy', 's3:PutBucketAcl', 's3:DeleteBucketPolicy'),
  ...on(
    'dynamodb',
    'read_sensitive_data',
    'cloudsplaining',
    'dynamodb:GetItem',
    'dynamodb:Query',
    'dynamodb:Scan',
    'dynamodb:BatchGetItem',
  ),
  ...on('rds', 'read_sensitive_data', 'cloudsplaining', ['rds:CreateDBSnapshot', 'rds:ModifyDBSnapshotAttribute']),
  ...on('rds', 'rotate_secrets', 'sar (master password)', 'rds:ModifyDBInstance', 'rds:ModifyDBCluster'),
  ...on('rds', 'mint_credentials', 'cloudsplaining', 'rds-db:connect'),
  ...on(
    'redshift',
    'mint_credentials',
    'cloudsplaining',
    'redshift:GetClusterCredentials',
    'redshift:GetClusterCredentialsWithIAM',
  ),
  ...on('ec2-infrastructure', 'read_sensitive_data', 'cloudsplaining', [
    'ec2:CreateSnapshot',
    'ec2:ModifySnapshotAttribute',
  ]),
  ...on(
    'ec2-infrastructure',
    'alter_infrastructure',
    'sar',
    'ec2:AuthorizeSecurityGroupIngress',
    'ec2:CreateRoute',
    'ec2:ModifyVpcEndpoint',
  ),
  ...on('eks', 'administer', 'sar', ['eks:CreateAccessEntry', 'eks:AssociateAccessPolicy']),
  ...on('lambda', 'administer', 'cloudsplaining', 'lambda:AddPermission'),
  ...on('ecr', 'mint_credentials', 'cloudsplaining', 'ecr:GetAuthorizationToken'),
  ...on('ecr', 'change_code', 'sar', 'ecr:PutImage'),
  ...on('ecr', 'administer', 'cloudsplaining', 'ecr:SetRepositoryPolicy'),
  ...on('codeartifact', 'mint_credentials', 'cloudsplaining', 'codeartifact:GetAuthorizationToken'),
  ...on(
    'codecommit',
    'change_code',
    'sar',
    'codecommit:GitPush',
    'codecommit:PutFile',
    'codecommit:MergePullRequestByFastForward',
  ),
  ...on('codepipeline', 'change_code', 'sar', 'codepipeline:UpdatePipeline'),
  ...on(
    'account',
    'mint_credentials',
    'cloudsplaining',
    'sts:GetFederationToken',
    'sso:GetRoleCredentials',
    'cognito-identity:GetCredentialsForIdentity',
  ),
  ...on('account', 'control_channel', 'sar (address of the root user)', 'account:StartPrimaryEmailUpdate'),
  ...on(
    'account',
    'alter_auth_policy',
    'sar',
    'iam:CreateSAMLProvider',
    'iam:CreateOpenIDConnectProvider',
    'iam:UpdateAccountPasswordPolicy',
    'iam:DeleteAccountPasswordPolicy',
  ),
  ...on('account', 'reset_authenticators', 'sar (task policy IAMCreateRootUserPassword)', 'sts:AssumeRoot'),
  ...on('route53', 'control_channel', 'sar (mail exchangers, name servers)', 'route53:ChangeResourceRecordSets'),
  ...on(
    'mail',
    'control_channel',
    'sar',
    'ses:PutIdentityPolicy',
    'ses:CreateReceiptRule',
    'ses:UpdateReceiptRule',
    'ses:CreateEmailIdentityPolicy',
  ),
  ...on('workmail', 'control_channel', 'sar', 'workmail:ResetPassword', 'workmail:PutMailboxPermissions'),
  ...on(
    'cognito',
    'reset_authenticators',
    'sar',
    'cognito-idp:AdminSetUserPassword',
    'cognito-idp:AdminSetUserMFAPreference',
    'cognito-idp:AdminResetUserPassword',
  ),
  ...on('cognito', 'control_channel', 'sar (phone number and address)', 'cognito-idp:AdminUpdateUserAttributes'),
  ...on('cognito', 'alter_auth_policy', 'sar', 'cognito-idp:SetUserPoolMfaConfig', 'cognito-idp:UpdateUserPool'),
  ...on(
    'identity-center',
    'administer',
    'sar',
    'sso:CreateAccountAssignment',
    'sso:PutInlinePolicyToPermissionSet',
    'sso:AttachManagedPolicyToPermissionSet',
    'identitystore:CreateGroupMembership',
  ),
  ...on(
    'organization',
    'administer',
    'sar',
    'organizations:DetachPolicy',
    'organizations:UpdatePolicy',
    'organizations:AttachPolicy',
  ),
  ...on(
    'billing',
    'approve_payments',
    'sar',
    'payments:MakePayment',
    'payments:UpdatePaymentPreferences',
    'purchase-orders:ModifyPurchaseOrders',
    'aws-marketplace:Subscribe',
    'savingsplans:CreateSavingsPlan',
  ),
]
