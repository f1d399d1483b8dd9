/**
 * An AWS account as `get-account-authorization-details` tells it: its users, groups, roles and managed policies, each
 * with the statements that apply to it.
 */
import Type, { type Static } from 'typebox'
import type { ImportDiagnostic } from './importer.ts'
import { MANAGED_POLICIES } from './aws-iam-catalogue.ts'
import { type Held, type Statement, readDocument } from './aws-iam-policy.ts'

const Attached = Type.Array(Type.Object({ PolicyArn: Type.String() }))
const Inline = Type.Array(Type.Object({ PolicyName: Type.String(), PolicyDocument: Type.Unknown() }))
const Common = { Arn: Type.String({ pattern: '^arn:' }), CreateDate: Type.Optional(Type.String()) }
const Boundary = Type.Optional(Type.Object({ PermissionsBoundaryArn: Type.String() }))

/** The fields used. Source: IAM API Reference, GetAccountAuthorizationDetails. */
export const AuthorizationDetails = Type.Object({
  UserDetailList: Type.Array(
    Type.Object({
      ...Common,
      UserName: Type.String(),
      GroupList: Type.Optional(Type.Array(Type.String())),
      UserPolicyList: Type.Optional(Inline),
      AttachedManagedPolicies: Type.Optional(Attached),
      PermissionsBoundary: Boundary,
    }),
  ),
  GroupDetailList: Type.Array(
    Type.Object({
      ...Common,
      GroupName: Type.String(),
      GroupPolicyList: Type.Optional(Inline),
      AttachedManagedPolicies: Type.Optional(Attached),
    }),
  ),
  RoleDetailList: Type.Array(
    Type.Object({
      ...Common,
      RoleName: Type.String(),
      AssumeRolePolicyDocument: Type.Unknown(),
      RolePolicyList: Type.Optional(Inline),
      AttachedManagedPolicies: Type.Optional(Attached),
      PermissionsBoundary: Boundary,
      InstanceProfileList: Type.Optional(Type.Array(Type.Unknown())),
      RoleLastUsed: Type.Optional(Type.Object({ LastUsedDate: Type.Optional(Type.String()) })),
    }),
  ),
  Policies: Type.Array(
    Type.Object({
      Arn: Type.String(),
      PolicyName: Type.String(),
      PolicyVersionList: Type.Optional(
        Type.Array(Type.Object({ Document: Type.Unknown(), IsDefaultVersion: Type.Boolean() })),
      ),
    }),
  ),
})
export type Page = Static<typeof AuthorizationDetails>

export interface Principal {
  readonly sort: 'user' | 'role' | 'group'
  readonly arn: string
  readonly name: string
  readonly pointer: string
  readonly createdAt: string | undefined
  readonly lastUsed: string | undefined
  /** groups of a user */
  readonly groups: readonly Principal[]
  readonly held: Held
  /** customer-managed policies attached to it directly */
  readonly policies: readonly string[]
  readonly boundaryArn: string | undefined
  /** statements of a role's trust policy */
  readonly trust: readonly Statement[]
  /** a role that some instance profile holds */
  readonly hasInstanceProfile: boolean
}

export interface Estate {
  readonly account: string
  readonly partition: string
  readonly users: readonly Principal[]
  readonly groups: readonly Principal[]
  readonly roles: readonly Principal[]
  /** customer-managed policies: ARN, and how many versions are kept */
  readonly policies: readonly { readonly arn: string; readonly versions: number; readonly pointer: string }[]
  /** statements of every policy that could be read */
  readonly documents: ReadonlyMap<string, readonly Statement[]>
}

export interface Report {
  (diagnostic: ImportDiagnostic, pointer: string): void
}

/** Account number of an ARN (`aws` for what AWS itself owns). */
export const accountOf = (arn: string) => arn.split(':')[4] ?? ''
const partitionOf = (arn: string) => arn.split(':')[1] || 'aws'

/** RFC 3339 form of the dates of the CLI (`2019-12-18 19:10:08+00:00`, `…T…Z`); undefined when it is neither. */
export function dateOf(text: string | undefined): string | undefined {
  const parts = text?.match(/^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d+)?)(Z|[+-]\d{2}:\d{2})$/u)
  return parts ? `${parts[1]}T${parts[2]}${parts[3]}` : undefined
}

/** Reads the page; what cannot be read is reported, and its statements are left out. */
export function readEstate(page: Page, report: Report): Estate {
  const documents = new Map<string, readonly Statement[]>()
  const read = (document: unknown, name: string, pointer: string) => {
    const { statements, unreadable } = readDocument(document, name, pointer)
    for (const at of unreadable) report(unreadablePolicy(name), at)
    return statements
  }
  for (const [i, policy] of page.Policies.entries()) {
    const versions = policy.PolicyVersionList ?? []
    const index = versions.findIndex((version) => version.IsDefaultVersion)
    if (index < 0) report(unreadablePolicy(policy.PolicyName), `/Policies/${i}`)
    else
      documents.set(
        policy.Arn,
        read(versions[index]!.Document, policy.PolicyName, `/Policies/${i}/PolicyVersionList/${index}/Document`),
      )
  }
  const managed = (arn: string, pointer: string): readonly Statement[] => {
    if (!documents.has(arn)) {
      const name = arn.split('/').at(-1)!
      const known = accountOf(arn) === 'aws' ? MANAGED_POLICIES[name] : undefined
      if (known === undefined) report(missingPolicy(arn), pointer)
      documents.set(arn, known === undefined ? [] : readDocument(known, name, pointer).statements)
    }
    return documents.get(arn)!
  }
  const statementsOf = (
    inline: Static<typeof Inline> = [],
    attached: Static<typeof Attached> = [],
    pointer: string,
    field: string,
  ) => [
    ...inline.flatMap((one, i) => read(one.PolicyDocument, one.PolicyName, `${pointer}/${field}/${i}/PolicyDocument`)),
    ...attached.flatMap(({ PolicyArn }, i) => managed(PolicyArn, `${pointer}/AttachedManagedPolicies/${i}`)),
  ]
  const customer = (attached: Static<typeof Attached> = []) =>
    attached.map(({ PolicyArn }) => PolicyArn).filter((arn) => accountOf(arn) !== 'aws')

  const groups = page.GroupDetailList.map((group, i): Principal => {
    const pointer = `/GroupDetailList/${i}`
    const identity = statementsOf(group.GroupPolicyList, group.AttachedManagedPolicies, pointer, 'GroupPolicyList')
    return {
      ...bare('group', group.Arn, group.GroupName, pointer),
      held: { identity, boundary: undefined, context: NOT_A_USER },
      policies: customer(group.AttachedManagedPolicies),
    }
  })
  const groupByName = new Map(groups.map((group) => [group.name, group]))
  const users = page.UserDetailList.map((user, i): Principal => {
    const pointer = `/UserDetailList/${i}`
    const own = statementsOf(user.UserPolicyList, user.AttachedManagedPolicies, pointer, 'UserPolicyList')
    const mine = (user.GroupList ?? []).flatMap((name, at) => {
      const group = groupByName.get(name)
      if (!group) report(missingGroup(name), `${pointer}/GroupList/${at}`)
      return group ?? []
    })
    const boundaryArn = user.PermissionsBoundary?.PermissionsBoundaryArn
    return {
      ...bare('user', user.Arn, user.UserName, pointer),
      createdAt: dateOf(user.CreateDate),
      groups: mine,
      held: {
        identity: [...own, ...mine.flatMap((group) => group.held.identity)],
        boundary: boundaryArn === undefined ? undefined : managed(boundaryArn, `${pointer}/PermissionsBoundary`),
        context: { ...contextOf(user.Arn), 'aws:username': user.UserName },
      },
      policies: customer(user.AttachedManagedPolicies),
      boundaryArn,
    }
  })
  const roles = page.RoleDetailList.map((role, i): Principal => {
    const pointer = `/RoleDetailList/${i}`
    const boundaryArn = role.PermissionsBoundary?.PermissionsBoundaryArn
    return {
      ...bare('role', role.Arn, role.RoleName, pointer),
      createdAt: dateOf(role.CreateDate),
      lastUsed: dateOf(role.RoleLastUsed?.LastUsedDate),
      held: {
        identity: statementsOf(role.RolePolicyList, role.AttachedManagedPolicies, pointer, 'RolePolicyList'),
        boundary: boundaryArn === undefined ? undefined : managed(boundaryArn, `${pointer}/PermissionsBoundary`),
        context: { ...contextOf(role.Arn), ...NOT_A_USER },
      },
      policies: customer(role.AttachedManagedPolicies),
      boundaryArn,
      trust: read(
        role.AssumeRolePolicyDocument,
        `trust policy of ${role.RoleName}`,
        `${pointer}/AssumeRolePolicyDocument`,
      ),
      hasInstanceProfile: (role.InstanceProfileList ?? []).length > 0,
    }
  })
  const first =
    [...roles, ...users, ...groups].find(({ arn }) => /^\d{12}$/u.test(accountOf(arn))) ??
    [...roles, ...users, ...groups][0]
  return {
    account: first === undefined ? 'unknown' : accountOf(first.arn),
    partition: first === undefined ? 'aws' : partitionOf(first.arn),
    users,
    groups,
    roles,
    policies: page.Policies.flatMap(({ Arn, PolicyVersionList }, i) =>
      accountOf(Arn) === 'aws' ? [] : { arn: Arn, versions: PolicyVersionList?.length ?? 0, pointer: `/Policies/${i}` },
    ),
    documents,
  }
}

/** Policy variables that only a user has. Source: IAM User Guide, "Policy variables", table of principal values. */
export const NOT_A_USER = { 'aws:username': null }

const contextOf = (arn: string) => ({ 'aws:principalarn': arn, 'aws:principalaccount': accountOf(arn) })

const bare = (sort: Principal['sort'], arn: string, name: string, pointer: string) => ({
  sort,
  arn,
  name,
  pointer,
  createdAt: undefined,
  lastUsed: undefined,
  groups: [],
  policies: [],
  boundaryArn: undefined,
  trust: [],
  hasInstanceProfile: false,
})

const unreadablePolicy = (name: string): ImportDiagnostic => ({
  code: 'policy_unreadable',
  level: 'warning',
  message: `a part of policy \`${name}\` cannot be read, so what it allows or denies is not counted`,
  remedy: 'export the account again with the vendor’s command, without editing the file',
})
const missingPolicy = (arn: string): ImportDiagnostic => ({
  code: 'policy_missing',
  level: 'warning',
  message: `managed policy \`${arn}\` is attached but not in the export, so what it allows is not counted`,
  remedy: 'export without --filter, or with --filter User Role Group LocalManagedPolicy AWSManagedPolicy',
})
const missingGroup = (name: string): ImportDiagnostic => ({
  code: 'group_missing',
  level: 'warning',
  message: `group \`${name}\` is not in the export, so what its policies allow is not counted`,
  remedy: 'export without --filter',
})
