/**
 * What the kinds of GitHub and Okta collectors mean here; `opengraph-kinds-microsoft.ts` has Entra and Active Directory.
 * Traversability as the collectors' own definitions state it; capabilities after what each edge lets its start do.
 */
import { ACTIVE_DIRECTORY, ENTRA } from './opengraph-kinds-microsoft.ts'
import {
  CONTAINS,
  GROUP,
  HUMAN,
  IMPLIES,
  type KindTable,
  MEMBER,
  NOTHING,
  type NodeMeaning,
  RESOURCE,
  ROLE,
  WORKLOAD,
  all,
  resets,
  right,
  secretOf,
} from './opengraph-meaning.ts'

/** Every way to prove something but a password: what "reset the factors" removes. */
const FACTORS = ['totp', 'hotp', 'sms_code', 'voice_code', 'email_code', 'push', 'passkey', 'security_key'] as const

const GITHUB: KindTable = {
  namespace: 'GH',
  version: 'v1.3.1',
  source: 'extension definition of openhound-github, https://github.com/SpecterOps/openhound-github',
  nodes: {
    ...all('GH_', 'User EnterpriseManagedUser ExternalIdentity', HUMAN),
    ...all('GH_', 'App AppInstallation', WORKLOAD),
    ...all('GH_', 'Team EnterpriseTeam', GROUP),
    ...all('GH_', 'OrgRole TeamRole RepoRole EnterpriseRole Role', ROLE),
    ...all('GH_', 'OrgSecret RepoSecret EnvironmentSecret Secret', secretOf('other')),
    ...all('GH_', 'PersonalAccessToken SecretScanningAlert', secretOf('api_token')),
    ...all(
      'GH_',
      `Enterprise Organization Repository Branch BranchProtectionRule Workflow WorkflowJob WorkflowStep Environment
      EnvironmentBranchPolicy OrgVariable RepoVariable EnvironmentVariable Variable RunnerGroup Runner
      EnterpriseRunnerGroup OrgRunnerGroup EnterpriseRunner OrgRunner RepoRunner SamlIdentityProvider
      PersonalAccessTokenRequest`,
      RESOURCE,
    ),
  },
  edges: {
    ...all('GH_', 'HasRole HasBaseRole MemberOf AssignedTo', MEMBER),
    ...all('GH_', 'Owns Contains HasWorkflow HasRunner', CONTAINS),
    GH_InheritedFrom: IMPLIES,
    ...all('GH_', 'AdminTo WriteOrganizationCustomOrgRole CanEditEnvironment', right('administer')),
    ...all(
      'GH_',
      'ManageEnterpriseAdmins ManageEnterpriseMembers ManageEnterpriseOrganizationAdmins',
      right('administer'),
    ),
    ...all('GH_', 'AddMember WriteEnterpriseTeamMembers', right('administer')),
    ...all('GH_', 'WriteEnterpriseSso ManageEnterpriseIdentityProvider', right('alter_auth_policy')),
    // a workflow pushed to a branch runs with what the repository is given
    GH_HasBranch: { shape: 'builtFrom' },
    ...all('GH_', 'CanWriteBranch CanCreateBranch CanEditProtection CanPwnRequest', right('change_code')),
    ...all('GH_', 'CanCreateEnvironment CanCreateRepositoryWithRunnerAccess', right('alter_infrastructure')),
    GH_WriteOrganizationActionsSettings: right('alter_infrastructure'),
    GH_CanDeployToEnvironment: { ...right('alter_infrastructure'), ofResource: 'deploysTo' },
    GH_CanUseRunner: { shape: 'deploysTo' },
    GH_CanAssumeIdentity: { shape: 'runsAs' },
    ...all('GH_', 'HasSecret UsesSecret', { shape: 'uses' } as const),
    ...all('GH_', 'CanReadSecret CanReadSecretScanningAlert', right('use_secrets')),
    GH_WriteOrganizationActionsSecrets: right('rotate_secrets'),
    GH_ManageDeployKeys: right('mint_credentials'),
    GH_ReadRepoContents: right('read_sensitive_data'),
    GH_WriteEnterpriseBilling: right('approve_payments'),
    GH_ValidToken: { shape: 'opens' },
    GH_HasPersonalAccessToken: { shape: 'openedBy' },
    ...all('GH_', 'InstalledAs SyncedTo', right('impersonate')),
    // by the permissions of the installation, which are read from the node
    GH_CanAccess: NOTHING,
    ...all(
      'GH_',
      `
      CreateEnterpriseOrganizations EditEnterpriseCustomPropertiesForOrganizations ManageEnterpriseOrganizations
      ManageEnterpriseReferrals ManageEnterpriseTeams ReadEnterpriseAuditLog ReadEnterpriseDomainVerification
      ReadEnterpriseMembers ReadEnterpriseOrgProjects ReadEnterpriseOrganizationAdmin SetEnterpriseInteractionLimits
      ViewEnterpriseActionsUsageMetrics ViewEnterpriseBilling ViewEnterpriseSecretScanningAlerts
      WriteEnterpriseActionsPolicies WriteEnterprisePersonalAccessTokenPolicies CanCreateRepositories
      CanCreatePublicRepositories CanCreateInternalRepositories CanCreatePrivateRepositories WriteRepoContents
      WriteRepoPullRequests BypassBranchProtection PushProtectedBranch ManageWebhooks DeleteAlertsCodeScanning
      ViewSecretScanningAlerts RunOrgMigration ManageSecurityProducts ManageRepoSecurityProducts EditRepoProtections
      JumpMergeQueue CreateSoloMergeQueueEntry EditRepoCustomPropertiesValues AddLabel RemoveLabel CloseIssue
      ReopenIssue ClosePullRequest ReopenPullRequest AddAssignee DeleteIssue RemoveAssignee RequestPrReview
      MarkAsDuplicate SetMilestone SetIssueType ManageTopics ManageSettingsWiki ManageSettingsProjects
      ManageSettingsMergeTypes ManageSettingsPages EditRepoMetadata SetInteractionLimits SetSocialPreview
      EditRepoAnnouncementBanners ReadCodeScanning WriteCodeScanning ViewDependabotAlerts ResolveDependabotAlerts
      DeleteDiscussion ToggleDiscussionAnswer ToggleDiscussionCommentMinimize EditDiscussionCategory
      CreateDiscussionCategory ConvertIssuesToDiscussions CloseDiscussion ReopenDiscussion EditCategoryOnDiscussion
      ManageDiscussionBadges EditDiscussionComment DeleteDiscussionComment CreateTag DeleteTag CreateRepository
      InviteMember AddCollaborator CreateTeam TransferRepository ManageOrganizationWebhooks
      OrgBypassCodeScanningDismissalRequests OrgBypassSecretScanningClosureRequests
      OrgReviewAndManageSecretScanningBypassRequests OrgReviewAndManageSecretScanningClosureRequests
      ReadOrganizationActionsUsageMetrics ReadOrganizationCustomOrgRole ReadOrganizationCustomRepoRole
      ResolveSecretScanningAlerts WriteOrganizationActionsVariables WriteOrganizationCustomRepoRole
      WriteOrganizationNetworkConfigurations BypassPullRequestAllowances RestrictionsCanPush ProtectedBy
      HasSamlIdentityProvider HasExternalIdentity MapsToUser HasPersonalAccessTokenRequest IsEligibleFor
      CallsWorkflow DependsOn DeploysTo UsesVariable MatchesEnvironmentPolicy ApprovesDeploymentTo HasEnvironment
      HasVariable`,
      NOTHING,
    ),
  },
}

const OKTA: KindTable = {
  namespace: 'Okta',
  version: 'v0.1',
  source: 'edge descriptions of openhound-okta, https://github.com/SpecterOps/openhound-okta',
  nodes: {
    Okta_User: HUMAN,
    ...all('Okta_', 'Application ApiServiceIntegration Agent', WORKLOAD),
    // containers are the scope of rights over the accounts in them
    ...all('Okta_', 'Group Organization Realm ResourceSet AgentPool', GROUP),
    ...all('Okta_', 'Role CustomRole RoleAssignment', ROLE),
    Okta_JWK: secretOf('signing_key'),
    Okta_ClientSecret: secretOf('client_secret'),
    Okta_ApiToken: secretOf('api_token'),
    ...all('Okta_', 'AuthorizationServer Device IdentityProvider Policy', RESOURCE),
  },
  edges: {
    ...all('Okta_', 'MemberOf HasRole AgentMemberOf', MEMBER),
    ...all('Okta_', 'Contains RealmContains ResourceSetContains ResourceSetContainsMembersOf', CONTAINS),
    Okta_ResetPassword: resets('password', 'unknown'),
    Okta_ResetFactors: resets(...FACTORS, 'unknown'),
    Okta_HelpDeskAdmin: right('reset_authenticators'),
    Okta_OrgAdmin: right('reset_authenticators', 'administer', 'control_channel'),
    Okta_SuperAdmin: right('administer', 'impersonate', 'alter_auth_policy', 'mint_credentials'),
    ...all('Okta_', 'GroupAdmin GroupMembershipAdmin AddMember', right('administer')),
    ...all('Okta_', 'AppAdmin ManageApp', right('mint_credentials')),
    Okta_ReadClientSecret: right('use_secrets'),
    ...all('Okta_', 'SecretOf KeyOf ApiTokenFor', { shape: 'opens' } as const),
    ...all(
      'Okta_',
      'InboundSSO OutboundSSO PasswordSync KerberosSSO ReadPasswordUpdates AgentPoolFor',
      right('impersonate'),
    ),
    ...all(
      'Okta_',
      `AppAssignment CreatorOf DeviceOf GroupPull GroupPush HasRoleAssignment HostsAgent IdentityProviderFor
      IdpGroupAssignment InboundOrgSSO ManagerOf MembershipSync MobileAdmin OrgSWA OutboundOrgSSO PolicyMapping
      ResourceSetContainsIndirect SWA ScopedTo UserPull UserPush UserSync`,
      NOTHING,
    ),
  },
}

export const KIND_TABLES: readonly KindTable[] = [GITHUB, OKTA, ENTRA, ACTIVE_DIRECTORY]

/** For kinds of collectors that no table knows: what the last word of the name says. The first that fits is taken. */
export const BY_NAME: readonly (readonly [RegExp, NodeMeaning])[] = [
  [/User$/u, HUMAN],
  [/(?:ServicePrincipal|ServiceAccount|ManagedIdentity)$/u, WORKLOAD],
  [/(?:Group|Team)$/u, GROUP],
  [/Role$/u, ROLE],
  [/./u, RESOURCE],
]

/** What permissions of an app installation amount to. Source: GitHub REST API, "Permissions required for GitHub Apps". */
export const INSTALLATION_PERMISSIONS: Readonly<Record<string, ReturnType<typeof right>>> = {
  'contents:write': right('change_code'),
  'workflows:write': right('change_code'),
  'contents:read': right('read_sensitive_data'),
  'administration:write': right('administer'),
  'secrets:write': right('rotate_secrets'),
  'deployments:write': right('alter_infrastructure'),
  'environments:write': right('alter_infrastructure'),
}
