/**
 * One predicate per rule kind of `model/kinds.ts`: does the inventory itself justify this step?
 * Each answers null, or the reason for which it does not. Nothing here computes reach; each looks at one step.
 */
import type { RuleKindName } from '#model/kinds.ts'
import { entitlementKey, hasEnded, isDisabled, type FactIndex } from './fact-index.ts'
import { gateHolds, requirementHolds } from './formula.ts'
import { parseRight, type Right } from './nodes.ts'

/** Null when the facts justify `node` from `from` by this rule kind; otherwise why they do not. */
export type Justification = (node: string, from: readonly string[], facts: FactIndex) => string | null

/** Rights over a group that are rights over its members. Source: `scope` of kinds.ts. */
const SCOPED: ReadonlySet<string> = new Set([
  'reset_authenticators',
  'impersonate',
  'alter_auth_policy',
  'mint_credentials',
])
/** Kinds of authenticator that a policy change does not reveal. Source: `lower_policy` of kinds.ts. */
const KNOWN_TO_HOLDER: ReadonlySet<string> = new Set(['password', 'pin', 'security_question'])
/** Session bindings that a copied cookie does not satisfy. Source: `session_on` of kinds.ts. */
const BOUND: ReadonlySet<string> = new Set(['dpop', 'mtls', 'dbsc'])

/** A rule kind whose body is a single node. */
const one =
  (check: (node: string, body: string, facts: FactIndex) => string | null): Justification =>
  (node, from, facts) => {
    const [body, ...rest] = from
    if (body === undefined || rest.length > 0) return `it takes exactly one node, not ${from.length}`
    return check(node, body, facts)
  }

/** `thing ← right:C:T`, for a C of the listed capabilities; a partial reset is never one of them. */
const fromRight = (
  capabilities: readonly string[],
  check: (node: string, target: string, facts: FactIndex) => string | null,
): Justification =>
  one((node, body, facts) => {
    const right = parseRight(body)
    if (right === null) return `\`${body}\` is not a right`
    if (right.kind !== null || !capabilities.includes(right.capability))
      return `\`${body}\` is none of the rights that lead on: ${capabilities.join(', ')}`
    return check(node, right.target, facts)
  })

/** `right:C:T ← right:C:U`: the same right, moved from one target to another. */
const sameRight = (check: (right: Right, target: string, facts: FactIndex) => string | null): Justification =>
  one((node, body, facts) => {
    const [head, source] = [parseRight(node), parseRight(body)]
    if (head === null) return `\`${node}\` is not a right`
    if (source === null) return `\`${body}\` is not a right`
    if (head.capability !== source.capability || head.kind !== source.kind)
      return `\`${node}\` is not the same right as \`${body}\``
    return check(source, head.target, facts)
  })

const listed = (ids: readonly string[] | undefined, id: string): boolean => ids?.includes(id) === true
const because = (holds: boolean, otherwise: string): string | null => (holds ? null : otherwise)

/** Whether any fact declared under `id` in this map lets `claim` stand. */
function some<F>(map: ReadonlyMap<string, readonly F[]>, id: string, claim: (fact: F) => boolean): boolean {
  return map.get(id)?.some(claim) === true
}

const memberships = (id: string, facts: FactIndex) => [
  ...(facts.account.get(id) ?? []),
  ...(facts.group.get(id) ?? []),
  ...(facts.role.get(id) ?? []),
]
const isGroup = (id: string, facts: FactIndex): boolean => facts.group.has(id) || facts.role.has(id)
/** An id that no fact declares is taken for what the fact that refers to it says it is: less known is never safer. */
const mayBe = (kind: 'account' | 'resource' | 'secret' | 'channel' | 'authenticator', id: string, facts: FactIndex) =>
  facts[kind].has(id) || !facts.declared.has(id)
const mayBeGroup = (id: string, facts: FactIndex): boolean => isGroup(id, facts) || !facts.declared.has(id)

const itself: (what: string) => (node: string, target: string) => string | null = (what) => (node, target) =>
  because(node === target, `the right is over \`${target}\`, not over the ${what} \`${node}\``)

function entitled(node: string, holder: string, facts: FactIndex): string | null {
  const right = parseRight(node)
  if (right === null) return `\`${node}\` is not a right`
  const held = facts.entitlements.get(entitlementKey(holder, right.target)) ?? []
  const naming = held.filter(
    (fact) =>
      fact.capabilities.some((capability) => capability === right.capability) &&
      (right.capability !== 'reset_authenticators' || (fact.resets === undefined) === (right.kind === null)) &&
      (right.kind === null || fact.resets?.some((kind) => kind === right.kind) === true),
  )
  if (naming.length === 0) return `no entitlement gives \`${holder}\` this right on \`${right.target}\``
  return because(
    naming.some((fact) => !hasEnded(fact.expiresAt, facts)),
    `the entitlement of \`${holder}\` on \`${right.target}\` has expired`,
  )
}

function fullReset(node: string, body: string): string | null {
  const [head, source] = [parseRight(node), parseRight(body)]
  if (head === null || head.kind === null) return `\`${node}\` is not a reset of one kind`
  if (source === null || source.capability !== 'reset_authenticators' || source.kind !== null)
    return `\`${body}\` is not a right to reset everything`
  return because(head.target === source.target, `\`${body}\` is not over \`${head.target}\``)
}

function administerAll(node: string, body: string, facts: FactIndex): string | null {
  const [head, source] = [parseRight(node), parseRight(body)]
  if (head === null) return `\`${node}\` is not a right`
  if (source?.capability !== 'administer') return `\`${body}\` is not a right to administer`
  if (isGroup(head.target, facts) || (facts.joined.has(head.target) && !facts.declared.has(head.target)))
    return `whoever administers the group \`${head.target}\` can join it, and no more`
  return because(head.target === source.target, `\`${body}\` is not over \`${head.target}\``)
}

function carriedChannel(node: string, body: string, facts: FactIndex): string | null {
  const right = parseRight(body)
  if (right !== null && (right.kind !== null || !CARRIERS.includes(right.capability)))
    return `\`${body}\` is none of the rights that lead on: ${CARRIERS.join(', ')}`
  const carrier = right === null ? body : right.target
  const kind = right === null ? 'channel' : 'resource'
  if (!mayBe(kind, carrier, facts)) return `\`${carrier}\` is not a ${kind}`
  return because(
    some(facts.channel, node, (channel) => listed(channel.carriedBy, carrier)),
    `channel \`${node}\` is not carried by \`${carrier}\``,
  )
}
const CARRIERS = ['control_channel', 'administer', 'alter_infrastructure']

function wayIn(node: string, from: readonly string[], facts: FactIndex): string | null {
  const ways = facts.waysInto.get(node) ?? []
  if (ways.length === 0) return `no way in gives \`${node}\``
  const live = ways.filter((way) => !isDisabled(way.account, facts))
  if (live.length === 0) return 'the way in belongs to a disabled account'
  return because(
    live.some((way) => requirementHolds(way.id, way.requires, from)),
    `no way in to \`${node}\` asks for just [${from.join(', ')}]`,
  )
}

function declaredRule(node: string, from: readonly string[], facts: FactIndex): string | null {
  const rules = facts.rulesFor.get(node) ?? []
  if (rules.length === 0) return `no rule of the inventory gives \`${node}\``
  return because(
    rules.some((rule) => requirementHolds(rule.id, rule.when, from)),
    `no rule for \`${node}\` is satisfied by just [${from.join(', ')}]`,
  )
}

/** The predicates by rule kind. */
export const JUSTIFICATIONS: { readonly [Kind in RuleKindName]: Justification } = {
  member_of: one((node, body, facts) => {
    if (!mayBeGroup(node, facts)) return `\`${node}\` is not a group or role`
    return because(
      memberships(body, facts).some((fact) => listed(fact.memberOf, node)),
      `\`${body}\` does not list \`${node}\` in memberOf`,
    )
  }),
  entitled: one(entitled),
  full_reset: one(fullReset),
  administer_all: one(administerAll),
  inherited: sameRight(({ target: container }, resource, facts) =>
    because(
      some(facts.resource, resource, (fact) => fact.in === container) && mayBe('resource', container, facts),
      `resource \`${resource}\` does not lie in resource \`${container}\``,
    ),
  ),
  scope: sameRight(({ capability, target: scope }, member, facts) => {
    if (!SCOPED.has(capability)) return `${capability} over a group is no right over its members`
    if (!mayBeGroup(scope, facts)) return `\`${scope}\` is not a group or role`
    return because(
      memberships(member, facts).some((fact) => listed(fact.memberOf, scope)),
      `\`${member}\` does not list \`${scope}\` in memberOf`,
    )
  }),
  governs: sameRight(({ capability, target: resource }, governed, facts) => {
    if (capability !== 'alter_auth_policy') return `governing gives alter_auth_policy, not ${capability}`
    return because(
      some(facts.resource, resource, (fact) => listed(fact.governs, governed)),
      `resource \`${resource}\` does not govern \`${governed}\``,
    )
  }),
  administer_group: fromRight(['administer'], (node, target, facts) =>
    isGroup(node, facts) ? itself('group')(node, target) : `\`${node}\` is not a group or role of the inventory`,
  ),
  administer_account: fromRight(['administer'], (node, target, facts) =>
    facts.account.has(node) ? itself('account')(node, target) : `\`${node}\` is not an account of the inventory`,
  ),
  act_as: fromRight(['impersonate', 'mint_credentials', 'reset_authenticators'], (node, target, facts) =>
    facts.account.has(node) ? itself('account')(node, target) : `\`${node}\` is not an account of the inventory`,
  ),
  reset_one: one((node, body, facts) => {
    const right = parseRight(body)
    if (right === null || right.kind === null) return `\`${body}\` is not a reset of one kind`
    return because(
      some(facts.authenticator, node, (fact) => fact.kind === right.kind && listed(fact.of, right.target)),
      `\`${node}\` is not a ${right.kind} of \`${right.target}\``,
    )
  }),
  lower_policy: fromRight(['alter_auth_policy'], (node, account, facts) => {
    if (!some(facts.authenticator, node, (fact) => listed(fact.of, account)))
      return `\`${node}\` is not an authenticator of \`${account}\``
    return because(
      some(facts.authenticator, node, (fact) => !KNOWN_TO_HOLDER.has(fact.kind) && listed(fact.of, account)),
      `\`${node}\` is something its holder knows, which no policy change reveals`,
    )
  }),
  run_as: fromRight(['administer', 'alter_infrastructure', 'change_code'], (node, resource, facts) =>
    because(
      mayBe('account', node, facts) && some(facts.resource, resource, (fact) => listed(fact.runsAs, node)),
      `resource \`${resource}\` does not run as account \`${node}\``,
    ),
  ),
  deploys: fromRight(['administer', 'change_code'], (node, resource, facts) => {
    const right = parseRight(node)
    if (right?.capability !== 'alter_infrastructure') return `\`${node}\` is not a right to alter infrastructure`
    return because(
      mayBe('resource', right.target, facts) &&
        some(facts.resource, resource, (fact) => listed(fact.deploysTo, right.target)),
      `resource \`${resource}\` does not deploy to resource \`${right.target}\``,
    )
  }),
  build_secret: fromRight(
    ['administer', 'change_code', 'alter_infrastructure', 'use_secrets'],
    (node, resource, facts) =>
      because(
        mayBe('secret', node, facts) && some(facts.resource, resource, (fact) => listed(fact.uses, node)),
        `resource \`${resource}\` does not use secret \`${node}\``,
      ),
  ),
  stored_secret: fromRight(['administer', 'use_secrets', 'read_sensitive_data'], (node, place, facts) =>
    because(
      mayBe('resource', place, facts) && some(facts.secret, node, (fact) => listed(fact.storedIn, place)),
      `secret \`${node}\` is not stored in resource \`${place}\``,
    ),
  ),
  carried_secret: one((node, body, facts) =>
    because(
      mayBe('channel', body, facts) && some(facts.secret, node, (fact) => listed(fact.storedIn, body)),
      `secret \`${node}\` is not stored in channel \`${body}\``,
    ),
  ),
  own_secret: fromRight(['administer', 'use_secrets', 'rotate_secrets'], (node, target, facts) =>
    facts.secret.has(node) ? itself('secret')(node, target) : `\`${node}\` is not a secret of the inventory`,
  ),
  opens: one((node, body, facts) => {
    if (!mayBe('account', node, facts)) return `\`${node}\` is not an account`
    return because(
      some(facts.secret, body, (fact) => listed(fact.opens, node)),
      `secret \`${body}\` does not open \`${node}\``,
    )
  }),
  replicates: one((node, body, facts) => {
    if (!mayBe('authenticator', node, facts)) return `\`${node}\` is not an authenticator`
    return because(
      some(facts.secret, body, (fact) => listed(fact.proves, node)),
      `secret \`${body}\` does not prove \`${node}\``,
    )
  }),
  held_channel: one((node, body, facts) => {
    if (!mayBe('account', body, facts)) return `\`${body}\` is not an account`
    return because(
      some(facts.channel, node, (fact) => listed(fact.heldBy, body)),
      `channel \`${node}\` is not held by \`${body}\``,
    )
  }),
  controlled_channel: fromRight(['control_channel', 'administer'], (node, target, facts) =>
    facts.channel.has(node) ? itself('channel')(node, target) : `\`${node}\` is not a channel of the inventory`,
  ),
  carried_channel: one(carriedChannel),
  on_channel: one((node, body, facts) =>
    because(
      mayBe('channel', body, facts) && some(facts.authenticator, node, (fact) => listed(fact.on, body)),
      `authenticator \`${node}\` does not live on or travel through channel \`${body}\``,
    ),
  ),
  way_in: wayIn,
  gate: gateHolds,
  session: one((node, body, facts) => {
    if (!mayBe('account', node, facts)) return `\`${node}\` is not an account`
    return because(
      some(facts.session, body, (fact) => fact.account === node),
      `\`${body}\` is not a session of \`${node}\``,
    )
  }),
  session_on: one((node, body, facts) => {
    if (!some(facts.session, node, (fact) => fact.on === body))
      return `session \`${node}\` does not live on \`${body}\``
    return because(
      some(facts.session, node, (fact) => fact.on === body && !BOUND.has(fact.binding ?? 'none')),
      `session \`${node}\` is bound to a key and cannot be copied from \`${body}\``,
    )
  }),
  declared: declaredRule,
}
