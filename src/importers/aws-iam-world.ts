/**
 * Names of what an AWS account's rights are about: its principals, sets of them, sorts and patterns of resources, and
 * the roles "administrator" and "whatever a boundary allows" that stand for what a principal can make of itself.
 * Sets and resources are declared only when some right is about them.
 */
import { RESOURCE_TYPES, type ResourceType, type ResourceTypeName } from './aws-iam-resources.ts'
import { type Estate, type Principal, accountOf } from './aws-iam-estate.ts'
import { covers } from './aws-iam-glob.ts'
import type { Statement } from './aws-iam-policy.ts'
import { type Trusted, trustedBy, trustsService } from './aws-iam-trust.ts'

export const SOURCE = 'aws-iam'

export interface PrincipalSet {
  readonly id: string
  readonly name: string
  readonly members: readonly Principal[]
}

export interface ResourceUse {
  readonly id: string
  readonly name: string
  readonly type: ResourceTypeName
  /** undefined: all of this sort */
  readonly pattern: string | undefined
}

export interface World {
  readonly estate: Estate
  readonly system: string
  readonly trusted: ReadonlyMap<Principal, readonly Trusted[]>
  /** members of each set, computed once */
  readonly members: Map<SetKey, readonly Principal[]>
  /** sets and resources that were named so far */
  readonly sets: Map<string, PrincipalSet>
  readonly resources: Map<string, ResourceUse>
  /** boundary policies (`''`: none) whose whole reach somebody can get */
  readonly potentials: Map<string, string>
  /** statements whose conditions were taken as met, with the keys */
  readonly assumed: Map<Statement, Set<string>>
}

export const idOf = ({ arn }: { readonly arn: string }) => `${SOURCE}:${arn}`

export function worldOf(estate: Estate): World {
  return {
    estate,
    system: `${SOURCE}:${estate.account}`,
    trusted: new Map(estate.roles.map((role) => [role, trustedBy(role)])),
    members: new Map(),
    sets: new Map(),
    resources: new Map(),
    potentials: new Map(),
    assumed: new Map(),
  }
}

/** Roles that a service may act as; EC2 takes a role only through an instance profile. */
export const rolesTrusting = (world: World, service: string) => membersOf(world, `runs:${service}`)

/** Service-linked and Identity Center roles cannot be changed from within the account. */
export const isProtected = ({ arn }: Principal) =>
  arn.includes(':role/aws-service-role/') || arn.includes(':role/aws-reserved/')

const SET_NAMES = {
  everyone: 'every IAM user and role',
  users: 'every IAM user',
  roles: 'every IAM role that can be changed',
  assumable: 'every IAM role that trusts the whole account',
}
export type SetKey = keyof typeof SET_NAMES | `runs:${string}`

export function membersOf(world: World, key: SetKey): readonly Principal[] {
  let members = world.members.get(key)
  if (members === undefined) world.members.set(key, (members = findMembers(world, key)))
  return members
}

function findMembers(world: World, key: SetKey): readonly Principal[] {
  const { users, roles } = world.estate
  if (key === 'everyone') return [...users, ...roles]
  if (key === 'users') return users
  if (key === 'roles') return roles.filter((role) => !isProtected(role))
  if (key === 'assumable') return roles.filter((role) => trustsAccount(world, role))
  return roles.filter((role) => trustsService(world.trusted.get(role) ?? [], key.slice('runs:'.length)))
}

/** Whether a role trusts the account itself, so that a permission of the account's own decides. */
export const trustsAccount = (world: World, role: Principal) =>
  (world.trusted.get(role) ?? []).some(
    ({ sort, value }) => sort === 'anyone' || (sort === 'account' && value === world.estate.account),
  )

/** Declares the set, if it was not, and returns its id. */
export function setOf(world: World, key: SetKey): string {
  const id = `${world.system}:set/${key}`
  if (!world.sets.has(id)) {
    const what = key.startsWith('runs:')
      ? `every IAM role that ${key.slice(5)} may act as`
      : SET_NAMES[key as keyof typeof SET_NAMES]
    world.sets.set(id, { id, name: `${what} of ${world.estate.account}`, members: membersOf(world, key) })
  }
  return id
}

/** The ARN pattern of a sort of resource: of this account, or of any account. */
export function patternOf(world: World, type: ResourceTypeName, where: 'here' | 'anywhere'): string {
  const { partition, account } = world.estate
  return RESOURCE_TYPES[type].arn.replace('{p}', partition).replace('{a}', where === 'here' ? account : '*')
}

/** Declares the resource that a pattern stands for (all of its sort when it covers them), and returns its id. */
export function resourceOf(world: World, type: ResourceTypeName, pattern: string): string {
  const whole = `${world.system}:${type}`
  if (!world.resources.has(whole)) {
    const name = `${RESOURCE_TYPES[type].name} of ${world.estate.account}`
    world.resources.set(whole, { id: whole, name, type, pattern: undefined })
  }
  if (type !== 'account') resourceOf(world, 'account', '*')
  if (covers(pattern, patternOf(world, type, 'here'))) return whole
  const id = `${whole}/${pattern}`
  world.resources.set(id, { id, name: pattern, type, pattern })
  return id
}

/** The resource it lies in: the narrowest declared pattern that covers it, else all of its sort, else the account. */
export function containerOf(world: World, { id, type, pattern }: ResourceUse): string | undefined {
  if (type === 'account' && pattern === undefined) return undefined
  if (pattern === undefined) return resourceOf(world, 'account', '*')
  let best: ResourceUse | undefined
  for (const other of world.resources.values()) {
    if (other.type !== type || other.pattern === undefined || other.id === id || !covers(other.pattern, pattern))
      continue
    if (best === undefined || covers(best.pattern!, other.pattern)) best = other
  }
  return best?.id ?? `${world.system}:${type}`
}

/** Roles that such resources run as; which one is not in the export, so every role that the service may act as. */
export function rolesRunBy(world: World, type: ResourceTypeName): readonly Principal[] {
  const services = (RESOURCE_TYPES[type] as ResourceType).runs ?? []
  const roles = new Set(services.flatMap((service) => rolesTrusting(world, service)))
  return [...roles].filter((role) => !services.includes('ec2.amazonaws.com') || role.hasInstanceProfile)
}

/** The role that stands for the most a principal can be given: everything, or all that its boundary allows. */
export function potentialOf(world: World, boundaryArn: string | undefined): string {
  const id = boundaryArn === undefined ? `${world.system}:administrator` : `${world.system}:within/${boundaryArn}`
  world.potentials.set(boundaryArn ?? '', id)
  return id
}

export const isHere = (world: World, arn: string) => accountOf(arn) === world.estate.account
