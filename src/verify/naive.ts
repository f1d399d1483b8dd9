/**
 * Reach by definition, written for reading: every rule kind spelled out as rules over names, then applied round by round
 * until nothing new holds. No indices, no order, no cleverness: the fast compiler and engine are compared with this.
 */
import { AUTHENTICATOR_KINDS, CAPABILITIES } from '#contract/vocabulary.ts'
import type { Fact, FactKind, FactOf, Formula, Inventory } from '#model/facts.ts'
import type { RuleKindName } from '#model/kinds.ts'

/** `head` holds when at least `needs` nodes of `body` hold; no node stands in a body twice. */
export interface NaiveRule {
  readonly head: string
  readonly by: RuleKindName
  readonly body: readonly string[]
  readonly needs: number
}

type Facts = Pick<Inventory, 'facts' | 'at'>

/**
 * Everything that holds once `accountId` is held.
 *
 * @param rules  those of the inventory; given by callers that ask for many accounts
 */
export function naiveReach(
  facts: Facts,
  accountId: string,
  rules: readonly NaiveRule[] = naiveRules(facts),
): Set<string> {
  const held = new Set([accountId])
  for (let before = 0; before < held.size;) {
    before = held.size
    for (const { head, body, needs } of rules) {
      if (body.filter((node) => held.has(node)).length >= needs) held.add(head)
    }
  }
  return held
}

/**
 * All rules of an inventory: those that a fact states, and those that its rights have in common.
 *
 * @param asked  rights that count as named even where no rule names them
 */
export function naiveRules(facts: Facts, asked: readonly string[] = []): NaiveRule[] {
  const all = facts.facts.map(({ fact }) => fact)
  const disabled = new Set(all.flatMap((fact) => (fact.fact === 'account' && fact.enabled === false ? [fact.id] : [])))
  const stated = all.flatMap((fact) => rulesOf(fact, all, facts.at, disabled))
  return withRightsInCommon(stated, all, asked).filter(({ head }) => !disabled.has(head))
}

const rule = (by: RuleKindName, head: string, ...body: string[]): NaiveRule => ({ head, by, body, needs: body.length })
const right = (capability: string, target: string) => `right:${capability}:${target}`
const each = <T>(list: readonly T[] | undefined, make: (item: T) => readonly NaiveRule[] | NaiveRule): NaiveRule[] =>
  (list ?? []).flatMap(make)
/** `head ← right:C:target` for each of the capabilities. */
const fromRights = (by: RuleKindName, head: string, capabilities: readonly string[], target: string): NaiveRule[] =>
  capabilities.map((capability) => rule(by, head, right(capability, target)))

/** Whether an id may stand for a thing of one of these kinds: it is declared as one, or declared nowhere. */
function mayBe(id: string, kinds: readonly FactKind[], all: readonly Fact[]): boolean {
  const declarations = all.filter((fact) => fact.id === id && fact.fact !== 'entitlement')
  return declarations.length === 0 || declarations.some((fact) => kinds.includes(fact.fact))
}

/** Whether an id stands for a group or role: it is declared as one, or has members and is declared nowhere. */
function isGroup(id: string, all: readonly Fact[]): boolean {
  const members = all.some(
    (fact) =>
      (fact.fact === 'account' || fact.fact === 'group' || fact.fact === 'role') &&
      fact.memberOf?.includes(id) === true,
  )
  return (
    mayBe(id, ['group', 'role'], all) && (members || all.some((fact) => fact.id === id && fact.fact !== 'entitlement'))
  )
}

/** The rules that one fact states. */
function rulesOf(fact: Fact, all: readonly Fact[], at: string | undefined, disabled: ReadonlySet<string>): NaiveRule[] {
  switch (fact.fact) {
    case 'account':
      return [
        ...each(fact.memberOf, (group) => rule('member_of', group, fact.id)),
        ...fromRights('administer_account', fact.id, ['administer'], fact.id),
        ...fromRights('act_as', fact.id, ['impersonate', 'mint_credentials', 'reset_authenticators'], fact.id),
      ]
    case 'group':
    case 'role':
      return [
        ...each(fact.memberOf, (group) => rule('member_of', group, fact.id)),
        ...fromRights('administer_group', fact.id, ['administer'], fact.id),
      ]
    case 'resource':
      return rulesOfResource(fact)
    case 'secret':
      return rulesOfSecret(fact, all)
    case 'channel':
      return rulesOfChannel(fact, all)
    case 'authenticator':
      return [
        ...each(fact.on, (channel) => rule('on_channel', fact.id, channel)),
        ...each(fact.of, (account) => rule('reset_one', fact.id, right(`reset_authenticators/${fact.kind}`, account))),
        ...(['password', 'pin', 'security_question'].includes(fact.kind)
          ? []
          : each(fact.of, (account) => rule('lower_policy', fact.id, right('alter_auth_policy', account)))),
      ]
    case 'wayIn':
      if (disabled.has(fact.account)) return []
      return (fact.yields?.length ? fact.yields : [fact.account]).flatMap((head) =>
        formulaRules('way_in', head, fact.id, fact.requires),
      )
    case 'rule':
      if (disabled.has(fact.then)) return []
      return formulaRules('declared', fact.then, fact.id, fact.when)
    case 'entitlement':
      return rulesOfEntitlement(fact, at)
    case 'session':
      return [
        rule('session', fact.account, fact.id),
        ...(fact.on === undefined || ['dpop', 'mtls', 'dbsc'].includes(fact.binding ?? '')
          ? []
          : [rule('session_on', fact.id, fact.on)]),
      ]
    case 'system':
    case 'exception':
      return []
  }
}

function rulesOfResource(fact: FactOf<'resource'>): NaiveRule[] {
  const { id } = fact
  return [
    ...each(fact.runsAs, (account) =>
      fromRights('run_as', account, ['administer', 'alter_infrastructure', 'change_code'], id),
    ),
    ...each(fact.deploysTo, (there) =>
      fromRights('deploys', right('alter_infrastructure', there), ['administer', 'change_code'], id),
    ),
    ...each(fact.uses, (secret) =>
      fromRights('build_secret', secret, ['administer', 'change_code', 'alter_infrastructure', 'use_secrets'], id),
    ),
    ...each(fact.governs, (governed) =>
      fromRights('governs', right('alter_auth_policy', governed), ['alter_auth_policy'], id),
    ),
  ]
}

function rulesOfSecret(fact: FactOf<'secret'>, all: readonly Fact[]): NaiveRule[] {
  return [
    ...each(fact.opens, (account) => rule('opens', account, fact.id)),
    ...each(fact.proves, (authenticator) => rule('replicates', authenticator, fact.id)),
    ...each(fact.storedIn, (place) => [
      ...(mayBe(place, ['channel'], all) ? [rule('carried_secret', fact.id, place)] : []),
      ...(mayBe(place, ['resource'], all)
        ? fromRights('stored_secret', fact.id, ['administer', 'use_secrets', 'read_sensitive_data'], place)
        : []),
    ]),
    ...fromRights('own_secret', fact.id, ['administer', 'use_secrets', 'rotate_secrets'], fact.id),
  ]
}

function rulesOfChannel(fact: FactOf<'channel'>, all: readonly Fact[]): NaiveRule[] {
  return [
    ...each(fact.heldBy, (account) => rule('held_channel', fact.id, account)),
    ...each(fact.carriedBy, (carrier) => [
      ...(mayBe(carrier, ['channel'], all) ? [rule('carried_channel', fact.id, carrier)] : []),
      ...(mayBe(carrier, ['resource'], all)
        ? fromRights('carried_channel', fact.id, ['control_channel', 'administer', 'alter_infrastructure'], carrier)
        : []),
    ]),
    ...fromRights('controlled_channel', fact.id, ['control_channel', 'administer'], fact.id),
  ]
}

function rulesOfEntitlement(fact: FactOf<'entitlement'>, at: string | undefined): NaiveRule[] {
  const over = fact.expiresAt !== undefined && at !== undefined && Date.parse(fact.expiresAt) <= Date.parse(at)
  if (over) return []
  return fact.capabilities.flatMap((capability) => {
    const limited = capability === 'reset_authenticators' && fact.resets !== undefined
    const names = limited ? (fact.resets ?? []).map((kind) => `${capability}/${kind}`) : [capability]
    return names.map((name) => rule('entitled', right(name, fact.on), fact.holder))
  })
}

/** The rule for a formula and one for each inner list; an empty list is never satisfied. */
function formulaRules(
  by: RuleKindName,
  head: string,
  owner: string,
  formula: Formula,
  path: readonly number[] = [],
): NaiveRule[] {
  if (typeof formula === 'string') return [rule(by, head, formula)]
  const parts = 'all' in formula ? formula.all : 'any' in formula ? formula.any : formula.of
  const gate = (position: number) => `gate:${owner}:${[...path, position].join('.')}`
  const body = [...new Set(parts.map((part, position) => (typeof part === 'string' ? part : gate(position))))]
  const needs = 'all' in formula ? Math.max(body.length, 1) : 'any' in formula ? 1 : formula.atLeast
  const inner = parts.flatMap((part, position) =>
    typeof part === 'string' ? [] : formulaRules('gate', gate(position), owner, part, [...path, position]),
  )
  return [{ head, by, body, needs }, ...inner]
}

/**
 * Adds what rights have in common: they pass to what lies in a container and to the members of a group, a full reset
 * includes each kind, and whoever administers a thing that is no group has every right on it that a rule names. A right
 * is named when it is the head of a rule, or a rule of the thing itself asks for it.
 */
function withRightsInCommon(stated: readonly NaiveRule[], all: readonly Fact[], asked: readonly string[]): NaiveRule[] {
  const rules = [...stated]
  const named = new Set<string>()
  const name = (node: string): void => {
    if (!node.startsWith('right:') || named.has(node)) return
    named.add(node)
    rules.push(...passedOn(node, all))
  }
  for (const node of asked) name(node)
  for (let at = 0; at < rules.length; at++) for (const node of [rules[at]!.head, ...rules[at]!.body]) name(node)
  for (const capability of RIGHT_NAMES) {
    for (const administer of named) {
      if (!administer.startsWith('right:administer:')) continue
      const target = administer.slice('right:administer:'.length)
      if (isGroup(target, all)) continue
      const node = right(capability, target)
      if (named.has(node) && node !== administer) rules.push(rule('administer_all', node, administer))
    }
  }
  for (const kind of AUTHENTICATOR_KINDS) {
    for (const full of named) {
      if (!full.startsWith('right:reset_authenticators:')) continue
      const node = right(`reset_authenticators/${kind}`, full.slice('right:reset_authenticators:'.length))
      if (named.has(node)) rules.push(rule('full_reset', node, full))
    }
  }
  return rules
}

const RIGHT_NAMES = [...CAPABILITIES, ...AUTHENTICATOR_KINDS.map((kind) => `reset_authenticators/${kind}`)]
const SCOPED = /^(?:reset_authenticators(?:\/.+)?|impersonate|alter_auth_policy|mint_credentials)$/

/** The rules that take one right from a container to its contents, or from a group to its members. */
function passedOn(node: string, all: readonly Fact[]): NaiveRule[] {
  const [, name = '', ...rest] = node.split(':')
  const target = rest.join(':')
  return all.flatMap((fact) => {
    if (fact.fact === 'resource' && fact.in === target && mayBe(target, ['resource'], all))
      return [rule('inherited', right(name, fact.id), node)]
    if (fact.fact !== 'account' && fact.fact !== 'group' && fact.fact !== 'role') return []
    return SCOPED.test(name) && fact.memberOf?.includes(target) ? [rule('scope', right(name, fact.id), node)] : []
  })
}
