/**
 * What an AWS export does not say, and what the importer took for granted: reported, so that no silence is mistaken
 * for an answer.
 */
import type { ImportDiagnostic, Imported } from './importer.ts'
import type { Principal } from './aws-iam-estate.ts'
import { type Statement, conditionOf } from './aws-iam-policy.ts'
import { type World, rolesRunBy } from './aws-iam-world.ts'

const info = (code: string, message: string, remedy: string): ImportDiagnostic => ({
  code,
  level: 'info',
  message,
  remedy,
})

/** What the export does not say, said once. */
export function* limitsOf(world: World, memberships: ReadonlyMap<Principal, readonly Principal[]>): Iterable<Imported> {
  const { users, roles } = world.estate
  if (users.length > 0) {
    const message = `whether the ${users.length} users have a console password, a second factor or access keys is not in this export; each is taken for a person’s, with one unknown way in`
    const remedy = 'add the credential report (aws iam get-credential-report) as facts of your own'
    yield { diagnostic: info('login_profile_unknown', message, remedy), pointer: '/UserDetailList' }
  }
  const running = [...world.resources.values()].filter(
    ({ type, pattern }) => pattern === undefined && rolesRunBy(world, type).length > 0,
  )
  if (running.length > 0) {
    const message = `which role each resource runs as is not in this export; ${running.map(({ name }) => name).join(', ')} are taken to run as every role that the service may act as`
    yield {
      diagnostic: info(
        'runs_as_assumed',
        message,
        'state the resources and their `runsAs` in an inventory of your own',
      ),
      pointer: '/RoleDetailList',
    }
  }
  if (users.length + roles.length > 0) {
    const message =
      'service control policies, session policies and policies of resources (buckets, keys, secrets) are not in this export; rights they take away or give are not counted'
    yield {
      diagnostic: info('policies_elsewhere', message, 'state what they give as entitlements of your own'),
      pointer: '',
    }
  }
  for (const user of users) {
    const lost = user.groups.filter((group) => !memberships.get(user)!.includes(group))
    if (lost.length === 0) continue
    const message = `\`${user.name}\` has not all that ${lost.map(({ name }) => `\`${name}\``).join(', ')} gives (a boundary or a deny of its own); what is left is stated as rights of the user`
    yield { diagnostic: info('membership_limited', message, 'nothing to do'), pointer: user.pointer }
  }
}

/** Conditions that were taken as met, and denies that were not counted: once for each statement. */
export function* conditionReports(world: World): Iterable<Imported> {
  for (const [{ policy, pointer }, keys] of world.assumed) {
    const mfa = keys.has('aws:multifactorauthpresent') || keys.has('aws:multifactorauthage')
    const message = `conditions of an allow in \`${policy}\` are taken as met: ${[...keys].join(', ')}`
    const remedy = mfa
      ? 'the permission asks for a session with a second factor; check who can skip it'
      : 'check whether the condition keeps anyone out'
    yield { diagnostic: info(mfa ? 'mfa_condition' : 'condition_assumed', message, remedy), pointer }
  }
  const seen = new Set<Statement>()
  const { users, groups, roles } = world.estate
  for (const { held, trust } of [...users, ...groups, ...roles]) {
    for (const statement of [...held.identity, ...(held.boundary ?? []), ...trust]) {
      if (statement.effect !== 'Deny' || seen.has(statement)) continue
      seen.add(statement)
      const { met, unknown } = conditionOf(statement.condition, held.context)
      if (met !== 'unknown') continue
      const message = `a deny in \`${statement.policy}\` depends on ${unknown.join(', ')} and is not counted`
      yield {
        diagnostic: info('conditional_deny_ignored', message, 'check whether the deny holds where it matters'),
        pointer: statement.pointer,
      }
    }
  }
}
