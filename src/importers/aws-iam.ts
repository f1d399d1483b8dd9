/**
 * AWS IAM: users, groups, roles and policies of one account, from `aws iam get-account-authorization-details`.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
 */
import type { Capability } from '#contract/vocabulary.ts'
import type { Fact, FactOf } from '#model/facts.ts'
import type { Imported, Importer } from './importer.ts'
import { AuthorizationDetails, NOT_A_USER, type Page, type Principal, readEstate } from './aws-iam-estate.ts'
import { RESOURCE_TYPES } from './aws-iam-resources.ts'
import { conditionReports, limitsOf } from './aws-iam-limits.ts'
import { readDocument } from './aws-iam-policy.ts'
import { type Escalation, type Right, type Rights, rightsOf } from './aws-iam-rights.ts'
import { federationOf, outsidersOf } from './aws-iam-outside.ts'
import { SOURCE, type World, containerOf, idOf, rolesRunBy, setOf, worldOf } from './aws-iam-world.ts'

export const awsIam: Importer<typeof AuthorizationDetails> = {
  source: SOURCE,
  title: 'AWS IAM account authorization details',
  recognises: (root) =>
    typeof root === 'object' &&
    root !== null &&
    'UserDetailList' in root &&
    'RoleDetailList' in root &&
    'Policies' in root,
  schema: AuthorizationDetails,
  facts: factsOf,
}

function* factsOf(page: Page): Iterable<Imported> {
  const early: Imported[] = []
  const estate = readEstate(page, (diagnostic, pointer) => early.push({ diagnostic, pointer }))
  const world = worldOf(estate)
  const principals = [...estate.users, ...estate.groups, ...estate.roles]
  const all = new Map(principals.map((principal) => [principal, rightsOf(world, principal)]))
  const memberships = new Map(estate.users.map((user) => [user, keptGroups(user, all)]))
  const outside = outsidersOf(world)
  const federated = federationOf(world)
  const potentials = [...potentialFacts(world, principals)]

  yield { fact: { fact: 'system', id: world.system, name: `AWS account ${estate.account}`, kind: 'aws' }, pointer: '' }
  const sets = setsByMember(world)
  for (const user of estate.users) {
    yield* userFacts(world, user, [...memberships.get(user)!.map(idOf), ...(sets.get(user) ?? [])])
  }
  for (const { arn, name, pointer } of estate.groups) {
    yield { fact: { fact: 'group', id: `${SOURCE}:${arn}`, name, system: world.system }, pointer }
  }
  for (const role of estate.roles) yield roleFact(world, role, sets.get(role) ?? [])
  yield* outside
  yield* federated
  yield* setFacts(world)
  yield* resourceFacts(world)
  yield* potentials
  for (const principal of principals) {
    const groups = memberships.get(principal) ?? []
    yield* rightFacts(
      principal,
      groups.length > 0
        ? without(
            all.get(principal)!,
            groups.map((one) => all.get(one)!),
          )
        : all.get(principal)!,
    )
  }
  yield* early
  yield* limitsOf(world, memberships)
  yield* conditionReports(world)
}

const sameRight = (right: Right, other: Right | undefined) =>
  other !== undefined && [...right.capabilities].every((capability) => other.capabilities.has(capability))
const escalationKey = ({ gains, any }: Escalation) => `${gains}\n${any.join('\n')}`

/** Groups of which the user really has everything: a boundary or a deny of its own may take some of it away. */
function keptGroups(user: Principal, all: ReadonlyMap<Principal, Rights>): readonly Principal[] {
  const own = all.get(user)!
  if (own.rights.size === 1 && [...own.rights.keys()][0]!.includes(':administrator\n')) return user.groups
  return user.groups.filter((group) => {
    const theirs = all.get(group)!
    return [...theirs.rights].every(([key, right]) => sameRight(right, own.rights.get(key)))
  })
}

/** The user's rights beyond those it has as a member. */
function without(own: Rights, groups: readonly Rights[]): Rights {
  const known = new Set(groups.flatMap(({ escalations }) => escalations.map(escalationKey)))
  return {
    rights: new Map(
      [...own.rights].filter(([key, right]) => !groups.some(({ rights }) => sameRight(right, rights.get(key)))),
    ),
    escalations: own.escalations.filter((one) => !known.has(escalationKey(one))),
  }
}

function* userFacts(world: World, user: Principal, memberOf: readonly string[]): Iterable<Imported> {
  const id = idOf(user)
  const { pointer } = user
  const account: FactOf<'account'> = {
    fact: 'account',
    id,
    kind: 'human',
    name: user.name,
    system: world.system,
    memberOf: [...memberOf],
    ...(user.createdAt === undefined ? {} : { createdAt: user.createdAt }),
  }
  yield { fact: account, pointer }
  yield { fact: { fact: 'authenticator', id: `${id}#sign-in`, kind: 'unknown', of: [id] }, pointer }
  const wayIn: FactOf<'wayIn'> = {
    fact: 'wayIn',
    id: `${id}#way/sign-in`,
    account: id,
    purpose: 'sign_in',
    name: 'console password or access key',
    requires: `${id}#sign-in`,
  }
  yield { fact: wayIn, pointer }
}

function roleFact(world: World, role: Principal, memberOf: readonly string[]): Imported {
  const people = (world.trusted.get(role) ?? []).some(
    ({ sort, value }) => sort === 'federated' && value.includes(':saml-provider/'),
  )
  const fact: FactOf<'account'> = {
    fact: 'account',
    id: idOf(role),
    kind: people ? 'human' : 'workload',
    name: role.name,
    system: world.system,
    memberOf: [...memberOf],
    ...(role.createdAt === undefined ? {} : { createdAt: role.createdAt }),
    ...(role.lastUsed === undefined ? {} : { lastUsed: role.lastUsed }),
  }
  return { fact, pointer: role.pointer }
}

function setsByMember(world: World): ReadonlyMap<Principal, string[]> {
  const sets = new Map<Principal, string[]>()
  for (const { id, members } of world.sets.values()) {
    for (const member of members) sets.set(member, [...(sets.get(member) ?? []), id])
  }
  return sets
}

function* setFacts(world: World): Iterable<Imported> {
  for (const { id, name } of world.sets.values()) {
    yield { fact: { fact: 'group', id, name, system: world.system }, pointer: '' }
  }
}

function* resourceFacts(world: World): Iterable<Imported> {
  for (const use of world.resources.values()) {
    const container = containerOf(world, use)
    const runsAs = rolesRunBy(world, use.type).map(idOf)
    const fact: FactOf<'resource'> = {
      fact: 'resource',
      id: use.id,
      name: use.name,
      kind: RESOURCE_TYPES[use.type].name,
      system: world.system,
      ...(container === undefined ? {} : { in: container }),
      ...(runsAs.length > 0 ? { runsAs } : {}),
    }
    yield { fact, pointer: '' }
  }
}

/** The roles "administrator" and "within a boundary", with what each may do; rights within a boundary may name more. */
function* potentialFacts(world: World, principals: readonly Principal[]): Iterable<Imported> {
  const everything = readDocument(
    { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } },
    'everything',
    '',
  ).statements
  const seen = new Set<string>()
  for (let again = true; again;) {
    again = false
    for (const [boundaryArn, id] of world.potentials) {
      if (seen.has(boundaryArn)) continue
      seen.add(boundaryArn)
      again = true
      if (boundaryArn === '') {
        yield* administratorFacts(world, id)
        continue
      }
      const name = `whatever the boundary ${boundaryArn.split('/').at(-1)} allows`
      yield { fact: { fact: 'role', id, name, system: world.system }, pointer: '' }
      const boundary = world.estate.documents.get(boundaryArn) ?? []
      const held = { identity: everything, boundary, context: NOT_A_USER }
      const stand = { ...principals[0]!, sort: 'group', arn: '', pointer: '', groups: [], boundaryArn, held } as const
      const { rights, escalations } = rightsOf(world, stand)
      yield* rightFacts(stand, { rights, escalations: escalations.filter(({ gains }) => gains !== id) }, id)
    }
  }
}

function* administratorFacts(world: World, id: string): Iterable<Imported> {
  const { account } = world.estate
  const everyone = setOf(world, 'everyone')
  const capabilities: Capability[] = ['impersonate', 'mint_credentials', 'reset_authenticators']
  yield { fact: { fact: 'role', id, name: `administrator of ${account}`, system: world.system }, pointer: '' }
  world.resources.set(`${world.system}:account`, {
    id: `${world.system}:account`,
    name: `everything of ${account}`,
    type: 'account',
    pattern: undefined,
  })
  yield {
    fact: { fact: 'entitlement', holder: id, on: `${world.system}:account`, capabilities: ['administer'], right: '*' },
    pointer: '',
  }
  yield { fact: { fact: 'entitlement', holder: id, on: everyone, capabilities, right: '*' }, pointer: '' }
}

function* rightFacts(
  holder: Principal,
  { rights, escalations }: Rights,
  id: string = idOf(holder),
): Iterable<Imported> {
  const { pointer } = holder
  for (const { on, capabilities, resets, labels } of rights.values()) {
    const fact: Fact = {
      fact: 'entitlement',
      holder: id,
      on,
      capabilities: [...capabilities],
      right: listed(labels),
      ...(resets === undefined ? {} : { resets: [...resets] }),
    }
    yield { fact, pointer }
  }
  for (const [i, { gains, any, labels }] of escalations.entries()) {
    const reason = `${listed(labels)} adds rights to an account that is then used`
    yield {
      fact: {
        fact: 'rule',
        id: `${id}#grants/${i}`,
        // oxlint-disable-next-line unicorn/no-thenable -- the field of a rule fact
        then: gains,
        when: { all: [id, any.length === 1 ? any[0]! : { any: [...any] }] },
        reason,
      },
      pointer,
    }
  }
}

/** At most 512 characters, the length of a name. */
function listed(labels: Iterable<string>): string {
  const all = [...labels]
  let text = all.join(', ')
  for (let kept = all.length - 1; text.length > 512; kept--)
    text = `${all.slice(0, kept).join(', ')} and ${all.length - kept} more`
  return text
}
