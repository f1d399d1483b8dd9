/**
 * Conditions of the policy: CEL, cut down to what can be read aloud and cannot run long.
 * Names and their types are declared, so that a misspelt field is found when the policy is read, not when it is needed.
 */
import { Environment, type ASTNode } from '@marcbachmann/cel-js'
import { nearest } from './nearest.ts'
import type { RuleFacts, Uses } from './policy.ts'

/** Longest condition, in characters; ours. Much longer chains of operators exhaust the parser's stack. */
export const MAX_CONDITION = 2000
/** Longest list a condition may look at; ours. Nested comprehensions over larger lists take seconds. */
const MAX_LIST = 10_000
/** Comprehensions inside comprehensions; ours, so that time stays at most quadratic in a list. */
const MAX_COMPREHENSIONS = 2

/** Functions and methods a condition may call. `matches` is absent: its regular expressions can run for minutes. */
export const ALLOWED_FUNCTIONS: readonly string[] = [
  'has',
  'size',
  'startsWith',
  'endsWith',
  'contains',
  'exists',
  'exists_one',
  'all',
  'filter',
]
const COMPREHENSIONS: readonly string[] = ['exists', 'exists_one', 'all', 'filter']

const limits = { maxAstNodes: 300, maxDepth: 24, maxListElements: 64, maxMapEntries: 1, maxCallArguments: 3 }
const options = { limits, homogeneousAggregateLiterals: true }

export type Fields = Readonly<Record<string, string>>

/** Fields of an account that a rule may look at, with their CEL types (model/facts.ts, fact `account`). */
export const ACCOUNT_FIELDS = {
  id: 'string',
  kind: 'string',
  name: 'string',
  population: 'string',
  subject: 'string',
  system: 'string',
  enabled: 'bool',
  memberOf: 'list<string>',
  job: 'string',
  manager: 'string',
  owner: 'string',
  ownerActive: 'bool',
  environments: 'list<string>',
  consumers: 'list<string>',
  interactive: 'bool',
  thirdParty: 'bool',
  proofed: 'string',
  notificationAddresses: 'int',
  controls: 'list<string>',
  createdAt: 'string',
  lastUsed: 'string',
} as const satisfies Fields

/** Fields of an account's system (fact `system`). */
export const SYSTEM_FIELDS = {
  id: 'string',
  name: 'string',
  kind: 'string',
  offers: 'list<string>',
  federal: 'bool',
  cardholderData: 'bool',
  paymentService: 'bool',
} as const satisfies Fields

/** Fields that a defeat may look at, by what is defeated (facts `authenticator`, `channel`, `session`, `secret`). */
export const DEFEAT_FIELDS = {
  authenticators: {
    id: 'string',
    kind: 'string',
    name: 'string',
    of: 'list<string>',
    on: 'list<string>',
    pushMode: 'string',
    synced: 'bool',
    attestation: 'string',
    keyProtection: 'string',
    fips140Level: 'int',
    userVerification: 'bool',
    boundAtAal: 'int',
    digits: 'int',
    bits: 'int',
    periodSeconds: 'int',
    lifetimeSeconds: 'int',
    minLength: 'int',
    breachedListChecked: 'bool',
    maxFailures: 'int',
    singleUse: 'bool',
    enrolledAt: 'string',
    lastUsed: 'string',
  },
  channels: {
    id: 'string',
    kind: 'string',
    name: 'string',
    system: 'string',
    heldBy: 'list<string>',
    carriedBy: 'list<string>',
    person: 'string',
    shared: 'bool',
    sensitivity: 'string',
    secretStore: 'bool',
    managed: 'bool',
    syncs: 'bool',
  },
  sessions: {
    id: 'string',
    account: 'string',
    on: 'string',
    aal: 'int',
    binding: 'string',
    exposed: 'map',
    startedAt: 'string',
    overallSeconds: 'int',
    idleSeconds: 'int',
  },
  secrets: {
    id: 'string',
    kind: 'string',
    name: 'string',
    opens: 'list<string>',
    proves: 'list<string>',
    storedIn: 'list<string>',
    leaked: 'map',
    ephemeral: 'bool',
    conditions: 'string',
    issuedAt: 'string',
    rotatedAt: 'string',
    expiresAt: 'string',
    lastUsed: 'string',
  },
} as const satisfies Record<string, Fields>

const RULE_FIELDS = {
  account: ACCOUNT_FIELDS,
  system: SYSTEM_FIELDS,
  reach: { nodes: 'int', accounts: 'int' },
} as const satisfies Record<string, Fields>

const ruleEnvironment = new Environment(options)
  .registerVariable({ name: 'account', schema: { ...ACCOUNT_FIELDS } })
  .registerVariable({ name: 'system', schema: { ...SYSTEM_FIELDS } })
  .registerVariable('impact', 'string')
  .registerVariable('capabilities', 'list<string>')
  .registerVariable({ name: 'reach', schema: { ...RULE_FIELDS.reach } })

/**
 * What a rule of an access policy may look at: the request, and of the subject what the snapshot knows. `properties` and
 * `context` are as the caller sent them.
 */
export const ACCESS_FIELDS = {
  subject: {
    id: 'string',
    type: 'string',
    properties: 'map',
    kind: 'string',
    name: 'string',
    population: 'string',
    system: 'string',
    person: 'string',
    groups: 'list<string>',
    roles: 'list<string>',
  },
  action: { name: 'string', properties: 'map' },
  resource: {
    id: 'string',
    type: 'string',
    properties: 'map',
    system: 'string',
    sensitivity: 'string',
    within: 'list<string>',
  },
} as const satisfies Record<string, Fields>

/** The facts of one access; a field that is not known is absent, so that asking for it cannot be evaluated. */
export interface AccessFacts {
  readonly subject: Readonly<Record<string, unknown>>
  readonly action: Readonly<Record<string, unknown>>
  readonly resource: Readonly<Record<string, unknown>>
  readonly context: Readonly<Record<string, unknown>>
}

const accessEnvironment = new Environment(options)
  .registerVariable({ name: 'subject', schema: { ...ACCESS_FIELDS.subject } })
  .registerVariable({ name: 'action', schema: { ...ACCESS_FIELDS.action } })
  .registerVariable({ name: 'resource', schema: { ...ACCESS_FIELDS.resource } })
  .registerVariable('context', 'map')

const defeatEnvironment = (fields: Fields) =>
  new Environment(options).registerVariable({ name: 'fact', schema: { ...fields } })
const defeatEnvironments = {
  authenticators: defeatEnvironment(DEFEAT_FIELDS.authenticators),
  channels: defeatEnvironment(DEFEAT_FIELDS.channels),
  sessions: defeatEnvironment(DEFEAT_FIELDS.sessions),
  secrets: defeatEnvironment(DEFEAT_FIELDS.secrets),
}
export type DefeatSection = keyof typeof defeatEnvironments

/** What a condition came to: a truth value, or the reason why it has none. */
export type Outcome = { readonly holds: boolean } | { readonly problem: string }

/** A condition that was read once; `literals` are the texts and numbers it names (the linter tries them). */
export interface Condition<Facts> {
  readonly text: string
  readonly evaluate: (facts: Facts) => Outcome
  readonly literals: readonly (string | number)[]
  readonly uses: Uses
}

/** A condition, or what is wrong with it: one line, then the place under a caret. */
export type Compiled<Facts> = { readonly condition: Condition<Facts> } | { readonly error: string }

const isNode = (value: unknown): value is ASTNode => typeof value === 'object' && value !== null && 'op' in value

interface Inspection {
  refused?: string
  readonly literals: (string | number)[]
  readonly uses: Uses
}

/** Refuses what is not on the allow-list and fields that no fact has, and collects literals and the fields of variables. */
function inspect(ast: ASTNode, known: Readonly<Record<string, Fields>>): Inspection {
  const literals: (string | number)[] = []
  const uses = new Map<string, Set<string>>()
  const use = (variable: string, fields: readonly string[]): void =>
    void uses.set(variable, new Set([...(uses.get(variable) ?? []), ...fields]))
  let refused: string | undefined
  const visit = (value: unknown, comprehensions: number): void => {
    if (Array.isArray(value)) return value.forEach((each) => visit(each, comprehensions))
    if (!isNode(value)) return
    let depth = comprehensions
    if (value.op === 'call' || value.op === 'rcall') {
      const name = value.args[0]
      if (!ALLOWED_FUNCTIONS.includes(name))
        refused ??= `\`${name}\` is not among the functions allowed: ${ALLOWED_FUNCTIONS.join(', ')}`
      if (COMPREHENSIONS.includes(name)) depth++
      if (depth > MAX_COMPREHENSIONS) refused ??= `no more than ${MAX_COMPREHENSIONS} comprehensions may be nested`
    }
    if (value.op === 'value') {
      if (typeof value.args === 'string') literals.push(value.args)
      if (typeof value.args === 'bigint' || typeof value.args === 'number') literals.push(Number(value.args))
      return
    }
    if (value.op === '.') {
      const [of, field] = value.args
      if (of.op === 'id' && Object.hasOwn(known, of.args)) {
        refused ??= unknownField(of.args, field, known)
        return use(of.args, [field])
      }
    }
    if (value.op === 'id' && Object.hasOwn(known, value.args)) return use(value.args, Object.keys(known[value.args]!))
    visit(value.args, depth)
  }
  visit(ast, 0)
  return refused === undefined ? { literals, uses } : { refused, literals, uses }
}

/** Whole numbers become CEL integers; a list that is too long is refused rather than walked. */
function toCel(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) {
    if (value.length > MAX_LIST)
      throw new RangeError(`a list of ${value.length} is longer than the ${MAX_LIST} allowed`)
    return value.map(toCel)
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, each]) => (each === undefined ? [] : [[key, toCel(each)]])),
    )
  }
  return value
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The type check lets has() ask for anything, so that a slip in it would never be found. */
function unknownField(of: string, field: string, known: Readonly<Record<string, Fields>>): string | undefined {
  const fields = known[of]
  if (fields === undefined || Object.hasOwn(fields, field)) return undefined
  const guess = nearest(field, Object.keys(fields))
  return `\`${of}\` has no field \`${field}\`${guess === undefined ? '' : `; did you mean \`${guess}\`?`}`
}

/** Takes of a variable the fields that the condition looks at. */
type Pick = (variable: string, from: Readonly<Record<string, unknown>>) => Record<string, unknown>
type Bind<Facts> = (facts: Facts, pick: Pick, uses: Uses) => Record<string, unknown>

function compile<Facts>(
  environment: Environment,
  known: Readonly<Record<string, Fields>>,
  text: string,
  bind: Bind<Facts>,
): Compiled<Facts> {
  if (text.length > MAX_CONDITION)
    return { error: `a condition has at most ${MAX_CONDITION} characters, this one ${text.length}` }
  try {
    const program = environment.parse(text)
    const { refused, literals, uses } = inspect(program.ast, known)
    if (refused !== undefined) return { error: refused }
    const checked = program.check()
    if (!checked.valid) return { error: messageOf(checked.error) }
    if (checked.type !== 'bool') return { error: `a condition is true or false, this one is of type ${checked.type}` }
    const pick: Pick = (variable, from) =>
      Object.fromEntries(
        [...(uses.get(variable) ?? [])].flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])),
      )
    const evaluate = (facts: Facts): Outcome => {
      try {
        const value: unknown = program(bind(facts, pick, uses))
        return typeof value === 'boolean' ? { holds: value } : { problem: `it gave \`${String(value)}\`` }
      } catch (error) {
        return { problem: messageOf(error).split('\n', 1)[0] ?? '' }
      }
    }
    return { condition: { text, evaluate, literals, uses } }
  } catch (error) {
    return { error: messageOf(error) }
  }
}

/** Reads the condition of a rule, over `account`, `system`, `impact`, `capabilities` and `reach`. */
export const compileRule = (text: string): Compiled<RuleFacts> =>
  compile(ruleEnvironment, RULE_FIELDS, text, ({ account, system, impact, capabilities, reach }, pick) => ({
    account: toCel(pick('account', account)),
    system: toCel(pick('system', system)),
    impact,
    capabilities: toCel(capabilities),
    reach: toCel(reach),
  }))

/** Reads the condition of a defeat, over `fact`. */
export const compileDefeat = (section: DefeatSection, text: string): Compiled<Readonly<Record<string, unknown>>> =>
  compile(defeatEnvironments[section], { fact: DEFEAT_FIELDS[section] }, text, (fact, pick) => ({
    fact: toCel(pick('fact', fact)),
  }))

/** Reads the condition of a rule of an access policy, over `subject`, `action`, `resource` and `context`. */
export const compileAccess = (text: string): Compiled<AccessFacts> =>
  compile(accessEnvironment, ACCESS_FIELDS, text, ({ subject, action, resource, context }, pick) => ({
    subject: toCel(pick('subject', subject)),
    action: toCel(pick('action', action)),
    resource: toCel(pick('resource', resource)),
    context: toCel(context),
  }))

/** Variables of a condition: objects by their fields, and others by their type. */
export interface Variables {
  readonly objects: Readonly<Record<string, Fields>>
  readonly others: Readonly<Record<string, 'string' | 'list<string>'>>
}

/** Returns a reader of conditions over variables of one's own, held to the same limits as the policy's. */
export function conditionReader({
  objects,
  others,
}: Variables): (text: string) => Compiled<Readonly<Record<string, unknown>>> {
  let environment = new Environment(options)
  for (const [name, fields] of Object.entries(objects)) {
    environment = environment.registerVariable({ name, schema: { ...fields } })
  }
  for (const [name, type] of Object.entries(others)) environment = environment.registerVariable(name, type)
  const known = { ...objects, ...Object.fromEntries(Object.keys(others).map((name) => [name, {}])) }
  return (text) =>
    // what is not named is not asked for either: to find it out may take long
    compile(environment, known, text, (facts, pick, uses) =>
      Object.fromEntries(
        Array.from(uses.keys(), (name) => [
          name,
          toCel(
            Object.hasOwn(objects, name) ? pick(name, facts[name] as Readonly<Record<string, unknown>>) : facts[name],
          ),
        ]),
      ),
    )
}
