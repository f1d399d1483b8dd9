/**
 * What one IAM principal holds, computed for it alone: permissions of a conjunction count together only when one
 * principal holds them all, for AWS evaluates each request for one caller.
 */
import type { AuthenticatorKind, Capability } from '#contract/vocabulary.ts'
import { PASS_ROLE_RIGHTS, PRINCIPAL_RIGHTS, type PrincipalRight } from './aws-iam-catalogue.ts'
import { RESOURCE_RIGHTS, type ResourceRight, WORKLOAD_RIGHTS } from './aws-iam-resources.ts'
import { type Principal } from './aws-iam-estate.ts'
import { overlapOf } from './aws-iam-glob.ts'
import {
  type Context,
  type Region,
  allowsEverything,
  conditionOf,
  deniesSome,
  isDenied,
  regionsOf,
} from './aws-iam-policy.ts'
import { trustDenies } from './aws-iam-trust.ts'
import {
  type SetKey,
  type World,
  idOf,
  isProtected,
  membersOf,
  patternOf,
  potentialOf,
  resourceOf,
  rolesTrusting,
  setOf,
} from './aws-iam-world.ts'

export interface Right {
  readonly on: string
  readonly capabilities: Set<Capability>
  readonly resets: readonly AuthenticatorKind[] | undefined
  /** the permissions that amount to it */
  readonly labels: Set<string>
}

/** Whoever controls the holder and one of `any` gets `gains`. */
export interface Escalation {
  readonly gains: string
  readonly any: readonly string[]
  readonly labels: readonly string[]
}

export interface Rights {
  readonly rights: ReadonlyMap<string, Right>
  readonly escalations: readonly Escalation[]
}

const keyOf = (on: string, resets: readonly string[] | undefined) => `${on}\n${resets?.join(',') ?? ''}`

/** All that the principal holds in its account. */
export function rightsOf(world: World, principal: Principal): Rights {
  const rights = new Map<string, Right>()
  const add: Add = (on, capability, label, resets) => {
    const key = keyOf(on, resets)
    let right = rights.get(key)
    if (right === undefined) rights.set(key, (right = { on, capabilities: new Set(), resets, labels: new Set() }))
    right.capabilities.add(capability)
    right.labels.add(label)
  }
  if (allowsEverything(principal.held)) {
    add(potentialOf(world, undefined), 'administer', 'every action on every resource')
    return { rights, escalations: [] }
  }
  for (const row of [...WORKLOAD_RIGHTS, ...RESOURCE_RIGHTS]) addResourceRight(world, principal, row, add)
  addPassableRoles(world, principal, add)
  const grants = new Map<Principal, Set<string>>()
  for (const row of PRINCIPAL_RIGHTS) addPrincipalRight(world, principal, row, add, grants)
  addAssumableRoles(world, principal, add)
  return { rights, escalations: addGrants(world, principal, grants, add) }
}

type Add = (on: string, capability: Capability, label: string, resets?: readonly AuthenticatorKind[]) => void

function assume(world: World, regions: readonly Region[]): readonly Region[] {
  for (const { statement, unknown } of regions) {
    if (unknown.length === 0) continue
    let keys = world.assumed.get(statement)
    if (keys === undefined) world.assumed.set(statement, (keys = new Set()))
    for (const key of unknown) keys.add(key)
  }
  return regions
}

function addResourceRight(world: World, { held }: Principal, row: ResourceRight, add: Add): void {
  const target = patternOf(world, row.on, 'anywhere')
  const home = patternOf(world, row.on, 'here')
  let patterns: readonly string[] | undefined
  for (const action of row.actions) {
    const found = assume(world, regionsOf(held, action, target, {}, home)).map(({ pattern }) => pattern)
    patterns =
      patterns === undefined ? found : patterns.flatMap((one) => found.flatMap((other) => overlapOf(one, other) ?? []))
    if (patterns.length === 0) return
  }
  for (const pattern of new Set(patterns)) add(resourceOf(world, row.on, pattern), row.gives, row.actions.join(' + '))
}

/** Of the candidates, those on which the action is held; and whether that is all of the set, with no exception. */
function matching(
  world: World,
  { held }: Principal,
  action: string,
  sort: string,
  candidates: readonly Principal[],
  contextOf: (target: Principal) => Context = () => ({}),
): readonly Principal[] {
  const { partition, account } = world.estate
  const home = `arn:${partition}:iam::${account}:${sort}/*`
  const anywhere = `arn:${partition}:iam::*:${sort}/*`
  const somewhere = regionsOf(held, action, anywhere, {}, home)
  if (somewhere.length === 0) return []
  const plain = somewhere.find(
    ({ pattern, statement }) => pattern === home && Object.keys(statement.condition).length === 0,
  )
  if (plain !== undefined && !deniesSome(held, action, home)) return candidates
  if (plain !== undefined && held.boundary === undefined) {
    return candidates.filter((one) => !isDenied(held, action, one.arn, contextOf(one)))
  }
  return candidates.filter((one) => assume(world, regionsOf(held, action, one.arn, contextOf(one))).length > 0)
}

/** Names the targets: by the set when it is all of several, each by itself otherwise. */
function targetsOf(world: World, key: SetKey, matched: readonly Principal[]): readonly string[] {
  const all = matched.length > 1 && matched.length === membersOf(world, key).length
  return all ? [setOf(world, key)] : matched.map(idOf)
}

function addPassableRoles(world: World, principal: Principal, add: Add): void {
  const { held } = principal
  if (regionsOf(held, 'iam:PassRole', '*').length === 0) return
  for (const { actions, services } of PASS_ROLE_RIGHTS) {
    if (!actions.every((action) => assume(world, regionsOf(held, action, '*')).length > 0)) continue
    for (const service of services) {
      const profiles =
        service !== 'ec2.amazonaws.com' || regionsOf(held, 'iam:AddRoleToInstanceProfile', '*').length > 0
      const candidates = rolesTrusting(world, service).filter((role) => profiles || role.hasInstanceProfile)
      if (candidates.length === 0) continue
      const context = () => ({ 'iam:passedtoservice': service })
      const matched = matching(world, principal, 'iam:PassRole', 'role', candidates, context)
      for (const on of targetsOf(world, `runs:${service}`, matched))
        add(on, 'impersonate', ['iam:PassRole', ...actions].join(' + '))
    }
  }
}

function addPrincipalRight(
  world: World,
  principal: Principal,
  row: PrincipalRight,
  add: Add,
  grants: Map<Principal, Set<string>>,
): void {
  const { users, groups } = world.estate
  const boundaryOf = (target: Principal) => ({ 'iam:permissionsboundary': target.boundaryArn ?? null })
  let matched: readonly Principal[]
  if (row.over === 'policy') matched = attachedToMatching(world, principal, row.action)
  else if (row.over === 'user') matched = matching(world, principal, row.action, 'user', users, boundaryOf)
  else if (row.over === 'group') matched = matching(world, principal, row.action, 'group', groups)
  else matched = matching(world, principal, row.action, 'role', membersOf(world, 'roles'), boundaryOf)
  if (row.gives === 'grant') {
    for (const target of matched) {
      let labels = grants.get(target)
      if (labels === undefined) grants.set(target, (labels = new Set()))
      labels.add(row.action)
    }
    return
  }
  const targets =
    row.over === 'user'
      ? targetsOf(world, 'users', matched)
      : row.over === 'role'
        ? targetsOf(world, 'roles', matched)
        : matched.map(idOf)
  for (const on of targets) add(on, row.gives, row.action, row.resets)
}

/** Whoever a customer-managed policy is attached to, where the action is held on the policy. */
function attachedToMatching(world: World, { held }: Principal, action: string): readonly Principal[] {
  const { users, groups, roles, policies } = world.estate
  if (regionsOf(held, action, '*').length === 0) return []
  const changed = new Set(
    policies
      .filter(({ versions }) => action !== 'iam:SetDefaultPolicyVersion' || versions > 1)
      .filter(({ arn }) => assume(world, regionsOf(held, action, arn)).length > 0)
      .map(({ arn }) => arn),
  )
  return [...users, ...groups, ...roles].filter(
    (one) => !isProtected(one) && one.policies.some((arn) => changed.has(arn)),
  )
}

/** Rights that can be added to a principal: at once when it is the holder itself, else together with that principal. */
function addGrants(
  world: World,
  holder: Principal,
  grants: ReadonlyMap<Principal, Set<string>>,
  add: Add,
): Escalation[] {
  const byPotential = new Map<string, Principal[]>()
  for (const target of grants.keys()) {
    const potential = potentialOf(world, target.boundaryArn)
    byPotential.set(potential, [...(byPotential.get(potential) ?? []), target])
  }
  const escalations: Escalation[] = []
  for (const [gains, targets] of byPotential) {
    const labels = new Set(targets.flatMap((target) => [...grants.get(target)!]))
    const own = targets.filter((target) => target === holder || holder.groups.includes(target))
    // a right added through a group is still limited by the holder's own boundary
    const mine =
      own.some((target) => target === holder) || holder.boundaryArn === undefined
        ? gains
        : potentialOf(world, holder.boundaryArn)
    const onSelf = own.flatMap((target) =>
      [...grants.get(target)!].map((label) => `${label} on ${target === holder ? 'itself' : 'its group'}`),
    )
    for (const label of onSelf) add(mine, 'administer', label)
    if (own.length === 0) escalations.push({ gains, any: compressed(world, targets), labels: [...labels] })
  }
  return escalations
}

function compressed(world: World, targets: readonly Principal[]): string[] {
  let rest = [...targets]
  const ids: string[] = []
  for (const key of ['users', 'roles'] as const) {
    const members = membersOf(world, key)
    if (members.length < 2 || !members.every((member) => rest.includes(member))) continue
    ids.push(setOf(world, key))
    rest = rest.filter((one) => !members.includes(one))
  }
  return [...ids, ...rest.map(idOf)]
}

/** Roles it may assume: trusted by name, or by way of the account and then with the permission. */
function addAssumableRoles(world: World, principal: Principal, add: Add): void {
  const { held, arn } = principal
  const permitted: Principal[] = []
  for (const role of world.estate.roles) {
    if (role === principal) continue
    for (const { sort, value, statement } of world.trusted.get(role) ?? []) {
      const named = sort === 'named' && value === arn
      const account = sort === 'anyone' || (sort === 'account' && value === world.estate.account)
      if (!named && !account) continue
      const { met, unknown } = conditionOf(statement.condition, held.context)
      if (met === 'no' || trustDenies(role, arn, held.context)) continue
      if (named && isDenied(held, 'sts:AssumeRole', role.arn)) continue
      if (account && assume(world, regionsOf(held, 'sts:AssumeRole', role.arn)).length === 0) continue
      assume(world, [{ pattern: role.arn, unknown, statement }])
      if (named) add(idOf(role), 'impersonate', 'trusted by name')
      else permitted.push(role)
      break
    }
  }
  for (const on of targetsOf(world, 'assumable', permitted)) add(on, 'impersonate', 'sts:AssumeRole')
}
