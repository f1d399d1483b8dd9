/** The fields of a Keycloak realm export that the importer uses. Source: Keycloak REST API, RealmRepresentation. */
import Type, { type Static } from 'typebox'

const opt = Type.Optional
const Text = Type.String()
const Texts = Type.Array(Text)
const Flag = Type.Boolean()
const Count = Type.Integer()
/** Role names by client. */
const ClientRoles = Type.Record(Text, Texts)

const Role = Type.Object({
  name: Text,
  composites: opt(Type.Object({ realm: opt(Texts), client: opt(ClientRoles) })),
})

const Group = Type.Cyclic(
  {
    Group: Type.Object({
      name: Text,
      realmRoles: opt(Texts),
      clientRoles: opt(ClientRoles),
      subGroups: opt(Type.Array(Type.Ref('Group'))),
    }),
  },
  'Group',
)

const Credential = Type.Object({
  type: Text,
  value: opt(Text),
  createdDate: opt(Type.Number()),
  userLabel: opt(Text),
  /** JSON: digits and period of a code, attestation format of a key */
  credentialData: opt(Text),
})

const User = Type.Object({
  username: Text,
  email: opt(Text),
  enabled: opt(Flag),
  createdTimestamp: opt(Type.Number()),
  serviceAccountClientId: opt(Text),
  federationLink: opt(Text),
  credentials: opt(Type.Array(Credential)),
  requiredActions: opt(Texts),
  federatedIdentities: opt(Type.Array(Type.Object({ identityProvider: Text, userName: opt(Text), userId: opt(Text) }))),
  realmRoles: opt(Texts),
  clientRoles: opt(ClientRoles),
  groups: opt(Texts),
})

const Client = Type.Object({
  clientId: Text,
  enabled: opt(Flag),
  secret: opt(Text),
  publicClient: opt(Flag),
  bearerOnly: opt(Flag),
  clientAuthenticatorType: opt(Text),
  serviceAccountsEnabled: opt(Flag),
  standardFlowEnabled: opt(Flag),
  directAccessGrantsEnabled: opt(Flag),
  authenticationFlowBindingOverrides: opt(Type.Record(Text, Text)),
})

const Execution = Type.Object({
  authenticator: opt(Text),
  authenticatorConfig: opt(Text),
  requirement: Text,
  flowAlias: opt(Text),
})

const Flow = Type.Object({ id: opt(Text), alias: Text, authenticationExecutions: opt(Type.Array(Execution)) })

const IdentityProvider = Type.Object({
  alias: Text,
  providerId: opt(Text),
  enabled: opt(Flag),
  linkOnly: opt(Flag),
  firstBrokerLoginFlowAlias: opt(Text),
  postBrokerLoginFlowAlias: opt(Text),
})

/** One realm, as `kc.sh export` or the admin console's partial export writes it. */
export const Realm = Type.Object({
  realm: Text,
  enabled: opt(Flag),
  ssoSessionIdleTimeout: opt(Count),
  ssoSessionMaxLifespan: opt(Count),
  ssoSessionIdleTimeoutRememberMe: opt(Count),
  ssoSessionMaxLifespanRememberMe: opt(Count),
  rememberMe: opt(Flag),
  resetPasswordAllowed: opt(Flag),
  bruteForceProtected: opt(Flag),
  failureFactor: opt(Count),
  passwordPolicy: opt(Text),
  otpPolicyType: opt(Text),
  otpPolicyDigits: opt(Count),
  otpPolicyPeriod: opt(Count),
  otpPolicyCodeReusable: opt(Flag),
  webAuthnPolicyUserVerificationRequirement: opt(Text),
  webAuthnPolicyPasswordlessUserVerificationRequirement: opt(Text),
  webAuthnPolicyPasswordlessPasskeysEnabled: opt(Flag),
  adminPermissionsEnabled: opt(Flag),
  smtpServer: opt(Type.Record(Text, Type.Unknown())),
  roles: opt(Type.Object({ realm: opt(Type.Array(Role)), client: opt(Type.Record(Text, Type.Array(Role))) })),
  groups: opt(Type.Array(Group)),
  users: opt(Type.Array(User)),
  clients: opt(Type.Array(Client)),
  identityProviders: opt(Type.Array(IdentityProvider)),
  authenticationFlows: opt(Type.Array(Flow)),
  authenticatorConfig: opt(Type.Array(Type.Object({ alias: Text, config: opt(Type.Record(Text, Type.Unknown())) }))),
  requiredActions: opt(Type.Array(Type.Object({ alias: Text, enabled: opt(Flag) }))),
  browserFlow: opt(Text),
  directGrantFlow: opt(Text),
  resetCredentialsFlow: opt(Text),
  firstBrokerLoginFlow: opt(Text),
  components: opt(Type.Record(Text, Type.Unknown())),
})
export type Realm = Static<typeof Realm>
export type User = Static<typeof User>
export type Credential = Static<typeof Credential>
export type Client = Static<typeof Client>
export type Flow = Static<typeof Flow>
export type Execution = Static<typeof Execution>
export type IdentityProvider = Static<typeof IdentityProvider>
export type Group = Static<typeof Group>

export const SOURCE = 'keycloak'

/** Ids of what a realm holds. User names, role names and group paths are unique in a realm; ids may be absent. */
export const realmIds = (realm: string) => {
  const system = `${SOURCE}:${realm}`
  return {
    system,
    /** the realm itself, as a resource */
    resource: `${system}/realm`,
    /** every account of the realm */
    users: `${system}/users`,
    authorization: `${system}/authorization`,
    /** the clients and their secrets, as one resource */
    clients: `${system}/clients`,
    smtp: `${system}/smtp`,
    grantable: `${system}/grantable`,
    user: (username: string) => `${system}/user/${username}`,
    role: (name: string) => `${system}/role/${name}`,
    clientRole: (client: string, name: string) => `${system}/client/${client}/role/${name}`,
    group: (path: string) => `${system}/group${path}`,
    clientSecret: (client: string) => `${system}/client/${client}/secret`,
    provider: (alias: string) => `${system}/idp/${alias}`,
  }
}
export type RealmIds = ReturnType<typeof realmIds>
