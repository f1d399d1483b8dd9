/**
 * Keycloak authentication flows as formulas over what one user has.
 *
 * The rules, as the server applies them: an element is REQUIRED, ALTERNATIVE, CONDITIONAL or DISABLED. Where a flow
 * has any REQUIRED or CONDITIONAL element, all of those must be passed and its ALTERNATIVE elements are ignored; else
 * any one ALTERNATIVE will do. A CONDITIONAL flow applies when it holds conditions and all of them are met. A REQUIRED
 * step for which the user has nothing set up lets the user in and has it set up there and then.
 * Source: Keycloak Server Administration Guide, "Authentication flows", "Conditions in conditional flows"; and
 * `DefaultAuthenticationFlow`, `ConditionalUserConfiguredAuthenticator` of Keycloak 26.
 */
import type { AuthenticatorKind } from '#contract/vocabulary.ts'
import type { Formula } from '#model/facts.ts'
import { STEPS, type Step, isCondition } from './keycloak-steps.ts'
import type { Execution, Flow, Realm } from './keycloak-realm.ts'

/** What a user can prove with: ids of authenticators, by what a step asks for. */
export interface Has {
  readonly password: readonly string[]
  readonly otp: readonly string[]
  readonly webauthn: readonly string[]
  readonly passwordless: readonly string[]
  readonly recovery: readonly string[]
  readonly mail: readonly string[]
  readonly certificate: readonly string[]
  readonly kerberos: readonly string[]
  /** set where the user name form is answered with a passkey in place of the password */
  readonly entered?: 'webauthn-passwordless'
  /** ids or names of the roles it has, composites included; for conditions */
  readonly roles: ReadonlySet<string>
}

/** What passing a flow takes and does; a flow that cannot be passed has no outcome. */
export interface Outcome {
  /** null: it asks for nothing */
  readonly formula: Formula | null
  /** what is bound on the way, for want of it */
  readonly binds: readonly AuthenticatorKind[]
  readonly resets: readonly ('password' | 'otp')[]
}

const FREE: Outcome = { formula: null, binds: [], resets: [] }

export interface Flows {
  readonly byAlias: ReadonlyMap<string, Flow>
  readonly configs: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  /** whether the user name form also takes passkeys (Keycloak 26.4, "Passkeys integrated in the default UIs") */
  readonly passkeysInForm: boolean
  /** called for a step or a condition that is not in the tables, with its name and its flow */
  readonly unknown: (name: string, flow: string) => void
}

/** What it takes the user to pass the flow; undefined when it cannot. */
export function outcomeOf(flows: Flows, alias: string, has: Has): Outcome | undefined {
  const byPassword = flowOutcome(flows, alias, has, [])
  if (!flows.passkeysInForm || has.passwordless.length === 0) return byPassword
  const byPasskey = flowOutcome(flows, alias, { ...has, entered: 'webauthn-passwordless' }, [])
  const same = JSON.stringify(byPassword?.formula) === JSON.stringify(byPasskey?.formula)
  return same ? byPassword : anyOf([byPassword, byPasskey].filter((one) => one !== undefined))
}

function flowOutcome(flows: Flows, alias: string, has: Has, path: readonly string[]): Outcome | undefined {
  const flow = flows.byAlias.get(alias)
  if (flow === undefined || path.includes(alias)) {
    flows.unknown(alias, path.at(-1) ?? alias)
    return undefined
  }
  const inside = [...path, alias]
  const elements = (flow.authenticationExecutions ?? []).filter(
    ({ requirement, authenticator }) => requirement !== 'DISABLED' && !isCondition(authenticator),
  )
  const required = elements.filter(({ requirement }) => requirement === 'REQUIRED' || requirement === 'CONDITIONAL')
  if (required.length > 0) {
    const outcomes: Outcome[] = []
    const doubtful: Execution[] = []
    for (const element of required) {
      const applying = element.requirement === 'CONDITIONAL' ? applies(flows, element, has, inside) : true
      if (applying === undefined) doubtful.push(element)
      if (applying !== true) continue
      const outcome = elementOutcome(flows, element, has, inside)
      if (outcome === undefined) return undefined
      outcomes.push(outcome)
    }
    // a flow in which nothing is left to do fails
    if (outcomes.length > 0) return everyOf(outcomes)
    return anyOf(doubtful.flatMap((element) => elementOutcome(flows, element, has, inside) ?? []))
  }
  return anyOf(elements.flatMap((element) => elementOutcome(flows, element, has, inside) ?? []))
}

function elementOutcome(flows: Flows, element: Execution, has: Has, path: readonly string[]): Outcome | undefined {
  if (element.flowAlias !== undefined) return flowOutcome(flows, element.flowAlias, has, path)
  const name = element.authenticator ?? ''
  const step = STEPS[name]
  if (step === undefined) {
    flows.unknown(name, path.at(-1) ?? '')
    return FREE // what an unknown step asks for is not counted: it may be nothing
  }
  if (step.asks === 'nothing') return { ...FREE, resets: step.resets === undefined ? [] : [step.resets] }
  if (step.asks === 'elsewhere' || step.asks === 'never') return undefined
  const proofs = proofsFor(name, step, has)
  if (proofs !== undefined) return { ...FREE, formula: proofs }
  if (element.requirement === 'REQUIRED' && step.setup !== undefined) return { ...FREE, binds: [step.setup] }
  return undefined
}

function proofsFor(name: string, { asks }: Step, has: Has): Formula | undefined {
  if (asks === 'nothing' || asks === 'elsewhere' || asks === 'never') return undefined
  if (asks === 'password+otp') {
    const [password, otp] = [oneOf(has.password), oneOf(has.otp)]
    return password === undefined || otp === undefined ? undefined : { all: [password, otp] }
  }
  const byPasskey = name === 'auth-username-password-form' && has.entered === 'webauthn-passwordless'
  return oneOf(byPasskey ? has.passwordless : has[asks])
}

const oneOf = (ids: readonly string[]): Formula | undefined => (ids.length > 1 ? { any: [...ids] } : ids[0])

/**
 * Whether a CONDITIONAL flow applies to the user: it holds conditions, and none of them fails. Undefined: one is not
 * known, and an attacker hopes that it fails.
 */
function applies(flows: Flows, { flowAlias = '' }: Execution, has: Has, path: readonly string[]): boolean | undefined {
  const elements = flows.byAlias.get(flowAlias)?.authenticationExecutions ?? []
  const conditions = elements.filter(
    ({ authenticator, requirement }) => isCondition(authenticator) && requirement !== 'DISABLED',
  )
  const met = conditions.map((one) => conditionMet(flows, one, flowAlias, has, path))
  if (met.length === 0 || met.includes(false)) return false
  return met.includes(undefined) ? undefined : true
}

function conditionMet(
  flows: Flows,
  condition: Execution,
  alias: string,
  has: Has,
  path: readonly string[],
): boolean | undefined {
  const config = flows.configs.get(condition.authenticatorConfig ?? '') ?? {}
  const negated = config['negate'] === 'true' || config['not'] === 'true'
  if (condition.authenticator === 'conditional-user-configured') return isConfigured(flows, alias, has, path)
  if (condition.authenticator === 'conditional-user-role')
    return has.roles.has(String(config['condUserRole'])) !== negated
  if (condition.authenticator === 'conditional-level-of-authentication')
    return Number(config['loa-condition-level'] ?? 1) <= 1
  if (condition.authenticator === 'conditional-credential') {
    // met when none of the credentials listed began this sign-in or, if `included`, when one of them did
    const { credentials } = config
    const listed = (typeof credentials === 'string' ? credentials : '').split('##')
    return listed.includes(has.entered ?? 'password') === (config['included'] === 'true')
  }
  flows.unknown(condition.authenticator ?? '', alias)
  return undefined
}

/** Whether the user has set up all that the flow requires, or any of its alternatives. */
function isConfigured(flows: Flows, alias: string, has: Has, path: readonly string[]): boolean {
  if (path.includes(alias)) return false
  const elements = (flows.byAlias.get(alias)?.authenticationExecutions ?? []).filter(
    ({ requirement, authenticator }) => requirement !== 'DISABLED' && !isCondition(authenticator),
  )
  const configured = (element: Execution): boolean => {
    if (element.flowAlias !== undefined) return isConfigured(flows, element.flowAlias, has, [...path, alias])
    const name = element.authenticator ?? ''
    const step = STEPS[name]
    if (step === undefined) return false
    if (step.resets === 'otp') return has.otp.length > 0
    if (step.asks === 'nothing' || step.asks === 'mail') return true
    return proofsFor(name, step, has) !== undefined
  }
  const required = elements.filter(({ requirement }) => requirement === 'REQUIRED' || requirement === 'CONDITIONAL')
  if (required.length > 0) return required.every(configured)
  return elements.length === 0 || elements.some(configured)
}

function everyOf(outcomes: readonly Outcome[]): Outcome {
  const parts = outcomes.flatMap(({ formula }) => {
    if (formula === null) return []
    return typeof formula === 'object' && 'all' in formula ? formula.all : [formula]
  })
  const distinct = parts.filter((part, i) => typeof part !== 'string' || parts.indexOf(part) === i)
  return {
    formula: distinct.length === 0 ? null : distinct.length === 1 ? distinct[0]! : { all: distinct },
    binds: outcomes.flatMap(({ binds }) => binds),
    resets: outcomes.flatMap(({ resets }) => resets),
  }
}

function anyOf(outcomes: readonly Outcome[]): Outcome | undefined {
  if (outcomes.length < 2) return outcomes[0]
  const free = outcomes.find(({ formula }) => formula === null)
  if (free !== undefined) return free
  const parts = outcomes.flatMap(({ formula }) => {
    if (formula === null) return []
    return typeof formula === 'object' && 'any' in formula ? formula.any : [formula]
  })
  return {
    formula: { any: parts },
    binds: outcomes.flatMap(({ binds }) => binds),
    resets: outcomes.flatMap(({ resets }) => resets),
  }
}

/** The flows of a realm, the built-in ones where it has none of that name, as an import by Keycloak would. */
export function flowsOf(realm: Realm, defaults: readonly Flow[], unknown: Flows['unknown']): Flows {
  return {
    byAlias: new Map([...defaults, ...(realm.authenticationFlows ?? [])].map((flow) => [flow.alias, flow])),
    configs: new Map((realm.authenticatorConfig ?? []).map(({ alias, config }) => [alias, config ?? {}])),
    passkeysInForm: realm.webAuthnPolicyPasswordlessPasskeysEnabled === true,
    unknown,
  }
}
