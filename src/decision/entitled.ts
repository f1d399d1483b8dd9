/** Whether a subject may do a thing at all: by an entitlement of the snapshot, or by an access policy. */
import type { AccessRequest } from '#contract/access-request.ts'
import { OWN_ACTIONS } from '#contract/decision.ts'
import { CAPABILITIES, type Capability } from '#contract/vocabulary.ts'
import type { AccessFacts } from '#policy/cel.ts'
import type { AccessRule } from './access-policy.ts'
import { NO_CAPABILITIES, type CapabilitySet } from './capabilities.ts'
import type { Standing, Target, World } from './world.ts'

export interface Entitlement {
  readonly entitled: boolean
  /** a rule that forbids, or could not be evaluated and therefore does */
  readonly forbidden: { readonly rule: string; readonly text: string } | null
  /** what the action amounts to on this thing; empty where that is not known */
  readonly capabilities: CapabilitySet
  /** seconds since 1970 at which the entitlement ends; null where it does not */
  readonly until: number | null
}

/** Returns what the action amounts to, and whether the subject is entitled to it at this time. */
export function entitlementOf(
  world: World,
  request: AccessRequest,
  standing: Standing,
  target: Target | null,
  at: number,
): Entitlement {
  const { name } = request.action
  const configured = Object.hasOwn(world.settings.actions, name)
  const named = configured ? world.settings.actions[name]! : BY_NAME.get(name)
  const bit = named === undefined ? 0 : 1 << CAPABILITIES.indexOf(named)
  let capabilities: CapabilitySet = bit
  let rights = 0
  let until: number | null = 0
  if (target !== null) {
    for (const held of world.rights(standing, target, at)) {
      const byName = held.right === name
      if (!byName && (held.capabilities & bit) === 0) continue
      rights++
      // the right that lasts longest counts
      until = until === null || held.until === null ? null : Math.max(until, held.until)
      // without a name in the settings, an action is what the rights of that name amount to, or a capability by its own name
      if (byName && !configured) capabilities |= held.capabilities
    }
  }
  const isOwn = OWN_ACTIONS.includes(name)
  const byPolicy = world.accessPolicies.length === 0 ? UNDECIDED : ruled(world, request, standing, target)
  return {
    entitled: byPolicy.forbidden === null && (isOwn || rights > 0 || byPolicy.permitted),
    forbidden: byPolicy.forbidden,
    capabilities: target === null ? NO_CAPABILITIES : capabilities,
    until: isOwn || byPolicy.permitted || rights === 0 ? null : until,
  }
}

const BY_NAME = new Map<string, Capability>(CAPABILITIES.map((capability) => [capability, capability]))

interface Ruling {
  readonly permitted: boolean
  readonly forbidden: Entitlement['forbidden']
}
const UNDECIDED: Ruling = { permitted: false, forbidden: null }

/** A rule that cannot be evaluated permits nothing, and forbids. The first that forbids, by name, is told. */
function ruled(world: World, request: AccessRequest, standing: Standing, target: Target | null): Ruling {
  let permitted = false
  const forbidding: { rule: string; text: string }[] = []
  let facts: AccessFacts | undefined
  for (const { name, rules } of world.accessPolicies) {
    for (const rule of rules) {
      if (!isAbout(rule, request)) continue
      facts ??= factsOf(world, request, standing, target)
      const outcome = rule.evaluate(facts)
      if (rule.effect === 'permit') permitted ||= 'holds' in outcome && outcome.holds
      else if ('problem' in outcome || outcome.holds) {
        const why = 'problem' in outcome ? `it could not be evaluated: ${outcome.problem}` : (rule.reason ?? 'it holds')
        forbidding.push({ rule: `${name}/${rule.id}`, text: why })
      }
    }
  }
  forbidding.sort((a, b) => (a.rule < b.rule ? -1 : 1))
  return { permitted, forbidden: forbidding[0] ?? null }
}

const isAbout = ({ actions, resources, subjects }: AccessRule, { action, resource, subject }: AccessRequest): boolean =>
  (actions === null || actions.has(action.name)) &&
  (resources === null || resources.has(resource.type)) &&
  (subjects === null || subjects.has(subject.type))

/** What the snapshot knows stands beside what the caller says, never under it. */
function factsOf(
  world: World,
  { subject, action, resource, context }: AccessRequest,
  standing: Standing,
  target: Target | null,
): AccessFacts {
  const { kind, population, system, groups, roles } = standing
  const { name, person } = world.named(standing)
  return {
    subject: {
      id: standing.id,
      type: subject.type,
      properties: subject.properties ?? {},
      kind,
      groups,
      roles,
      ...present({ name, population, system, person }),
    },
    action: { name: action.name, properties: action.properties ?? {} },
    resource: {
      id: resource.id,
      type: resource.type,
      properties: resource.properties ?? {},
      ...(target === null ? {} : { within: target.within, ...present(target, ['system', 'sensitivity']) }),
    },
    context: context ?? {},
  }
}

const present = <T extends object>(from: T, keys = Object.keys(from) as (keyof T)[]) =>
  Object.fromEntries(keys.flatMap((key) => (from[key] === null ? [] : [[key, from[key]]])))
