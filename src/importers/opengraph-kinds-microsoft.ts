/** What the kinds of Entra ID, Azure and Active Directory collectors mean here. */
import {
  CONTAINS,
  GROUP,
  HUMAN,
  type KindTable,
  MEMBER,
  NOTHING,
  RESOURCE,
  ROLE,
  WORKLOAD,
  all,
  resets,
  right,
} from './opengraph-meaning.ts'

export const ENTRA: KindTable = {
  namespace: 'AZ',
  version: 'BloodHound v8',
  source: 'BloodHound edge reference, https://bloodhound.specterops.io/resources/edges; EntraAuthPolicyHound',
  nodes: {
    AZUser: HUMAN,
    ...all('AZ', 'ServicePrincipal App ManagedIdentity', WORKLOAD),
    // the tenant is the scope of rights over the accounts in it
    ...all('AZ', 'Group Group365 Tenant', GROUP),
    AZRole: ROLE,
    ...all(
      'AZ',
      `AuthenticationPolicy Device Subscription ResourceGroup ManagementGroup VM VMScaleSet KeyVault ContainerRegistry
      AutomationAccount LogicApp FunctionApp WebApp ManagedCluster`,
      RESOURCE,
    ),
  },
  edges: {
    ...all('AZ', 'MemberOf HasRole RoleEligible', MEMBER),
    AZContains: CONTAINS,
    // what follows gives a full sign-in by itself: a pass or a passkey stands for every factor
    ...all('AZ', 'CreateTAP RegisterPasskey', right('reset_authenticators')),
    AZResetPassword: resets('password', 'unknown'),
    AZPrivilegedAuthAdmin: right('reset_authenticators'),
    AZChangeAuthenticationPolicy: right('alter_auth_policy'),
    ...all(
      'AZMG',
      'Policy_ReadWrite_AuthenticationMethod Policy_ReadWrite_ConditionalAccess',
      right('alter_auth_policy'),
    ),
    ...all(
      'AZMG',
      'UserAuthenticationMethod_ReadWrite_All UserAuthenticationMethod_Passkey_ReadWrite_All UserAuthMethod_Passkey_ReadWrite_All UserAuthMethod_TAP_ReadWrite_All',
      right('reset_authenticators'),
    ),
    AZGlobalAdmin: right('administer', 'impersonate', 'reset_authenticators', 'alter_auth_policy'),
    AZPrivilegedRoleAdmin: right('administer', 'impersonate'),
    ...all('AZ', 'Owns Owner UserAccessAdministrator KeyVaultContributor AddMembers AddOwner', right('administer')),
    ...all('AZMG', 'AddMember AddOwner GrantAppRoles GrantRole', right('administer')),
    ...all('AZ', 'AddSecret AppAdmin CloudAppAdmin', right('mint_credentials')),
    AZMGAddSecret: right('mint_credentials'),
    ...all('AZ', 'GetSecrets GetKeys GetCertificates', right('use_secrets')),
    ...all(
      'AZ',
      'Contributor VMContributor VMAdminLogin AvereContributor AutomationContributor LogicAppContributor WebsiteContributor AKSContributor ExecuteCommand',
      right('alter_infrastructure'),
    ),
    AZManagedIdentity: { shape: 'runsAs' },
    AZNodeResourceGroup: { shape: 'deploysTo' },
    AZRunsAs: { ...right('impersonate'), ofResource: 'runsAs' },
    ...all('', 'SyncedToADUser SyncedToEntraUser', right('impersonate')),
    ...all('AZ', 'TapExclude PasskeyExclude RoleApprover ScopedTo', NOTHING),
  },
}

export const ACTIVE_DIRECTORY: KindTable = {
  namespace: '',
  version: 'BloodHound v8',
  source: 'BloodHound edge reference, https://bloodhound.specterops.io/resources/edges',
  nodes: {
    User: HUMAN,
    Computer: WORKLOAD,
    // containers are the scope of rights over the accounts in them
    ...all('', 'Group Domain OU Container', GROUP),
    ...all('', 'GPO AIACA CertTemplate EnterpriseCA NTAuthStore RootCA IssuancePolicy', RESOURCE),
  },
  edges: {
    MemberOf: MEMBER,
    Contains: CONTAINS,
    ...all(
      '',
      'GenericAll GenericWrite Owns OwnsLimitedRights WriteDacl WriteOwner WriteOwnerLimitedRights AllExtendedRights',
      right('administer'),
    ),
    ...all('', 'AddMember AddSelf ManageCA', right('administer')),
    ForceChangePassword: resets('password', 'unknown'),
    ...all('', 'AddKeyCredentialLink WriteSPN WriteAltSecurityIdentities', right('mint_credentials')),
    ...all(
      '',
      'AllowedToDelegate AllowedToAct AddAllowedToAct WriteAccountRestrictions HasSIDHistory HasSession AdminTo CanRDP CanPSRemote ExecuteDCOM SQLAdmin ReadLAPSPassword ReadGMSAPassword DumpSMSAPassword SyncLAPSPassword CoerceToTGT CoerceAndRelayNTLMToSMB CoerceAndRelayNTLMToLDAP CoerceAndRelayNTLMToLDAPS CoerceAndRelayNTLMToADCS',
      right('impersonate'),
    ),
    // over the whole domain: the secrets, or certificates in the name, of everyone in it
    ...all(
      '',
      'DCSync GoldenCert ADCSESC1 ADCSESC3 ADCSESC4 ADCSESC6a ADCSESC6b ADCSESC9a ADCSESC9b ADCSESC10a ADCSESC10b ADCSESC13',
      right('impersonate'),
    ),
    ...all('', 'WriteGPLink', right('alter_infrastructure')),
    // each is one half of DCSync, or is weighed by another edge
    ...all(
      '',
      'GetChanges GetChangesAll GetChangesInFilteredSet GPLink TrustedBy SameForestTrust CrossForestTrust',
      NOTHING,
    ),
    ...all('', 'Enroll PublishedTo TrustedForNTAuth NTAuthStoreFor IssuedSignedBy RootCAFor EnterpriseCAFor', NOTHING),
  },
}
