/**
 * AWS policy documents: read, and asked where an action is held.
 *
 * Evaluation follows the vendor's logic for one account: an explicit deny wins, then an allow is needed, and with a
 * permissions boundary an allow there as well. What an export cannot answer is taken as the attacker would hope: an
 * unknown condition on an allow is taken as met (and reported), a conditional deny as not applying (and reported).
 * Source: AWS IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements reference".
 */
import { covers, intersects, overlapOf } from './aws-iam-glob.ts'

type Condition = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

export interface Statement {
  readonly effect: 'Allow' | 'Deny'
  /** lower case patterns; `not*` is the complement and then the plain list is empty */
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly resources: readonly string[]
  readonly notResources: readonly string[]
  readonly principal: unknown
  readonly notPrincipal: unknown
  readonly condition: Condition
  /** name of the policy it stands in, for people */
  readonly policy: string
  readonly pointer: string
}

export interface Document {
  readonly statements: readonly Statement[]
  /** JSON pointers of parts that could not be read */
  readonly unreadable: readonly string[]
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value])
    .filter((one) => typeof one === 'string' || typeof one === 'boolean')
    .map(String)

/** The statements of a policy document: an object, or its JSON, URL-encoded or not, as the API and the CLI give it. */
export function readDocument(document: unknown, policy: string, pointer: string): Document {
  const parsed = typeof document === 'string' ? parseText(document) : document
  if (!isRecord(parsed) || parsed.Statement === undefined) return { statements: [], unreadable: [pointer] }
  const statements: Statement[] = []
  const unreadable: string[] = []
  const raw = Array.isArray(parsed.Statement) ? parsed.Statement : [parsed.Statement]
  for (const [i, one] of raw.entries()) {
    const at = `${pointer}/Statement${Array.isArray(parsed.Statement) ? `/${i}` : ''}`
    if (!isRecord(one) || (one.Effect !== 'Allow' && one.Effect !== 'Deny')) {
      unreadable.push(at)
      continue
    }
    statements.push({
      effect: one.Effect,
      actions: listOf(one.Action).map((action) => action.toLowerCase()),
      notActions: listOf(one.NotAction).map((action) => action.toLowerCase()),
      resources: listOf(one.Resource),
      notResources: listOf(one.NotResource),
      principal: one.Principal,
      notPrincipal: one.NotPrincipal,
      condition: readCondition(one.Condition),
      policy,
      pointer: at,
    })
  }
  return { statements, unreadable }
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text.trimStart().startsWith('%') ? decodeURIComponent(text) : text)
  } catch {
    return undefined
  }
}

function readCondition(value: unknown): Condition {
  if (!isRecord(value)) return {}
  const read: Record<string, Record<string, readonly string[]>> = {}
  for (const [operator, keys] of Object.entries(value)) {
    if (!isRecord(keys)) continue
    read[operator] = Object.fromEntries(
      Object.entries(keys).map(([key, wanted]) => [key.toLowerCase(), listOf(wanted)]),
    )
  }
  return read
}

/** What is known of a request, by lower case condition key; null says that the key is known to be absent. */
export type Context = Readonly<Record<string, string | null>>

export interface Answer {
  /** `unknown` when at least one key is not in the context and none fails */
  readonly met: 'yes' | 'no' | 'unknown'
  /** the keys that could not be answered */
  readonly unknown: readonly string[]
}

/** Whether the conditions of a statement hold for what is known of the request. */
export function conditionOf(condition: Condition, context: Context): Answer {
  const unknown: string[] = []
  for (const [operator, keys] of Object.entries(condition)) {
    for (const [key, wanted] of Object.entries(keys)) {
      const given = context[key]
      const met = given === undefined ? undefined : compares(operator, given, wanted)
      if (met === undefined) unknown.push(key)
      else if (!met) return { met: 'no', unknown: [] }
    }
  }
  return { met: unknown.length > 0 ? 'unknown' : 'yes', unknown }
}

/** String and ARN operators; undefined for the others. `IfExists` and the set prefixes matter only for absent keys. */
function compares(operator: string, given: string | null, wanted: readonly string[]): boolean | undefined {
  const name = operator.replace(/^ForA(?:ny|ll)Values:/u, '').replace(/IfExists$/u, '')
  if (name === 'Null') return wanted.includes(String(given === null))
  const negated = name.includes('Not')
  if (given === null) return negated || operator.endsWith('IfExists') || operator.startsWith('ForAllValues')
  const positive = name.replace('Not', '')
  const matches = {
    StringEquals: (one: string) => one === given,
    StringEqualsIgnoreCase: (one: string) => one.toLowerCase() === given.toLowerCase(),
    StringLike: (one: string) => covers(one, given),
    ArnEquals: (one: string) => covers(one, given),
    ArnLike: (one: string) => covers(one, given),
  }[positive]
  return matches === undefined ? undefined : wanted.some(matches) !== negated
}

/** One account's policies, with what its policy variables stand for. */
export interface Held {
  readonly identity: readonly Statement[]
  /** undefined: no permissions boundary */
  readonly boundary: readonly Statement[] | undefined
  /** values of policy variables by lower case name, e.g. `aws:username`; also known condition keys */
  readonly context: Context
}

/** A region of resources (an ARN pattern) on which an action is held. */
export interface Region {
  readonly pattern: string
  /** condition keys taken as met without knowing */
  readonly unknown: readonly string[]
  readonly statement: Statement
}

/**
 * Where within `target` (an ARN or an ARN pattern) the action is held. One region per allow that applies; an allow
 * that covers all of `home` is reported as `home`.
 *
 * @param target  the widest pattern of interest; `home` (same by default) is the part that counts as "all"
 */
export function regionsOf(
  held: Held,
  action: string,
  target: string,
  context: Context = {},
  home: string = target,
): Region[] {
  const known = { ...held.context, ...context }
  const wanted = action.toLowerCase()
  const regions: Region[] = []
  for (const allow of allowing(held.identity, wanted, target, known, home)) {
    if (denied(held.identity, wanted, allow.pattern, known)) continue
    if (held.boundary === undefined) {
      regions.push(allow)
      continue
    }
    for (const limit of allowing(held.boundary, wanted, allow.pattern, known, allow.pattern)) {
      if (denied(held.boundary, wanted, limit.pattern, known)) continue
      regions.push({ ...limit, unknown: [...allow.unknown, ...limit.unknown], statement: allow.statement })
      if (limit.pattern === allow.pattern) break // the boundary allows all of it: nothing more to find
    }
  }
  return regions
}

function* allowing(statements: readonly Statement[], action: string, target: string, context: Context, home: string) {
  for (const statement of statements) {
    if (statement.effect !== 'Allow' || !actionMatches(statement, action)) continue
    const { met, unknown } = conditionOf(statement.condition, context)
    if (met === 'no') continue
    for (const pattern of patternsOf(statement, context, '*')) {
      const overlap = pattern.not
        ? pattern.list.some((one) => covers(one, target))
          ? undefined
          : home
        : covers(pattern.one, home)
          ? home
          : overlapOf(pattern.one, target)
      if (overlap !== undefined) yield { pattern: overlap, unknown, statement }
    }
  }
}

function denied(statements: readonly Statement[], action: string, region: string, context: Context): boolean {
  return statements.some(
    (statement) =>
      statement.effect === 'Deny' &&
      actionMatches(statement, action) &&
      conditionOf(statement.condition, context).met === 'yes' &&
      deniesRegion(statement, region, context),
  )
}

function deniesRegion(statement: Statement, region: string, context: Context): boolean {
  for (const pattern of patternsOf(statement, context, undefined)) {
    if (pattern.not ? !pattern.list.some((one) => intersects(one, region)) : covers(pattern.one, region)) return true
  }
  return false
}

/** Whether the account's own policies are known to deny the action on this resource. */
export function isDenied(held: Held, action: string, resource: string, context: Context = {}): boolean {
  const known = { ...held.context, ...context }
  const wanted = action.toLowerCase()
  return denied(held.identity, wanted, resource, known) || denied(held.boundary ?? [], wanted, resource, known)
}

/** Whether some unconditional deny touches the action anywhere in the pattern, so that "all of it" cannot be claimed. */
export function deniesSome(held: Held, action: string, pattern: string): boolean {
  const wanted = action.toLowerCase()
  return [...held.identity, ...(held.boundary ?? [])].some(
    (statement) =>
      statement.effect === 'Deny' &&
      actionMatches(statement, wanted) &&
      conditionOf(statement.condition, held.context).met === 'yes' &&
      [...patternsOf(statement, held.context, undefined)].some((one) => one.not || intersects(one.one, pattern)),
  )
}

type Pattern = { not: false; one: string } | { not: true; list: readonly string[] }

function* patternsOf(statement: Statement, context: Context, wild: string | undefined): Iterable<Pattern> {
  if (statement.notResources.length > 0) {
    // within NotResource the careful reading is the other way round: an unknown variable excludes nothing
    const list = statement.notResources.map((one) => substitute(one, context, wild === undefined ? '*' : '\u0000'))
    yield { not: true, list }
    return
  }
  for (const one of statement.resources) yield { not: false, one: substitute(one, context, wild ?? '\u0000') }
}

/** Replaces policy variables; one that is not known becomes `unknown`. Source: "Policy variables" of the reference. */
function substitute(pattern: string, context: Context, unknown: string): string {
  if (!pattern.includes('${')) return pattern
  return pattern.replace(/\$\{([^}]*)\}/gu, (_, name: string) => {
    if (name === '*' || name === '?' || name === '$') return name
    const value = context[name.split(',')[0]!.trim().toLowerCase()]
    return value === undefined ? unknown : (value ?? '\u0000') // absent: the pattern matches nothing
  })
}

const MATCHED = new WeakMap<Statement, Map<string, boolean>>()

/** Whether the statement speaks of the (lower case) action; remembered, for policies are shared by many accounts. */
export function actionMatches(statement: Statement, action: string): boolean {
  let known = MATCHED.get(statement)
  if (known === undefined) MATCHED.set(statement, (known = new Map()))
  let matches = known.get(action)
  if (matches === undefined) {
    matches =
      statement.notActions.length > 0
        ? !statement.notActions.some((pattern) => covers(pattern, action))
        : statement.actions.some((pattern) => covers(pattern, action))
    known.set(action, matches)
  }
  return matches
}

/** Whether the policies allow every action on every resource, with no deny that is known to apply. */
export function allowsEverything({ identity, boundary, context }: Held): boolean {
  const all = (statements: readonly Statement[]) =>
    statements.some(
      (one) =>
        one.effect === 'Allow' &&
        one.actions.some((action) => action === '*' || action === '*:*') &&
        one.resources.includes('*') &&
        conditionOf(one.condition, context).met !== 'no',
    ) && !statements.some((one) => one.effect === 'Deny' && conditionOf(one.condition, context).met === 'yes')
  return all(identity) && (boundary === undefined || all(boundary))
}
